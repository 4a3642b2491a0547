"""What a picture says of place, camera and author does not reach a model."""

import struct
import zlib

import pytest

from nbagent.attachments import Limits, read_attachment
from tests.attachments.picture_files import (
    CANARY,
    CANARY_TEXT,
    chunk,
    colourful,
    decoded,
    encoded,
    exif,
    jpeg_with,
    png,
    segment,
    webp_with,
)

PLACE = "place and camera data removed"
CAMERA = "camera data removed"
EXTRAS = "comments and other embedded data removed"

XMP = b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>"
XMP_WITH_PLACE = b"<x:xmpmeta exif:GPSLatitude='" + CANARY + b"'/>"


def gif_with(extension: bytes) -> bytes:
    """A GIF with an extension at its end."""
    return encoded(colourful(), "GIF")[:-1] + extension + b";"


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a WEBP file."""
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


FILES = {
    "png exif": (encoded(colourful(), "PNG", exif=exif()), PLACE),
    "png text": (png(4, 4, chunks=chunk(b"tEXt", b"Comment\0" + CANARY)), EXTRAS),
    "png ztxt": (png(4, 4, chunks=chunk(b"zTXt", b"a\0\0" + zlib.compress(CANARY))), EXTRAS),
    "png xmp": (
        png(4, 4, chunks=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP_WITH_PLACE)),
        PLACE,
    ),
    "png private": (png(4, 4, chunks=chunk(b"prVt", CANARY)), EXTRAS),
    "png time": (png(4, 4, chunks=chunk(b"tIME", CANARY)), EXTRAS),
    "png broken text": (png(4, 4, chunks=chunk(b"tEXt", b"a\0" + CANARY)[:-1] + b"x"), EXTRAS),
    "png appended": (png(4, 4) + CANARY, EXTRAS),
    "jpeg exif": (encoded(colourful(), "JPEG", exif=exif()), PLACE),
    "jpeg exif and turned": (encoded(colourful(), "JPEG", exif=exif(6)), PLACE),
    "jpeg comment": (encoded(colourful(), "JPEG", comment=CANARY), EXTRAS),
    "jpeg xmp": (jpeg_with(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)), CAMERA),
    "jpeg iptc": (jpeg_with(segment(0xED, b"Photoshop 3.0\0" + CANARY)), EXTRAS),
    "jpeg unknown": (jpeg_with(segment(0xE9, CANARY)), EXTRAS),
    "jpeg preview": (
        jpeg_with(segment(0xE0, b"JFIF\0\x01\1\0\0\1\0\1\x08\x01" + CANARY)),
        EXTRAS,
    ),
    "jpeg appended": (encoded(colourful(), "JPEG") + CANARY, EXTRAS),
    "jpeg further picture": (
        encoded(colourful(), "JPEG") + encoded(colourful(), "JPEG", comment=CANARY),
        EXTRAS,
    ),
    "gif comment": (gif_with(b"\x21\xfe" + bytes([len(CANARY)]) + CANARY + b"\0"), EXTRAS),
    "gif application": (
        gif_with(b"\x21\xff\x0bXMP DataXMP" + bytes([len(CANARY)]) + CANARY + b"\0"),
        EXTRAS,
    ),
    "gif appended": (encoded(colourful(), "GIF") + CANARY, EXTRAS),
    "webp exif": (encoded(colourful(), "WEBP", exif=exif()), PLACE),
    "webp xmp": (webp_with(webp_chunk(b"XMP ", XMP)), CAMERA),
    "webp unknown": (webp_with(webp_chunk(b"what", CANARY)), EXTRAS),
    "webp appended": (encoded(colourful(), "WEBP") + CANARY, EXTRAS),
}


@pytest.mark.parametrize("side", [2048, 3])
@pytest.mark.parametrize("name", FILES)
def test_it_is_removed_and_said(name: str, side: int) -> None:
    data, note = FILES[name]
    packed = "ztxt" in name
    assert packed or CANARY in data
    attachment = read_attachment(name, data, Limits(picture_side=side))
    assert attachment.image is not None
    assert note in attachment.notes
    assert attachment.data == data
    for secret in (CANARY, CANARY[:12], zlib.compress(CANARY)):
        assert secret not in attachment.image.data
    picture = decoded(attachment.image.data)
    assert not dict(picture.getexif())
    assert CANARY_TEXT not in str(picture.info)


# Of these, one has to be turned and the other cannot be read before it is cleaned.
REDRAWN = {"jpeg exif and turned", "png broken text"}


@pytest.mark.parametrize("name", sorted(FILES.keys() - REDRAWN))
def test_pixels_stay_exactly_as_they_were(name: str) -> None:
    data, _ = FILES[name]
    attachment = read_attachment(name, data)
    assert attachment.image is not None
    before, after = decoded(data), decoded(attachment.image.data)
    assert before.mode == after.mode
    assert before.tobytes() == after.tobytes()


def test_padding_is_nothing_to_speak_of() -> None:
    data = encoded(colourful(), "JPEG")
    attachment = read_attachment("a.jpg", data + bytes(100))
    assert attachment.image is not None
    assert attachment.image.data == data
    assert attachment.notes == ()


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"II*\0",
        b"MM\0*\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff\x12\x01",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\xff\xff\0\0",
        b"what" * 100,
    ],
)
def test_broken_camera_data_turns_nothing(blob: bytes) -> None:
    attachment = read_attachment("a.jpg", jpeg_with(segment(0xE1, b"Exif\0\0" + blob)))
    assert attachment.image is not None
    assert attachment.image.size == (60, 40)
    assert "turned upright" not in attachment.notes
