import asyncio
import json
import random
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest

from nbagent.base import TaskResult
from nbagent.cancellation import CancellationToken
from nbagent.component import register_component
from nbagent.conditions import FunctionalTermination
from nbagent.exceptions import ComponentError
from nbagent.messages import BaseAgentEvent, BaseChatMessage, SelectSpeakerEvent
from nbagent.teams import DiGraph, DiGraphBuilder, DiGraphEdge, DiGraphNode, GraphFlow
from nbagent.teams.round_robin import RoundRobinGroupChat
from tests.teams.graph_agents import Speaker, sources

COMPLETE = "Digraph execution is complete"


def flow(
    agents: str | list[Speaker],
    *edges: str | tuple[str, Any],
    start: str | None = None,
    **rest: Any,
) -> GraphFlow:
    """A flow over agents "a b c" and edges "a>b", each alone or with what `add_edge()` takes."""
    builder = DiGraphBuilder()
    for agent in [Speaker(name) for name in agents.split()] if isinstance(agents, str) else agents:
        builder.add_node(agent)
    for edge in edges:
        more: dict[str, Any] = {} if isinstance(edge, str) else edge[1]
        way = edge if isinstance(edge, str) else edge[0]
        source, target = way.split(">")
        builder.add_edge(source, target, **more)
    if start:
        builder.set_entry_point(start)
    return GraphFlow(builder.get_participants(), builder.build(), **rest)


def told(team: GraphFlow, name: str) -> list[str]:
    agent = team._participants[name].member  # pyright: ignore[reportPrivateUsage]
    assert isinstance(agent, Speaker)
    return agent.context


def approves(message: BaseChatMessage) -> bool:
    return "APPROVE" in message.to_text()


async def test_a_sequence_ends_when_nobody_is_due() -> None:
    team = flow("a b c", "a>b", "b>c")

    result = await team.run(task="go")

    assert sources(result.messages) == ["user", "a", "b", "c"]
    assert result.stop_reason == COMPLETE
    assert told(team, "c") == ["user: go", "a: a", "b: b", "c: c"]


async def test_branches_run_at_once_and_a_join_waits_for_all() -> None:
    a, b, c, d = (Speaker(name) for name in "abcd")
    b.hold = asyncio.Event()
    team = flow([a, b, c, d], "a>b", "a>c", "b>d", "c>d")
    run = asyncio.create_task(team.run(task="go"))
    await asyncio.gather(b.began.wait(), c.began.wait())
    await asyncio.sleep(0)
    assert not d.began.is_set()
    b.hold.set()

    result = await run

    assert sources(result.messages) == ["user", "a", "c", "b", "d"]
    assert d.turns == 1
    assert sorted(d.context) == ["a: a", "b: b", "c: c", "d: d", "user: go"]
    # Those who speak at once do not hear each other before their turn.
    assert b.context == ["user: go", "a: a", "b: b"]


async def test_any_is_enough_and_runs_once_for_one_round() -> None:
    team = flow("a b c d", "a>b", "a>c", "b>d", ("c>d", {}), max_turns=10)
    assert sources((await team.run(task="x")).messages).count("d") == 1

    any_ = {"activation_condition": "any"}
    team = flow("a b c d e", "a>b", "a>c", ("b>d", any_), ("c>d", any_), "d>e")
    # Both are heard in the one turn.
    assert sources((await team.run(task="x")).messages)[1:] == ["a", "b", "c", "d", "e"]

    team = flow("a b c e d", "a>b", "a>c", "c>e", ("b>d", any_), ("e>d", any_))
    # d follows b at once, and e once more.
    assert sources((await team.run(task="x")).messages).count("d") == 2


async def test_a_group_of_its_own_is_enough() -> None:
    team = flow(
        [Speaker("a"), Speaker("b", "again", "done"), Speaker("c")],
        "a>b",
        ("b>b", {"condition": "again", "activation_group": "loop"}),
        ("b>c", {"condition": "done"}),
        max_turns=20,
    )

    result = await team.run(task="x")

    assert sources(result.messages) == ["user", "a", "b", "b", "c"]
    assert result.stop_reason == COMPLETE


