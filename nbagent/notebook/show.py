"""show(): a run, live in the cell."""

import inspect
from collections.abc import AsyncGenerator, Coroutine
from pathlib import Path
from typing import Any, Generic, Literal, overload

from nbagent.base.task import TaskResult
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.notebook.background import BackgroundRun
from nbagent.notebook.display import TranscriptDisplay
from nbagent.notebook.garbage import only_new_garbage
from nbagent.notebook.hosts import Host, current_host
from nbagent.notebook.run import ResultT, ShownRun
from nbagent.transcript.items import Transcript
from nbagent.transcript.record import Recorder
from nbagent.transcript.record import record as recorded


@overload
def show(
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
    *,
    record: str | Path | None = None,
    background: Literal[False] = False,
) -> Coroutine[Any, Any, ResultT | TaskResult]: ...
@overload
def show(
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
    *,
    record: str | Path | None = None,
    background: Literal[True],
) -> BackgroundRun[ResultT]: ...
def show(
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
    *,
    record: str | Path | None = None,
    background: bool = False,
) -> Coroutine[Any, Any, ResultT | TaskResult] | BackgroundRun[ResultT]:
    """Show a run in the cell while it goes on, and leave its transcript in the notebook.

    `result = await show(stream)` waits for its end. The view has a Stop button. A run that is
    stopped gives a `TaskResult` with the messages so far and the stop reason "Stopped by the
    user", and the notebook goes on with the next cell. Outside of a notebook the run is
    printed, as `Console` does.

    `run = show(stream, background=True)` returns at once; the run goes on while other cells
    run. This is the way in Voila and marimo, whose pages can answer only when the cell has
    ended. `await run` in a later cell gives the result.

    Args:
        stream: What `run_stream()` or `on_messages_stream()` gives.
        record: A file to record the run in; `nbagent.transcript.replay` plays it again.
        background: Whether to return at once, without `await`.

    Returns:
        When awaited, the last item of the stream: a `TaskResult`, or the `Response` of
        `on_messages_stream()`. In the background a `BackgroundRun`.

    Raises:
        TypeError: `stream` is no stream.
        RuntimeError: `background` where no event loop runs, as in a plain script.
        ValueError: The stream ended without a result.
        Exception: Whatever the stream raises, unchanged; the transcript shows it as well.
        asyncio.CancelledError: The kernel was interrupted, or the task was cancelled. The run
            has ended then.
    """
    _check(stream)
    return _in_background(stream, record) if background else _in_cell(stream, record)


async def _in_cell(
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
    record: str | Path | None,
) -> ResultT | TaskResult:
    host = current_host()
    if host is None:
        from nbagent.ui import Console

        return await Console(stream if record is None else recorded(stream, record))
    with only_new_garbage():
        return await _Showing(stream, record, host).to_end()


# What Python says of a coroutine that nobody awaits.
_in_cell.__name__ = _in_cell.__qualname__ = "show"


def _in_background(
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
    record: str | Path | None,
) -> BackgroundRun[ResultT]:
    host = current_host()
    if host is None:
        raise RuntimeError(
            "show(..., background=True) needs a notebook, whose event loop goes on when a cell "
            "has ended. Here, in an async function, write `await show(...)`, or "
            "`asyncio.create_task(show(...))` to go on meanwhile."
        )
    showing = _Showing(stream, record, host, background=True)
    return BackgroundRun(showing.to_end(), showing)


class _Showing(Generic[ResultT]):
    """One run on display, from its first event to the transcript that stays."""

    def __init__(
        self,
        stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
        record: str | Path | None,
        host: Host,
        *,
        background: bool = False,
    ) -> None:
        transcript = Transcript()
        self._recorder = None if record is None else Recorder(record)
        self._run: ShownRun[ResultT] = ShownRun(stream, transcript, self._recorder)
        self._display = TranscriptDisplay(transcript, self._run, host, background=background)
        self._display.start()
        self.stop = self._run.stop_requested
        self.cannot_wait = host.cannot_wait

    @property
    def view(self) -> object | None:
        """The live view; None where nobody would see it."""
        return self._display.view

    async def to_end(self) -> ResultT | TaskResult:
        """Run to the end, and leave the transcript."""
        try:
            try:
                return await self._run.show_on(self._display)
            finally:
                await self._display.finish()
        finally:
            if self._recorder is not None:
                self._recorder.close()

    def show_end(self) -> None:
        """Where nobody saw the run end, bring its output up to date from the cell that asks.

        nbclient takes changes of an output only from the cell that runs.
        """
        if not self._display.is_live:
            self._display.finish_now()


def _check(stream: Any) -> None:
    """Refuse what is no stream, and say what was probably meant."""
    if isinstance(stream, AsyncGenerator):
        return
    if inspect.iscoroutine(stream):
        stream.close()
        raise TypeError(
            f"show() needs a stream, and {stream.__qualname__}() gives a coroutine: "
            "write `await show(agent.run_stream(task=...))`, with run_stream in place of run."
        )
    way_out = "`await show(agent.run_stream(task=...))`"
    if hasattr(stream, "run_stream"):
        way_out += ", the stream of a run in place of the agent or team itself"
    raise TypeError(f"show() needs a stream, not {type(stream).__name__}: write {way_out}.")
