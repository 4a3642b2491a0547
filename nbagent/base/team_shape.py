"""What a picture of a team shows, as plain data: the team describes, a display draws."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import cast


class TeamShapeKind(Enum):
    """How the members stand to each other."""

    RING = "ring"
    """They speak one after the other, and then from the first again."""
    HUB = "hub"
    """One in the middle says who speaks."""
    GRAPH = "graph"
    """Edges lead from one to the other."""


@dataclass(frozen=True)
class ShapeNode:
    """A member.

    Attributes:
        name: Its name.
        description: What it is good for.
        inner: What it consists of, where it is a team itself.
    """

    name: str
    description: str = ""
    inner: "TeamShape | None" = None


@dataclass(frozen=True)
class ShapeEdge:
    """A way from one member to another.

    Attributes:
        source: The name of the member that it leaves.
        target: The name of the member that it leads to.
        label: When it is taken; empty for always.
        joins: Whether the target waits for further edges beside this one.
    """

    source: str
    target: str
    label: str = ""
    joins: bool = False


@dataclass(frozen=True)
class TeamShape:
    """A team or a graph.

    Attributes:
        kind: How its members stand to each other.
        name: Its name.
        nodes: The members, in order.
        edges: The ways between them; empty for a ring and a hub, where they are understood.
        starts: The names of those with whom it begins; empty where that is understood.
        hub: What stands in the middle of a hub.
        title: What kind of team it is, such as "Swarm".
    """

    kind: TeamShapeKind
    name: str
    nodes: tuple[ShapeNode, ...]
    edges: tuple[ShapeEdge, ...] = ()
    starts: tuple[str, ...] = ()
    hub: str = ""
    title: str = ""


def picture_bundle(shape: TeamShape) -> dict[str, str]:
    """The shape as what a notebook shows: a picture and a text, by MIME type."""
    # By name, as rooms above this one draw.
    module = importlib.import_module("nbagent.render.team_picture")
    draw = cast("Callable[[TeamShape], dict[str, str]]", module.team_bundle)
    return draw(shape)
