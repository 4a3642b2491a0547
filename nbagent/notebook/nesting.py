"""Runs a coroutine to its end from code that cannot await, in a running kernel too."""

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from IPython.core.async_helpers import get_asyncio_loop
from IPython.core.interactiveshell import InteractiveShell

from nbagent.base.heartbeat import heartbeat
from nbagent.notebook.kernel import running_kernel
from nbagent.notebook.shell_hook import nests_badly
from nbagent.notebook.short_traceback import shorten_traceback
from nbagent.ui.hand_over import hand_over
from nbagent.ui.interrupts import run_interruptible
from nbagent.ui.thread_loop import loop_of_this_thread

T = TypeVar("T")


def run_nested(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` and return its result.

    In a kernel the event loop is running already; there it is made to nest, from the first
    such call on. Another thread of the kernel hands the coroutine over to that loop.

    Raises:
        RuntimeError: The running loop cannot nest, as uvloop's, or it is blocked.
        KeyboardInterrupt: The kernel was interrupted. The coroutine has ended then.
        asyncio.CancelledError: The same, in a task that a cell has started.
    """
    loop = _loop()
    if loop.is_running():
        if not _runs_here(loop):
            return hand_over(loop, coroutine)
        _let_nest(loop, coroutine)
    try:
        with heartbeat(loop):
            return run_interruptible(loop, coroutine, take_over=True)
    except KeyboardInterrupt as interrupt:
        if running_kernel() is not None and not _in_cell():
            raise asyncio.CancelledError from None
        shorten_traceback(interrupt)
        raise


def _in_cell() -> bool:
    """Whether IPython runs a cell further up the stack, and so catches a KeyboardInterrupt.

    From a task that a cell has only started, it would reach the kernel's loop and end it.
    """
    shell: Any = InteractiveShell
    frame = inspect.currentframe()
    while frame is not None and frame.f_code is not shell.run_code.__code__:
        frame = frame.f_back
    return frame is not None


def _loop() -> asyncio.AbstractEventLoop:
    """The loop that runs in this thread, else the kernel's, else that of IPython's prompt."""
    with contextlib.suppress(RuntimeError):
        return asyncio.get_running_loop()
    kernel = running_kernel()
    if kernel is not None:
        return kernel.io_loop.asyncio_loop
    if threading.current_thread() is not threading.main_thread():
        return loop_of_this_thread()
    return get_asyncio_loop()


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _let_nest(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any]) -> None:
    import nest_asyncio2

    if nests_badly(loop):
        # nest_asyncio2 leaves a loop alone that nest_asyncio 1 has patched.
        del type(loop)._nest_patched  # pyright: ignore[reportAttributeAccessIssue]
    try:
        nest_asyncio2.apply(loop)  # pyright: ignore[reportUnknownMemberType]
    except ValueError as error:
        coroutine.close()
        raise RuntimeError(
            f"{type(loop).__name__} cannot run an agent here. Write %%agent as the first "
            "line of a cell, or await the agent's run."
        ) from error
