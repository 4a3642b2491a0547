"""Broken and hostile pictures: one clear message each, and memory stays bounded."""

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbagent.attachments import ANY_FILE, Limits, read_attachment
from nbagent.exceptions import AttachmentError
from tests.attachments.picture_files import (
    FORMATS,
    PNG_SIGNATURE,
    animation,
    chunk,
    colourful,
    encoded,
    exif,
    gif,
    jpeg_with,
    png,
    segment,
    webp_with,
    zeros,
)

MEBIBYTE = 1 << 20


def riff(*chunks: bytes) -> bytes:
    """A WEBP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width: int, height: int) -> bytes:
    """The header of a WEBP that claims a size."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X" + struct.pack("<I", 10) + bytes(4) + sides


def without_crc(data: bytes, kind: bytes) -> bytes:
    """A PNG in which the checksum of a chunk is wrong."""
    at = data.index(kind)
    end = at + 4 + struct.unpack(">I", data[at - 4 : at])[0]
    return data[:end] + bytes([data[end] ^ 1]) + data[end + 1 :]


HEADER = struct.pack(">IIBBBBB", 4, 4, 8, 6, 0, 0, 0)
PICTURE = {format: encoded(colourful(), format) for format in FORMATS}
SCAN = PICTURE["JPEG"][PICTURE["JPEG"].index(b"\xff\xda") : -2]

REFUSED = {
    "PNG: only its beginning": (PNG_SIGNATURE, "ends too early"),
    "PNG: header alone": (PNG_SIGNATURE + chunk(b"IHDR", HEADER), "ends too early"),
    "PNG: no pixels": (PNG_SIGNATURE + chunk(b"IHDR", HEADER) + chunk(b"IEND"), "cannot be shown"),
    "PNG: pixels cut off": (
        PNG_SIGNATURE + chunk(b"IHDR", HEADER) + chunk(b"IDAT", b"\x78\x9c") + chunk(b"IEND"),
        "cannot be shown",
    ),
    "PNG: wrong checksum of the pixels": (without_crc(PICTURE["PNG"], b"IDAT"), "'IDAT' is wrong"),
    "PNG: wrong checksum of the header": (without_crc(PICTURE["PNG"], b"IHDR"), "'IHDR' is wrong"),
    "PNG: no header": (PNG_SIGNATURE + chunk(b"IDAT", b"x") + chunk(b"IEND"), "its header is not"),
    "PNG: second header": (png(4, 4, chunks=chunk(b"IHDR", HEADER)), "its header is not"),
    "PNG: short header": (PNG_SIGNATURE + chunk(b"IHDR", HEADER[:9]), "its header is broken"),
    "PNG: width 0": (png(0, 4), "width or height is 0"),
    "PNG: unknown part": (png(4, 4, chunks=chunk(b"\x1b[2J"[:4], b"")), "not in the PNG standard"),
    "PNG: enormous": (png(2**31 - 1, 2**31 - 1, rows=0), "2147483647x2147483647 pixels"),
    "PNG: 64 million and one": (png(64_000_001, 1, rows=0), "64000001x1 pixels"),
    "PNG: a bomb with all its pixels": (png(9_000, 9_000), "9000x9000 pixels"),
    "JPEG: only its beginning": (b"\xff\xd8\xff", "ends too early"),
    "JPEG: no pixels": (b"\xff\xd8\xff\xd9", "no pixels"),
    "JPEG: no end": (PICTURE["JPEG"][:-2], "ends too early"),
    "JPEG: enormous": (
        PICTURE["JPEG"].replace(struct.pack(">HH", 40, 60), b"\xff\xff\xff\xff"),
        "65535x65535 pixels",
    ),
    "JPEG: two headers": (
        jpeg_with(segment(0xC0, b"\x08\0\1\0\1\1\1\x11\0")),
        "it has two headers",
    ),
    "JPEG: drawn over and over": (PICTURE["JPEG"][:-2] + SCAN * 40 + b"\xff\xd9", "32 passes"),
    "JPEG: part of no length": (jpeg_with(b"\xff\xe5\0\0"), "no length"),
    "GIF: only its beginning": (b"GIF89a", "ends too early"),
    "GIF: no frame": (gif(frames=0), "no picture in it"),
    "GIF: enormous canvas": (gif(canvas=(65535, 65535)), "65535x65535 pixels"),
    "GIF: frame beyond its canvas": (gif(frame=(65535, 65535)), "65535x65535 pixels"),
    "GIF: too few pixels": (gif(canvas=(60, 60), frame=(60, 60)), "cannot be shown"),
    "WEBP: only its beginning": (b"RIFF\x04\0\0\0WEBP", "no picture in it"),
    "WEBP: enormous": (riff(canvas(1 << 24, 1 << 24)), "16777216x16777216 pixels"),
    "WEBP: header alone": (riff(canvas(4, 4)), "cannot be shown"),
    "WEBP: two sizes": (
        b"RIFF" + webp_with(b"")[4:24] + b"\0\4\0\0\4\0" + webp_with(b"")[30:],
        "cannot be shown",
    ),
    "WEBP: broken pixels": (riff(b"VP8L" + struct.pack("<I", 4) + b"what"), "header is broken"),
    "WEBP: short header": (riff(b"VP8X" + struct.pack("<I", 2) + b"xx"), "header is too short"),
}

TEXT_BOMB = zeros(200 * MEBIBYTE)

