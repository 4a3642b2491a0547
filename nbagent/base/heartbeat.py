"""heartbeat(): while a run goes on, the event loop wakes often, so that a Stop takes effect.

A notebook's Stop arrives as a signal, whose handler in ipykernel cancels the cell's task and
leaves the event loop asleep (https://github.com/ipython/ipykernel/issues/881). Where a run waits
for a person, a slow tool or a silent model, nothing else might wake it for minutes.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

SECONDS = 0.05
"""How long the event loop may sleep during a run."""


@contextmanager
def heartbeat(loop: asyncio.AbstractEventLoop | None = None) -> Generator[None]:
    """Let an event loop wake often within this block.

    Args:
        loop: The loop, which need not run yet; by default the running one.
    """
    beating = loop or asyncio.get_running_loop()

    def beat() -> None:
        nonlocal timer
        timer = beating.call_later(SECONDS, beat)

    timer = beating.call_later(SECONDS, beat)
    try:
        yield
    finally:
        timer.cancel()
