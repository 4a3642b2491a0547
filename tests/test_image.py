"""Image: original bytes kept, decoded late, hostile files refused."""

import base64
import io
import warnings
from pathlib import Path
from typing import Any, Literal

import pytest
from PIL import Image as PILImage

from nbagent import Image, MultiModalMessage
from nbagent import image as image_module
from nbagent.exceptions import ImageError


def encoded(format: str, size: tuple[int, int] = (8, 6)) -> bytes:
    buffer = io.BytesIO()
    PILImage.new("RGB", size, (200, 30, 30)).save(buffer, format)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP"])
def test_the_original_bytes_are_kept(format: str, tmp_path: Path) -> None:
    data = encoded(format)
    path = tmp_path / "picture.bin"
    path.write_bytes(data)
    for image in (
        Image.from_bytes(data),
        Image.from_file(path),
        Image.from_file(str(path)),
        Image.from_base64(base64.b64encode(data).decode()),
    ):
        assert image.data == data
        assert image.format == format
        assert image.size == (8, 6)
        assert image.data_uri == f"data:image/{format.lower()};base64,{image.to_base64()}"
        assert Image.from_uri(image.data_uri) == image
    assert image.to_openai_format("low") == {
        "type": "image_url",
        "image_url": {"url": image.data_uri, "detail": "low"},
    }


def test_transparency_survives() -> None:
    pil = PILImage.new("RGBA", (2, 2), (255, 0, 0, 7))
    again = Image.from_base64(Image(pil).to_base64())
    assert again.image.getpixel((0, 0)) == (255, 0, 0, 7)


@pytest.mark.parametrize("mode", ["LA", "PA", "La", "RGBa", "P"])
def test_transparency_survives_in_every_form_of_it(mode: str) -> None:
    clear = PILImage.new("RGBA", (2, 2), (250, 0, 0, 0))
    clear.putpixel((1, 1), (250, 0, 0, 255))
    pil = {
        "LA": lambda: clear.convert("LA"),
        "PA": lambda: clear.convert("PA"),
        "La": lambda: clear.convert("LA").convert("La"),
        "RGBa": lambda: clear.convert("RGBa"),
        "P": lambda: clear.quantize(4),
    }[mode]()
    assert pil.mode == mode
    again = Image.from_base64(Image(pil).to_base64()).image.convert("RGBA")
    alphas = [again.getpixel((at, at)) for at in (0, 1)]
    assert [pixel[3] for pixel in alphas if isinstance(pixel, tuple)] == [0, 255]


@pytest.mark.parametrize(
    "mode", ["1", "L", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "I;16B", "I;16L", "F", "RGBX"]
)
def test_every_kind_of_picture_has_a_file(mode: str) -> None:
    image = Image(PILImage.new(mode, (2, 3)))
    assert Image.from_bytes(image.data).image.size == (2, 3)


@pytest.mark.parametrize("mode", ["I", "I;16", "I;16B", "I;16L"])
def test_deep_greys_stay_apart(mode: str) -> None:
    deep = Image(PILImage.new(mode, (1, 1), 4660))
    assert Image.from_bytes(deep.data).image.getpixel((0, 0)) == 4660


def test_a_picture_is_encoded_once_and_its_file_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = Image.from_pil(PILImage.new("RGB", (8, 6), "teal"))
    read = Image.from_bytes(encoded("JPEG"))
    assert read.image.size == (8, 6)  # decoded: the bytes stay all the same
    first = [drawn.data, drawn.to_base64(), drawn.data_uri, read.data, read.data_uri]

    def encode(*_: Any, **__: Any) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr(PILImage.Image, "save", encode)
    again = [drawn.data, drawn.to_base64(), drawn.data_uri, read.data, read.data_uri]
    assert again == first
    assert read.to_openai_format()["image_url"]["url"] == read.data_uri


