"""PauseGate: where an agent waits while it is paused."""

import asyncio

from nbagent.cancellation import CancellationToken


class PauseGate:
    """Open until `close()`, and again from `open()` on.

    An agent passes it before each step. A step that has begun is not interrupted.
    """

    def __init__(self) -> None:
        self._opened: asyncio.Event | None = None

    def close(self) -> None:
        """Let nobody pass from now on."""
        if self._opened is None:
            self._opened = asyncio.Event()

    def open(self) -> None:
        """Let pass whoever waits, and whoever comes."""
        if self._opened is not None:
            self._opened.set()
            self._opened = None

    async def passed(self, cancellation_token: CancellationToken) -> None:
        """Return once the gate is open.

        Raises:
            asyncio.CancelledError: The token was cancelled meanwhile.
        """
        while self._opened is not None:
            await cancellation_token.wait(self._opened.wait())
