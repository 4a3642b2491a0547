"""Many tasks that go on where an earlier call ended."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from nbagent import AssistantAgent, run_many
from nbagent.exceptions import RecordingError
from nbagent.many import run_many_stream
from nbagent.messages import TextMessage
from tests.agents.models import replay
from tests.many.agents import Diary, diary, words


async def test_a_second_call_runs_what_is_missing_and_what_has_failed(tmp_path: Path) -> None:
    record = tmp_path / "record"
    first = await run_many(Diary(tmp_path), ["one", "fail two"], record=record)
    (tmp_path / "repaired").touch()
    second = await run_many(Diary(tmp_path), ["three", "one", "fail two"], record=record)
    assert diary(tmp_path, "begun").count("one") == 1
    assert [outcome.state for outcome in second.results] == ["done"] * 3
    assert [outcome.recorded for outcome in second.results] == [False, True, False]
    assert second.results[1].result == first.results[0].result
    assert second.results[1].usage == first.results[0].usage
    third = await run_many(Diary(tmp_path), ["one", "fail two"], record=record)
    assert [outcome.recorded for outcome in third.results] == [True, True]


async def test_failures_may_stay_as_they_are(tmp_path: Path) -> None:
    record = tmp_path / "record"
    first = await run_many(Diary(tmp_path), ["fail"], record=record)
    second = await run_many(Diary(tmp_path), ["fail"], record=record, retry_failed=False)
    assert second.results[0].error == first.results[0].error
    assert diary(tmp_path, "begun") == ["fail"]


async def test_tasks_that_say_the_same_are_told_apart_by_their_number(tmp_path: Path) -> None:
    record = tmp_path / "record"
    await run_many(Diary(tmp_path), ["same", "same"], record=record)
    messages = [TextMessage(content="same", source="user") for _ in range(3)]
    result = await run_many(Diary(tmp_path), messages, record=record)
    assert [outcome.recorded for outcome in result.results] == [True, True, False]


async def test_leaving_early_loses_nothing_that_was_done(tmp_path: Path) -> None:
    record = tmp_path / "record"
    stream = run_many_stream(Diary(tmp_path), ["one", "wait"], record=record)
    async for _ in stream:
        break
    await stream.aclose()
    (tmp_path / "open").touch()
    result = await run_many(Diary(tmp_path), ["one", "wait"], record=record)
    assert [outcome.recorded for outcome in result.results] == [True, False]


async def test_a_file_that_was_cut_anywhere_goes_on(tmp_path: Path) -> None:
    record = tmp_path / "record"
    tasks = ["one", "two", "three"]
    await run_many(Diary(tmp_path), tasks, record=record, concurrency=1)
    whole = record.read_bytes()
    lines = whole.splitlines(keepends=True)
    for cut in [*range(0, len(whole), 97), *(len(b"".join(lines[:n])) - 1 for n in range(1, 5))]:
        record.write_bytes(whole[:cut])
        known = max(0, whole[:cut].count(b"\n") - 1)
        result = await run_many(Diary(tmp_path), tasks, record=record)
        assert sum(outcome.recorded for outcome in result.results) == known, cut
        assert [words(outcome) for outcome in result.results] == ["one, 1", "two, 1", "three, 1"]
        again = await run_many(Diary(tmp_path), tasks, record=record)
        assert all(outcome.recorded for outcome in again.results), cut


async def test_each_line_is_whole_as_soon_as_its_task_has_ended(tmp_path: Path) -> None:
    record = tmp_path / "record"
    async for _ in run_many_stream(Diary(tmp_path), ["ä\n", "\ud83d \x00"], record=record):
        lines = record.read_bytes().split(b"\n")
        assert lines[-1] == b""
        assert json.loads(lines[0]) == {"format": "nbagent-many", "version": 1}
        assert all(set(json.loads(line)) >= {"hash", "seconds"} for line in lines[1:-1])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("my notes\n", "is no record of run_many"),
        ("my notes", "is no record of run_many"),
        ('{"format": "nbagent-many", "version": 2}\n', "has version 2"),
        ('{"format": "nbagent-many", "version": 1}\n{"hash"\n{}\n', "line 2, is damaged"),
        ('{"format": "nbagent-many", "version": 1}\n[]\n', "line 2, is damaged"),
    ],
)
async def test_another_file_is_refused_and_left_as_it_is(
    tmp_path: Path, content: str, says: str
) -> None:
    record = tmp_path / "record"
    record.write_text(content)
    with pytest.raises(RecordingError, match=says):
        await run_many(Diary(tmp_path), ["one"], record=record)
    assert record.read_text() == content
    assert diary(tmp_path, "begun") == []


class Fruit(BaseModel):
    colour: str


async def test_structured_results_come_back(tmp_path: Path) -> None:
    def agent() -> AssistantAgent:
        return AssistantAgent("a", replay('{"colour": "red"}'), output_content_type=Fruit)

    await run_many(agent, ["x"], record=tmp_path / "record")
    result = await run_many(agent, ["x"], record=tmp_path / "record")
    assert result.results[0].recorded
    assert words(result.results[0]).colour == "red"
