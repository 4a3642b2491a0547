"""A layered layout of a graph: rows of boxes, edges that lead downward, loops that lead back up.

After Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System
Structures" (1981): break cycles, put nodes into rows, order each row so that few edges cross,
then place the nodes near their neighbours. What is to be drawn has some thirty nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean

COLUMNS = 5
"""So many boxes stand in a row at most; more become further rows."""

GAP = 26.0
"""Pixels between two boxes of a row."""

_THREAD_GAP = 12.0
_SWEEPS = 12

Size = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Where everything stands, in pixels, from the top left corner.

    Attributes:
        width: Width of all.
        height: Height of all.
        places: For each node, the centre of its top side.
        paths: For each edge the points that it goes through, from source to target; an edge
            from a node to itself has none.
    """

    width: float
    height: float
    places: dict[int, Point]
    paths: list[list[Point]]


@dataclass(eq=False)
class _Spot:
    """Something in a row: a node, or a place where edges pass between two nodes.

    Attributes:
        row: The number of its row.
        width: How wide it is, in pixels.
        node: The node; None for a passage.
        x: Its centre.
        up: What it is tied to in the row above, in the order in which the edges came.
        down: What it is tied to in the row below.
        before: The nodes at the other ends of the edges that lead here; a passage's row above.
        after: The nodes at the other ends of the edges that leave; a passage's row below.
    """

    row: int
    width: float
    node: int | None = None
    x: float = 0.0
    up: list["_Spot"] = field(default_factory=list["_Spot"])
    down: list["_Spot"] = field(default_factory=list["_Spot"])
    before: list["_Spot"] = field(default_factory=list["_Spot"])
    after: list["_Spot"] = field(default_factory=list["_Spot"])


def layered_layout(
    sizes: Sequence[Size], edges: Sequence[tuple[int, int]], row_gap: float
) -> Layout:
    """Lay a graph out.

    Args:
        sizes: Width and height of each node, in pixels.
        edges: Each as the numbers of its source and its target. Nodes that come early are put
            high.
        row_gap: Pixels between two rows.
    """
    count = len(sizes)
    back = _back_edges(count, edges)
    forward = [
        (target, source) if number in back else (source, target)
        for number, (source, target) in enumerate(edges)
    ]
    rows_of = _rows(count, [edge for edge in forward if edge[0] != edge[1]])
    spots = [_Spot(rows_of[node], sizes[node][0], node) for node in range(count)]
    rows: list[list[_Spot]] = [[] for _ in range(max(rows_of, default=-1) + 1)]
    for spot in spots:
        rows[spot.row].append(spot)
    chains = _chains(forward, spots, rows)
    _order(rows)
    _place(rows)
    left = min((spot.x - spot.width / 2 for row in rows for spot in row), default=0.0)
    right = max((spot.x + spot.width / 2 for row in rows for spot in row), default=0.0)
    tops, heights = _heights(rows, sizes, row_gap)
    for row in rows:
        for spot in row:
            spot.x -= left
    paths = [
        _path(chain, tops, heights, sizes, backward=number in back)
        for number, chain in enumerate(chains)
    ]
    bottom = tops[-1] + heights[-1] if rows else 0.0
    places = {node: (spot.x, tops[spot.row]) for node, spot in enumerate(spots)}
    return Layout(right - left, bottom, places, paths)


def _back_edges(count: int, edges: Sequence[tuple[int, int]]) -> set[int]:
    """The numbers of edges that close a cycle, when the nodes are walked from the first on."""
    leaving: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    entered = [0] * count
    for number, (source, target) in enumerate(edges):
        leaving[source].append((number, target))
        entered[target] += source != target
    # Those without a way in are the beginnings, whatever their number.
    starts = sorted(range(count), key=lambda node: (entered[node] > 0, node))
    back: set[int] = set()
    seen, on_path = [False] * count, [False] * count
    for start in starts:
        stack = [(start, iter(leaving[start]))] if not seen[start] else []
        if stack:
            seen[start] = on_path[start] = True
        while stack:
            node, ways = stack[-1]
            for number, target in ways:
                if on_path[target]:
                    back.add(number)
                elif not seen[target]:
                    seen[target] = on_path[target] = True
                    stack.append((target, iter(leaving[target])))
                    break
            else:
                on_path[node] = False
                stack.pop()
    return back


