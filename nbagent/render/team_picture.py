"""A team or a graph as a picture: boxes for its members, and how one follows the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from nbagent.base.team_shape import ShapeEdge, ShapeNode, TeamShape, TeamShapeKind
from nbagent.render import svg
from nbagent.render.layered_layout import GAP, layered_layout
from nbagent.render.plain_text import one_line
from nbagent.render.speakers import Speakers, speaker_hue
from nbagent.render.team_text import team_text

MOST_NODES = 150
"""A team of more members is told in words only."""

_NAME = 24
_LABEL = 28
_HEIGHT = 34.0
_LEAST_WIDTH = 84.0
_MARGIN = 10.0
_RING_COLUMNS = 4
_HUB_COLUMNS = 5


@dataclass(frozen=True)
class _Drawing:
    """Elements with the room that they take, from the top left corner, in pixels."""

    content: str
    width: float
    height: float

    def at(self, x: float, y: float) -> str:
        """The elements somewhere else."""
        return f'<g transform="translate({x:.1f} {y:.1f})">{self.content}</g>'


def team_bundle(shape: TeamShape) -> dict[str, str]:
    """What a notebook shows: a picture, and the same in words for where there are none.

    Returns:
        The representations by MIME type.
    """
    bundle = {"text/plain": team_text(shape)}
    if _count(shape) <= MOST_NODES:
        bundle["image/svg+xml"] = team_svg(shape)
    return bundle


def team_svg(shape: TeamShape) -> str:
    """A team as an SVG file, without script, ids, links and anything loaded from elsewhere."""
    return _document(shape, numbered=False)


def live_picture(shape: TeamShape) -> str:
    """The picture in which a live page lights the member at work; empty for none.

    A ring and a hub are told by the row of their members alone. The element of member number n
    has n in its `data-member` attribute, inner teams' members have none.
    """
    fits = shape.kind is TeamShapeKind.GRAPH and _count(shape) <= MOST_NODES
    return _document(shape, numbered=True) if fits else ""


def _document(shape: TeamShape, *, numbered: bool) -> str:
    drawing = _team(shape, Speakers(), numbered=numbered)
    width, height = drawing.width + 2 * _MARGIN, drawing.height + 2 * _MARGIN
    label = f"{shape.title or shape.kind.value} {shape.name}"
    return svg.document(drawing.at(_MARGIN, _MARGIN), width, height, label)


def _count(shape: TeamShape) -> int:
    return sum(1 + (_count(node.inner) if node.inner else 0) for node in shape.nodes)


def _team(shape: TeamShape, speakers: Speakers, *, numbered: bool = False) -> _Drawing:
    members = [
        _member(node, speakers, number if numbered else None)
        for number, node in enumerate(shape.nodes)
    ]
    match shape.kind:
        case TeamShapeKind.RING:
            return _ring(members)
        case TeamShapeKind.HUB:
            return _hub(shape.hub, members)
        case TeamShapeKind.GRAPH:
            return _graph(shape, members)


def _member(node: ShapeNode, speakers: Speakers, number: int | None) -> _Drawing:
    """An agent as a box with its colour; a team as a frame around its own picture."""
    name = one_line(node.name, _NAME) or "unnamed"
    hue = svg.LINE if node.inner else speaker_hue(speakers.colour(node.name))
    # A live page finds the member by its number, and lights it in its colour.
    mark = "" if number is None else f' data-member="{number}" color="{hue}"'
    about = svg.title_svg(f"{node.name}: {node.description}" if node.description else node.name)
    if node.inner is None:
        width = max(_LEAST_WIDTH, svg.text_width(name, svg.FONT) + 32)
        stripe = f'<rect x="1" y="8" width="4" height="{_HEIGHT - 16:g}" rx="2" fill="{hue}"/>'
        box = svg.box_svg(0, 0, width, _HEIGHT, stroke=hue)
        label = svg.text_svg(name, width / 2 + 2, _HEIGHT / 2)
        return _Drawing(f"<g{mark}>{about}{box}{stripe}{label}</g>", width, _HEIGHT)
    inner = _team(node.inner, speakers)
    title = svg.text_width(name, svg.FONT) + 20
    width, height = max(inner.width + 24, title), inner.height + 46
    frame = svg.box_svg(0, 0, width, height, fill="none", dashed=True, radius=10)
    label = svg.text_svg(name, width / 2, 16, colour=svg.LINE, bold=True)
    content = f"<g{mark}>{about}{frame}{label}</g>{inner.at((width - inner.width) / 2, 32)}"
    return _Drawing(content, width, height)


def _ring(members: Sequence[_Drawing]) -> _Drawing:
    """Members along the edge of a rectangle, clockwise, with an arrow to each next one."""
    count = len(members)
    columns = 2 if count == 2 else min(_RING_COLUMNS, (count + 1) // 2)
    cells = _around(count, columns)
    rows = max(row for row, _ in cells) + 1
    widths = [
        max((m.width for m, (_, c) in zip(members, cells, strict=True) if c == column), default=0.0)
        for column in range(columns)
    ]
    heights = [
        max((m.height for m, (r, _) in zip(members, cells, strict=True) if r == row), default=0.0)
        for row in range(rows)
    ]
    lefts = _running(widths, 44)
    tops = _running(heights, 30)
    boxes: list[tuple[float, float, float, float]] = []
    parts: list[str] = []
    for member, (row, column) in zip(members, cells, strict=True):
        x = lefts[column] + (widths[column] - member.width) / 2
        if row and row == rows - 1 and count % 2 and count < 2 * columns:
            # One less than above: each stands below the middle between two.
            x -= (lefts[column] - lefts[column - 1]) / 2
        y = tops[row] + (heights[row] - member.height) / 2
        boxes.append((x, y, member.width, member.height))
        parts.append(member.at(x, y))
    if count == 1:
        parts.append(_self_loop(boxes[0]))
        return _Drawing("".join(parts), boxes[0][2] + 26, boxes[0][3])
    lines: list[str] = []
    for number in range(count):
        shift = 0.0 if count > 2 else 8.0
        lines.append(_side_arrow(boxes[number], boxes[(number + 1) % count], shift))
    width, height = lefts[-1] + widths[-1], tops[-1] + heights[-1]
    return _Drawing("".join(lines + parts), width, height)


def _around(count: int, columns: int) -> list[tuple[int, int]]:
    """The cells along the edge of a rectangle, clockwise from the top left, as row and column."""
    rest = count - 2 * columns
    right, left = max(0, -(-rest // 2)), max(0, rest // 2)
    bottom = 1 + max(right, left)
    cells = [(0, column) for column in range(columns)]
    cells += [(row, columns - 1) for row in range(1, right + 1)]
    below = min(columns, count - columns - right - left)
    cells += [(bottom, columns - 1 - number) for number in range(below)]
    cells += [(row, 0) for row in range(left, 0, -1)]
    return cells


def _side_arrow(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float], shift: float
) -> str:
    """A straight arrow from the side of a box to the facing side of another.

    Args:
        one: Left, top, width and height of the first.
        other: The same of the second.
        shift: Pixels aside, so that two arrows between two boxes do not lie on each other.
    """
    (x1, y1, w1, h1), (x2, y2, w2, h2) = one, other
    if abs((y1 + h1 / 2) - (y2 + h2 / 2)) < 1:
        right = x2 > x1
        y = y1 + h1 / 2 + (shift if right else -shift) * -1
        start, end = ((x1 + w1, y), (x2, y)) if right else ((x1, y), (x2 + w2, y))
        return svg.line_svg([start, end]) + svg.arrow_svg(end, (1, 0) if right else (-1, 0))
    down = y2 > y1
    middle1, middle2 = x1 + w1 / 2, x2 + w2 / 2
    # Two slanting arrows at one side of a box begin and end apart.
    lean = 0.0 if abs(middle1 - middle2) < 1 else 14.0 if middle2 > middle1 else -14.0
    start = (middle1 + lean, y1 + h1 if down else y1)
    end = (middle2 - lean, y2 if down else y2 + h2)
    return svg.curve_svg([start, end]) + svg.arrow_svg(end, (0, 1) if down else (0, -1))


def _hub(name: str, members: Sequence[_Drawing]) -> _Drawing:
    """One above, the others in rows below, on lines that branch from a common stem."""
    label = one_line(name, _LABEL) or "manager"
    hub_width = svg.text_width(label, svg.FONT) + 36
    across = -(-len(members) // -(-len(members) // _HUB_COLUMNS))  # rows as even as can be
    rows = [members[at : at + across] for at in range(0, len(members), across)]
    stem = 12.0 if len(rows) > 1 else 0.0
    left = 2 * stem
    widths = [sum(m.width for m in row) + GAP * (len(row) - 1) for row in rows]
    width = max(hub_width, left + max(widths))
    parts: list[str] = []
    lines: list[str] = []
    middle = width / 2
    y = _HEIGHT + 40
    stem_top = y - 18
    last_bus = stem_top
    for number, row in enumerate(rows):
        x = left + (width - left - widths[number]) / 2
        bus = y - 18
        ends: list[float] = []
        for member in row:
            centre = x + member.width / 2
            ends.append(centre)
            lines.append(svg.line_svg([(centre, bus), (centre, y)]))
            lines.append(svg.arrow_svg((centre, y), (0, 1)))
            parts.append(member.at(x, y))
            x += member.width + GAP
        start = stem if len(rows) > 1 else middle
        lines.append(svg.line_svg([(min(start, *ends), bus), (max(start, *ends), bus)]))
        last_bus = bus
        y += max(member.height for member in row) + 36
    if len(rows) > 1:
        way = [(middle, _HEIGHT), (middle, stem_top), (stem, stem_top), (stem, last_bus)]
        lines.append(svg.line_svg(way))
    else:
        lines.append(svg.line_svg([(middle, _HEIGHT), (middle, last_bus)]))
    box = svg.box_svg(middle - hub_width / 2, 0, hub_width, _HEIGHT, fill=svg.TAG, radius=17)
    parts.append(box + svg.text_svg(label, middle, _HEIGHT / 2))
    return _Drawing("".join(lines + parts), width, y - 36)


def _graph(shape: TeamShape, members: Sequence[_Drawing]) -> _Drawing:
    """Rows of boxes, with curves for the edges, and their conditions on them."""
    number_of = {node.name: number for number, node in enumerate(shape.nodes)}
    edges = _merged(shape.edges, number_of)
    # A loop and its label stand beside their box, so the box needs more room.
    beside = [0.0] * len(members)
    for source, target, label, _ in edges:
        if source == target:
            beside[source] = 26 + (svg.tag_width(label) if label else 0)
    order = _from_starts(shape, number_of)
    rank = {number: place for place, number in enumerate(order)}
    layout = layered_layout(
        [(members[number].width + 2 * beside[number], members[number].height) for number in order],
        [(rank[source], rank[target]) for source, target, _, _ in edges],
        row_gap=54 if any(label for _, _, label, _ in edges) else 38,
    )
    lines: list[str] = []
    tags: list[str] = []
    boxes: list[str] = []
    for number, member in enumerate(members):
        x, y = layout.places[rank[number]]
        boxes.append(member.at(x - member.width / 2, y))
    taken: list[tuple[float, float, float]] = []
    for (source, target, label, joins), path in zip(edges, layout.paths, strict=True):
        if source == target:
            x, y = layout.places[rank[source]]
            member = members[source]
            box = (x - member.width / 2, y, member.width, member.height)
            lines.append(_self_loop(box))
            if label:
                right = x + member.width / 2 + 24 + svg.tag_width(label) / 2
                tags.append(svg.tag_svg(label, right, y + member.height / 2))
            continue
        lines.append(svg.curve_svg(path, dashed=joins))
        lines.append(svg.arrow_svg(path[-1], (0, 1) if path[-1][1] > path[-2][1] else (0, -1)))
        if label:
            width = svg.tag_width(label)
            both_ways = any((target, source) == (a, b) for a, b, _, _ in edges)
            aside = 0.0 if not both_ways else width / 2 - 8
            if path[-1][1] > path[0][1]:  # down is on the left of up
                aside = -aside
            tags.append(svg.tag_svg(label, *_free_place(path, width, aside, taken)))
    left, right = _sides(taken, layout.width)
    content = "".join(lines + boxes + tags)
    if left:
        content = f'<g transform="translate({left:.1f} 0)">{content}</g>'
    return _Drawing(content, left + right, layout.height)


def _merged(
    edges: Sequence[ShapeEdge], number_of: dict[str, int]
) -> list[tuple[int, int, str, bool]]:
    """Source, target, label and whether it joins others; edges between the same two are one."""
    merged: dict[tuple[int, int], tuple[list[str], bool]] = {}
    for edge in edges:
        if edge.source in number_of and edge.target in number_of:
            key = (number_of[edge.source], number_of[edge.target])
            labels, _ = merged.setdefault(key, ([], edge.joins))
            if edge.label:
                labels.append(edge.label)
    return [
        (source, target, one_line(" or ".join(labels), _LABEL), joins)
        for (source, target), (labels, joins) in merged.items()
    ]


def _from_starts(shape: TeamShape, number_of: dict[str, int]) -> list[int]:
    """The members' numbers, those with whom it begins first."""
    starts = [number_of[name] for name in shape.starts if name in number_of]
    return starts + [number for number in range(len(shape.nodes)) if number not in starts]