def test_other_formats_become_png() -> None:
    image = Image.from_bytes(encoded("BMP"))
    assert image.format == "PNG"
    assert PILImage.open(io.BytesIO(image.data)).format == "PNG"


def test_plain_data_round_trip() -> None:
    message = MultiModalMessage(content=["x", Image.from_bytes(encoded("JPEG"))], source="user")
    again = MultiModalMessage.load(message.dump())
    assert again == message
    assert isinstance(message.dump()["content"][1]["data"], str)


def test_thumbnail() -> None:
    image = Image.from_bytes(encoded("JPEG", size=(800, 400)))
    small = image.thumbnail(200)
    assert small.size == (200, 100)
    assert small.format == "JPEG"
    assert small.thumbnail(200) is small
    transparent = Image(PILImage.new("RGBA", (400, 400), (0, 0, 0, 0))).thumbnail(100)
    assert transparent.image.mode == "RGBA"


def test_missing_file_names_the_path_and_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="No such file") as caught:
        Image.from_file(tmp_path / "nope.png")
    assert "nope.png" in str(caught.value)
    assert str(Path.cwd()) in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.4",
        b"GIF89a",
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match=r"cannot be read|can be read"):
        Image.from_bytes(data)


def test_a_truncated_picture_is_refused_when_it_is_decoded() -> None:
    data = encoded("PNG", size=(200, 200))
    image = Image.from_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match="damaged"):
        _ = image.image


def test_too_many_bytes_and_pixels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = encoded("PNG", size=(100, 100))
    path = tmp_path / "large.png"
    path.write_bytes(data)
    monkeypatch.setattr(image_module, "MAX_PIXELS", 9_999)
    with pytest.raises(ImageError, match="100x100 pixels"):
        Image.from_file(path)
    with pytest.raises(ImageError, match="100x100 pixels"):
        Image(PILImage.new("RGB", (100, 100)))
    monkeypatch.setattr(image_module, "MAX_BYTES", len(data) - 1)
    with pytest.raises(ImageError, match=r"large\.png.* MB"):
        Image.from_file(path)


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    buffer = io.BytesIO()
    PILImage.new("1", (20_000, 20_000)).save(buffer, "PNG")
    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(ImageError, match="too many pixels"):
        Image.from_bytes(buffer.getvalue())


@pytest.mark.parametrize("filter", ["error", "ignore"])
def test_what_pillow_only_warns_of_is_refused_too(filter: Literal["error", "ignore"]) -> None:
    buffer = io.BytesIO()
    PILImage.new("1", (10_000, 10_000)).save(buffer, "PNG")
    with warnings.catch_warnings():
        warnings.simplefilter(filter)
        with pytest.raises(ImageError, match="pixels"):
            Image.from_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    "uri", ["https://example.org/x.png", "data:text/html;base64,AAAA", "file:///etc/passwd", ""]
)
def test_only_pictures_data_uris(uri: str) -> None:
    with pytest.raises(ImageError, match="data URI"):
        Image.from_uri(uri)


def test_bad_base64() -> None:
    with pytest.raises(ImageError, match="not valid base64"):
        Image.from_base64("%%%")


def test_repr_is_short() -> None:
    assert repr(Image.from_bytes(encoded("PNG"))) == "<Image PNG 8x6>"


def test_a_format_that_runs_another_program_is_refused() -> None:
    with pytest.raises(ImageError, match="not a picture that can be read"):
        Image.from_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n")


@pytest.mark.parametrize(
    ("form", "shown"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/png")]
)
def test_a_notebook_shows_it(form: str, shown: str) -> None:
    buffer = io.BytesIO()
    PILImage.new("RGB", (3000, 20), "teal").save(buffer, form)
    image: Any = Image.from_bytes(buffer.getvalue())
    bundle = image._repr_mimebundle_()
    assert Image.from_base64(bundle[shown]).size[0] <= 1024
    assert bundle["text/plain"] == f"<Image {form} 3000x20>"
