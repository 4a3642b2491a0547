"""Runs a coroutine to its end in a loop, so that an interrupt ends it in good order."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Coroutine, Generator
from contextvars import ContextVar
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

serving_loop: "ContextVar[asyncio.AbstractEventLoop | None]" = ContextVar(
    "nbagent_serving_loop", default=None
)
"""The loop that runs the code of this context; the threads of `asyncio.to_thread` have it too."""

_left_behind: set["asyncio.Task[Any]"] = set()
"""Tasks that a second interrupt did not wait for; asyncio itself keeps no reference."""


def run_interruptible(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], *, take_over: bool = False
) -> T:
    """Run `coroutine` in `loop` and return its result.

    The first interrupt (Ctrl+C, or a notebook's Stop) cancels the coroutine, and
    KeyboardInterrupt is raised when it has cleaned up. A second one does not wait for that.

    Args:
        loop: A loop that does not run, or one that can nest.
        coroutine: What to run.
        take_over: Handle interrupts even where somebody has set a handler of their own.

    Raises:
        KeyboardInterrupt: It was interrupted.
    """
    task = loop.create_task(_served(loop, coroutine))
    interrupt = _Interrupt(loop, task)
    try:
        with interrupt.handled(take_over=take_over):
            result = loop.run_until_complete(task)
    except asyncio.CancelledError:
        if interrupt.count:
            raise KeyboardInterrupt from None
        raise
    except KeyboardInterrupt:
        _end(loop, task, wait=interrupt.count == 0)
        raise
    if interrupt.count:  # it ended as if nothing had happened; the caller must not go on
        raise KeyboardInterrupt
    return result


async def _served(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    serving_loop.set(loop)
    return await coroutine


def _end(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[Any]", *, wait: bool) -> None:
    """End a task that a KeyboardInterrupt has left behind."""
    if task.done():
        if not task.cancelled():
            task.exception()  # it is raised here; asyncio need not report it once more
        return
    task.cancel()
    if wait:
        # The interrupt may have been raised in a task that this one awaits: it comes by again.
        with contextlib.suppress(asyncio.CancelledError, KeyboardInterrupt):
            loop.run_until_complete(task)
    else:
        _left_behind.add(task)
        task.add_done_callback(_left_behind.discard)


class _Interrupt:
    """A handler for SIGINT that cancels a task, as that of `asyncio.Runner` does.

    A plain KeyboardInterrupt would appear anywhere in the loop, in its own code too.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, task: "asyncio.Task[Any]") -> None:
        self.count = 0
        self._loop = loop
        self._task = task

    @contextlib.contextmanager
    def handled(self, *, take_over: bool) -> Generator[None]:
        """Handle interrupts in this block, where that is possible."""
        previous = signal.getsignal(signal.SIGINT)
        mine = previous is signal.default_int_handler or (take_over and callable(previous))
        # Python has signals in the main thread only.
        if not mine or threading.current_thread() is not threading.main_thread():
            yield
            return
        signal.signal(signal.SIGINT, self._interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1 or self._task.done():
            raise KeyboardInterrupt
        self._task.cancel()
        self._loop.call_soon_threadsafe(lambda: None)  # wakes the loop, which may wait for long
