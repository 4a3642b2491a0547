"""OneRun: lets one run of an agent or a team through at a time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from typing_extensions import Self

from nbagent.exceptions import AlreadyRunningError

ItemT = TypeVar("ItemT")


class OneRun:
    """An async context manager around a run.

    A run that was left by `break` is closed by the event loop a moment later. A new run waits
    for that; it is refused only while another one is really going on.

    Args:
        refusal: What the error says while a run is going on.
    """

    def __init__(self, refusal: str) -> None:
        self._refusal = refusal
        self._ended: asyncio.Event | None = None
        self._leaving = False

    async def __aenter__(self) -> Self:
        # Closing a generator that was dropped takes the loop a turn or two to begin.
        for _ in range(3):
            if self._ended is not None and not self._leaving:
                await asyncio.sleep(0)
        if self._ended is not None and self._leaving:
            await self._ended.wait()
        if self._ended is not None:
            raise AlreadyRunningError(self._refusal)
        self._ended = asyncio.Event()
        self._leaving = False
        return self

    def leave(self) -> None:
        """Say that the run is ending early, by `break`, cancel or an error."""
        self._leaving = True

    async def __aexit__(self, *_: object) -> None:
        assert self._ended is not None
        self._ended.set()
        self._ended = None


async def alone(
    one_run: OneRun, stream: AsyncGenerator[ItemT, None]
) -> AsyncGenerator[ItemT, None]:
    """Yield what `stream` yields, as the one run that is going on.

    Raises:
        AlreadyRunningError: Another one is; `stream` has not begun then.
    """
    async with one_run, aclosing(stream):
        try:
            async for item in stream:
                yield item
        except (GeneratorExit, asyncio.CancelledError):
            one_run.leave()
            raise