def _rows(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The row of each node: below all that lead to it, and in rows that are not too wide."""
    layer = [0] * count
    for _ in range(count):
        changed = False
        for source, target in edges:
            if layer[target] <= layer[source]:
                layer[target] = layer[source] + 1
                changed = True
        if not changed:
            break
    rows = [0] * count
    first = 0
    for number in range(max(layer, default=-1) + 1):
        nodes = [node for node in range(count) if layer[node] == number]
        needed = -(-len(nodes) // COLUMNS)
        across = -(-len(nodes) // needed)  # as even as can be
        for place, node in enumerate(nodes):
            rows[node] = first + place // across
        first += needed
    return rows


def _chains(
    edges: Sequence[tuple[int, int]], spots: Sequence[_Spot], rows: list[list[_Spot]]
) -> list[list[_Spot]]:
    """For each edge the spots that it goes through, from top to bottom.

    Long edges from one node, or to one node, share their way as far as they can.
    """
    leaving: dict[int, int] = {}
    entering: dict[int, int] = {}
    for source, target in edges:
        leaving[source] = leaving.get(source, 0) + 1
        entering[target] = entering.get(target, 0) + 1
    passages: dict[tuple[str, int, int], _Spot] = {}
    chains: list[list[_Spot]] = []
    for source, target in edges:
        top, bottom = spots[source], spots[target]
        if source == target:
            chains.append([])
            continue
        kind, owner = ("to", target) if entering[target] > leaving[source] else ("from", source)
        chain = [top]
        for row in range(top.row + 1, bottom.row):
            passage = passages.get((kind, owner, row))
            if passage is None:
                passage = passages[kind, owner, row] = _Spot(row, 0.0)
                rows[row].append(passage)
            chain.append(passage)
        chain.append(bottom)
        for upper, lower in pairwise(chain):
            if lower not in upper.down or (upper.node is not None and lower.node is not None):
                upper.down.append(lower)
                lower.up.append(upper)
                if upper.node is None:
                    upper.after.append(lower)
                if lower.node is None:
                    lower.before.append(upper)
        top.after.append(bottom)
        bottom.before.append(top)
        chains.append(chain)
    return chains


def _order(rows: list[list[_Spot]]) -> None:
    """Order each row by where its neighbours stand, down and up, so that few edges cross."""
    place = {id(spot): number for row in rows for number, spot in enumerate(row)}
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):

            def wanted(spot: _Spot, down: bool = down) -> float:
                near = spot.up if down else spot.down
                return fmean(place[id(each)] for each in near) if near else place[id(spot)]

            row.sort(key=wanted)
            for number, spot in enumerate(row):
                place[id(spot)] = number


def _place(rows: list[list[_Spot]]) -> None:
    """Put the spots near their neighbours, without changing the order of a row."""
    for row in rows:
        _spread(row, [0.0] * len(row))
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            near = [(spot.before if down else spot.after) or [spot] for spot in row]
            _spread(row, [fmean(each.x for each in some) for some in near])


def _spread(row: Sequence[_Spot], wanted: Sequence[float]) -> None:
    """Put a row's spots as near as can be to where they should be, each clear of the next.

    The least squares under that condition: neighbours that would overlap move as one block.
    """
    offsets = [0.0]
    for left, right in pairwise(row):
        gap = GAP if left.node is not None and right.node is not None else _THREAD_GAP
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + gap)
    blocks: list[tuple[float, int]] = []
    for position, offset in zip(wanted, offsets, strict=False):
        mean, size = position - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, others = blocks.pop()
            mean = (mean * size + other * others) / (size + others)
            size += others
        blocks.append((mean, size))
    means = [mean for mean, size in blocks for _ in range(size)]
    for spot, mean, offset in zip(row, means, offsets, strict=False):
        spot.x = mean + offset


def _heights(
    rows: Sequence[Sequence[_Spot]], sizes: Sequence[Size], row_gap: float
) -> tuple[list[float], list[float]]:
    """Where each row begins, and how high it is."""
    tops: list[float] = []
    heights: list[float] = []
    y = 0.0
    for row in rows:
        height = max((sizes[spot.node][1] for spot in row if spot.node is not None), default=0.0)
        tops.append(y)
        heights.append(height)
        y += height + row_gap
    return tops, heights


def _path(
    chain: Sequence[_Spot],
    tops: Sequence[float],
    heights: Sequence[float],
    sizes: Sequence[Size],
    *,
    backward: bool,
) -> list[Point]:
    """The points that an edge goes through."""
    if not chain:
        return []
    points: list[Point] = []
    for number, spot in enumerate(chain):
        top = tops[spot.row]
        if spot.node is None:
            points += [(spot.x, top), (spot.x, top + heights[spot.row])]
        elif number == 0:
            x = _port(spot, spot.down, chain[1], backward)
            points.append((x, top + sizes[spot.node][1]))
            if sizes[spot.node][1] < heights[spot.row]:  # past higher neighbours
                points.append((x, top + heights[spot.row]))
        else:
            points.append((_port(spot, spot.up, chain[-2], backward), top))
    return points[::-1] if backward else points


def _port(spot: _Spot, ties: Sequence[_Spot], other: _Spot, backward: bool) -> float:
    """Where on a node's side an edge begins or ends, so that edges do not lie on each other."""
    order = sorted(ties, key=lambda each: each.x)
    places = [number for number, each in enumerate(order) if each is other]
    # Between two nodes there may be one edge down and one back up: the latter on the right.
    place = places[-1] if backward else places[0]
    step = min(26.0, spot.width * 0.7 / len(order))
    return spot.x + (place - (len(order) - 1) / 2) * step
