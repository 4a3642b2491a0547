"""Real picture and text files of exactly so many bytes.

A picture is padded with what its format lets programs put beside the picture itself.
"""

import functools
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

FORMATS = ("png", "jpeg", "gif", "webp", "txt")


def sample(extension: str, size: int) -> bytes:
    """A file of a format.

    Args:
        extension: One of `FORMATS`.
        size: Bytes, 10,000 or more.
    """
    data = _text(size) if extension == "txt" else _PADDED[extension](_picture(extension), size)
    assert len(data) == size, f"{extension}: {len(data)} bytes in place of {size}"
    return data


def write_sample(folder: Path, extension: str, size: int) -> Path:
    """Write such a file, if it is not there yet."""
    path = folder / f"{size}.{extension}"
    if not path.exists():
        path.write_bytes(sample(extension, size))
    return path


@functools.cache
def _picture(extension: str) -> bytes:
    picture = Image.merge("RGB", [Image.linear_gradient("L")] * 3)
    buffer = io.BytesIO()
    # With EXIF data a WebP has the header under which further chunks are allowed.
    exif = {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00"}
    picture.save(buffer, extension.upper(), **(exif if extension == "webp" else {}))
    return buffer.getvalue()


def _text(size: int) -> bytes:
    line = b"The lamps go on, one after the other. "
    return (line * (size // len(line) + 1))[:size]


def _filler(size: int) -> bytes:
    """Bytes that are not the same everywhere, so that pieces in a wrong order are noticed."""
    numbers = b"".join(struct.pack(">I", number) for number in range(size // 4096 + 1))
    return (numbers * (size // len(numbers) + 1))[:size]


def _padded_png(picture: bytes, size: int) -> bytes:
    end = picture[-12:]  # the chunk IEND
    body = _filler(size - len(picture) - 12)
    check = struct.pack(">I", zlib.crc32(b"nbAg" + body))
    return picture[:-12] + struct.pack(">I", len(body)) + b"nbAg" + body + check + end


def _padded_jpeg(picture: bytes, size: int) -> bytes:
    missing = size - len(picture)
    parts = [picture[:2]]
    while missing:  # comments of at most 65,533 bytes, with four bytes in front
        length = missing if missing <= 65_537 else min(65_537, missing - 4)
        parts.append(b"\xff\xfe" + struct.pack(">H", length - 2) + _filler(length - 4))
        missing -= length
    return b"".join([*parts, picture[2:]])


def _padded_gif(picture: bytes, size: int) -> bytes:
    missing = size - len(picture) - 15  # the extension's own header and its end
    blocks, rest = divmod(missing, 256)
    parts = [b"\x21\xff\x0bNBAGENT0001", (b"\xff" + _filler(255)) * (blocks - 1)]
    for length in (256 + rest) // 2, 256 + rest - (256 + rest) // 2:
        parts.append(bytes([length - 1]) + _filler(length - 1))
    return b"".join([picture[:-1], *parts, b"\x00", picture[-1:]])


def _padded_webp(picture: bytes, size: int) -> bytes:
    assert size % 2 == 0, "chunks have an even length"
    body = _filler(size - len(picture) - 8)
    length = struct.pack("<I", size - 8)
    return picture[:4] + length + picture[8:] + b"nbAg" + struct.pack("<I", len(body)) + body


_PADDED: dict[str, Callable[[bytes, int], bytes]] = {
    "png": _padded_png,
    "jpeg": _padded_jpeg,
    "gif": _padded_gif,
    "webp": _padded_webp,
}
