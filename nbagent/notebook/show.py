"""show(): a run, live in the cell."""

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult
from nbagent.messages import BaseAgentEvent, BaseChatMessage, ModelClientStreamingChunkEvent
from nbagent.notebook.display import TranscriptDisplay
from nbagent.notebook.garbage import only_new_garbage
from nbagent.notebook.kernel import delivery, running_kernel
from nbagent.notebook.short_traceback import shorten_traceback
from nbagent.transcript.items import Transcript
from nbagent.transcript.record import Recorder
from nbagent.transcript.record import record as recorded
from nbagent.transcript.reduce import fail, reduce, stop

STOPPED = "Stopped by the user"
INTERRUPTED = "Interrupted"
CANCELLED = "Cancelled"

GRACE = 0.15
"""Seconds that a run which was stopped has for cleaning up before `show()` goes on without it."""

BREATH = 0.005
"""Seconds after which a stream that never waits must let the event loop have its turn."""

ResultT = TypeVar("ResultT", bound=TaskResult | Response)

_logger = logging.getLogger(__name__)
_left_behind: set["asyncio.Task[None]"] = set()
"""Runs that have not yet ended though they were cancelled; asyncio itself keeps no reference."""


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
    recorder = None if record is None else Recorder(record)
    try:
        with only_new_garbage():
            return await _Run(stream, recorder).show()
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


class _Run(Generic[ResultT]):
    """One run that is being shown."""

    def __init__(
        self,
        stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
        recorder: Recorder | None,
    ) -> None:
        self._stream = stream
        self._recorder = recorder
        self._transcript = Transcript()
        self._messages: list[BaseAgentEvent | BaseChatMessage] = []
        self._result: ResultT | TaskResult | None = None
        self._over = False
        self._stop_pressed = asyncio.Event()
        self._display = TranscriptDisplay(self._transcript, self._stop_pressed.set)

    async def show(self) -> ResultT | TaskResult:
        """Show the run to its end."""
        self._display.start()
        async with delivery(self._display.comm_id):
            try:
                result = await self._until_end()
            except asyncio.CancelledError as interrupt:
                shorten_traceback(interrupt)
                raise
            except Exception as error:
                at = datetime.now(timezone.utc)
                self._display.apply(fail(self._transcript, error, at))
                if self._recorder is not None:
                    self._recorder.fail(error, at)
                shorten_traceback(error)
                raise
            finally:
                await self._display.finish()
        return result

    async def _until_end(self) -> ResultT | TaskResult:
        """Drive the stream until it ends, the reader stops it, or this task is cancelled."""
        driver = asyncio.create_task(self._drive(), name="nbagent: run")
        sender = asyncio.create_task(self._display.send_changes(), name="nbagent: view")
        stopped = asyncio.create_task(self._wait_for_stop(), name="nbagent: stop")
        tasks = (driver, sender, stopped)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if driver.cancelled():  # the stream's own doing, such as a CancellationToken
                self._mark_stopped(CANCELLED)
                raise asyncio.CancelledError
            for task in (driver, sender):
                if task.done():
                    task.result()
            if not driver.done():
                self._result = self._mark_stopped(STOPPED)
        except asyncio.CancelledError:
            self._mark_stopped(INTERRUPTED)
            raise
        finally:
            self._over = True
            await _end(tasks)
        if self._result is None:
            raise ValueError(
                "The stream ended without a TaskResult or Response, so it was no complete run."
            )
        return self._result

    async def _drive(self) -> None:
        """Take one event of the stream after the other."""
        breath = time.monotonic()
        async with aclosing(self._stream) as stream:
            async for event in stream:
                if self._over:
                    return
                self._take(event)
                if time.monotonic() - breath > BREATH:
                    await asyncio.sleep(0)
                    breath = time.monotonic()

    def _take(self, event: BaseAgentEvent | BaseChatMessage | ResultT) -> None:
        at = datetime.now(timezone.utc)
        if self._recorder is not None:
            self._recorder.add(event, at)
        self._display.apply(reduce(self._transcript, event, at))
        if isinstance(event, TaskResult | Response):
            self._result = cast("ResultT", event)
        elif not isinstance(event, ModelClientStreamingChunkEvent):
            self._messages.append(event)

    async def _wait_for_stop(self) -> None:
        await self._stop_pressed.wait()

    def _mark_stopped(self, reason: str) -> TaskResult:
        """Close the transcript, once; what the run has given so far."""
        if not self._over:
            self._over = True
            at = datetime.now(timezone.utc)
            self._display.apply(stop(self._transcript, reason, at))
            if self._recorder is not None:
                self._recorder.stop(reason, at)
        return TaskResult(messages=self._messages, stop_reason=reason)


async def _end(tasks: tuple["asyncio.Task[None]", ...]) -> None:
    """Cancel tasks and wait for them, but not for ever.

    A run that does not end in time ends later by itself; what it gives then is dropped.
    """
    for task in tasks:
        task.cancel()
    _left_behind.update(tasks)
    for task in tasks:
        task.add_done_callback(_forget)
    await asyncio.wait(tasks, timeout=GRACE)


def _forget(task: "asyncio.Task[None]") -> None:
    _left_behind.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        # Raised by show() already, or else raised by the clean-up of a run that was stopped.
        _logger.debug("A run ended with an error.", exc_info=error)
