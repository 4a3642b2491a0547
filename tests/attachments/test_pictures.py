"""Pictures as a model gets them: upright, scaled, in plain colours, or exactly as they were."""

import copy
import pickle
from typing import Any

import pytest
from PIL import Image as PILImage

from nbagent.attachments import Attachment, Limits, read_attachment
from tests.attachments.picture_files import (
    FORMATS,
    animation,
    colourful,
    decoded,
    encoded,
    exif,
    swapped_profile,
)


def picture(name: str, data: bytes, limits: Limits | None = None) -> Attachment:
    """A file that must be accepted as a picture."""
    attachment = read_attachment(name, data, limits or Limits())
    assert attachment.kind == "picture"
    assert attachment.data is data
    return attachment


def pixels(attachment: Attachment) -> PILImage.Image:
    """What the model sees."""
    assert attachment.image is not None
    return decoded(attachment.image.data)


def at(image: PILImage.Image, x: int, y: int) -> tuple[int, ...]:
    """A pixel's channels."""
    pixel: Any = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel  # pyright: ignore[reportUnknownVariableType]


def is_red(image: PILImage.Image, x: int, y: int) -> bool:
    """Whether a pixel is red."""
    red, _, blue = at(image, x, y)
    return red > 150 and blue < 100


def is_blue(image: PILImage.Image, x: int, y: int) -> bool:
    """Whether a pixel is blue."""
    red, _, blue = at(image, x, y)
    return blue > 150 and red < 100


@pytest.mark.parametrize("format", FORMATS)
def test_where_nothing_needs_doing_the_bytes_are_unchanged(format: str) -> None:
    data = encoded(colourful(), format)
    attachment = picture(f"a.{format.lower()}", data)
    assert attachment.image is not None
    assert attachment.image.data == data
    assert attachment.notes == ()
    assert attachment.mime_type == f"image/{format.lower()}"


@pytest.mark.parametrize("format", FORMATS)
def test_the_longer_side_fits_and_the_original_stays(format: str) -> None:
    data = encoded(colourful(600, 300), format)
    attachment = picture("a", data, Limits(picture_side=200))
    assert pixels(attachment).size == (200, 100)
    assert attachment.notes == ("scaled to 200x100",)
    assert is_red(pixels(attachment).convert("RGB"), 10, 10)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_turned_upright(format: str, orientation: int) -> None:
    undo = {
        2: PILImage.Transpose.FLIP_LEFT_RIGHT,
        3: PILImage.Transpose.ROTATE_180,
        4: PILImage.Transpose.FLIP_TOP_BOTTOM,
        5: PILImage.Transpose.TRANSPOSE,
        6: PILImage.Transpose.ROTATE_90,
        7: PILImage.Transpose.TRANSVERSE,
        8: PILImage.Transpose.ROTATE_270,
    }
    stored = colourful()
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    attachment = picture("a", encoded(stored, format, exif=exif(orientation)))
    upright = pixels(attachment).convert("RGB")
    assert upright.size == (60, 40)
    assert is_red(upright, 5, 5)
    assert is_blue(upright, 55, 5)
    assert min(at(upright, 30, 38)) >= 230
    assert ("turned upright" in attachment.notes) is (orientation != 1)


def test_a_turned_picture_is_scaled_by_its_longer_side() -> None:
    data = encoded(colourful(600, 300), "JPEG", exif=exif(6))
    attachment = picture("a.jpg", data, Limits(picture_side=200))
    assert pixels(attachment).size == (100, 200)
    assert "scaled to 100x200" in attachment.notes


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
@pytest.mark.parametrize("side", [2048, 20])
def test_alpha_is_kept(format: str, side: int) -> None:
    data = encoded(PILImage.new("RGBA", (40, 40), (250, 0, 0, 100)), format, lossless=True)
    result = pixels(picture("a", data, Limits(picture_side=side)))
    assert result.mode == "RGBA"
    red, _, _, alpha = at(result, 10, 10)
    assert red >= 248
    assert abs(alpha - 100) <= 1


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_transparent_colour_is_kept_when_scaled(mode: str) -> None:
    red = PILImage.new("RGB", (40, 40), (250, 0, 0))
    image = red.quantize(2) if mode == "P" else red.convert(mode)
    colour = image.getpixel((0, 0))
    data = encoded(image, "PNG", transparency=colour)
    result = pixels(picture("a.png", data, Limits(picture_side=20)))
    assert result.mode == "RGBA"
    assert at(result, 5, 5)[3] == 0


