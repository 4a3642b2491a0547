"""Turns: one at a time, whichever event loop or thread they come from."""

import asyncio
import threading
from collections import deque
from types import TracebackType


class Turns:
    """A lock for coroutines of any event loop, served in the order in which they came.

    `asyncio.Lock` belongs to one loop; the terminal is shared by all of them.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            with self._guard:
                still_waiting = turn in self._waiting
                if still_waiting:
                    self._waiting.remove(turn)
            # Whoever is given the turn and has gone hands it on.
            if not still_waiting and turn.done() and not turn.cancelled():
                self._next()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._next()

    def _next(self) -> None:
        while True:
            with self._guard:
                if not self._waiting:
                    self._taken = False
                    return
                turn = self._waiting.popleft()
            try:
                turn.get_loop().call_soon_threadsafe(self._give, turn)
            except RuntimeError:
                continue  # its loop was closed
            return

    def _give(self, turn: "asyncio.Future[None]") -> None:
        if turn.done():
            self._next()
        else:
            turn.set_result(None)
