"""The demo model describes pictures by what can be measured, and says that this is all."""

import io
from collections.abc import Callable

import pytest
from PIL import Image as PILImage

from nbagent.image import Image
from nbagent.models import UserMessage
from nbagent.models.demo.describe_picture import colour_name
from tests.models.demo.conversing import calls_of, text_of
from tests.models.demo.tools import TOOLS


async def describe(*images: Image, prompt: str = "What do you see?") -> str:
    return await text_of(UserMessage(content=[prompt, *images], source="user"), tools=TOOLS)


def flag() -> PILImage.Image:
    """A third of nothing, half of red, a sixth of blue."""
    picture = PILImage.new("RGBA", (300, 100), (255, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 100, 100))
    picture.paste((0, 0, 255, 255), (250, 0, 300, 100))
    return picture


async def test_size_transparency_and_colours() -> None:
    answer = await describe(Image(flag()))
    assert "300 × 100 pixels, wide (3.00 to 1)" in answer
    assert "PNG" in answer
    assert "33% of it is see-through" in answer
    assert "red (75%), blue (25%)" in answer
    assert "few colours (2 counted)" in answer
    assert "do not recognise" in answer
    assert "Demo model" in answer


async def test_photos_gradients_and_brightness() -> None:
    gradient = PILImage.linear_gradient("L").convert("RGB")
    answer = await describe(Image(gradient))
    assert "256 × 256 pixels, square" in answer
    assert "many colours" in answer
    assert "transparency" not in answer
    dark = await describe(Image(PILImage.new("RGB", (10, 40), (5, 5, 5))))
    assert "tall (4.00 to 1)" in dark
    assert "very dark" in dark
    assert "a single plain colour" in dark
    assert "black (100%)" in dark


async def test_several_pictures_and_frames() -> None:
    buffer = io.BytesIO()
    frames = [PILImage.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    answer = await describe(Image.from_bytes(buffer.getvalue()), Image(flag()))
    assert "**Picture 1.**" in answer
    assert "2 frames" in answer
    assert "**Picture 2.**" in answer


MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"]


@pytest.mark.parametrize("mode", MODES)
async def test_every_mode_is_described(mode: str) -> None:
    assert "4 × 2 pixels" in await describe(Image(PILImage.new(mode, (4, 2))))


async def test_an_empty_picture_and_a_damaged_one() -> None:
    clear = PILImage.new("RGBA", (4, 4), (9, 9, 9, 0))
    assert "none, it is empty" in await describe(Image(clear))
    buffer = io.BytesIO()
    PILImage.effect_noise((64, 64), 90).save(buffer, "PNG")
    cut = Image.from_bytes(buffer.getvalue()[:2000])
    assert "I cannot read this picture" in await describe(cut)


async def test_the_picture_is_left_as_it_was() -> None:
    picture = flag()
    image = Image(picture)
    before = picture.tobytes()
    await describe(image)
    assert picture.tobytes() == before


async def test_a_tool_that_is_asked_for_comes_first() -> None:
    message = UserMessage(content=["Weather in Oslo?", Image(flag())], source="user")
    assert await calls_of(message, tools=TOOLS) == [("get_weather", {"city": "Oslo"})]


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((255, 0, 0), "red"),
        ((139, 0, 0), "red"),
        ((0, 128, 0), "green"),
        ((0, 0, 100), "dark blue"),
        ((255, 165, 0), "orange"),
        ((139, 69, 19), "brown"),
        ((255, 255, 0), "yellow"),
        ((255, 192, 203), "light pink"),
        ((128, 0, 128), "purple"),
        ((0, 255, 255), "cyan"),
        ((173, 216, 230), "light cyan"),
        ((128, 128, 128), "grey"),
        ((255, 255, 255), "white"),
        ((0, 0, 0), "black"),
    ],
)
def test_colours_have_everyday_names(colour: tuple[int, int, int], name: str) -> None:
    assert colour_name(*colour) == name


def test_every_colour_has_a_name() -> None:
    name: Callable[[int, int, int], str] = colour_name
    steps = range(0, 256, 15)
    assert all(name(red, green, blue) for red in steps for green in steps for blue in steps)
