"""Pieces of SVG: text, boxes, lines and arrows, as strings.

The colours are fixed. JupyterLab shows an SVG output as an image of its own, which takes over
neither `currentColor` nor the theme; so lines and free text have a middle tone that is read on
light and on dark ground alike, and boxes bring their own light ground.
"""

import unicodedata
from collections.abc import Sequence
from html import escape
from itertools import pairwise

from nbagent.render.plain_text import one_line

Point = tuple[float, float]

LINE = "#757d88"
"""Lines and free text, on whatever ground."""

BOX = "#f7f8fa"
INK = "#1d2129"
TAG = "#fff3d1"
FONT = 13.0
"""Pixels of a name's letters."""

SMALL = 11.0
"""Pixels of a label's letters."""

_STROKE = f'fill="none" stroke="{LINE}" stroke-width="1.4"'
_NARROW = 0.56
_WIDE = 1.05


def text_width(text: str, size: float) -> float:
    """About how wide a line of text is, in pixels."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return size * (_WIDE * wide + _NARROW * (len(text) - wide))


def text_svg(
    text: str, x: float, y: float, *, size: float = FONT, colour: str = INK, bold: bool = False
) -> str:
    """A line of any text, with its middle at `x` and `y`."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y + size * 0.35:.1f}" font-size="{size:g}" fill="{colour}"'
        f'{weight} text-anchor="middle">{escape(text, quote=False)}</text>'
    )


def box_svg(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: str = BOX,
    stroke: str = LINE,
    radius: float = 7,
    dashed: bool = False,
) -> str:
    """A box with round corners."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'rx="{radius:g}" fill="{fill}" stroke="{stroke}" stroke-width="1.2"{_dashes(dashed)}/>'
    )


def title_svg(text: str) -> str:
    """What is said of an element beside its picture, for tooltips and screen readers."""
    line = one_line(text, 400)
    return f"<title>{escape(line, quote=False)}</title>" if line else ""


def line_svg(points: Sequence[Point]) -> str:
    """Straight pieces through `points`."""
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{way}" {_STROKE}/>'


def curve_svg(points: Sequence[Point], *, dashed: bool = False) -> str:
    """A curve through `points` that leaves and meets each of them vertically."""
    way = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(points):
        if abs(x1 - x2) < 0.5:
            way.append(f"L{x2:.1f} {y2:.1f}")
        else:
            middle = (y1 + y2) / 2
            way.append(f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}")
    path = "".join(way)
    return f'<path d="{path}" {_STROKE}{_dashes(dashed)}/>'


def arrow_svg(tip: Point, towards: Point) -> str:
    """An arrow's head.

    Args:
        tip: Where it ends.
        towards: The direction: (0, 1) points down, (1, 0) to the right.
    """
    (x, y), (dx, dy) = tip, towards
    base = (x - 8 * dx, y - 8 * dy)
    left = (base[0] - 4 * dy, base[1] + 4 * dx)
    right = (base[0] + 4 * dy, base[1] - 4 * dx)
    way = " ".join(f"{a:.1f},{b:.1f}" for a, b in (tip, left, right))
    return f'<polygon points="{way}" fill="{LINE}"/>'


def tag_svg(text: str, x: float, y: float) -> str:
    """A label on a line, with its middle at `x` and `y`."""
    width = text_width(text, SMALL) + 12
    return box_svg(x - width / 2, y - 9, width, 18, fill=TAG, radius=9) + text_svg(
        text, x, y, size=SMALL
    )


def tag_width(text: str) -> float:
    """How wide `tag_svg()` is, in pixels."""
    return text_width(text, SMALL) + 12


def document(content: str, width: float, height: float, label: str) -> str:
    """A whole SVG file.

    Args:
        content: The elements.
        width: Pixels; a page with less room shows it smaller.
        height: Pixels.
        label: What the picture shows, in words.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" style="max-width:100%;height:auto" '
        'font-family="system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, sans-serif">'
        f"{title_svg(label)}{content}</svg>"
    )


def _dashes(dashed: bool) -> str:
    return ' stroke-dasharray="5 4"' if dashed else ""
