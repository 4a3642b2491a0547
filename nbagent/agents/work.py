"""Work: what an agent does in tasks of its own, while its stream tells what happens there."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from nbagent.base.inner_run import of_call
from nbagent.cancellation import CancellationToken
from nbagent.messages import BaseAgentEvent, BaseChatMessage, UserInputRequestedEvent
from nbagent.questions import InputRequest, announcing

logger = logging.getLogger("nbagent.agents")

Event = BaseAgentEvent | BaseChatMessage

GRACE = 0.1
"""Seconds that cancelled work is given to clean up before the run ends without it."""


class Work:
    """Pieces of work that an agent does at once, each in a task.

    Args:
        source: The agent; people are asked in its name.
        cancellation_token: Ends the work when cancelled.
        call_keys: Of each piece the key of the tool call that it is (see
            `ToolCallRequestEvent.call_key`); events of runs inside of it are marked with it.
            None where the pieces are no tool calls.
    """

    def __init__(
        self,
        source: str,
        cancellation_token: CancellationToken,
        call_keys: Sequence[str] | None = None,
    ) -> None:
        self._source = source
        self._token = cancellation_token
        self._call_keys = call_keys
        self._events: deque[Event] = deque()
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._running = 0
        self._asked: set[str] = set()

    def happened(self, piece: int, event: Event) -> None:
        """Tell of an event of a run inside of a piece of work, from its own task.

        Args:
            piece: Its number.
            event: What happened.
        """
        if isinstance(event, UserInputRequestedEvent):
            if event.request_id in self._asked:
                return  # told when the question was put, ahead of the inner run's stream
            self._asked.add(event.request_id)
        if self._call_keys is not None:
            event = of_call(event, self._call_keys[piece])
        self._tell(event)

    async def stream(
        self, pieces: Sequence[Callable[[], Coroutine[Any, Any, None]]]
    ) -> AsyncGenerator[Event, None]:
        """Do all pieces at once, and yield what happens in them meanwhile.

        Raises:
            asyncio.CancelledError: The token was cancelled.
            Exception: What a piece raised, after all have ended.
        """
        # Tasks of their own, so that work that ignores a cancel can be left behind.
        tasks: list[asyncio.Task[None]] = []
        for number, piece in enumerate(pieces):
            with announcing(self._source, partial(self._question_put, number)):
                task = asyncio.ensure_future(piece())
            task.add_done_callback(self._piece_ended)
            tasks.append(task)
        self._running = len(tasks)
        try:
            while self._running or self._events:
                await self._token.wait(self._changed.wait())
                self._changed.clear()
                while self._events:
                    yield self._events.popleft()
            if self._token.is_cancelled():  # while the reader had the last event
                raise asyncio.CancelledError
            for task in tasks:
                if not task.cancelled():
                    task.result()
        finally:
            await _end(tasks)

    def _question_put(self, piece: int, request: InputRequest) -> None:
        """A person is asked, perhaps in an event loop of its own in another thread."""
        event = UserInputRequestedEvent(
            request_id=request.request_id,
            source=request.source or self._source,
            question=request.question,
        )
        if not self._loop.is_closed():
            own = event.source == self._source
            self._loop.call_soon_threadsafe(self._asked_for, piece, event, own)

    def _asked_for(self, piece: int, event: UserInputRequestedEvent, own: bool) -> None:
        if not own:
            self.happened(piece, event)
        elif event.request_id not in self._asked:
            self._asked.add(event.request_id)
            self._tell(event)

    def _tell(self, event: Event) -> None:
        self._events.append(event)
        self._changed.set()

    def _piece_ended(self, _: "asyncio.Future[None]") -> None:
        self._running -= 1
        if not self._running:
            self._changed.set()


async def _end(tasks: Sequence["asyncio.Future[None]"]) -> None:
    """Cancel what still runs, and wait for it briefly."""
    waiting = [task for task in tasks if not task.done()]
    for task in waiting:
        task.cancel()
    if waiting:
        _, stuck = await asyncio.wait(waiting, timeout=GRACE)
        for task in stuck:
            logger.warning("A tool does not react to being cancelled; its result is dropped.")
            task.add_done_callback(_drop)


def _drop(task: "asyncio.Future[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.warning("A cancelled tool failed later: %s", task.exception())
