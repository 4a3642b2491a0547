"""Lets a thread wait for a coroutine that runs in the event loop of another thread."""

import asyncio
import concurrent.futures
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds within which the loop must begin. A loop that is not free, because its own thread
waits for this one, never would."""

_LOOK_UP = 0.2
"""Seconds between two looks at whether the loop is still running."""


def hand_over(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` in `loop`, which another thread runs, and return its result.

    Raises:
        RuntimeError: The loop is blocked, or has ended before the coroutine.
    """
    begun = concurrent.futures.Future[None]()
    ended = asyncio.run_coroutine_threadsafe(_noted(coroutine, begun), loop)
    concurrent.futures.wait([begun], PATIENCE)
    if begun.cancel():  # and so it never will
        ended.cancel()
        coroutine.close()
        raise RuntimeError(
            "nbagent.run_sync() was called in a thread, and the event loop, in which the agents "
            "run, is blocked: the cell or function that waits for this thread must await, as in "
            "`await asyncio.to_thread(function)`. For several runs at once, write "
            "`await asyncio.gather(agent.run(task=...), other.run(task=...))` instead."
        )
    while not concurrent.futures.wait([ended], _LOOK_UP).done:
        if not loop.is_running():
            ended.cancel()
            raise RuntimeError(
                "nbagent.run_sync() was called in a thread whose run has ended meanwhile."
            )
    return ended.result()


async def _noted(coroutine: Coroutine[Any, Any, T], begun: "concurrent.futures.Future[None]") -> T:
    if not begun.set_running_or_notify_cancel():
        raise asyncio.CancelledError
    begun.set_result(None)
    return await coroutine
