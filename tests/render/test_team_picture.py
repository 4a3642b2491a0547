import itertools
import random
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from nbagent.agents import AssistantAgent
from nbagent.base.team_shape import ShapeEdge, ShapeNode, TeamShape, TeamShapeKind
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.render.layered_layout import layered_layout
from nbagent.render.speakers import COLOURS, speaker_hue
from nbagent.render.stylesheet import stylesheet
from nbagent.render.team_picture import live_picture, team_bundle, team_svg
from nbagent.render.team_text import team_text
from nbagent.teams import (
    DiGraphBuilder,
    GraphFlow,
    MagenticOneGroupChat,
    RoundRobinGroupChat,
    SelectorGroupChat,
    Swarm,
)
from tests.render.sample_transcript import HIDDEN, HOSTILE
from tests.teams.graph_agents import Speaker

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"svg", "g", "rect", "text", "title", "path", "polyline", "polygon"}
ATTRIBUTES = re.compile(
    "viewBox|width|height|role|style|font-(family|size|weight)|transform|x|y|rx|fill|points|d"
    "|stroke(-width|-dasharray)?|text-anchor"
)
Box = tuple[float, float, float, float]


def graph(*edges: ShapeEdge, names: str = "a b c d", starts: str = "a") -> TeamShape:
    return TeamShape(
        kind=TeamShapeKind.GRAPH,
        name="flow",
        nodes=tuple(ShapeNode(name) for name in names.split()),
        edges=edges,
        starts=tuple(starts.split()),
    )


def many(kind: TeamShapeKind, count: int) -> TeamShape:
    nodes = tuple(ShapeNode(f"agent_number_{number}") for number in range(count))
    names = [node.name for node in nodes]
    edges = tuple(
        ShapeEdge(source, target, "“yes”" if (one + two) % 3 == 0 else "")
        for (one, source), (two, target) in itertools.combinations(enumerate(names), 2)
        if two - one in (1, 4, 9)
    )
    return TeamShape(kind=kind, name="many", nodes=nodes, edges=edges, hub="hub")


