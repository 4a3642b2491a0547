"""Picture files for tests, harmless and hostile, made when they are asked for."""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image as PILImage
from PIL import ImageCms

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
CANARY = b"canary-52.5200N-13.4050E"
CANARY_TEXT = CANARY.decode()


def encoded(picture: PILImage.Image, format: str, **options: Any) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def decoded(data: bytes) -> PILImage.Image:
    """The picture in a file."""
    picture = PILImage.open(io.BytesIO(data))
    picture.load()
    return picture


def colourful(width: int = 60, height: int = 40) -> PILImage.Image:
    """Red on the left, blue on the right, and brighter to the bottom."""
    picture = PILImage.new("RGB", (width, height), (200, 30, 30))
    picture.paste((30, 30, 200), (width // 2, 0, width, height))
    picture.paste((250, 250, 250), (0, 3 * height // 4, width, height))
    return picture


def animation(format: str, frames: int = 4) -> bytes:
    """An animation whose first frame is black and whose others are red."""
    pictures = [PILImage.new("RGB", (50, 40), (60 * index, 0, 0)) for index in range(frames)]
    return encoded(pictures[0], format, save_all=True, append_images=pictures[1:], lossless=True)


def exif(orientation: int = 1) -> PILImage.Exif:
    """EXIF data with a camera, a comment and a place."""
    data = PILImage.Exif()
    data[0x0112] = orientation
    data[0x010F] = CANARY_TEXT
    data.get_ifd(0x8825)[1] = "N"
    data.get_ifd(0x8825)[29] = CANARY_TEXT
    return data


def swapped_profile() -> bytes:
    """A colour profile in which red means blue and blue means red."""
    untyped: Any = ImageCms
    profile: bytes = untyped.ImageCmsProfile(untyped.createProfile("sRGB")).tobytes()
    profile = profile.replace("sRGB".encode("utf-16-be"), "Test".encode("utf-16-be"))
    return profile.replace(b"rXYZ", b"swap").replace(b"bXYZ", b"rXYZ").replace(b"swap", b"bXYZ")


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """A chunk of a PNG file, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, chunks: bytes = b"", rows: int | None = None) -> bytes:
    """A PNG of zeros with an alpha channel, made without holding its pixels.

    Args:
        width: In pixels.
        height: In pixels.
        chunks: Put between header and pixels.
        rows: So many rows are really there.
    """
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    pixels = zeros((1 + 4 * width) * (height if rows is None else rows))
    return PNG_SIGNATURE + header + chunks + chunk(b"IDAT", pixels) + chunk(b"IEND")


def zeros(length: int) -> bytes:
    """`length` zeros, compressed."""
    pack = zlib.compressobj(9)

    def parts() -> Iterator[bytes]:
        block = bytes(1 << 20)
        for start in range(0, length, len(block)):
            yield pack.compress(block[: length - start])
        yield pack.flush()

    return b"".join(parts())


def gif(
    canvas: tuple[int, int] = (4, 4), frame: tuple[int, int] = (4, 4), frames: int = 1
) -> bytes:
    """A GIF with a claimed canvas and frames of a claimed size, each of 16 pixels."""
    header = b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80, 0, 0) + bytes(6)
    # Codes of 3 bits: before each of the 16 pixels "clear", so that no code grows, then "end".
    codes = [code for _ in range(16) for code in (4, 0)] + [5]
    packed = sum(code << (3 * index) for index, code in enumerate(codes)).to_bytes(13, "little")
    place = struct.pack("<HHHHB", 0, 0, *frame, 0)
    image = b"\x2c" + place + b"\x02" + bytes([len(packed)]) + packed + b"\0"
    return header + image * frames + b"\x3b"


def jpeg_with(*segments: bytes) -> bytes:
    """A JPEG with further segments behind its first marker."""
    data = encoded(colourful(), "JPEG")
    return data[:2] + b"".join(segments) + data[2:]


def segment(marker: int, body: bytes) -> bytes:
    """A segment of a JPEG file."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def webp_with(chunks: bytes) -> bytes:
    """A WEBP in the extended format with further chunks at its end."""
    data = encoded(colourful(), "WEBP")
    header = b"VP8X" + struct.pack("<I", 10) + bytes([0x0C, 0, 0, 0]) + b"\x3b\0\0\x27\0\0"
    body = b"WEBP" + header + data[12:] + chunks
    return b"RIFF" + struct.pack("<I", len(body)) + body
