"""The way to an MCP server, whichever kind it is."""

import os
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from mcp.client.stdio import stdio_client
from mcp.shared.message import SessionMessage
from typing_extensions import Self

from nbagent.tools.mcp.http_transport import HttpTransport
from nbagent.tools.mcp.server_params import McpServerParams, StdioServerParams
from nbagent.tools.mcp.stdio_transport import StdioTransport


class ServerTransport(Protocol):
    """A way to one server."""

    def connect(self) -> AbstractAsyncContextManager[tuple[Any, Any]]:
        """Open the connection; it is closed when the block is left."""
        ...

    def kill(self) -> None:
        """End at once what runs on this machine; from any thread."""
        ...

    def last_words(self) -> str:
        """Why the connection ended, as far as it is known; without secrets."""
        ...


def transport_for(params: McpServerParams) -> ServerTransport:
    """The way to a server."""
    if not isinstance(params, StdioServerParams):
        return HttpTransport(params)
    return _WindowsStdioTransport(params) if sys.platform == "win32" else StdioTransport(params)


@asynccontextmanager
async def watched(
    transport: ServerTransport, on_end: Callable[[], None]
) -> AsyncGenerator[tuple[Any, Any]]:
    """Open a connection, and call `on_end` when nothing more can come from the server."""
    async with transport.connect() as (read, write):
        yield _WatchedStream(read, on_end), write


class _WatchedStream:
    """A stream of messages that tells of its end."""

    def __init__(self, stream: Any, on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end

    @property
    def last_context(self) -> Any:
        """The context in which the last message was sent, where the stream keeps it."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        return await self._stream.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await anext(self._stream)
        except StopAsyncIteration:
            self._on_end()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


class _WindowsStdioTransport:
    """A server program on Windows, where the mcp package knows how to end what it started."""

    def __init__(self, params: StdioServerParams) -> None:
        self._params = params

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Any]:
        with Path(os.devnull).open("w") as nowhere:  # noqa: ASYNC230 - it blocks nothing
            async with stdio_client(self._params, errlog=nowhere) as streams:
                yield streams

    def kill(self) -> None:
        """The program ends with the job object that the mcp package puts it in."""

    def last_words(self) -> str:
        return ""