def boxes(element: ElementTree.Element, x: float = 0, y: float = 0) -> Iterator[Box]:
    """Left, top, right and bottom of every filled box that is no label."""
    moved = re.match(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", ""))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2])
    if element.tag == f"{SVG}rect" and element.get("rx") == "7":
        left, top = x + float(element.get("x", 0)), y + float(element.get("y", 0))
        yield (
            left,
            top,
            left + float(element.get("width", 0)),
            top + float(element.get("height", 0)),
        )
    for child in element:
        yield from boxes(child, x, y)


def words(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def check_room(svg: str) -> None:
    """All boxes stand apart from each other and inside of the picture."""
    root = ElementTree.fromstring(svg)
    found = list(boxes(root))
    for one, other in itertools.combinations(found, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    assert all(x1 >= 0 and y1 >= 0 and x2 <= width and y2 <= height for x1, y1, x2, y2 in found)


@pytest.mark.parametrize("kind", list(TeamShapeKind))
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 13, 30])
def test_boxes_of_any_team_stand_apart(kind: TeamShapeKind, count: int) -> None:
    svg = team_svg(many(kind, count))

    check_room(svg)
    assert [name for name in words(svg) if name.startswith("agent_")] == [
        f"agent_number_{number}" for number in range(count)
    ]


@pytest.mark.parametrize("kind", list(TeamShapeKind))
def test_thirty_members_can_be_read_in_a_cell(kind: TeamShapeKind) -> None:
    width = float(ElementTree.fromstring(team_svg(many(kind, 30))).get("width", 0))

    assert 13 * min(1.0, 800 / width) >= 8  # pixels of a name's letters, in a cell of 800


def test_random_graphs_have_room_and_edges_that_meet_their_boxes() -> None:
    chance = random.Random(7)
    for _ in range(60):
        count = chance.randint(1, 14)
        sizes = [(chance.uniform(80, 200), chance.choice([34.0, 120.0])) for _ in range(count)]
        edges = list({(chance.randrange(count), chance.randrange(count)) for _ in range(2 * count)})
        layout = layered_layout(sizes, edges, row_gap=40)

        places = [layout.places[node] for node in range(count)]
        found = [
            (x - width / 2, y, x + width / 2, y + height)
            for (x, y), (width, height) in zip(places, sizes, strict=True)
        ]
        for one, other in itertools.combinations(found, 2):
            assert (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )
        for (source, target), path in zip(edges, layout.paths, strict=True):
            if source == target:
                assert path == []
                continue
            for node, (x, y) in ((source, path[0]), (target, path[-1])):
                left, top, right, bottom = found[node]
                assert left <= x <= right
                assert y in (top, bottom)


def test_edges_lead_down_and_loops_back_up() -> None:
    layout = layered_layout([(80, 34)] * 3, [(0, 1), (1, 2), (2, 0)], row_gap=40)

    assert [layout.places[node][1] for node in range(3)] == [0, 74, 148]
    assert layout.paths[2][0][1] > layout.paths[2][-1][1]


def test_two_ways_between_two_boxes_do_not_lie_on_each_other() -> None:
    layout = layered_layout([(80, 34)] * 2, [(0, 1), (1, 0)], row_gap=40)

    down, up = layout.paths
    assert down[0][0] < up[-1][0]
    assert down[-1][0] < up[0][0]


def test_conditions_are_labels_and_those_of_the_same_way_are_one() -> None:
    svg = team_svg(
        graph(
            ShapeEdge("a", "b", "“yes”"),
            ShapeEdge("a", "b", "“maybe”"),
            ShapeEdge("b", "b", "“again”"),
            ShapeEdge("b", "a", "“" + "x" * 80 + "”"),
            names="a b",
        )
    )

    assert {"“yes” or “maybe”", "“again”"} <= set(words(svg))
    assert max(map(len, words(svg))) == 28


def test_a_join_is_dashed() -> None:
    joined = team_svg(graph(ShapeEdge("a", "c", joins=True), ShapeEdge("b", "c", joins=True)))

    assert joined.count("stroke-dasharray") == 2


def test_hostile_names_are_text_in_well_formed_xml() -> None:
    bad = HOSTILE + HIDDEN + "\ud800\x00]]>"
    inner = TeamShape(kind=TeamShapeKind.HUB, name=bad, hub=bad, nodes=(ShapeNode(bad),))
    for kind in TeamShapeKind:
        shape = TeamShape(
            kind=kind,
            name=bad,
            title=bad,
            hub=bad,
            nodes=(ShapeNode(bad, description=bad, inner=inner), ShapeNode(bad + "2", bad)),
            edges=(ShapeEdge(bad, bad + "2", bad), ShapeEdge(bad, bad, bad)),
            starts=(bad,),
        )
        bundle = team_bundle(shape)
        live = live_picture(shape)
        assert bool(live) == (kind is TeamShapeKind.GRAPH)
        bundle |= {"live": live} if live else {}

        for name in bundle.keys() - {"text/plain"}:
            for element in ElementTree.fromstring(bundle[name].encode()).iter():
                assert element.tag.removeprefix(SVG) in TAGS
                known = {"data-member", "color"} if name == "live" else set[str]()
                others = element.attrib.keys() - known
                assert [other for other in others if not ATTRIBUTES.fullmatch(other)] == []
                assert "<script" not in bundle[name]
        for text in bundle.values():
            assert "\u202e" not in text
            assert "\x1b" not in text
            assert "\ud800" not in text


def test_long_names_are_cut_and_wide_ones_have_room() -> None:
    shape = TeamShape(
        kind=TeamShapeKind.HUB,
        name="t",
        nodes=(ShapeNode("x" * 90), ShapeNode("日本語のエージェント")),
        hub="h",
    )
    svg = team_svg(shape)

    assert "x" * 23 + "…" in words(svg)
    widths = [x2 - x1 for x1, _, x2, _ in boxes(ElementTree.fromstring(svg))]
    assert widths[1] > 10 * 13  # ten wide letters
    assert f"<title>{'x' * 90}</title>" in svg


def test_colours_are_those_of_the_transcript() -> None:
    for number in range(COLOURS + 1):
        assert (
            f".nbagent-colour-{number} {{ --nbagent-hue: {speaker_hue(number)}; }}" in stylesheet()
        )


def test_no_part_depends_on_the_page() -> None:
    svg = team_svg(many(TeamShapeKind.GRAPH, 12))

    assert "currentColor" not in svg
    assert "var(" not in svg
    assert "<style" not in svg
    assert " id=" not in svg
    assert "href" not in svg


def test_too_many_are_told_in_words() -> None:
    assert set(team_bundle(many(TeamShapeKind.RING, 151))) == {"text/plain"}
    assert set(team_bundle(many(TeamShapeKind.RING, 150))) == {"text/plain", "image/svg+xml"}


# Teams, as a cell's value.


def bundle(value: Any) -> tuple[list[str], str]:
    """The words of the picture, and the text."""
    shown: dict[str, str] = value._repr_mimebundle_()
    check_room(shown["image/svg+xml"])
    return words(shown["image/svg+xml"]), shown["text/plain"]


def agents(names: str) -> list[Speaker]:
    return [Speaker(name) for name in names.split()]


def test_each_kind_of_team_draws_itself() -> None:
    model = ReplayChatCompletionClient([])
    ring = RoundRobinGroupChat(agents("writer critic"), name="drafting")
    assert bundle(ring) == (
        ["writer", "critic"],
        "RoundRobinGroupChat 'drafting'\n  writer → critic → writer",
    )
    hub = SelectorGroupChat(agents("a b"), model)
    assert bundle(hub) == (
        ["a", "b", "who speaks next?"],
        "SelectorGroupChat\n  who speaks next?: a, b",
    )
    led = MagenticOneGroupChat(agents("a b"), model)
    assert bundle(led)[1] == "MagenticOneGroupChat\n  orchestrator: a, b"
    swarm = Swarm(
        [
            AssistantAgent("triage", model, handoffs=["sales", "user"]),
            AssistantAgent("sales", model, handoffs=["triage"]),
        ]
    )
    drawn, said = bundle(swarm)
    assert drawn == ["triage", "sales", "user"]
    assert said == "Swarm\n  triage → sales\n  triage → user\n  sales → triage"


def test_a_graph_and_its_flow_draw_themselves() -> None:
    builder = DiGraphBuilder()
    for agent in agents("writer critic editor"):
        builder.add_node(agent)
    builder.add_edge("writer", "critic")
    builder.add_conditional_edges("critic", {"REVISE": "writer", "APPROVE": "editor"})
    builder.set_entry_point("writer")
    made = builder.build()
    flow = GraphFlow(builder.get_participants(), made, name="review", max_turns=9)

    drawn = ["writer", "critic", "editor", "“REVISE”", "“APPROVE”"]
    ways = "\n  writer → critic\n  critic → writer if “REVISE”\n  critic → editor if “APPROVE”"
    assert bundle(flow) == (drawn, f"GraphFlow 'review'{ways}")
    assert bundle(made) == (drawn, f"DiGraph{ways}")
    assert bundle(builder) == (drawn, f"DiGraph{ways}")


def test_a_team_in_a_team_is_a_frame_around_its_own_picture() -> None:
    model = ReplayChatCompletionClient([])
    inner = RoundRobinGroupChat(agents("writer critic"), name="drafting")
    outer = SelectorGroupChat([*agents("boss"), inner], model, name="all")

    drawn, said = bundle(outer)

    assert drawn == ["boss", "drafting", "writer", "critic", "who speaks next?"]
    assert said.splitlines() == [
        "SelectorGroupChat 'all'",
        "  who speaks next?: boss, drafting",
        "  RoundRobinGroupChat 'drafting'",
        "    writer → critic → writer",
    ]


def test_nodes_without_an_edge_are_in_the_text() -> None:
    assert team_text(graph(ShapeEdge("a", "b"), names="a b c")).splitlines()[1:] == [
        "  a → b",
        "  c",
    ]
