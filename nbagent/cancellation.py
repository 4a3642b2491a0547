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
        self._waiting: dict[asyncio.Task[Any], asyncio.AbstractEventLoop] = {}
        self._interrupted: set[asyncio.Task[Any]] = set()

    def cancel(self) -> None:
        """Cancel everything linked to this token. A second call does nothing."""
        with self._lock:
            if self._cancelled:
                return
            self._cancelled = True
            callbacks, self._callbacks = self._callbacks, []
            waiting = dict(self._waiting)
            self._interrupted.update(waiting)
        for task, loop in waiting.items():
            _in_loop(loop, task.cancel)
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
            _in_loop(loop, future.cancel)

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
        self._waiting[task] = task.get_loop()
        try:
            return await awaitable
        finally:
            with self._lock:
                self._waiting.pop(task, None)
                interrupted = task in self._interrupted
                self._interrupted.discard(task)
            # The caller may catch the error and go on: the task itself was not cancelled.
            if interrupted and sys.version_info >= (3, 11):
                task.uncancel()


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Run `call` in `loop`: directly from its own thread, else handed over."""
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is loop:
        call()
    elif not loop.is_closed():
        loop.call_soon_threadsafe(call)
