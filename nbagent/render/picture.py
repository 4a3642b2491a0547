"""Pictures as `data:` URIs, small enough for a notebook."""

from html import escape

from nbagent.exceptions import ImageError
from nbagent.image import Image

MAX_SIDE = 1200
"""The longest side of a picture in a transcript, in pixels."""

MAX_BYTES = 1_000_000
"""The most that a picture adds to a notebook, in bytes before base64."""

_SMALLEST_SIDE = 200
_EXIF_ORIENTATION = 0x0112


def picture_html(image: Image) -> str:
    """A picture as an `<img>` in a paragraph; a damaged one as a note that says so.

    A picture larger than `MAX_SIDE` or `MAX_BYTES` is shown as a smaller copy.
    """
    size = _size_text(image)
    try:
        shown = _scaled(image)
        source = shown.data_uri
        dimensions = "" if _is_turned(shown) else ' width="{}" height="{}"'.format(*shown.size)
    except (ImageError, OSError, ValueError) as error:
        note = f"A picture of {size} cannot be shown: {error}"
        return f'<p class="nbagent-note">{escape(note)}</p>'
    alt = f"picture, {size}" if shown is image else f"picture, {size}, shown smaller"
    return f'<p class="nbagent-picture"><img src="{escape(source)}" alt="{alt}"{dimensions}></p>'


def picture_text(image: Image) -> str:
    """What stands for a picture where only text can be."""
    return f"[picture: {image.format}, {_size_text(image)}]"


def _size_text(image: Image) -> str:
    width, height = image.size
    return f"{width} × {height} pixels"


def _scaled(image: Image) -> Image:
    """The picture itself, or a copy within the limits."""
    shown = image.thumbnail(MAX_SIDE)
    while len(shown.data) > MAX_BYTES and max(shown.size) > _SMALLEST_SIDE:
        shown = image.thumbnail(int(max(shown.size) * 0.7))
    return shown


def _is_turned(image: Image) -> bool:
    """Whether the browser turns the picture, so that its stored size would distort it."""
    return image.format == "JPEG" and image.image.getexif().get(_EXIF_ORIENTATION, 1) > 4
