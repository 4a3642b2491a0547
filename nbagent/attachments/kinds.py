"""What a file is that is neither picture nor text, so that its refusal can say a way out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        mime_type: Its media type.
        description: What it is, with its article.
        way_out: What a person can do instead.
    """

    mime_type: str
    description: str
    way_out: str


_CHOOSE = "Choose a PNG, JPEG, GIF or WEBP picture, or a text file in UTF-8."
_AS_PICTURE = "Save it as PNG or JPEG and choose that."
_AS_TEXT = "Save it as text, or save its pages as PNG, and choose that."
_UNPACK = "Unpack it and choose the pictures and text files in it."
_FRAMES = "Save single frames as PNG or JPEG and choose these."

UNKNOWN = Kind(
    "application/octet-stream",
    "neither a picture nor text",
    "Choose a PNG, JPEG, GIF or WEBP picture, or save it as text in UTF-8.",
)
EMPTY = Kind("application/octet-stream", "empty", "Choose a file that has something in it.")

PDF = Kind("application/pdf", "a PDF document", _AS_TEXT)
_ZIP = Kind("application/zip", "an archive (ZIP) or an office document", _UNPACK)
_PROGRAM = Kind("application/octet-stream", "a program", _CHOOSE)
_HEIC = Kind("image/heic", "a HEIC picture", _AS_PICTURE)
_TIFF = Kind("image/tiff", "a TIFF picture", _AS_PICTURE)

# Where, which bytes, what.
_SIGNATURES = (
    (0, b"%PDF-", PDF),
    (0, b"PK\x03\x04", _ZIP),
    (0, b"PK\x05\x06", _ZIP),
    (0, b"\x1f\x8b", Kind("application/gzip", "an archive (gzip)", _UNPACK)),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("application/x-7z-compressed", "an archive (7z)", _UNPACK)),
    (0, b"Rar!\x1a\x07", Kind("application/vnd.rar", "an archive (RAR)", _UNPACK)),
    (0, b"\xfd7zXZ\x00", Kind("application/x-xz", "an archive (xz)", _UNPACK)),
    (0, b"BZh", Kind("application/x-bzip2", "an archive (bzip2)", _UNPACK)),
    (0, b"\x28\xb5\x2f\xfd", Kind("application/zstd", "an archive (Zstandard)", _UNPACK)),
    (257, b"ustar", Kind("application/x-tar", "an archive (tar)", _UNPACK)),
    (0, b"\x7fELF", _PROGRAM),
    (0, b"MZ", _PROGRAM),
    (0, b"\xfe\xed\xfa", _PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", _PROGRAM),
    (0, b"\xca\xfe\xba\xbe", _PROGRAM),
    (0, b"\xd0\xcf\x11\xe0", Kind("application/x-ole-storage", "an office document", _AS_TEXT)),
    (4, b"ftypheic", _HEIC),
    (4, b"ftypheix", _HEIC),
    (4, b"ftypmif1", _HEIC),
    (4, b"ftypavif", Kind("image/avif", "an AVIF picture", _AS_PICTURE)),
    (4, b"ftyp", Kind("video/mp4", "a video", _FRAMES)),
    (0, b"\x1aE\xdf\xa3", Kind("video/x-matroska", "a video", _FRAMES)),
    (8, b"AVI ", Kind("video/x-msvideo", "a video", _FRAMES)),
    (8, b"WAVE", Kind("audio/wav", "a sound file", _CHOOSE)),
    (0, b"ID3", Kind("audio/mpeg", "a sound file", _CHOOSE)),
    (0, b"OggS", Kind("audio/ogg", "a sound file", _CHOOSE)),
    (0, b"fLaC", Kind("audio/flac", "a sound file", _CHOOSE)),
    (0, b"II*\x00", _TIFF),
    (0, b"MM\x00*", _TIFF),
    (0, b"BM", Kind("image/bmp", "a BMP picture", _AS_PICTURE)),
    (0, b"8BPS", Kind("image/vnd.adobe.photoshop", "a Photoshop picture", _AS_PICTURE)),
    (0, b"\x00\x00\x01\x00", Kind("image/vnd.microsoft.icon", "an icon", _AS_PICTURE)),
)


def kind_of(data: bytes) -> Kind:
    """The kind of a file that is no picture; one that is text may seem to be anything."""
    if not data:
        return EMPTY
    for offset, signature, kind in _SIGNATURES:
        if data.startswith(signature, offset):
            return kind
    return UNKNOWN