ACCEPTED = {
    "PNG: bomb in a comment": png(4, 4, chunks=chunk(b"zTXt", b"a\0\0" + TEXT_BOMB)),
    "PNG: bomb in an international comment": png(
        4, 4, chunks=chunk(b"iTXt", b"a\0\1\0\0\0" + TEXT_BOMB)
    ),
    "PNG: bomb in a colour profile": png(4, 4, chunks=chunk(b"iCCP", b"a\0\0" + TEXT_BOMB)),
    "PNG: thousands of comments": png(4, 4, chunks=chunk(b"tEXt", b"a\0b") * 50_000),
    "PNG: pixels go on and on": PNG_SIGNATURE
    + chunk(b"IHDR", HEADER)
    + chunk(b"IDAT", TEXT_BOMB)
    + chunk(b"IEND"),
    "GIF: thousands of frames": gif(frames=50_000),
    "GIF: further frames are enormous": gif()[:-1] + gif(frame=(65535, 65535))[19:],
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_its_reason(name: str) -> None:
    data, reason = REFUSED[name]
    format = name.partition(":")[0]
    with pytest.raises(AttachmentError) as caught:
        read_attachment("holiday.png", data)
    message = str(caught.value)
    assert message.startswith(f"'holiday.png' is a {format} that cannot be shown: ")
    assert reason in message
    assert message.endswith("and choose that.")
    assert message.isprintable()
    assert len(message) < 250
    assert "_io." not in message


@pytest.mark.parametrize("name", REFUSED)
def test_where_any_file_is_taken_it_stays_a_file(name: str) -> None:
    data, reason = REFUSED[name]
    attachment = read_attachment("holiday.png", data, ANY_FILE)
    assert attachment.kind == "file"
    assert attachment.data is data
    (note,) = attachment.notes
    assert "that cannot be shown: " in note
    assert reason in note


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_picture_is_refused(format: str, share: float) -> None:
    data = encoded(colourful(300, 200), format)
    with pytest.raises(AttachmentError, match="cannot be shown: the file ends too early"):
        read_attachment("a", data[: int(len(data) * share)])


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_harmless_without_its_bomb_is_accepted(name: str) -> None:
    attachment = read_attachment("a", ACCEPTED[name])
    assert attachment.image is not None
    assert attachment.image.image.size == (4, 4)


def test_too_many_parts() -> None:
    data = PNG_SIGNATURE + chunk(b"IHDR", HEADER) + chunk(b"tEXt") * 260_000
    with pytest.raises(AttachmentError, match="more than 1,000,000 parts"):
        read_attachment("a.png", data)


def test_too_many_bytes() -> None:
    with pytest.raises(AttachmentError, match=r"'a\.png' is a PNG and has .* at most 100 bytes"):
        read_attachment("a.png", PICTURE["PNG"], Limits(picture_bytes=100))


SEEDS = (
    *(encoded(colourful(), format, exif=exif(6)) for format in ("PNG", "JPEG", "WEBP")),
    *(animation(format) for format in ("PNG", "GIF", "WEBP")),
    encoded(colourful().convert("CMYK"), "JPEG", progressive=True),
    encoded(colourful().quantize(8), "PNG", transparency=2),
)


def with_good_checksums(data: bytes) -> bytes:
    """A PNG whose chunks are intact, so that its decoder gets to see them."""
    fixed = bytearray(data[:8])
    at = 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        fixed += data[at:end] + struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return bytes(fixed)


@settings(max_examples=400, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    keep=st.floats(0.3, 1.2),
)
def test_damage_ends_in_a_picture_or_a_message(
    seed: bytes, edits: list[tuple[float, int]], keep: float
) -> None:
    data = bytearray(seed)
    for place, value in edits:
        data[4 + int(place * (len(data) - 5))] = value
    damaged = bytes(data[: int(len(data) * keep)])
    if damaged.startswith(PNG_SIGNATURE):
        damaged = with_good_checksums(damaged)
    try:
        attachment = read_attachment("a", damaged, Limits(picture_side=30))
    except AttachmentError as error:
        assert str(error).startswith("'a' ")
    else:
        if attachment.image is not None:
            assert max(attachment.image.image.size) <= 30


# The peak of a process's own memory; ru_maxrss would begin with that of its parent.
MEASURE = """
import json, re, sys
from pathlib import Path
from PIL import Image as PILImage
from nbagent.attachments import read_attachment
from nbagent.exceptions import AttachmentError

def kibibytes(field):
    return int(re.search(field + r":\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

PILImage.init()
growth = {}
for path in sys.argv[1:]:
    data = Path(path).read_bytes()
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
    before = kibibytes("VmRSS")
    try:
        read_attachment("a", data)
    except AttachmentError:
        pass
    growth[Path(path).name] = (kibibytes("VmHWM") - before) // 1024
print(json.dumps(growth))
"""


def growth_in_memory(folder: Path, files: dict[str, bytes]) -> dict[str, int]:
    """The peak in a fresh process while it reads each file, in MiB beyond what it had before."""
    paths: list[str] = []
    for name, data in files.items():
        path = folder / name
        path.write_bytes(data)
        paths.append(str(path))
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, *paths],
        capture_output=True,
        text=True,
        timeout=110,
        check=True,
    )
    growth: dict[str, int] = json.loads(run.stdout)
    print(growth)
    return growth


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak")
def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    files = {name: data for name, (data, _) in REFUSED.items()} | ACCEPTED
    growth = growth_in_memory(tmp_path, files)
    assert max(growth.values()) <= 32


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak")
@pytest.mark.parametrize("format", FORMATS)
def test_the_largest_picture_costs_bounded_memory(format: str, tmp_path: Path) -> None:
    from PIL import Image as PILImage

    if format == "PNG":
        data = png(8000, 8000)
    elif format == "WEBP":
        data = encoded(PILImage.new("RGBA", (8000, 4000)), format, lossless=True, method=0)
    else:
        data = encoded(PILImage.new("L", (8000, 8000)), format, progressive=True)
    (growth,) = growth_in_memory(tmp_path, {f"largest {format}": data}).values()
    assert growth <= 700
