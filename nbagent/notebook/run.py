"""ShownRun: drives a stream into a transcript on display, until it ends or is stopped."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime, timezone
from typing import Generic, Protocol, TypeVar, cast

from nbagent.base.at_work import WorkNote, told_who_works
from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    UserInputRequestedEvent,
)
from nbagent.notebook.kernel import delivery
from nbagent.notebook.open_questions import OpenQuestions, Stage
from nbagent.notebook.short_traceback import shorten_traceback
from nbagent.questions import Asker, asking_through
from nbagent.transcript.items import Transcript
from nbagent.transcript.patches import Patch
from nbagent.transcript.record import Recorder
from nbagent.transcript.reduce import reduce
from nbagent.transcript.run_state import fail, note_work, stop

STOPPED = "Stopped by the user"
INTERRUPTED = "Interrupted"
CANCELLED = "Cancelled"

GRACE = 0.15
"""Seconds that a run which was stopped has for cleaning up before it is gone on without it."""

BREATH = 0.005
"""Seconds after which a stream that never waits must let the event loop have its turn."""

ResultT = TypeVar("ResultT", bound=TaskResult | Response)

_logger = logging.getLogger(__name__)
_left_behind: set["asyncio.Task[None]"] = set()
"""Runs that have not yet ended though they were cancelled; asyncio itself keeps no reference."""


class Page(Stage, Protocol):
    """What shows the transcript."""

    @property
    def comm_id(self) -> str:
        """The id under which the page sends its messages; empty where there is none."""
        ...

    def asker(self, questions: OpenQuestions) -> Asker:
        """Who asks the questions that come up: `questions`, where a person is at the page."""
        ...

    def apply(self, patches: Sequence[Patch]) -> None:
        """Note changes of the transcript."""
        ...

    async def send_changes(self) -> None:
        """Show the changes, paced; runs until cancelled."""
        ...


class ShownRun(Generic[ResultT]):
    """One run that is being shown.

    It listens to the reader: `stop_requested()` and `answered()` are for the page to call, in
    the event loop.

    Args:
        stream: What `run_stream()` or `on_messages_stream()` gives.
        transcript: What the run is folded into.
        recorder: Records the run, where it is wanted.
    """

    def __init__(
        self,
        stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
        transcript: Transcript,
        recorder: Recorder | None = None,
    ) -> None:
        self._stream = stream
        self._transcript = transcript
        self._recorder = recorder
        self._page: Page | None = None
        self._questions: OpenQuestions | None = None
        self._asker: Asker | None = None
        self._messages: list[BaseAgentEvent | BaseChatMessage] = []
        self._result: ResultT | TaskResult | None = None
        self._over = False
        self._stop_pressed = asyncio.Event()

    def stop_requested(self) -> None:
        """The reader pressed Stop."""
        self._stop_pressed.set()

    def answered(self, request_id: str, value: object) -> None:
        """The reader answered a question; after Stop no answer counts any more."""
        if self._questions is not None and not self._stop_pressed.is_set():
            self._questions.receive(request_id, value)

    async def show_on(self, page: Page) -> ResultT | TaskResult:
        """Run to the end, and show what happens.

        Args:
            page: Where to show it.

        Returns:
            The last item of the stream; of a run that was stopped, a `TaskResult` with the
            messages so far.

        Raises:
            ValueError: The stream ended without a result.
            Exception: Whatever the stream raises, unchanged; the transcript shows it as well.
            asyncio.CancelledError: The task was cancelled. The run has ended then.
        """
        self._page = page
        self._questions = OpenQuestions(page, self._take)
        self._asker = page.asker(self._questions)
        with delivery(page.comm_id):
            try:
                return await self._until_end(page)
            except asyncio.CancelledError as interrupt:
                shorten_traceback(interrupt)
                raise
            except Exception as error:
                at = datetime.now(timezone.utc)
                page.apply(fail(self._transcript, error, at))
                if self._recorder is not None:
                    self._recorder.fail(error, at)
                shorten_traceback(error)
                raise

    async def _until_end(self, page: Page) -> ResultT | TaskResult:
        """Drive the stream until it ends, the reader stops it, or this task is cancelled."""
        driver = asyncio.create_task(self._drive(), name="nbagent: run")
        sender = asyncio.create_task(page.send_changes(), name="nbagent: view")
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
        assert self._asker is not None
        with asking_through(self._asker), told_who_works(self._note_work):
            async with aclosing(self._stream) as stream:
                async for event in stream:
                    if self._over:
                        return
                    self._take(event)
                    self._keep(event)
                    if time.monotonic() - breath > BREATH:
                        await asyncio.sleep(0)
                        breath = time.monotonic()

    def _take(self, event: BaseAgentEvent | BaseChatMessage | ResultT) -> None:
        """Take an event into the transcript: of the stream, or of a question and its answer."""
        if self._over:
            return
        at = datetime.now(timezone.utc)
        patches = reduce(self._transcript, event, at)
        if isinstance(event, UserInputRequestedEvent) and not patches:
            return  # both the stream and whoever asks bring a question; the first counts
        if self._recorder is not None:
            self._recorder.add(event, at)
        assert self._page is not None
        self._page.apply(patches)

    def _note_work(self, note: WorkNote) -> None:
        """Take note of who is at work in a team."""
        if not self._over and self._page is not None:
            self._page.apply(note_work(self._transcript, note))

    def _keep(self, event: BaseAgentEvent | BaseChatMessage | ResultT) -> None:
        """Remember what the stream gave, for the result."""
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
            assert self._page is not None
            self._page.apply(stop(self._transcript, reason, at))
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
        # Raised already, or else raised by the clean-up of a run that was stopped.
        _logger.debug("A run ended with an error.", exc_info=error)
