"""PNG: chunks, each with a checksum.

Source: Portable Network Graphics, Third Edition, https://www.w3.org/TR/png-3/
"""

import zlib

from nbagent.attachments.containers.container import (
    MAX_PROFILE_BYTES,
    Container,
    DamagedPicture,
    Reader,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_COLOURS = {b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"cICP", b"sBIT", b"bKGD", b"pHYs"}
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_XMP = b"XML:com.adobe.xmp\x00"


def read_png(data: bytes) -> Container:
    """Take a PNG apart.

    Raises:
        DamagedPicture: It is cut off, a checksum is wrong, or it breaks the format.
    """
    reader = Reader(data)
    kept: list[bytes | memoryview] = [reader.take(len(SIGNATURE))]
    size = (0, 0)
    exif = xmp = icc_profile = b""
    animated = extras = False
    kind = b""
    while kind != b"IEND":
        start = reader.position
        length = reader.number(4, "big")
        kind = bytes(reader.take(4))
        body = reader.take(length)
        intact = reader.number(4, "big") == zlib.crc32(body, zlib.crc32(kind))
        needed = not kind[0] & 0x20  # a lower-case first letter marks what readers may skip
        if needed and not intact:
            raise DamagedPicture(f"the checksum of its part {_name(kind)} is wrong")
        if needed and kind not in _PIXELS:
            raise DamagedPicture(f"its part {_name(kind)} is not in the PNG standard")
        if (kind == b"IHDR") != (len(kept) == 1):
            raise DamagedPicture("its header is not where it should be")
        if kind == b"IHDR":
            if length != 13:
                raise DamagedPicture("its header is broken")
            size = (int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big"))
        if kind in _PIXELS or (intact and kind in _COLOURS):
            kept.append(reader.since(start))
        elif kind in _ANIMATION:
            animated = animated or kind == b"fdAT"
        elif kind == b"eXIf":
            exif = bytes(body)
        elif kind == b"iCCP":
            icc_profile = _unpacked_profile(body)
        elif kind == b"iTXt" and bytes(body[: len(_XMP)]) == _XMP:
            xmp = bytes(body)
        else:
            extras = True
    return Container(
        format="PNG",
        size=size,
        bare=b"".join(kept),
        animated=animated,
        exif=exif,
        xmp=xmp,
        icc_profile=icc_profile,
        extras=extras or reader.is_followed,
    )


def _name(kind: bytes) -> str:
    return ascii(kind.decode("latin-1"))


def _unpacked_profile(body: memoryview) -> bytes:
    """The colour profile in a chunk; empty where it is broken or unpacks to too much."""
    _, _, packed = bytes(body).partition(b"\x00")
    unpack = zlib.decompressobj()
    try:
        profile = unpack.decompress(packed[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if unpack.eof else b""
