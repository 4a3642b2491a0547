import json

import pytest
from pydantic_core import PydanticSerializationError

from nbagent.messages import BaseChatMessage, StopMessage, TextMessage
from nbagent.teams import DiGraph, DiGraphBuilder, DiGraphEdge, DiGraphNode
from tests.teams.graph_agents import Speaker

A, B, C, D = (Speaker(name) for name in "abcd")


def node(name: str, *edges: DiGraphEdge) -> DiGraphNode:
    return DiGraphNode(name=name, edges=list(edges))


def graph(*nodes: DiGraphNode, start: str | None = None) -> DiGraph:
    return DiGraph(nodes={each.name: each for each in nodes}, default_start_node=start)


def said(content: str) -> TextMessage:
    return TextMessage(content=content, source="a")


def shouts(message: BaseChatMessage) -> bool:
    return message.to_text().isupper()


def test_a_diamond_and_what_is_known_of_it() -> None:
    builder = DiGraphBuilder()
    builder.add_node(A).add_node(B).add_node(C).add_node(D)
    made = builder.add_edge(A, B).add_edge("a", "c").add_edge(B, D).add_edge(C, D).build()

    assert made.get_start_nodes() == {"a"}
    assert made.get_leaf_nodes() == {"d"}
    assert made.get_parents() == {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}
    assert made.get_remaining_map() == {"a": {}, "b": {"b": 1}, "c": {"c": 1}, "d": {"d": 2}}
    assert not made.get_has_cycles()
    assert not made.has_cycles_with_exit()
    assert builder.get_participants() == [A, B, C, D]


def test_a_text_is_looked_for_in_the_message() -> None:
    edge = DiGraphEdge(target="b", condition="APPROVE")

    assert edge.check_condition(said("I APPROVE it"))
    assert not edge.check_condition(said("not yet"))
    assert edge.check_condition(StopMessage(content="APPROVE", source="a"))
    assert DiGraphEdge(target="b").check_condition(said(""))


def test_a_function_is_asked_and_kept_in_its_own_field() -> None:
    edge = DiGraphEdge(target="b", condition=shouts)

    assert (edge.condition, edge.condition_function) == (None, shouts)
    assert edge.check_condition(said("LOUD"))
    assert not edge.check_condition(said("quiet"))


def test_an_async_function_is_refused_when_it_is_asked() -> None:
    async def later(message: BaseChatMessage) -> bool:
        return True

    edge = DiGraphEdge(target="b", condition=later)  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="edge to 'b' is an async function"):
        edge.check_condition(said(""))


def test_a_graph_goes_through_json() -> None:
    made = graph(
        node(
            "a", DiGraphEdge(target="b", condition="yes"), DiGraphEdge(target="c", condition="no")
        ),
        node("b"),
        node("c"),
        start="a",
    )

    assert DiGraph.model_validate(json.loads(made.model_dump_json())) == made


def test_a_function_cannot_be_written_down() -> None:
    made = graph(node("a", DiGraphEdge(target="b", condition=shouts)), node("b"))

    with pytest.raises(PydanticSerializationError, match=r"edge to 'b' is a function \(shouts\(\)"):
        made.model_dump()


def test_a_node_says_what_its_edges_leave_out() -> None:
    builder = DiGraphBuilder()
    builder.add_node(A).add_node(B).add_node(C, activation="any")
    builder.add_edge(A, C).add_edge(B, C)
    made = builder.build()

    assert [edge.activation_condition for _, edge in made.edges()] == ["any", "any"]

    by_hand = graph(
        node("a", DiGraphEdge(target="c")),
        node("b", DiGraphEdge(target="c", activation_condition="all", activation_group="other")),
        DiGraphNode(name="c", activation="any"),
    )
    assert [edge.activation_condition for _, edge in by_hand.edges()] == ["any", "all"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (DiGraph(nodes={}), "Graph has no nodes"),
        (
            graph(node("a", DiGraphEdge(target="b")), node("b", DiGraphEdge(target="a"))),
            "at least one start node.*set_entry_point",
        ),
        (
            graph(
                node("a", DiGraphEdge(target="b")),
                node("b", DiGraphEdge(target="a", condition="x")),
                start="a",
            ),
            "at least one leaf node",
        ),
        (graph(node("a", DiGraphEdge(target="x"))), "'a' -> 'x' leads to an unknown node.*has 'a'"),
        (graph(node("a"), start="x"), "start node 'x' is not in the graph, which has 'a'"),
        (DiGraph(nodes={"a": node("b")}), "node under 'a' has another name: 'b'"),
        (
            graph(
                node("a", DiGraphEdge(target="b"), DiGraphEdge(target="c", condition="x")),
                node("b"),
                node("c"),
            ),
            "Node 'a' has a mix of conditional and unconditional edges: that to 'b'",
        ),
        (
            graph(
                node("a", DiGraphEdge(target="b")),
                node("b", DiGraphEdge(target="a")),
                node("c", DiGraphEdge(target="d")),
                node("d"),
                start="a",
            ),
            "Cycle detected without exit condition: (a -> b -> a|b -> a -> b)",
        ),
        (
            graph(
                node("a", DiGraphEdge(target="c", activation_condition="all")),
                node("b", DiGraphEdge(target="c", activation_condition="any")),
                node("c"),
            ),
            "Conflicting activation conditions for node 'c', group 'c': 'a' -> 'c' has 'all'",
        ),
    ],
)
def test_what_cannot_run_is_named(wrong: DiGraph, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong.graph_validate()


def test_a_node_that_waits_for_itself_is_named_with_the_way_out() -> None:
    builder = DiGraphBuilder()
    builder.add_node(A).add_node(B).add_node(C).add_node(D)
    builder.add_edge(A, B).add_edge(B, C)
    builder.add_conditional_edges(C, {"again": B, "done": D})

    with pytest.raises(ValueError, match=r"Node 'b' can never run: .*'c' comes only after 'b'"):
        builder.build()

    in_groups = DiGraphBuilder()
    in_groups.add_node(A).add_node(B).add_node(C).add_node(D)
    in_groups.add_edge(A, B).add_edge(B, C)
    in_groups.add_edge(C, B, "again", activation_group="back").add_edge(C, D, "done")
    assert in_groups.build().get_has_cycles()


def test_the_builder_names_what_is_missing() -> None:
    builder = DiGraphBuilder()
    builder.add_node(A)

    with pytest.raises(
        ValueError, match=r"Source node 'b' must be added before adding an edge.*'a'"
    ):
        builder.add_edge(B, A)
    with pytest.raises(ValueError, match="Target node 'b' must be added before adding an edge"):
        builder.add_edge(A, "b")
    with pytest.raises(ValueError, match="Start node 'x' must be added before"):
        builder.set_entry_point("x")
    with pytest.raises(ValueError, match="two agents of the name 'a'"):
        builder.add_node(Speaker("a"))
    with pytest.raises(TypeError, match="condition of the edge 'a' -> 'a'"):
        builder.add_edge(A, A, 5)  # type: ignore[arg-type]


def test_what_is_built_does_not_change_with_the_builder() -> None:
    builder = DiGraphBuilder()
    builder.add_node(A).add_node(B).add_edge(A, B)
    made = builder.build()
    builder.add_node(C).add_edge(A, C)

    assert [edge.target for _, edge in made.edges()] == ["b"]
    assert builder.add_node(A) is builder  # a second time changes nothing
    assert builder.get_participants() == [A, B, C]
