"""Many tasks in this process."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TypeAlias

import pytest

from nbagent import AssistantAgent, CancellationToken, run_many, run_many_stream
from nbagent.base import TaskResult
from nbagent.exceptions import ComponentError, TasksFailedError
from nbagent.many import ManyResult, TaskOutcome
from nbagent.messages import MultiModalMessage, TextMessage
from nbagent.teams import RoundRobinGroupChat
from tests.agents.models import replay
from tests.loopback import Answer, LoopbackServer
from tests.many.agents import Diary, diary, until, words
from tests.teams.members import Counter

Stream: TypeAlias = AsyncGenerator[TaskOutcome | ManyResult, None]


async def gathered(stream: Stream) -> tuple[list[TaskOutcome], ManyResult]:
    """What a stream yields, and its result."""
    items: list[TaskOutcome] = []
    async for item in stream:
        if isinstance(item, ManyResult):
            return items, item
        items.append(item)
    raise AssertionError("no result")


async def test_results_stand_in_the_order_of_the_tasks_each_from_a_fresh_agent(
    tmp_path: Path,
) -> None:
    tasks = [f"task {number}" for number in range(20)]
    result = await run_many(Diary(tmp_path), tasks)
    assert [words(outcome) for outcome in result.results] == [f"{task}, 1" for task in tasks]
    assert [outcome.task for outcome in result.results] == tasks
    assert isinstance(result.results[0].result, TaskResult)
    assert result.usage.prompt_tokens == 200
    assert "20 tasks: 20 done" in repr(result)


async def test_so_many_run_at_once_and_no_more(tmp_path: Path) -> None:
    run = asyncio.create_task(
        run_many(Diary(tmp_path), [f"wait {n}" for n in range(7)], concurrency=3)
    )
    await until(lambda: len(diary(tmp_path, "begun")) >= 3)
    await asyncio.sleep(0.1)
    assert len(diary(tmp_path, "begun")) == 3
    (tmp_path / "open").touch()
    assert len((await run).done) == 7


async def test_a_failure_is_that_tasks_alone(tmp_path: Path) -> None:
    result = await run_many(Diary(tmp_path), ["one", "fail two", "three"])
    assert [outcome.state for outcome in result.results] == ["done", "failed", "done"]
    error = result.results[1].error
    assert error is not None
    assert (error.type, error.message) == ("ArithmeticError", "fail two cannot be done")
    assert "raise ArithmeticError" in error.traceback
    with pytest.raises(TasksFailedError, match=r"1 of 3 tasks failed. task 1: ArithmeticError"):
        result.raise_failures()


async def test_an_agent_that_cancels_itself_has_failed() -> None:
    class Quitter(Counter):
        async def work(self) -> None:
            raise asyncio.CancelledError

    result = await run_many(lambda: Quitter("quitter"), ["one"])
    assert result.results[0].error is not None
    assert result.results[0].error.type == "CancelledError"


async def test_a_team_a_factory_and_a_coroutine_function() -> None:
    team = RoundRobinGroupChat([AssistantAgent("a", replay("hello"))], max_turns=1)
    assert [words(o) for o in (await run_many(team, ["x", "y"])).results] == ["hello", "hello"]

    async def make() -> Counter:
        await asyncio.sleep(0)
        return Counter("c")

    for factory in (make, lambda: Counter("c")):
        assert [words(o) for o in (await run_many(factory, ["x", "y"])).results] == ["c 1", "c 1"]


async def test_tasks_may_be_messages() -> None:
    message = TextMessage(content="hello", source="somebody")
    picture = MultiModalMessage(content=["look"], source="user")
    result = await run_many(lambda: Counter("c"), [message, [message, picture]])
    assert [len(o.result.messages) for o in result.results if o.result] == [2, 3]


async def test_the_stream_yields_each_task_as_it_ends_and_last_the_result(tmp_path: Path) -> None:
    seen: list[object] = []
    async with aclosing(run_many_stream(Diary(tmp_path), ["wait a", "b", "c"])) as stream:
        async for item in stream:
            seen.append(item)
            if len(seen) == 2:
                (tmp_path / "open").touch()
    assert [item.index for item in seen if isinstance(item, TaskOutcome)] == [1, 2, 0]
    assert isinstance(seen[-1], ManyResult)


async def leaving(stream: Stream) -> None:
    async with aclosing(stream):
        async for _ in stream:
            break


@pytest.mark.parametrize("way", ["cancel", "token", "break"])
async def test_the_end_is_the_end_of_all(tmp_path: Path, way: str) -> None:
    others = asyncio.all_tasks()
    token = CancellationToken()
    tasks = ["one", *(f"wait {n}" for n in range(9))]
    stream = run_many_stream(Diary(tmp_path), tasks, concurrency=4, cancellation_token=token)
    run = asyncio.create_task(leaving(stream) if way == "break" else _to_end(stream))
    await until(lambda: len(diary(tmp_path, "begun")) >= 5)
    if way == "cancel":
        run.cancel()
    if way == "token":
        token.cancel()
    await asyncio.wait({run})
    assert run.cancelled() == (way != "break")
    assert asyncio.all_tasks() == others
    begun = diary(tmp_path, "begun")
    assert sorted(diary(tmp_path, "cancelled")) == sorted(set(begun) - {"one"})


async def _to_end(stream: Stream) -> None:
    await gathered(stream)


async def test_what_cannot_be_copied_is_refused_before_anything_runs() -> None:
    with pytest.raises(ComponentError, match=r"'c' cannot be copied.*run_many\(lambda: "):
        await run_many(Counter("c"), ["one"])

    limit = 3

    def uses_what_is_outside(number: int) -> bool:
        """Compare."""
        return number < limit or Path(str(number)).exists()

    agent = AssistantAgent("a", replay("x"), tools=[uses_what_is_outside])
    with pytest.raises(ComponentError, match=r"'uses_what_is_outside'.*: Path, limit\."):
        await run_many(agent, ["one"])


async def test_a_tool_whose_source_is_enough_comes_along(tmp_path: Path) -> None:
    from tests.agents.models import calls

    def squared(number: int) -> int:
        """Square a number."""
        import math

        return sum(int(math.pow(n, 1)) for n in [number]) * number

    agent = AssistantAgent("a", replay(calls(("squared", '{"number": 12}'))), tools=[squared])
    result = await run_many(agent, ["one", "two"])
    assert [words(outcome) for outcome in result.results] == ["144", "144"]


async def test_a_key_from_the_environment_reaches_each_copy_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbagent.models.openai import OpenAIChatCompletionClient

    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test")
    record = tmp_path / "record"
    async with LoopbackServer([Answer(text=["done"])], repeat=True) as server:
        client = OpenAIChatCompletionClient(model="gpt-4o", base_url=server.url)
        result = await run_many(AssistantAgent("a", client), ["one", "two"], record=record)
        await client.close()
        keys = {request.headers["authorization"] for request in server.requests}
    assert len(result.done) == 2
    assert keys == {"Bearer sk-secret-of-the-test"}
    assert "secret" not in record.read_text()


NONE: dict[str, int] = {}


@pytest.mark.parametrize(
    ("agent", "tasks", "options", "kind", "says"),
    [
        (object(), ["x"], NONE, TypeError, "needs an agent, a team, or a function"),
        (lambda: None, "x", NONE, TypeError, "tasks must be a list"),
        (lambda: None, ["x"], {"concurrency": 0}, ValueError, "at least 1, not 0"),
        (lambda: None, ["x", None], NONE, ValueError, "task 1 is None"),
        (lambda: None, ["x", list[TextMessage]()], NONE, ValueError, "task 1 is no task"),
    ],
)
async def test_bad_arguments(
    agent: object, tasks: object, options: dict[str, int], kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        await run_many(agent, tasks, **options)  # type: ignore[arg-type]


async def test_a_factory_that_gives_nothing_fails_each_task() -> None:
    result = await run_many(lambda: None, ["x"])  # type: ignore[arg-type]
    assert result.results[0].error is not None
    assert "which runs no tasks" in result.results[0].error.message


async def test_no_tasks() -> None:
    assert (await run_many(lambda: Counter("c"), [])).results == []


async def test_a_line_is_printed_for_each_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run_many(Diary(tmp_path), ["one\x1b[2J", "fail two"], concurrency=1)
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.startswith("0 one  [✓ done, ")
    assert first.endswith(", 15 tokens]  one, 1")
    assert second.startswith("1 fail two  [✗ failed, ")
    assert second.endswith("ArithmeticError: fail two cannot be done")
    assert last.startswith("<ManyResult of 2 tasks: 1 done, 1 failed")
    assert json.dumps(first)  # it holds no half of a character
