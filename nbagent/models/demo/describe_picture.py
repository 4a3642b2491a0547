"""Describes a picture by what can be measured: size, colours, brightness; not what it shows."""

import colorsys
from typing import TYPE_CHECKING

from nbagent.exceptions import ImageError
from nbagent.image import Image

if TYPE_CHECKING:
    from PIL import Image as PILImage

_SAMPLE_SIDE = 128
_UNSEEN = 25  # alpha up to which a pixel cannot be seen
_MODES = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey with transparency",
    "P": "a palette",
    "RGB": "colour",
    "RGBA": "colour with transparency",
    "CMYK": "colour for print",
    "I;16": "grey with 16 bits",
}
# Upper ends of the hues, in degrees.
_HUES = (
    (15, "red"),
    (42, "orange"),
    (68, "yellow"),
    (165, "green"),
    (200, "cyan"),
    (258, "blue"),
    (310, "purple"),
    (345, "pink"),
    (361, "red"),
)


def describe_pictures(images: list[Image]) -> str:
    """What can be told of pictures, as Markdown."""
    parts: list[str] = []
    for number, image in enumerate(images, 1):
        title = f"**Picture {number}.** " if len(images) > 1 else ""
        try:
            parts.append(title + _describe(image))
        except ImageError as error:
            parts.append(f"{title}I cannot read this picture: {error}")
    what = "a picture shows" if len(images) == 1 else "pictures show"
    return "\n\n".join(
        [*parts, f"That is all I can see: I measure, and do not recognise what {what}."]
    )


def _describe(image: Image) -> str:
    picture = image.image
    width, height = image.size
    frames = int(getattr(picture, "n_frames", 1))
    sample = _sample(picture)
    colours = _colours(sample)
    lines = [
        f"- size: {width} × {height} pixels, {_shape(width, height)}",
        f"- file: {image.format}, {len(image.data) / 1000:,.1f} kB, "
        f"{_MODES.get(picture.mode, picture.mode)}" + (f", {frames} frames" if frames > 1 else ""),
    ]
    clear = _transparent_share(picture)
    if clear:
        lines.append(f"- transparency: {_percent(clear)} of it is see-through")
    names = ", ".join(f"{name} ({_percent(share)})" for name, share in colours[:4])
    lines.append(f"- main colours: {names}" if names else "- main colours: none, it is empty")
    if names:
        brightness, contrast = _light(sample)
        lines.append(f"- light: {_brightness(brightness)}, {_contrast(contrast)}")
        lines.append(f"- kind: {_kind(sample)}")
    return "What I can measure of it:\n\n" + "\n".join(lines)


def _sample(picture: "PILImage.Image") -> "PILImage.Image":
    """A small copy with colours and alpha, for counting. Colours are kept, not mixed."""
    from PIL import Image as PILImage

    scale = min(1, _SAMPLE_SIDE / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.resize(size, PILImage.Resampling.NEAREST)  # pyright: ignore[reportUnknownMemberType]
    if small.mode.startswith(("I", "F")):
        small = small.convert("L")
    return small.convert("RGBA")


def _pixels(sample: "PILImage.Image") -> list[tuple[int, tuple[int, int, int, int]]]:
    """How often each colour that can be seen occurs."""
    counted = sample.getcolors(_SAMPLE_SIDE * _SAMPLE_SIDE) or []
    return [
        (count, colour)
        for count, colour in counted
        if isinstance(colour, tuple) and len(colour) == 4 and colour[3] > _UNSEEN
    ]


def _colours(sample: "PILImage.Image") -> list[tuple[str, float]]:
    """The names of the colours with their shares, from 0 to 1, the largest first."""
    shares: dict[str, float] = {}
    pixels = _pixels(sample)
    total = sum(count for count, _ in pixels)
    for count, (red, green, blue, _) in pixels:
        name = colour_name(red, green, blue)
        shares[name] = shares.get(name, 0) + count / total
    ordered = sorted(shares.items(), key=lambda each: (-each[1], each[0]))
    return [(name, share) for name, share in ordered if share >= 0.01]


def colour_name(red: int, green: int, blue: int) -> str:
    """The everyday name of a colour, given as three values from 0 to 255."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    if value < 0.14:
        return "black"
    if saturation < 0.12:
        greys = ((0.35, "dark grey"), (0.7, "grey"), (0.93, "light grey"))
        return next((name for end, name in greys if value < end), "white")
    name = next(name for end, name in _HUES if hue * 360 < end)
    if name == "orange" and value < 0.75:
        return "brown"
    if saturation < 0.4 and value > 0.75:
        return "light pink" if name == "red" else f"light {name}"
    return f"dark {name}" if value < 0.45 else name


def _transparent_share(picture: "PILImage.Image") -> float:
    """How much of the picture is transparent, from 0 to 1."""
    if picture.mode not in ("RGBA", "LA", "PA") and "transparency" not in picture.info:
        return 0
    histogram = picture.convert("RGBA").getchannel("A").histogram()
    return sum(histogram[:128]) / max(1, sum(histogram))


def _light(sample: "PILImage.Image") -> tuple[float, float]:
    """Mean and standard deviation of the brightness, from 0 to 1."""
    from PIL import ImageStat

    seen = [255 * (alpha > _UNSEEN) for alpha in range(256)]
    mask = sample.getchannel("A").point(seen)  # pyright: ignore[reportUnknownMemberType]
    statistics = ImageStat.Stat(sample.convert("L"), mask)
    return statistics.mean[0] / 255, statistics.stddev[0] / 255


def _brightness(mean: float) -> str:
    words = ((0.2, "very dark"), (0.4, "dark"), (0.6, "of middle brightness"), (0.8, "bright"))
    return f"{next((word for end, word in words if mean < end), 'very bright')} ({_percent(mean)})"


def _contrast(deviation: float) -> str:
    words = ((0.02, "no contrast"), (0.1, "little contrast"), (0.25, "some contrast"))
    return next((word for end, word in words if deviation < end), "strong contrast")


def _kind(sample: "PILImage.Image") -> str:
    """Whether few colours cover most of it, as in drawings and screenshots."""
    counts = sorted((count for count, _ in _pixels(sample)), reverse=True)
    if len(counts) == 1:
        return "a single plain colour"
    if sum(counts[:8]) / sum(counts) > 0.8:
        return f"few colours ({len(counts)} counted), as in a drawing, a diagram or a screenshot"
    return f"many colours ({len(counts):,} counted), as in a photo or a gradient"


def _shape(width: int, height: int) -> str:
    if width == height:
        return "square"
    longer, shorter = max(width, height), min(width, height)
    form = "wide" if width > height else "tall"
    return f"{form} ({longer / shorter:.2f} to 1)"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "less than 1%"
