"""A session with an MCP server that starts when it is first needed, and again when it was lost."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import mcp.types as types
from mcp import Client, MCPError
from mcp.client import ClientRequestContext, IncomingMessage

from nbagent.cancellation import CancellationToken
from nbagent.tools.mcp.connection import Connection
from nbagent.tools.mcp.elicitation import elicit
from nbagent.tools.mcp.errors import McpServerError, error_text, root_error
from nbagent.tools.mcp.sampling import Sampling
from nbagent.tools.mcp.server_params import (
    McpServerParams,
    answer_timeout,
    check_not_masked,
    hide_secrets,
    server_name,
)
from nbagent.tools.mcp.server_requests import CallInProgress, CallsInProgress

ResultT = TypeVar("ResultT")

START_SECONDS = 10.0
"""How much longer than an answer the start may take: the first of its steps is given as long."""

_LAST_WORDS_SECONDS = 0.5
_SHORTEST_WAIT = 0.05


class McpSession:
    """A server, and the requests to it.

    Args:
        params: The server.
        sampling: Answers what the server asks a model; None where it may not.
        on_notification: Hears what the server tells unasked.
    """

    def __init__(
        self,
        params: McpServerParams,
        *,
        sampling: Sampling | None = None,
        on_notification: Callable[[types.ServerNotification], None] | None = None,
    ) -> None:
        self._params = params
        self._sampling = sampling
        self._on_notification = on_notification
        self._connection: Connection | None = None
        self._connections: set[Connection] = set()
        self._calls = CallsInProgress()
        self._requests: set[asyncio.Future[Any]] = set()

    @property
    def name(self) -> str:
        """What errors call the server."""
        return server_name(self._params)

    @property
    def client(self) -> Client | None:
        """The open connection; None while there is none."""
        connection = self._connection
        return None if connection is None or connection.is_over else connection.client

    async def start(self) -> None:
        """Open the connection, if it is not open.

        Raises:
            McpServerError: The server cannot be started or reached.
        """
        await self._open()

    async def request(
        self,
        ask: Callable[[Client], Awaitable[ResultT]],
        cancellation_token: CancellationToken | None = None,
    ) -> ResultT:
        """Ask the server for something.

        A cancelled request is given up at once; what the mcp package then still has to tell the
        server goes on by itself, until `stop()` at the latest.

        Args:
            ask: Makes the request.
            cancellation_token: Ends the request when cancelled.

        Raises:
            McpServerError: The server could not be reached, did not answer in time, ended, or
                answered with an error.
            asyncio.CancelledError: The request was cancelled.
        """
        token = cancellation_token or CancellationToken()
        return await token.wait(self._request(ask, token))

    async def stop(self) -> None:
        """Close the connection; nothing of it is left afterwards.

        The next request opens a new one.
        """
        self._connection = None
        connections = list(self._connections)
        requests = list(self._requests)
        try:
            for request in requests:
                _in_its_loop(request, request.cancel)
            await asyncio.gather(*map(_close, connections))
        finally:
            for connection in connections:
                _in_its_loop(connection.owner, connection.abandon)
        loop = asyncio.get_running_loop()
        if own := [request for request in requests if request.get_loop() is loop]:
            await asyncio.wait(own, timeout=_LAST_WORDS_SECONDS)

    def abandon(self) -> None:
        """Close the connection at once, without waiting for it."""
        self._connection = None
        for connection in list(self._connections):
            connection.abandon()

    def kill(self) -> None:
        """End what runs on this machine, at once and without an event loop."""
        for connection in list(self._connections):
            connection.kill()

    async def _request(
        self, ask: Callable[[Client], Awaitable[ResultT]], token: CancellationToken
    ) -> ResultT:
        connection, client = await self._open()
        call = CallInProgress(token)
        self._calls.begin(call)
        # A task of its own, as the mcp package takes its time to give up a request.
        request = asyncio.ensure_future(self._calls.run(call, ask(client)))
        self._requests.add(request)
        request.add_done_callback(self._request_ended)
        try:
            await self._wait(request)
        finally:
            self._calls.end(call)
            request.cancel()
        try:
            return request.result()
        except Exception as error:  # noqa: BLE001 - whatever failed is told as one kind of error
            raise await self._failure(error, connection) from self._cause(error)

    def _request_ended(self, request: "asyncio.Future[Any]") -> None:
        self._requests.discard(request)
        if not request.cancelled():
            request.exception()  # it was told to whoever waited; where nobody did, it is dropped

    async def _wait(self, request: "asyncio.Future[Any]") -> None:
        """Wait for an answer; the time in which someone is asked something does not count."""
        limit = answer_timeout(self._params)
        loop = asyncio.get_running_loop()
        start = loop.time() - self._calls.seconds_asking
        left = limit
        while not request.done():
            await asyncio.wait({request}, timeout=max(left, _SHORTEST_WAIT))
            left = start + limit + self._calls.seconds_asking - loop.time()
            if left <= 0 and not request.done():
                raise McpServerError(
                    f"MCP server {self.name} did not answer within {limit:g} s. A longer time can "
                    "be set in its server_params."
                )

    async def _open(self) -> tuple[Connection, Client]:
        """The open connection, or a new one."""
        connection = self._connection
        if connection is not None and connection.loop.is_closed():
            connection.kill()
            self._connections.discard(connection)
            connection = None
        if connection is None or connection.is_over:
            check_not_masked(self._params)
            connection = self._connection = self._connect()
        if connection.loop is not asyncio.get_running_loop():
            raise McpServerError(
                f"MCP server {self.name} is in use in another event loop. Call stop() there first, "
                "or use a workbench of its own here."
            )
        limit = START_SECONDS + answer_timeout(self._params)
        in_time = await connection.opened(limit)
        if not in_time:
            raise McpServerError(f"MCP server {self.name} did not start within {limit:g} s.")
        if connection.client is None:
            raise McpServerError(
                f"MCP server {self.name} cannot be used: {connection.reason() or 'it was stopped'}"
            )
        return connection, connection.client

    def _connect(self) -> Connection:
        connection = Connection(
            self._params,
            on_sampling=None if self._sampling is None else self._sample,
            on_elicitation=self._elicit,
            on_notification=self._notified,
        )
        self._connections.add(connection)
        connection.owner.add_done_callback(lambda _: self._connections.discard(connection))
        return connection

    async def _failure(self, error: Exception, connection: Connection) -> McpServerError:
        """What a failed request means for whoever made it; without secrets."""
        error = root_error(error)
        if isinstance(error, McpServerError):
            return error
        if isinstance(error, MCPError) and (
            error.code == types.CONNECTION_CLOSED or error.message == "Session terminated"
        ):
            connection.lose()
            # It may take the connection a moment to find out what happened.
            await asyncio.wait({connection.owner}, timeout=_LAST_WORDS_SECONDS)
            reason = connection.reason()
            return McpServerError(
                f"MCP server {self.name} ended in the middle of a request"
                f"{': ' + reason if reason else ''}. The next request starts it again."
            )
        return McpServerError(
            hide_secrets(f"MCP server {self.name} failed: {error_text(error)}", self._params)
        )

    def _cause(self, error: Exception) -> Exception | None:
        """The error, where it may be shown as the cause of another."""
        return error if hide_secrets(repr(error), self._params) == repr(error) else None

    async def _sample(
        self, context: ClientRequestContext, params: types.CreateMessageRequestParams
    ) -> types.CreateMessageResult | types.ErrorData:
        assert self._sampling is not None
        return await self._answer(self._sampling.answer, params)

    async def _elicit(
        self, context: ClientRequestContext, params: types.ElicitRequestParams
    ) -> types.ElicitResult | types.ErrorData:
        return await self._answer(elicit, params)

    async def _answer(
        self,
        answerer: Callable[
            [str, Any, CancellationToken], Coroutine[Any, Any, ResultT | types.ErrorData]
        ],
        params: Any,
    ) -> ResultT | types.ErrorData:
        return await self._calls.answer(
            lambda call: answerer(self.name, params, call.cancellation_token)
        )

    async def _notified(self, message: IncomingMessage) -> None:
        if self._on_notification is not None and not isinstance(message, Exception):
            self._on_notification(message)


async def ask_once(
    params: McpServerParams,
    ask: Callable[[Client], Awaitable[ResultT]],
    cancellation_token: CancellationToken | None = None,
) -> ResultT:
    """Open a session, ask the server for one thing, and close the session.

    Raises:
        McpServerError: As in `McpSession.request`.
        asyncio.CancelledError: It was cancelled; the server ends at once.
    """
    session = McpSession(params)
    try:
        result = await session.request(ask, cancellation_token)
    except asyncio.CancelledError:
        session.abandon()
        raise
    except McpServerError:
        await session.stop()
        raise
    await session.stop()
    return result


async def _close(connection: Connection) -> None:
    """Close a connection, which may belong to another event loop."""
    if connection.loop is asyncio.get_running_loop():
        await connection.close()
    elif connection.loop.is_closed():
        connection.kill()
    else:
        closing = asyncio.run_coroutine_threadsafe(connection.close(), connection.loop)
        await asyncio.wrap_future(closing)


def _in_its_loop(future: "asyncio.Future[Any]", call: Callable[[], object]) -> None:
    """Do something to a future, in the loop that it belongs to."""
    loop = future.get_loop()
    if loop is asyncio.get_running_loop():
        call()
    elif not loop.is_closed():
        loop.call_soon_threadsafe(call)