async def test_a_loop_is_left_by_its_condition() -> None:
    writer, critic = Speaker("writer"), Speaker("critic", "REVISE", "REVISE", "APPROVE")
    team = flow(
        [writer, critic, Speaker("editor")],
        "writer>critic",
        ("critic>writer", {"condition": "REVISE"}),
        ("critic>editor", {"condition": approves}),
        start="writer",
        max_turns=20,
    )

    result = await team.run(task="x")

    assert sources(result.messages) == ["user", *["writer", "critic"] * 3, "editor"]
    assert result.stop_reason == COMPLETE


async def test_no_condition_that_holds_ends_the_flow() -> None:
    team = flow("a b c", ("a>b", {"condition": "x"}), ("a>c", {"condition": "y"}))

    result = await team.run(task="go")

    assert sources(result.messages) == ["user", "a"]
    assert result.stop_reason == COMPLETE


async def test_the_next_run_begins_at_the_start() -> None:
    team = flow("a b", "a>b")
    await team.run(task="one")

    result = await team.run(task="two")

    assert sources(result.messages) == ["user", "a", "b"]
    assert told(team, "a")[-3:] == ["b: b", "user: two", "a: a"]


async def test_a_new_task_begins_again_after_max_turns_at_the_very_end() -> None:
    team = flow("a b", "a>b", max_turns=2)
    first = await team.run(task="one")
    assert first.stop_reason == "Maximum number of turns 2 reached."

    assert sources((await team.run(task="two")).messages) == ["user", "a", "b"]
    assert (await team.run()).stop_reason == COMPLETE


async def test_max_turns_stops_and_the_next_run_goes_on() -> None:
    team = flow("a b c", "a>b", "b>c", max_turns=2)

    first, second = await team.run(task="go"), await team.run()

    assert sources(first.messages) == ["user", "a", "b"]
    assert sources(second.messages) == ["c"]
    assert second.stop_reason == COMPLETE


async def test_it_goes_on_after_break_and_load_state_in_another_team() -> None:
    team = flow("a b c d", "a>b", "a>c", "b>d", "c>d")
    async for message in team.run_stream(task="go"):
        if getattr(message, "source", "") == "a":
            break
    state = json.loads(json.dumps(await team.save_state()))
    other = flow("a b c d", "a>b", "a>c", "b>d", "c>d")
    await other.load_state(state)

    for each in (team, other):
        result = await each.run()

        assert sorted(sources(result.messages)) == ["b", "c", "d"]
        assert sources(result.messages)[-1] == "d"
        assert result.stop_reason == COMPLETE
        assert sorted(told(each, "d")) == ["a: a", "b: b", "c: c", "d: d", "user: go"]
    assert team._thread[0].id == other._thread[0].id  # pyright: ignore[reportPrivateUsage]


async def test_a_cancelled_node_is_due_again() -> None:
    a, b = Speaker("a"), Speaker("b")
    b.hold = asyncio.Event()
    team = flow([a, b], "a>b")
    token = CancellationToken()
    run = asyncio.create_task(team.run(task="go", cancellation_token=token))
    await b.began.wait()
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    b.hold.set()

    result = await team.run()

    assert sources(result.messages) == ["b"]
    assert b.context == ["user: go", "a: a", "b: b"]


async def test_an_interrupted_flow_goes_on_from_its_state_in_another_team() -> None:
    """The node that was at work when the state was saved is due again, and its join comes."""

    def four() -> tuple[GraphFlow, Speaker]:
        a, b, c, d = (Speaker(name) for name in "abcd")
        return flow([a, b, c, d], "a>b", "a>c", "b>d", "c>d"), c

    team, c = four()
    c.hold = asyncio.Event()
    run = asyncio.create_task(team.run(task="go"))
    await c.began.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    other, _ = four()
    await other.load_state(json.loads(json.dumps(await team.save_state())))

    result = await other.run()

    assert sources(result.messages)[-2:] == ["c", "d"]
    assert result.stop_reason == COMPLETE
    assert sorted(told(other, "d")) == ["a: a", "b: b", "c: c", "d: d", "user: go"]
    assert sources((await other.run(task="more")).messages)[:2] == ["user", "a"]


