"""Many tasks on a real cluster: two workers, each a process of its own."""

import asyncio
import importlib
import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from nbagent import AssistantAgent, run_many, run_many_stream
from nbagent.many import ManyResult, TaskOutcome
from tests.agents.models import replay
from tests.loopback import Answer, LoopbackServer
from tests.many.agents import Diary, diary, processes, until, words

pytest.importorskip("distributed", reason="the extra 'dask' is not installed")

# dask's own processes and sockets end a little after the cluster says that it is closed.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

KEY = "sk-of-the-workers"


@pytest_asyncio.fixture(params=["asynchronous", "with a loop of its own"])
async def client(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Any]:
    distributed = importlib.import_module("distributed")
    # Workers inherit it; this process gets rid of it again.
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
    async with distributed.LocalCluster(**options, asynchronous=True) as cluster:
        monkeypatch.delenv("OPENAI_API_KEY")
        if request.param == "asynchronous":
            async with distributed.Client(cluster, asynchronous=True) as client:
                await client.run(_known_agents)
                yield client
            return
        client = await asyncio.to_thread(distributed.Client, cluster.scheduler_address)
        try:
            await asyncio.to_thread(client.run, _known_agents)
            yield client
        finally:
            await asyncio.to_thread(client.close)


def _known_agents() -> None:
    """Make the tests' agent known to a worker."""
    importlib.import_module("tests.many.agents")


def make_diary(folder: Path) -> Any:
    """A factory, as a worker needs none of the tests' components for it."""

    def make() -> Diary:
        return Diary(folder)

    return make


def kept_folders(folder: Path) -> list[Path]:
    """What workers have left of a run."""
    return list(folder.glob("nbagent-*"))


async def test_a_lost_worker_takes_nothing_along_and_nothing_runs_twice(
    client: Any, tmp_path: Path
) -> None:
    tasks = ["a", "b", "wait c", "d", "e", "fail f", "wait g", "h", "i", "j"]
    seen: list[TaskOutcome] = []

    async def work() -> ManyResult:
        stream = run_many_stream(
            make_diary(tmp_path), tasks, concurrency=4, client=client, record=tmp_path / "record"
        )
        async for item in stream:
            if isinstance(item, ManyResult):
                return item
            seen.append(item)
        raise AssertionError

    run = asyncio.create_task(work())
    # One worker is in the middle of "wait c" and the other of "wait g", or of a later task.
    await until(lambda: "wait c" in diary(tmp_path, "begun") and len(seen) >= 2)
    ended_before = [str(outcome.task) for outcome in seen]
    killed = processes(tmp_path)["wait c"]
    os.kill(killed, signal.SIGKILL)
    await until(lambda: diary(tmp_path, "begun").count("wait c") == 2)
    (tmp_path / "open").touch()
    result = await asyncio.wait_for(run, 60)

    assert [outcome.state for outcome in result.results] == [
        "failed" if task.startswith("fail") else "done" for task in tasks
    ]
    ended = diary(tmp_path, "ended")
    assert sorted(ended) == sorted(task for task in tasks if not task.startswith("fail"))
    begun = diary(tmp_path, "begun")
    assert [begun.count(task) for task in ended_before] == [1] * len(ended_before)
    assert processes(tmp_path)["wait c"] != killed
    assert result.results[5].error is not None
    assert result.results[5].error.message == "fail f cannot be done"

    again = await run_many(
        make_diary(tmp_path), tasks[:5], client=client, record=tmp_path / "record"
    )
    assert all(outcome.recorded for outcome in again.results)


async def test_a_result_that_was_not_fetched_yet_outlives_its_worker(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The moment between a task's end and its result's arrival, drawn out."""
    from nbagent.many import cluster

    fetch = cluster._fetch  # pyright: ignore[reportPrivateUsage]

    async def fetch_late(client: Any, future: Any) -> Any:
        await until((tmp_path / "open").exists)
        return await fetch(client, future)

    monkeypatch.setattr(cluster, "_fetch", fetch_late)
    run = asyncio.create_task(run_many(make_diary(tmp_path), ["one", "two"], client=client))
    await until(lambda: len(diary(tmp_path, "ended")) == 2)
    await asyncio.sleep(0.2)
    os.kill(processes(tmp_path)["one"], signal.SIGKILL)
    await asyncio.sleep(0.2)
    (tmp_path / "open").touch()
    result = await asyncio.wait_for(run, 60)
    assert [words(outcome) for outcome in result.results] == ["one, 1", "two, 1"]
    assert sorted(diary(tmp_path, "begun")) == ["one", "two"]
    assert kept_folders(tmp_path) == []


async def test_stop_reaches_the_workers(client: Any, tmp_path: Path) -> None:
    tasks = [f"wait {number}" for number in range(6)]
    others = asyncio.all_tasks()
    run = asyncio.create_task(run_many(make_diary(tmp_path), tasks, concurrency=6, client=client))
    await until(lambda: len(diary(tmp_path, "begun")) == 2)
    run.cancel()
    await asyncio.wait({run})
    assert run.cancelled()
    assert sorted(diary(tmp_path, "cancelled")) == sorted(diary(tmp_path, "begun"))
    # The workers are free, and nothing of the run comes after.
    result = await run_many(make_diary(tmp_path), ["next"], client=client)
    assert [words(outcome) for outcome in result.results] == ["next, 1"]
    assert len(diary(tmp_path, "begun")) == 3
    assert {task for task in asyncio.all_tasks() - others if "nbagent" in task.get_name()} == set()


async def test_a_copy_in_a_worker_takes_its_key_from_the_environment_there(
    client: Any, tmp_path: Path
) -> None:
    from nbagent.models.openai import OpenAIChatCompletionClient

    record = tmp_path / "record"
    async with LoopbackServer([Answer(text=["done"])], repeat=True) as server:
        model = OpenAIChatCompletionClient(
            model="gpt-4o", base_url=server.url, api_key="sk-of-this-process"
        )
        agent = AssistantAgent("a", model)
        result = await run_many(agent, ["one", "two"], client=client, record=record)
        await model.close()
        keys = {request.headers["authorization"] for request in server.requests}
    assert [words(outcome) for outcome in result.results] == ["done", "done"]
    assert keys == {f"Bearer {KEY}"}
    assert "sk-" not in record.read_text()


async def test_progress_comes_from_the_workers(client: Any, tmp_path: Path) -> None:
    from nbagent.many.many_run import ManyRun

    run = ManyRun(make_diary(tmp_path), ["wait"], client=client)
    stream = run.stream()
    first = asyncio.ensure_future(anext(stream))
    await until(lambda: run.progress()[0].state == "running")
    (tmp_path / "open").touch()
    assert isinstance(await first, TaskOutcome)
    await stream.aclose()
    assert run.progress()[0].state == "done"


async def test_another_client_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a dask\.distributed\.Client, not 'somewhere'"):
        await run_many(AssistantAgent("a", replay()), ["one"], client="somewhere")
