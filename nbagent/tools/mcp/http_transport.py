"""Speaks to an MCP server that has an address."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client import Transport
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from nbagent.tools.mcp.server_params import (
    SseServerParams,
    StreamableHttpServerParams,
    plain_headers,
)

MOST_BYTES = 96 * 1024 * 1024
"""The longest message; enough for the largest picture that nbagent accepts, as base64."""


class HttpTransport:
    """One connection to a server with an address.

    Args:
        params: The server.
    """

    def __init__(self, params: SseServerParams | StreamableHttpServerParams) -> None:
        self._params = params

    def connect(self) -> Transport:
        """Open the connection; it is closed when the block is left."""
        params = self._params
        if isinstance(params, StreamableHttpServerParams):
            return _streamable(params)
        return sse_client(
            params.url,
            headers=plain_headers(params),
            timeout=params.timeout,
            sse_read_timeout=params.sse_read_timeout,
            httpx_client_factory=_client,
        )

    def kill(self) -> None:
        """Nothing runs on this machine."""

    def last_words(self) -> str:
        """Nothing is known."""
        return ""


@asynccontextmanager
async def _streamable(params: StreamableHttpServerParams) -> AsyncGenerator[Any]:
    timeout = httpx2.Timeout(params.timeout, read=params.sse_read_timeout)
    client = _client(plain_headers(params), timeout)
    async with (
        client,
        streamable_http_client(
            params.url,
            http_client=client,
            terminate_on_close=params.terminate_on_close,
            max_sse_event_size=MOST_BYTES,
        ) as streams,
    ):
        yield streams


def _client(
    headers: dict[str, str] | None = None,
    timeout: httpx2.Timeout | None = None,
    auth: httpx2.Auth | None = None,
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        headers=headers,
        timeout=httpx2.Timeout(5.0) if timeout is None else timeout,
        auth=auth,
        event_hooks={"response": [_limit]},
    )


async def _limit(response: httpx2.Response) -> None:
    """Let an answer have no more than `MOST_BYTES`; a stream of events may go on for ever."""
    if not response.headers.get("content-type", "").startswith("text/event-stream"):
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _LimitedStream(response.stream)


class _LimitedStream(httpx2.AsyncByteStream):
    """A body that breaks off with an error when it becomes too long."""

    def __init__(self, body: httpx2.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._body:
            size += len(piece)
            if size > MOST_BYTES:
                raise httpx2.ReadError(f"the answer has more than {MOST_BYTES:,} bytes")
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()
