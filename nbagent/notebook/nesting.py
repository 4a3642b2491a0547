"""Runs a coroutine to its end from code that cannot await, in a running kernel too."""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from IPython.core.async_helpers import get_asyncio_loop

from nbagent.notebook.short_traceback import shorten_traceback

T = TypeVar("T")


def run_nested(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` and return its result.

    In a kernel the event loop is running already; there it is made to nest, from the first
    such call on.

    Raises:
        RuntimeError: The running loop cannot nest, as uvloop's.
    """
    loop = get_asyncio_loop()
    if loop.is_running():
        import nest_asyncio2

        try:
            nest_asyncio2.apply(loop)  # pyright: ignore[reportUnknownMemberType]
        except ValueError as error:
            coroutine.close()
            raise RuntimeError(
                f"{type(loop).__name__} cannot run an agent here. Write %%agent as the first "
                "line of a cell, or await the agent's run."
            ) from error
    task = loop.create_task(coroutine)
    try:
        return loop.run_until_complete(task)
    except KeyboardInterrupt as interrupt:
        # The interrupt leaves the task pending; it must end before the next cell runs.
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        shorten_traceback(interrupt)
        raise
