"""Many tasks in a cell: a table that is live while they run, and static afterwards."""

import asyncio
import importlib
import logging
from contextlib import aclosing
from datetime import datetime, timezone

from nbagent.many.many_run import ManyRun
from nbagent.many.result import ManyResult
from nbagent.messages import UserInputAnsweredEvent, UserInputRequestedEvent
from nbagent.notebook.display import TranscriptDisplay
from nbagent.notebook.hosts import Host, current_host
from nbagent.notebook.kernel import delivery
from nbagent.notebook.open_questions import OpenQuestions
from nbagent.notebook.run import GRACE, INTERRUPTED, STOPPED
from nbagent.questions import asking_through
from nbagent.transcript.items import ProgressItem, Transcript
from nbagent.transcript.patches import PutItem, SetRun
from nbagent.transcript.reduce import reduce
from nbagent.transcript.run_state import fail, stop

INTERVAL = 0.2
"""Seconds between two states of the table."""


_logger = logging.getLogger(__name__)
_ending: "set[asyncio.Task[None]]" = set()
"""Tasks that were cancelled and have not yet ended; asyncio itself keeps no reference."""


async def show_many(run: ManyRun) -> ManyResult:
    """Run the tasks, and show them in the cell; elsewhere a line is printed for each.

    Returns:
        What became of the tasks. After Stop, those that had not ended count as stopped.

    Raises:
        Exception: What `ManyRun.stream()` raises; the cell shows it as well.
        asyncio.CancelledError: The kernel was interrupted, or the task was cancelled.
    """
    host = current_host()
    if host is None:
        return await importlib.import_module("nbagent.ui.many_tasks").show_many(run)
    return await _ShownTasks(run, host).to_end()


class _ShownTasks:
    """Many tasks on display: one table, and below it what their agents ask."""

    def __init__(self, run: ManyRun, host: Host) -> None:
        self._run = run
        self._transcript = Transcript(started_at=datetime.now(timezone.utc))
        self._display = TranscriptDisplay(self._transcript, self, host)
        self._questions = OpenQuestions(self._display, self._take)
        self._stop_pressed = asyncio.Event()
        self._result: ManyResult | None = None

    def stop_requested(self) -> None:
        """The reader pressed Stop."""
        self._stop_pressed.set()

    def answered(self, request_id: str, value: object) -> None:
        """The reader answered a question of an agent."""
        if not self._stop_pressed.is_set():
            self._questions.receive(request_id, value)

    async def to_end(self) -> ManyResult:
        """Run the tasks to the end, and leave the table."""
        self._update()
        self._display.start()
        try:
            with delivery(self._display.comm_id):
                return await self._until_end()
        except asyncio.CancelledError:
            self._end(INTERRUPTED)
            raise
        except Exception as error:
            self._update(over=True)
            self._display.apply(fail(self._transcript, error, datetime.now(timezone.utc)))
            raise
        finally:
            await self._display.finish()

    async def _until_end(self) -> ManyResult:
        driver = asyncio.create_task(self._drive(), name="nbagent: many tasks")
        others = [
            asyncio.create_task(self._keep_up_to_date(), name="nbagent: table of tasks"),
            asyncio.create_task(self._display.send_changes(), name="nbagent: view"),
        ]
        stopped = asyncio.create_task(self._wait_for_stop(), name="nbagent: stop")
        tasks = {driver, *others, stopped}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in (driver, *others):
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
                _ending.add(task)
                task.add_done_callback(_forget)
            # What is deaf to the cancel, or far away, ends later by itself.
            await asyncio.wait(tasks, timeout=GRACE)
        if self._result is not None:
            self._end(None)
            return self._result
        self._end(STOPPED)
        return self._run.result(STOPPED)

    async def _drive(self) -> None:
        with asking_through(self._display.asker(self._questions)):
            async with aclosing(self._run.stream()) as stream:
                async for item in stream:
                    if isinstance(item, ManyResult):
                        self._result = item

    async def _keep_up_to_date(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            self._update()

    async def _wait_for_stop(self) -> None:
        await self._stop_pressed.wait()

    def _update(self, *, over: bool = False) -> None:
        """Show where the tasks stand, where that has changed."""
        item = ProgressItem(id="tasks", source="", rows=self._run.progress(over=over))
        items = self._transcript.items
        if items and items[0] == item:
            return
        items[:1] = [item]
        self._transcript.usage = self._run.usage()
        self._display.apply([PutItem(0, item), SetRun()])

    def _end(self, stop_reason: str | None) -> None:
        """Close the table."""
        self._update(over=True)
        at = datetime.now(timezone.utc)
        if stop_reason is not None:
            self._display.apply(stop(self._transcript, stop_reason, at))
            return
        self._transcript.state, self._transcript.ended_at = "done", at
        self._display.apply([SetRun()])

    def _take(self, event: UserInputRequestedEvent | UserInputAnsweredEvent) -> None:
        """Show a question of an agent, or its answer."""
        self._display.apply(reduce(self._transcript, event))


def _forget(task: "asyncio.Task[None]") -> None:
    _ending.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        # Raised already, or else raised while it cleaned up.
        _logger.debug("Many tasks ended with an error.", exc_info=error)