def test_a_palette_is_scaled_smoothly() -> None:
    stripes = PILImage.new("P", (400, 400))
    stripes.putpalette([0, 0, 0, 255, 255, 255])
    for x in range(0, 400, 2):
        stripes.paste(1, (x, 0, x + 1, 400))
    result = pixels(picture("a.png", encoded(stripes, "PNG"), Limits(picture_side=100)))
    pixel = result.convert("L").getpixel((50, 50))
    assert isinstance(pixel, int)
    assert 60 < pixel < 200


def test_16_bit_grey_keeps_its_brightness() -> None:
    data = encoded(PILImage.new("I;16", (10, 10), 0x8000), "PNG")
    attachment = picture("a.png", data)
    assert pixels(attachment).mode == "L"
    assert pixels(attachment).getpixel((5, 5)) == 0x80
    assert attachment.notes == ("16-bit grey made 8-bit",)


def test_colours_for_print() -> None:
    data = encoded(colourful().convert("CMYK"), "JPEG")
    attachment = picture("a.jpg", data)
    assert pixels(attachment).mode == "RGB"
    assert is_red(pixels(attachment), 5, 5)
    assert attachment.notes == ("colours for print converted to RGB",)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_colours_of_another_profile_are_converted(format: str) -> None:
    attachment = picture("a", encoded(colourful(), format, icc_profile=swapped_profile()))
    assert "colours converted to sRGB" in attachment.notes
    assert is_blue(pixels(attachment), 5, 5)
    assert "icc_profile" not in pixels(attachment).info


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_broken_profile_is_left_out(format: str) -> None:
    attachment = picture("a", encoded(colourful(), format, icc_profile=b"acsp" * 200))
    assert is_red(pixels(attachment), 5, 5)
    assert "icc_profile" not in pixels(attachment).info


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_the_smallest_picture(mode: str) -> None:
    attachment = picture("dot.png", encoded(PILImage.new(mode, (1, 1)), "PNG"))
    assert pixels(attachment).size == (1, 1)


@pytest.mark.parametrize("size", [(5000, 1), (1, 5000)])
def test_a_line_stays_a_line(size: tuple[int, int]) -> None:
    attachment = picture("line.png", encoded(PILImage.new("RGB", size), "PNG"))
    assert sorted(pixels(attachment).size) == [1, 2048]


@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP"])
def test_the_first_frame_of_an_animation(format: str) -> None:
    attachment = picture(f"a.{format.lower()}", animation(format))
    assert attachment.notes == ("animated: only its first frame is used",)
    assert getattr(pixels(attachment), "n_frames", 1) == 1
    assert pixels(attachment).convert("RGB").getpixel((5, 5)) == (0, 0, 0)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["photo.pdf", "photo.PnG", "photo.jpeg", "photo.gif", "a.webp"])
def test_the_content_counts_and_not_the_name(format: str, name: str) -> None:
    attachment = picture(name, encoded(colourful(), format))
    assert attachment.mime_type == f"image/{format.lower()}"
    ending = name[name.index(".") :].lower()
    wrong = f"is a {format} although its name ends in {ending}"
    assert attachment.notes == (() if ending == f".{format.lower()}" else (wrong,))


def test_an_attachment_can_be_copied_and_pickled() -> None:
    attachment = picture("a.png", encoded(colourful(600, 300), "PNG"), Limits(picture_side=200))
    assert attachment.image is not None
    for _ in range(2):
        assert copy.deepcopy(attachment) == attachment
        assert pickle.loads(pickle.dumps(attachment)) == attachment
        attachment.image.image.load()  # and once it has been looked at


def test_repr_does_not_hold_the_file() -> None:
    assert len(repr(picture("a.png", encoded(colourful(), "PNG")))) < 200
