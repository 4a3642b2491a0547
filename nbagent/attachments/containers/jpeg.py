"""JPEG: segments that begin with a marker; pixels are between them.

Source: ITU-T T.81, annex B, https://www.w3.org/Graphics/JPEG/itu-t81.pdf
"""

import re

from nbagent.attachments.containers.container import (
    MAX_PROFILE_BYTES,
    Container,
    DamagedPicture,
    Reader,
)

SIGNATURE = b"\xff\xd8\xff"

MAX_SCANS = 32
"""A picture may be drawn in so many passes, each of which costs as much as a whole picture.

Programs that write progressive pictures use about ten.
"""

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_TABLES = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_JFIF, _EXIF_OR_XMP, _ICC, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE

# Pixels end at a marker that is neither an escaped 0xFF nor a restart.
_END_OF_PIXELS = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")

_EXIF = b"Exif\x00\x00"
_XMP = b"http://ns.adobe.com/"
_PROFILE = b"ICC_PROFILE\x00"


def read_jpeg(data: bytes) -> Container:
    """Take a JPEG apart.

    Raises:
        DamagedPicture: It is cut off, breaks the format, or has more than `MAX_SCANS` passes.
    """
    reader = Reader(data)
    kept: list[bytes | memoryview] = [reader.take(2)]
    size = (0, 0)
    exif = xmp = b""
    profile_parts: list[bytes] = []
    extras = False
    scans = 0
    while True:
        start = reader.position
        marker = _marker(reader)
        if marker == _END:
            kept.append(b"\xff\xd9")
            break
        if marker in _STANDALONE:
            continue
        length = reader.number(2, "big")
        if length < 2:
            raise DamagedPicture("one of its parts has no length")
        body = bytes(reader.take(length - 2))
        if marker == _SCAN:
            scans += 1
            if scans > MAX_SCANS:
                raise DamagedPicture(f"it is drawn in more than {MAX_SCANS} passes")
            end = _END_OF_PIXELS.search(data, reader.position)
            if end is None:
                raise DamagedPicture("the file ends too early")
            reader.position = end.start()
            kept.append(reader.since(start))
        elif marker in _FRAMES:
            if size != (0, 0):
                raise DamagedPicture("it has two headers")
            size = (int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
            kept.append(reader.since(start))
        elif marker in _TABLES or (marker == _ADOBE and _is_adobe(body)):
            kept.append(reader.since(start))
        elif marker == _JFIF and body.startswith(b"JFIF\x00") and len(body) >= 14:
            # Without the preview that may follow.
            kept.append(b"\xff\xe0\x00\x10" + body[:12] + b"\x00\x00")
            extras = extras or len(body) > 14
        elif marker == _EXIF_OR_XMP and body.startswith(_EXIF):
            exif = exif or body[len(_EXIF) :]
        elif marker == _EXIF_OR_XMP and body.startswith(_XMP):
            xmp += body
        elif marker == _ICC and body.startswith(_PROFILE):
            profile_parts.append(body[len(_PROFILE) :])
        else:
            extras = True
    if not scans:
        raise DamagedPicture("it has no pixels")
    return Container(
        format="JPEG",
        size=size,
        bare=b"".join(kept),
        lossy=True,
        exif=exif,
        xmp=xmp,
        icc_profile=_joined(profile_parts),
        extras=extras or reader.is_followed,
    )


def _marker(reader: Reader) -> int:
    """The next marker; it may be preceded by any number of 0xFF."""
    if reader.number(1, "big") != 0xFF:
        raise DamagedPicture("its parts are not where they should be")
    marker = 0xFF
    while marker == 0xFF:
        marker = reader.number(1, "big")
    if marker in (0x00, _START):
        raise DamagedPicture("its parts are not where they should be")
    return marker


def _is_adobe(body: bytes) -> bool:
    """Whether this is the segment that says how colours for print are stored."""
    return body.startswith(b"Adobe") and len(body) == 12


def _joined(parts: list[bytes]) -> bytes:
    """The colour profile, which is cut into numbered parts of at most 64 kB."""
    profile = b"".join(part[2:] for part in sorted(parts, key=lambda part: part[:1]))
    return profile if len(profile) <= MAX_PROFILE_BYTES else b""
