"""ManyRun: the one loop over many tasks, whoever shows them and wherever they run."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

from nbagent.base.progress import TaskProgress
from nbagent.base.task import Task, TaskRunner, task_messages
from nbagent.cancellation import CancellationToken
from nbagent.exceptions import RecordingError
from nbagent.many.cluster import Cluster
from nbagent.many.copies import AgentFactory, agent_source, check_source
from nbagent.many.one_task import Ended, Listener, RunningTask, run_task, said
from nbagent.many.record_file import RecordFile, TaskKey
from nbagent.many.result import ManyResult, TaskOutcome
from nbagent.many.task_data import task_hash, task_text
from nbagent.messages import BaseChatMessage
from nbagent.models.types import RequestUsage

_TASK = 300
"""So many characters of a task are kept for a display."""


class Place(Protocol):
    """Where tasks run."""

    async def run(self, task: Task, listener: Listener) -> Ended:
        """Run one task to its end; whatever it raises is its failure."""
        ...

    async def __aenter__(self) -> object:
        """Get ready."""
        ...

    async def __aexit__(self, *error: object) -> None:
        """End whatever still runs."""
        ...


class ManyRun:
    """Many tasks on an agent or a team, a fresh one for each.

    `stream()` runs them. Meanwhile `progress()` says where each stands, for a display to look at
    whenever it likes.

    Args:
        agent_or_team: What the tasks run on, or a function that makes one for each task.
        tasks: What to do.
        concurrency: How many tasks run at the same time.
        record: The record file; None for none.
        client: A `dask.distributed.Client` whose cluster runs the tasks; None runs them here.
        retry_failed: Whether tasks that failed according to the record run again.
        cancellation_token: Ends the work when cancelled.

    Raises:
        ComponentError: The agent cannot be copied.
        TypeError: An argument is of a wrong kind.
        ValueError: `concurrency` is below 1, or a task is an empty list.
        ImportError: `client` is given, and dask is not installed.
    """

    def __init__(
        self,
        agent_or_team: TaskRunner | AgentFactory,
        tasks: Sequence[Task],
        *,
        concurrency: int = 4,
        record: str | Path | None = None,
        client: Any = None,
        retry_failed: bool = True,
        cancellation_token: CancellationToken | None = None,
    ) -> None:
        if isinstance(tasks, str):
            raise TypeError(f"tasks must be a list, not one text: write tasks=[{tasks[:40]!r}].")
        if concurrency < 1:
            raise ValueError(f"concurrency must be at least 1, not {concurrency!r}.")
        self._tasks = list(tasks)
        for index, task in enumerate(self._tasks):
            _check(index, task)
        source = agent_source(agent_or_team)
        self._place: Place
        if client is None:
            check_source(source)
            self._place = _Here(source)
        else:
            self._place = Cluster(client, source)
        self._concurrency = concurrency
        self._record = record
        self._retry_failed = retry_failed
        self._token = cancellation_token or CancellationToken()
        self._outcomes: dict[int, TaskOutcome] = {}
        self._running: dict[int, tuple[float, RunningTask]] = {}
        self._rows = [TaskProgress(task_text(task)[:_TASK]) for task in self._tasks]
        self._spent = RequestUsage(0, 0)
        self._began = time.monotonic()

    async def stream(self) -> AsyncGenerator[TaskOutcome | ManyResult, None]:
        """Run the tasks: an outcome as each one ends, last the `ManyResult`.

        Leaving the loop early, or a cancel, ends what still runs. What the record knows is not
        run and not yielded; it is part of the result.

        Raises:
            RecordingError: `record` is something else than a record file, or is damaged.
            OSError: The record file cannot be written.
            asyncio.CancelledError: The token, or the task that waits, was cancelled.
        """
        self._began = time.monotonic()
        with nullcontext() if self._record is None else RecordFile(self._record) as record:
            keys = list(_keys(self._tasks)) if record is not None else []
            if record is not None:
                self._take_known(keys, record)
            waiting = iter([i for i in range(len(self._tasks)) if i not in self._outcomes])
            ended: asyncio.Queue[TaskOutcome | Exception | None] = asyncio.Queue()

            async def work_off() -> None:
                try:
                    for index in waiting:
                        its_end = await self._run_one(index)
                        if record is not None:
                            record.add(keys[index], its_end.dump())
                        outcome = its_end.outcome(index, self._tasks[index])
                        self._keep(outcome)
                        ended.put_nowait(outcome)
                    ended.put_nowait(None)
                except Exception as error:  # noqa: BLE001 - whoever reads raises it
                    ended.put_nowait(error)

            async with self._place:
                workers = [
                    asyncio.create_task(work_off(), name="nbagent: many tasks")
                    for _ in range(min(self._concurrency, len(self._tasks)))
                ]
                try:
                    open_workers = len(workers)
                    while open_workers:
                        item = await self._token.wait(ended.get())
                        if isinstance(item, Exception):
                            raise item
                        if item is None:
                            open_workers -= 1
                        else:
                            yield item
                finally:
                    for worker in workers:
                        worker.cancel()
                    if workers:
                        await asyncio.wait(workers)
        yield self.result()

    def result(self, stop_reason: str | None = None) -> ManyResult:
        """What became of the tasks so far; those that have not ended count as stopped."""
        outcomes = [
            self._outcomes.get(index) or TaskOutcome(index, task)
            for index, task in enumerate(self._tasks)
        ]
        return ManyResult(outcomes, time.monotonic() - self._began, stop_reason)

    def progress(self, *, over: bool = False) -> tuple[TaskProgress, ...]:
        """Where each task stands, in their order.

        Args:
            over: Whether the work has ended, so that what has not run never will.
        """
        for index, (began, running) in self._running.items():
            self._rows[index] = TaskProgress(
                self._rows[index].task,
                "running",
                time.monotonic() - began,
                running.usage,
                running.words,
            )
        if over:
            for index, row in enumerate(self._rows):
                if row.state in ("running", "waiting"):
                    self._rows[index] = TaskProgress(
                        row.task, "stopped", row.seconds, row.usage, row.words
                    )
        return tuple(self._rows)

    def usage(self) -> RequestUsage:
        """Tokens spent so far."""
        running = (task.usage for _, task in self._running.values())
        return sum(running, self._spent)

    async def _run_one(self, index: int) -> Ended:
        def listener(running: RunningTask) -> None:
            self._running[index] = (began, running)

        began = time.monotonic()
        listener(RunningTask())
        try:
            return await self._place.run(self._tasks[index], listener)
        finally:
            del self._running[index]

    def _keep(self, outcome: TaskOutcome) -> None:
        """Take note of what became of a task."""
        self._outcomes[outcome.index] = outcome
        self._rows[outcome.index] = _row(self._rows[outcome.index].task, outcome)
        self._spent = self._spent + outcome.usage

    def _take_known(self, keys: Sequence[TaskKey], record: RecordFile) -> None:
        """Take over what the record file knows."""
        for index, key in enumerate(keys):
            line = record.known.get(key)
            if line is None or ("error" in line and self._retry_failed):
                continue
            try:
                ended = Ended.load(line)
            except (ValueError, KeyError, TypeError) as error:
                raise RecordingError(
                    f"{str(self._record)!r} cannot be taken up: what it says of task {index} does "
                    f"not fit: {error} Define the types of messages before this call, or name a "
                    "new file."
                ) from error
            self._keep(ended.outcome(index, self._tasks[index], recorded=True))


class _Here:
    """Runs tasks in this event loop."""

    def __init__(self, source: Any) -> None:
        self._source = source

    async def run(self, task: Task, listener: Listener) -> Ended:
        return await run_task(self._source, task, listener)

    async def __aenter__(self) -> object:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing runs any more: whoever waited has been cancelled, and has waited."""


def _check(index: int, task: Task) -> None:
    if task is None:
        raise ValueError(
            f"task {index} is None, which goes on with a conversation; a fresh agent has none."
        )
    try:
        task_messages(task)
    except (TypeError, ValueError) as error:
        raise ValueError(f"task {index} is no task: {error}") from error


def _keys(tasks: Sequence[Task]) -> Iterator[TaskKey]:
    seen: Counter[str] = Counter()
    for task in tasks:
        its_hash = task_hash(task)
        yield TaskKey(its_hash, seen[its_hash])
        seen[its_hash] += 1


def _row(task: str, outcome: TaskOutcome) -> TaskProgress:
    messages = outcome.result.messages if outcome.result is not None else ()
    last = next((m for m in reversed(messages) if isinstance(m, BaseChatMessage)), None)
    error = outcome.error
    return TaskProgress(
        task,
        outcome.state,
        outcome.seconds,
        outcome.usage,
        "" if last is None else said(last),
        "" if error is None else f"{error.type}: {error.message}",
        "" if error is None else error.traceback,
        outcome.recorded,
    )
