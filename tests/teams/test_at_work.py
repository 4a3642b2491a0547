"""Who is at work: told beside the stream, and shown in the live view's status."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from nbagent.base.at_work import WorkNote, told_who_works
from nbagent.render.live import LiveRenderer
from nbagent.teams import DiGraphBuilder, GraphFlow, RoundRobinGroupChat
from nbagent.transcript import Transcript, note_work, reduce
from tests.teams.graph_agents import Speaker


def short(notes: list[WorkNote]) -> list[str]:
    return [f"{'+' if note.begins else '-'}{note.name}" for note in notes]


async def test_turns_are_told_and_nested_ones_within() -> None:
    inner = RoundRobinGroupChat([Speaker("b")], name="inner", max_turns=1)
    team = RoundRobinGroupChat([Speaker("a"), inner], name="outer", max_turns=2)
    notes: list[WorkNote] = []

    with told_who_works(notes.append):
        await team.run(task="go")
    await team.run()  # nobody listens any more

    assert short(notes) == ["+a", "-a", "+inner", "+b", "-b", "-inner"]
    assert [note.team.name for note in notes] == ["outer"] * 3 + ["inner"] * 2 + ["outer"]
    assert [node.name for node in notes[0].team.nodes] == ["a", "inner"]


async def test_turns_end_however_they_end() -> None:
    b, c = Speaker("b"), Speaker("c", ValueError("no"))
    b.hold = asyncio.Event()
    builder = DiGraphBuilder()
    for agent in (Speaker("a"), b, c):
        builder.add_node(agent)
    builder.add_edge("a", "b").add_edge("a", "c")
    flow = GraphFlow(builder.get_participants(), builder.build())
    notes: list[WorkNote] = []
    with told_who_works(notes.append), pytest.raises(ValueError, match="no"):
        await flow.run(task="go")
    assert short(notes)[:4] == ["+a", "-a", "+b", "+c"]
    assert sorted(short(notes)[4:]) == ["-b", "-c"]

    notes.clear()
    team = RoundRobinGroupChat([Speaker("d")])
    with told_who_works(notes.append):
        async with aclosing(team.run_stream(task="go")) as stream:
            async for message in stream:
                if getattr(message, "source", "") == "d":
                    break
    assert short(notes) == ["+d", "-d"]


async def test_the_status_names_who_is_at_work_until_the_run_ends() -> None:
    transcript = Transcript()
    renderer = LiveRenderer(transcript)
    seen: list[Any] = []

    def status() -> Any:
        operations = [each for each in renderer.flush() if each[0] == "status"]
        return operations[-1][1]["teams"] if operations else None

    def listen(note: WorkNote) -> None:
        renderer.apply(note_work(transcript, note))
        seen.append(status())

    inner = RoundRobinGroupChat([Speaker("b")], max_turns=1)
    team = RoundRobinGroupChat([Speaker("a"), inner], name="RoundRobinGroupChat2", max_turns=2)
    with told_who_works(listen):
        async with aclosing(team.run_stream(task="go")) as stream:
            async for event in stream:
                renderer.apply(reduce(transcript, event))

    def lit(teams: Any) -> list[str]:
        return [each["name"] for team in teams for each in team["members"] if each["working"]]

    assert [lit(teams) for teams in seen] == [
        ["a"], [], ["RoundRobinGroupChat"], ["RoundRobinGroupChat", "b"],
        ["RoundRobinGroupChat"], [],
    ]  # fmt: skip
    assert [team["team"] for team in seen[-1]] == ["RoundRobinGroupChat2", "RoundRobinGroupChat"]
    colours = {each["name"]: each["colour"] for team in seen[-1] for each in team["members"]}
    assert colours["a"] > 0
    assert colours["RoundRobinGroupChat"] == 0
    assert status() == []
    assert transcript.teams == []


def test_an_inner_team_of_the_same_name_is_another() -> None:
    transcript = Transcript()
    inner = RoundRobinGroupChat([Speaker("y")], name="t")
    outer = RoundRobinGroupChat([Speaker("x"), inner], name="t")
    note_work(transcript, WorkNote(outer.shape(), "t", begins=True))
    note_work(transcript, WorkNote(inner.shape(), "y", begins=True))

    assert [each.working for each in transcript.teams] == [("t",), ("y",)]
