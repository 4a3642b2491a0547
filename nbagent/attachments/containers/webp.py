"""WEBP: chunks in a RIFF file.

Source: RFC 9649, https://www.rfc-editor.org/rfc/rfc9649
"""

from nbagent.attachments.containers.container import (
    MAX_PROFILE_BYTES,
    Container,
    DamagedPicture,
    Reader,
)

_ALPHA_FLAG, _ANIMATION_FLAG = 0x10, 0x02
_VP8_START_CODE = b"\x9d\x01\x2a"
_VP8L_SIGNATURE = 0x2F


def is_webp(data: bytes) -> bool:
    """Whether a file begins like a WEBP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read_webp(data: bytes) -> Container:
    """Take a WEBP apart.

    Raises:
        DamagedPicture: It is cut off or breaks the format.
    """
    reader = Reader(data)
    reader.take(4)
    end = 8 + reader.number(4, "little")
    if end > len(data):
        raise DamagedPicture("the file ends too early")
    reader.take(4)
    kept: list[bytes | memoryview] = []
    size: tuple[int, int] | None = None
    exif = xmp = icc_profile = b""
    lossy = extras = False
    frames = 0
    while reader.position + 8 <= end:
        start = reader.position
        kind = bytes(reader.take(4))
        length = reader.number(4, "little")
        body = reader.take(length)
        if length % 2 and reader.position < end:
            reader.take(1)
        part = reader.since(start)
        if kind == b"VP8X":
            if length < 10:
                raise DamagedPicture("its header is too short")
            size = (_number_of_pixels(body[4:7]), _number_of_pixels(body[7:10]))
            flags = body[0] & (_ALPHA_FLAG | _ANIMATION_FLAG)
            kept.append(b"".join((part[:8], bytes([flags]), part[9:])))
        elif kind in (b"VP8 ", b"VP8L"):
            size = size or _size_of_pixels(kind, body)
            lossy = kind == b"VP8 "
            kept.append(part)
        elif kind in (b"ALPH", b"ANIM"):
            kept.append(part)
        elif kind == b"ANMF":
            frames += 1
            if frames == 1:
                kept.append(part)
        elif kind == b"EXIF":
            exif = bytes(body).removeprefix(b"Exif\x00\x00")
        elif kind == b"XMP ":
            xmp = bytes(body)
        elif kind == b"ICCP":
            icc_profile = bytes(body) if length <= MAX_PROFILE_BYTES else b""
        else:
            extras = True
    if size is None:
        raise DamagedPicture("it has no picture in it")
    reader.position = end
    chunks = b"".join(kept)
    return Container(
        format="WEBP",
        size=size,
        bare=b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WEBP" + chunks,
        animated=frames > 1,
        lossy=lossy,
        exif=exif,
        xmp=xmp,
        icc_profile=icc_profile,
        extras=extras or reader.is_followed,
    )


def _number_of_pixels(field: memoryview) -> int:
    return 1 + int.from_bytes(field, "little")


def _size_of_pixels(kind: bytes, body: memoryview) -> tuple[int, int]:
    """The size that the compressed pixels themselves claim."""
    if kind == b"VP8 " and bytes(body[3:6]) == _VP8_START_CODE and len(body) >= 10:
        width = int.from_bytes(body[6:8], "little") & 0x3FFF
        return width, int.from_bytes(body[8:10], "little") & 0x3FFF
    if kind == b"VP8L" and len(body) >= 5 and body[0] == _VP8L_SIGNATURE:
        packed = int.from_bytes(body[1:5], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    raise DamagedPicture("its header is broken")
