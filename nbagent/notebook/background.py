"""Runs that go on in the background, while other cells run and when all have ended."""

import asyncio
import atexit
import functools
from collections.abc import Coroutine, Generator
from typing import Any, Generic, Protocol, TypeVar

from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult

PATIENCE = 2.0
"""Seconds for which the end of the process, or of the extension, waits for runs to clean up."""

ResultT = TypeVar("ResultT", bound=TaskResult | Response)


class ShownInCell(Protocol):
    """What a cell shows of a run; called in the event loop."""

    @property
    def view(self) -> object | None:
        """The live view; None where nobody would see it."""
        ...

    def stop(self) -> None:
        """The run is to end, as by the Stop button."""
        ...

    def show_end(self) -> None:
        """A cell has awaited the run's end: see that its transcript is there."""
        ...

    def cannot_wait(self) -> str | None:
        """Why whoever calls must not wait for the run, as a sentence; None where they may."""
        ...


class BackgroundRun(Generic[ResultT]):
    """A run that goes on by itself; `show(stream, background=True)` gives it.

    `await run` waits for its end and gives the result, or raises what the run raised. A cell
    that waits can be interrupted; the run goes on. It ends by itself, by Stop in its view, by
    `stop()`, and with the kernel. In Voila and marimo no cell can wait for it, as no page
    answers while a cell runs: there `await run` raises a RuntimeError that says so.
    """

    def __init__(
        self, run: Coroutine[Any, Any, ResultT | TaskResult], in_cell: ShownInCell
    ) -> None:
        """Start it.

        Args:
            run: Drives the run to its end.
            in_cell: What the cell that started it shows of it.
        """
        self._loop = asyncio.get_running_loop()
        self._in_cell = in_cell
        self._task = self._loop.create_task(run, name="nbagent: background run")
        self._task.add_done_callback(self._ended)
        _going_on[self] = self._loop
        _end_at_exit()

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._task.done()

    def result(self) -> ResultT | TaskResult:
        """What the run gave: its result, or an exception that is raised.

        Raises:
            RuntimeError: It is still going on.
            asyncio.CancelledError: It was cancelled.
            Exception: What the run raised.
        """
        if not self._task.done():
            raise RuntimeError(
                "The run is still going on, so there is no result yet. `await run` waits for "
                "it, `run.done` tells whether it has ended, `run.stop()` ends it."
            )
        return self._task.result()

    def stop(self) -> None:
        """End the run as the Stop button does; its result says that it was stopped.

        Callable from any thread. A run that has ended stays as it is.
        """
        if not self._task.done():
            self._loop.call_soon_threadsafe(self._in_cell.stop)

    def __await__(self) -> Generator[Any, None, ResultT | TaskResult]:
        return self._wait().__await__()

    async def _wait(self) -> ResultT | TaskResult:
        reason = None if self._task.done() else self._in_cell.cannot_wait()
        if reason is not None:
            raise RuntimeError(reason)
        if asyncio.get_running_loop() is self._loop:
            await asyncio.wait({self._task})
        else:
            elsewhere = asyncio.run_coroutine_threadsafe(_wait_for(self._task), self._loop)
            await asyncio.wrap_future(elsewhere)
        self._in_cell.show_end()
        return self._task.result()

    def _display_(self) -> object:
        """What marimo shows of a cell that ends with the run: its view, else all that it did."""
        return self._in_cell.view or repr(self)

    def __repr__(self) -> str:
        if not self._task.done():
            state = "running"
        elif self._task.cancelled():
            state = "cancelled"
        else:
            state = "failed" if self._task.exception() is not None else "done"
        return f"<BackgroundRun: {state}>"

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        _going_on.pop(self, None)
        if not task.cancelled():
            task.exception()  # the transcript shows it; asyncio need not report it as lost

    async def end(self) -> None:
        """Cancel it, and wait until it has cleaned up, for a while at most."""
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=PATIENCE)


async def end_background_runs() -> None:
    """Cancel the runs of this event loop that go on, and wait until they have cleaned up."""
    loop = asyncio.get_running_loop()
    ours = [run for run, its_loop in _going_on.items() if its_loop is loop]
    await asyncio.gather(*(run.end() for run in ours))


async def _wait_for(task: "asyncio.Task[Any]") -> None:
    await asyncio.wait({task})


_going_on: dict[BackgroundRun[Any], asyncio.AbstractEventLoop] = {}
"""The runs that have not ended, each with its loop; asyncio itself keeps no reference."""


@functools.cache
def _end_at_exit() -> None:
    atexit.register(_end_all)


def _end_all() -> None:
    """End what still goes on when the process ends, in the loop that does not run any more."""
    for loop in set(_going_on.values()):
        if not loop.is_running() and not loop.is_closed():
            loop.run_until_complete(end_background_runs())