async def test_those_who_speak_at_once_are_one_turn_for_the_condition() -> None:
    seen: list[list[str]] = []

    def note(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> bool:
        seen.append(sources(messages))
        return False

    team = flow(
        "a b c d", "a>b", "a>c", "b>d", "c>d", termination_condition=FunctionalTermination(note)
    )

    await team.run(task="go")

    assert seen == [["user"], ["a"], ["b", "c"], ["d"]]


async def test_a_state_in_the_middle_of_a_join_goes_through_json() -> None:
    def three() -> GraphFlow:
        return flow("a b c d e", "a>b", "a>c", "c>e", "b>d", "e>d", max_turns=2)

    team, other = three(), three()
    await team.run(task="go")  # b has led to d, which waits for e
    await other.load_state(json.loads(json.dumps(await team.save_state())))

    result = await other.run()

    assert sources(result.messages) == ["e", "d"]


async def test_a_branch_that_fails_is_named_and_those_that_answered_are_heard_once() -> None:
    a, b, d, e = Speaker("a"), Speaker("b"), Speaker("d"), Speaker("e")
    c = Speaker("c", ValueError("no paper"), "c")
    d.hold = asyncio.Event()
    team = flow([a, b, c, d, e], "a>b", "a>c", "a>d", "b>e", "c>e", "d>e")
    seen: list[str] = []

    with pytest.raises(ValueError, match="no paper") as caught:
        async for message in team.run_stream(task="go"):
            assert not isinstance(message, TaskResult)
            seen.append(message.source)

    assert ["Raised by 'c'" in note for note in caught.value.__notes__] == [True]  # type: ignore[attr-defined]
    assert seen == ["user", "a", "b"]
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    d.hold.set()

    result = await team.run()

    assert sources(result.messages) == ["c", "d", "e"]
    assert b.turns == 1
    assert sorted(e.context) == ["a: a", "b: b", "c: c", "d: d", "e: e", "user: go"]
    assert c.context == ["user: go", "a: a", "b: b", "c: c"]


async def test_what_was_said_at_the_moment_of_a_failure_is_in_the_stream() -> None:
    a, b, c, d = Speaker("a"), Speaker("b", ValueError("no paper"), "b"), Speaker("c"), Speaker("d")
    team = flow([a, b, c, d], "a>b", "a>c", "b>d", "c>d")
    seen: list[str] = []
    with pytest.raises(ValueError, match="no paper"):
        async for message in team.run_stream(task="go"):
            assert not isinstance(message, TaskResult)
            seen.append(message.source)

    seen += sources((await team.run()).messages)

    assert seen == ["user", "a", "c", "b", "d"]


async def test_breaking_off_between_branches_loses_and_doubles_nothing() -> None:
    a, b, c, d = (Speaker(name) for name in "abcd")
    c.hold = asyncio.Event()
    team = flow([a, b, c, d], "a>b", "a>c", "b>d", "c>d")
    async with aclosing(team.run_stream(task="go")) as stream:
        async for message in stream:
            if getattr(message, "source", "") == "b":
                break
    c.hold.set()

    result = await team.run()

    assert sources(result.messages) == ["c", "d"]
    assert sorted(d.context) == ["a: a", "b: b", "c: c", "d: d", "user: go"]


async def test_a_condition_that_fails_is_named_and_loses_no_message() -> None:
    broken = [True]

    def picky(message: BaseChatMessage) -> bool:
        if broken:
            raise KeyError("score")
        return True

    team = flow("a b", ("a>b", {"condition": picky}))
    with pytest.raises(KeyError) as caught:
        await team.run(task="go")
    assert caught.value.__notes__ == [  # type: ignore[attr-defined]
        "Raised by the condition of the edge 'a' -> 'b'."
    ]
    saved = json.loads(json.dumps(await team.save_state()))
    broken.clear()

    assert sources((await team.run()).messages) == ["b"]
    other = flow("a b", ("a>b", {"condition": picky}))
    await other.load_state(saved)
    assert sources((await other.run()).messages) == ["b"]


async def test_reset_goes_back_to_the_start() -> None:
    team = flow("a b", "a>b", max_turns=1)
    await team.run(task="one")
    await team.reset()

    assert sources((await team.run(task="two")).messages) == ["user", "a"]
    assert told(team, "a") == ["user: two", "a: a"]


async def test_several_speakers_are_one_selection() -> None:
    team = flow("a b c", "a>b", "a>c")
    team._emit_team_events = True  # pyright: ignore[reportPrivateUsage]

    result = await team.run(task="go")

    chosen = [each.content for each in result.messages if isinstance(each, SelectSpeakerEvent)]
    assert chosen == [["a"], ["b", "c"]]


async def test_a_flow_goes_through_its_config() -> None:
    register_component(Speaker)
    team = flow(
        [Speaker("a", "yes"), Speaker("b"), Speaker("c")],
        ("a>b", {"condition": "yes"}),
        ("a>c", {"condition": "no"}),
        name="review",
        max_turns=7,
    )

    loaded = GraphFlow.load_component(json.loads(team.dump_component().model_dump_json()))

    assert isinstance(loaded, GraphFlow)
    assert loaded.name == "review"
    assert sources((await loaded.run(task="go")).messages) == ["user", "a", "b"]


async def test_a_function_cannot_be_dumped() -> None:
    team = flow("a b", ("a>b", {"condition": approves}))

    with pytest.raises(ComponentError, match=r"edge 'a' -> 'b' is a function .*Use a text"):
        team.dump_component()


async def test_a_state_of_another_graph_is_refused() -> None:
    team = flow("a b", "a>b")
    state = json.loads(json.dumps(await team.save_state()))
    state["agent_states"]["GraphManager"]["ready"] = ["x"]

    with pytest.raises(ValueError, match=r"another graph: it names 'x'.*'a', 'b'"):
        await team.load_state(state)


def test_what_does_not_fit_is_named() -> None:
    graph = DiGraph(nodes={"a": DiGraphNode(name="a"), "x": DiGraphNode(name="x")})
    with pytest.raises(ValueError, match=r"node 'x', and no participant has that name.*'a'"):
        GraphFlow([Speaker("a")], graph)

    loop = {"condition": "again"}
    with pytest.raises(ValueError, match="termination condition is required for cyclic graphs"):
        flow("a b", ("a>a", loop), ("a>b", {"condition": "done"}), start="a")

    inner: Any = RoundRobinGroupChat([Speaker("i")], name="inner")
    with pytest.raises(TypeError, match="GraphFlow takes no teams, but 'inner' is one"):
        GraphFlow([inner], DiGraph(nodes={"inner": DiGraphNode(name="inner")}))

    with pytest.raises(ValueError, match="leads to an unknown node"):
        GraphFlow(
            [Speaker("a")],
            DiGraph(nodes={"a": DiGraphNode(name="a", edges=[DiGraphEdge(target="z")])}),
        )

    with pytest.warns(UserWarning, match="'b' will never speak: the graph has no such node"):
        GraphFlow([Speaker("a"), Speaker("b")], DiGraph(nodes={"a": DiGraphNode(name="a")}))


async def test_random_graphs_that_are_broken_off_lose_and_double_nothing() -> None:
    chance = random.Random(11)
    for _ in range(60):
        names = "abcdefgh"[: chance.randint(2, 8)]
        edges = [
            f"{one}>{two}"
            for at, one in enumerate(names)
            for two in names[at + 1 :]
            if chance.random() < 0.4
        ]
        agents = [
            Speaker(name, *([ValueError("no")] if chance.random() < 0.2 else []), name)
            for name in names
        ]
        team = flow(agents, *edges)
        seen: list[str] = []
        task: str | None = "go"
        reason = None
        while reason is None:
            stop_at = chance.randint(1, 4)
            try:
                async with aclosing(team.run_stream(task=task)) as stream:
                    task = None
                    async for item in stream:
                        if isinstance(item, TaskResult):
                            reason = item.stop_reason
                            continue
                        seen.append(item.source)
                        stop_at -= 1
                        if not stop_at:
                            break
            except ValueError:
                pass
            state = json.loads(json.dumps(await team.save_state()))
            await team.load_state(state)

        assert reason == COMPLETE
        assert [agent.turns for agent in agents] == [1] * len(names)
        assert set(seen) <= {"user", *names}
        assert len(seen) == len(set(seen))
        for agent in agents:
            assert len(agent.context) == len(set(agent.context))
            before = {edge[0] for edge in edges if edge[2] == agent.name}
            heard = {line[0] for line in agent.context}
            assert before <= heard
