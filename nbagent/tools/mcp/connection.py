"""One connection to an MCP server, from its start to its end, owned by one task."""

import asyncio
import contextvars
import logging

import mcp.types as types
from mcp import Client
from mcp.client.session import ElicitationFnT, MessageHandlerFnT, SamplingFnT

from nbagent import __version__
from nbagent.tools.mcp.errors import error_text
from nbagent.tools.mcp.server_params import McpServerParams, hide_secrets
from nbagent.tools.mcp.transport import transport_for, watched

logger = logging.getLogger("nbagent.tools.mcp")

CLOSE_SECONDS = 3.0
"""How long a connection may take to close in good order."""


class Connection:
    """A connection, opened by a task of its own that also closes it.

    The task is the only one that enters and leaves what the mcp package opens, as the cancel
    scopes in there must be left by the task that entered them. It runs in an empty context, so
    that it keeps nothing of the run that happened to need the server first.

    Args:
        params: The server.
        on_sampling: Answers what the server asks a model; None where it may not.
        on_elicitation: Answers what the server asks a person.
        on_notification: Hears what else the server tells.

    Attributes:
        loop: The event loop that the connection belongs to.
        client: The open connection; None before it is open.
        waiting: How many wait for it to open.
    """

    def __init__(
        self,
        params: McpServerParams,
        *,
        on_sampling: SamplingFnT | None,
        on_elicitation: ElicitationFnT,
        on_notification: MessageHandlerFnT,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.client: Client | None = None
        self.waiting = 0
        self._params = params
        self._transport = transport_for(params)
        self._settled = asyncio.Event()
        self._ending = asyncio.Event()
        self._failure = ""

        async def live() -> None:
            try:
                async with Client(
                    watched(self._transport, self.lose),
                    cache=None,  # the server is asked whenever someone asks
                    sampling_callback=on_sampling,
                    elicitation_callback=on_elicitation,
                    message_handler=on_notification,
                    client_info=types.Implementation(name="nbagent", version=__version__),
                ) as client:
                    self.client = client
                    self._settled.set()
                    await self._ending.wait()
            except Exception as error:  # noqa: BLE001 - told to whoever waits for the server
                self._failure = hide_secrets(error_text(error), params)
                logger.debug("The connection to an MCP server failed: %s", self._failure)
            finally:
                self._ending.set()
                self._settled.set()

        self.owner = contextvars.Context().run(asyncio.ensure_future, live())

    @property
    def is_over(self) -> bool:
        """Whether the connection has ended, or is about to."""
        return self._ending.is_set()

    async def opened(self, timeout: float) -> bool:
        """Wait until the connection is open or has failed.

        Whoever waits last and gives up ends the attempt.

        Returns:
            Whether that happened within `timeout` seconds.
        """
        self.waiting += 1
        settled = asyncio.ensure_future(self._settled.wait())
        try:
            await asyncio.wait({settled}, timeout=timeout)
        finally:
            settled.cancel()
            self.waiting -= 1
            if not self.waiting and not self._settled.is_set():
                self.abandon()
        return self._settled.is_set()

    def reason(self) -> str:
        """Why the connection is over, as far as it is known; without secrets."""
        last_words = self._transport.last_words()
        failure = "" if last_words and self._failure == "Connection closed" else self._failure
        return "; ".join(part for part in (failure, last_words) if part)

    def abandon(self) -> None:
        """End the connection at once, without waiting for it."""
        self._ending.set()
        if not self.owner.done():
            self.owner.cancel()
            # A server may hold up the first farewell.
            again = self.loop.call_later(CLOSE_SECONDS, self.owner.cancel)
            self.owner.add_done_callback(lambda _: again.cancel())

    def kill(self) -> None:
        """End what runs on this machine, at once and from any thread."""
        self._transport.kill()
        if not self.owner.done() and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.abandon)

    async def close(self) -> None:
        """End the connection, in good order where the server takes part in it."""
        self._ending.set()
        try:
            await asyncio.wait({self.owner}, timeout=CLOSE_SECONDS)
        finally:
            self.owner.cancel()
        _, stuck = await asyncio.wait({self.owner}, timeout=CLOSE_SECONDS)
        if stuck:
            logger.warning("A connection to an MCP server does not close; it is left behind.")
            self._transport.kill()

    def lose(self) -> None:
        """The server is gone: what comes next needs a new connection."""
        self._ending.set()
