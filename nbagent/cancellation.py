"""CancellationToken: one switch that ends everything a run is waiting for."""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


class CancellationToken:
    """Cancels what was linked to it, from any thread, once.

    A token is handed down a run: the agent gives it to the model client and to each tool.
    `cancel()` ends every wait that goes through the token with `asyncio.CancelledError`.
    """

    def __init__(self) -> None:
        self._cancelled = False
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []
        # How many nested waits each task is in.
        self._waiting: dict[asyncio.Task[Any], int] = {}
        self._interrupted: set[asyncio.Task[Any]] = set()

    def cancel(self) -> None:
        """Cancel everything linked to this token. A second call does nothing."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
        for task in list(self._waiting):
            call_in_loop(task.get_loop(), self._interrupt, task)
        for callback in callbacks:
            callback()

    def is_cancelled(self) -> bool:
        """Whether `cancel()` was called."""
        return self._cancelled

    def add_callback(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the token is cancelled; at once if it already is."""
        with self._lock:
            if not self._cancelled:
                self._callbacks.append(callback)
                return
        callback()

    def link_future(self, future: "asyncio.Future[T]") -> "asyncio.Future[T]":
        """Cancel `future` with this token, and return it.

        The link ends when the future is done.
        """
        loop = future.get_loop()

        def cancel() -> None:
            call_in_loop(loop, future.cancel)

        def unlink(_: "asyncio.Future[T]") -> None:
            with self._lock:
                if cancel in self._callbacks:
                    self._callbacks.remove(cancel)

        self.add_callback(cancel)
        future.add_done_callback(unlink)
        return future

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Await `awaitable`, ending with `asyncio.CancelledError` when the token is cancelled.

        Cheaper than a task of its own: the waiting task itself is interrupted, and only
        while it waits here.
        """
        task = asyncio.current_task()
        assert task is not None, "CancellationToken.wait() needs a running task"
        if self._cancelled:
            if asyncio.iscoroutine(awaitable):
                awaitable.close()
            raise asyncio.CancelledError
        self._waiting[task] = self._waiting.get(task, 0) + 1
        try:
            return await awaitable
        finally:
            depth = self._waiting[task] - 1
            if depth:
                self._waiting[task] = depth
            else:
                del self._waiting[task]
            interrupted = task in self._interrupted
            self._interrupted.discard(task)
            # The caller may catch the error and go on: the task itself was not cancelled.
            if interrupted and sys.version_info >= (3, 11):
                task.uncancel()

    def _interrupt(self, task: "asyncio.Task[Any]") -> None:
        """Cancel a task that waits; called in its own loop, where it may have gone on since."""
        if task in self._waiting:
            self._interrupted.add(task)
            task.cancel()


def call_in_loop(
    loop: asyncio.AbstractEventLoop, call: Callable[..., object], *arguments: Any
) -> None:
    """Make a call in `loop`, from any thread: at once from the loop itself, else handed over.

    Nothing happens where the loop is closed.
    """
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is loop:
        call(*arguments)
    elif not loop.is_closed():
        loop.call_soon_threadsafe(call, *arguments)
