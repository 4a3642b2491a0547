"""The event loops that `run_sync()` keeps where nobody else runs one.

Each thread has one loop for all of its calls: a client keeps its connections open between two
calls, and they belong to the loop in which they were opened.
"""

import asyncio
import atexit
import functools
import threading

_loops: dict[threading.Thread, asyncio.AbstractEventLoop] = {}


def loop_of_this_thread() -> asyncio.AbstractEventLoop:
    """The loop of this thread, made at its first call.

    It is closed when the process ends, or by the first call after the thread has ended.
    """
    _close_at_exit()
    for thread in list(_loops):
        if not thread.is_alive():
            _close(thread)
    thread = threading.current_thread()
    if thread not in _loops:
        _loops[thread] = asyncio.new_event_loop()
    return _loops[thread]


@functools.cache
def _close_at_exit() -> None:
    atexit.register(_close_all)


def _close_all() -> None:
    for thread, loop in list(_loops.items()):
        if not loop.is_running():  # else it is a daemon thread's, which the exit just ends
            _close(thread)


def _close(thread: threading.Thread) -> None:
    """End what a loop still has to do, as `asyncio.run` does, and close it."""
    loop = _loops.pop(thread, None)
    if loop is None:  # another thread was faster
        return
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(_ended(tasks))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _ended(tasks: "set[asyncio.Task[object]]") -> None:
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            asyncio.get_running_loop().call_exception_handler(
                {"message": "A task failed while its loop was closed.", "exception": outcome}
            )
