"""What runs on a worker of a cluster: one task in an event loop of its own."""

import asyncio
import importlib
import time
from typing import Any

from nbagent.component import ComponentModel
from nbagent.many.copies import AgentSource
from nbagent.many.kept_results import drop_results, keep_result, kept_result
from nbagent.many.one_task import RunningTask, run_task
from nbagent.many.task_data import Data, dump_usage, load_task

_REPORT_SECONDS = 1.0
"""A task that runs tells how far it has come so often, in seconds."""

_PATIENCE = 2.0
"""Seconds for which a stop waits until tasks have cleaned up."""

_LOOK_UP = 0.02

_running: dict[str, list[tuple[asyncio.AbstractEventLoop, "asyncio.Task[Data]"]]] = {}
"""The tasks of each run that this process works on; several threads of it may."""

_stopped: set[str] = set()
"""Runs that were stopped: what the scheduler had sent on already does not begin."""


def work_on(run: str, number: int, source: Data | Any, task: Any) -> Data:
    """Run one task; a worker calls this in a thread.

    Args:
        run: The id of the run that the task belongs to, under which it tells its progress.
        number: What the client knows the task by.
        source: A component as plain data, or a function that makes an agent.
        task: The task as plain data.

    Returns:
        How it ended, as plain data.
    """
    ended = kept_result(run, number)
    if ended is None:
        ended = asyncio.run(_work_on(run, number, source, task))
        keep_result(run, number, ended)
    return ended


async def _work_on(run: str, number: int, source: Data | Any, task: Any) -> Data:
    own = asyncio.current_task()
    assert own is not None
    entry = (asyncio.get_running_loop(), own)
    _running.setdefault(run, []).append(entry)
    try:
        if run in _stopped:
            raise asyncio.CancelledError
        model: AgentSource = ComponentModel(**source) if isinstance(source, dict) else source
        report = _Report(run, number)
        report(RunningTask())
        return (await run_task(model, load_task(task), report)).dump()
    finally:
        _running[run].remove(entry)


async def stop_run(run: str) -> None:
    """Cancel the tasks of a run in this process, and wait until they have cleaned up."""
    _stopped.add(run)
    tasks = list(_running.get(run, ()))
    for loop, task in tasks:
        if not loop.is_closed():
            loop.call_soon_threadsafe(task.cancel)
    end = time.monotonic() + _PATIENCE
    # They end in loops of their own, each in a thread: there is no event to wait for.
    while _running.get(run) and time.monotonic() < end:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_UP)


def forget_run(run: str) -> None:
    """A run is over; nothing of it is kept."""
    drop_results(run)
    _running.pop(run, None)
    _stopped.discard(run)


class _Report:
    """Tells the client how far a task has come, now and then."""

    def __init__(self, run: str, number: int) -> None:
        self._run = run
        self._number = number
        self._next = 0.0
        self._worker: Any = importlib.import_module("distributed").get_worker()

    def __call__(self, running: RunningTask) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _REPORT_SECONDS
        told = {"n": self._number, "usage": dump_usage(running.usage), "words": running.words}
        self._worker.log_event(self._run, told)
