"""A team or a graph in words, for where no picture is shown."""

from textwrap import indent

from nbagent.base.team_shape import TeamShape, TeamShapeKind
from nbagent.render.plain_text import one_line

_LABEL = 60


def team_text(shape: TeamShape) -> str:
    """A team as lines of text: a heading, who follows whom, and inner teams set in."""
    title = one_line(shape.title) or "Team"
    name = one_line(shape.name)
    heading = title if name in ("", title) else f"{title} {name!r}"
    inner = [team_text(node.inner) for node in shape.nodes if node.inner is not None]
    return "\n".join([heading, *(indent(text, "  ") for text in [*_ways(shape), *inner])])


def _ways(shape: TeamShape) -> list[str]:
    names = [one_line(node.name) for node in shape.nodes]
    if shape.kind is TeamShapeKind.RING:
        return [" → ".join([*names, names[0]])] if names else []
    if shape.kind is TeamShapeKind.HUB:
        return [f"{one_line(shape.hub) or 'manager'}: {', '.join(names)}"]
    ways = [
        f"{one_line(edge.source)} → {one_line(edge.target)}"
        + (f" if {one_line(edge.label, _LABEL)}" if edge.label else "")
        for edge in shape.edges
    ]
    tied = {name for edge in shape.edges for name in (edge.source, edge.target)}
    return ways + [one_line(node.name) for node in shape.nodes if node.name not in tied]
