"""show(): a run, live in the cell."""

import inspect
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from nbagent.base.task import TaskResult
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.notebook.display import TranscriptDisplay
from nbagent.notebook.garbage import only_new_garbage
from nbagent.notebook.kernel import running_kernel
from nbagent.notebook.run import ResultT, ShownRun
from nbagent.transcript.items import Transcript
from nbagent.transcript.record import Recorder
from nbagent.transcript.record import record as recorded


async def show(
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
    *,
    record: str | Path | None = None,
) -> ResultT | TaskResult:
    """Show a run in the cell while it goes on, and leave its transcript in the notebook.

    The view has a Stop button. A run that is stopped gives a `TaskResult` with the messages so
    far and the stop reason "Stopped by the user", and the notebook goes on with the next cell.
    Outside of a notebook the run is printed, as `Console` does.

    Args:
        stream: What `run_stream()` or `on_messages_stream()` gives.
        record: A file to record the run in; `nbagent.transcript.replay` plays it again.

    Returns:
        The last item of the stream: a `TaskResult`, or the `Response` of `on_messages_stream()`.

    Raises:
        TypeError: `stream` is no stream.
        ValueError: The stream ended without a result.
        Exception: Whatever the stream raises, unchanged; the transcript shows it as well.
        asyncio.CancelledError: The kernel was interrupted, or the task was cancelled. The run
            has ended then.
    """
    _check(stream)
    if running_kernel() is None:
        from nbagent.ui import Console

        return await Console(stream if record is None else recorded(stream, record))
    transcript = Transcript()
    recorder = None if record is None else Recorder(record)
    run = ShownRun(stream, transcript, recorder)
    display = TranscriptDisplay(transcript, run)
    try:
        with only_new_garbage():
            display.start()
            try:
                return await run.show_on(display)
            finally:
                await display.finish()
    finally:
        if recorder is not None:
            recorder.close()


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