def _free_place(
    path: Sequence[tuple[float, float]],
    width: float,
    aside: float,
    taken: list[tuple[float, float, float]],
) -> tuple[float, float]:
    """Where a label, on the first piece of its edge or a little aside, lies on no other one."""
    (x1, y1), (x2, y2) = path[0], path[1]
    x, y = x1, y1
    for share in (0.5, 0.3, 0.7, 0.18, 0.82):
        # The curve itself: vertical at both ends.
        eased = share * share * (3 - 2 * share)
        x, y = x1 + (x2 - x1) * eased + aside, y1 + (y2 - y1) * share
        if all(abs(x - a) >= (width + w) / 2 or abs(y - b) >= 18 for a, b, w in taken):
            break
    taken.append((x, y, width))
    return x, y


def _sides(taken: Sequence[tuple[float, float, float]], width: float) -> tuple[float, float]:
    """How far to the left and the right of x = 0 labels and boxes reach."""
    left = max([0.0, *(w / 2 - x for x, _, w in taken)])
    right = max([width, *(x + w / 2 for x, _, w in taken)])
    return left, right


def _self_loop(box: tuple[float, float, float, float]) -> str:
    """A way from a box back to itself, at its right side."""
    x, y, width, height = box
    right, middle = x + width, y + height / 2
    way = (
        f'<path d="M{right:.1f} {middle - 9:.1f}C{right + 26:.1f} {middle - 14:.1f} '
        f'{right + 26:.1f} {middle + 14:.1f} {right:.1f} {middle + 9:.1f}" fill="none" '
        f'stroke="{svg.LINE}" stroke-width="1.4"/>'
    )
    return way + svg.arrow_svg((right, middle + 9), (-1, 0))


def _running(sizes: Sequence[float], gap: float) -> list[float]:
    """Where each of several things beside each other begins."""
    places = [0.0]
    for size in sizes[:-1]:
        places.append(places[-1] + size + gap)
    return places
