"""The server: raw asyncio, so that every fault of a real network can be produced."""

import asyncio
import json
import random
import socket
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from typing_extensions import Self

from tests.loopback.answers import Fault, HttpError, Reply, completion, event, events

_EVENTS_PER_WRITE = 64


@dataclass(frozen=True)
class RecordedRequest:
    """A request that arrived.

    Attributes:
        method: The HTTP method.
        path: The path with its query.
        headers: The headers; names in lower case.
        body: The body, read as JSON.
        time: When it arrived, in seconds of the event loop's clock.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    time: float = 0.0


class LoopbackServer:
    """A chat completions server on 127.0.0.1.

    It answers `POST .../chat/completions`, streamed or in one piece as it is asked, and
    `GET /requests` with what it has recorded.

    Args:
        script: The replies in their order, or a function from the request to its reply. After
            the last one, every further request is refused with status 400.
        repeat: Start over after the last reply.

    Attributes:
        requests: The requests that arrived, oldest first.
    """

    def __init__(
        self,
        script: Sequence[Reply] | Callable[[RecordedRequest], Reply],
        *,
        repeat: bool = False,
    ) -> None:
        self._reply = script if callable(script) else _from_list(script, repeat)
        self.requests: list[RecordedRequest] = []
        self._server: asyncio.Server | None = None
        self._port = 0
        self._handlers: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def url(self) -> str:
        """The address for `base_url`."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def open_connections(self) -> int:
        """How many connections are open, idle ones included."""
        return len(self._handlers)

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0 takes any free port."""
        self._server = await asyncio.start_server(self._handle, "127.0.0.1", port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """End every connection, and stop listening."""
        assert self._server is not None
        self._server.close()
        handlers = list(self._handlers)
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
        await self._server.wait_closed()

    async def until_requests(self, count: int) -> None:
        """Wait until at least `count` requests have arrived."""
        while len(self.requests) < count:
            self._arrived.clear()
            await self._arrived.wait()

    async def until_connections(self, count: int) -> None:
        """Wait until no more than `count` connections are open."""
        while self.open_connections > count:
            self._ended.clear()
            await self._ended.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            while (request := await _read_request(reader)) is not None:
                if request.method == "GET":
                    recorded = [asdict(one) for one in self.requests]
                    await _send_whole(writer, 200, json.dumps(recorded).encode())
                    continue
                self.requests.append(request)
                self._arrived.set()
                if not await self._answer(request, reader, writer):
                    break
        except ConnectionError:
            pass  # The client is gone; so is its connection.
        except asyncio.CancelledError:
            pass  # Only `close()` cancels; asyncio would report it as an error.
        finally:
            writer.close()
            self._handlers.discard(task)
            self._ended.set()

    async def _answer(
        self,
        request: RecordedRequest,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Send the reply; whether the connection can be used again."""
        reply = self._reply(request)
        if isinstance(reply, HttpError):
            headers = {"content-type": reply.content_type, **reply.headers}
            if reply.retry_after is not None:
                headers["retry-after"] = str(reply.retry_after)
            await _send_whole(writer, reply.status, reply.encoded(), headers)
            return True
        fault = reply.fault
        if fault and fault.after is None:
            return await _fail(fault, reader, writer)
        if not request.body.get("stream"):
            if fault:
                return await _fail(fault, reader, writer)
            await _send_whole(writer, 200, json.dumps(completion(reply)).encode())
            return True
        stream_options: dict[str, Any] = request.body.get("stream_options") or {}
        include_usage = bool(stream_options.get("include_usage"))
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        pieces: Iterable[bytes] = events(reply, include_usage=include_usage)
        if fault:
            pieces = _before(fault, pieces)
        if reply.split_seed is not None:
            pieces = _split(b"".join(pieces), random.Random(reply.split_seed))
        await _send_pieces(writer, pieces, reply.interval)
        if fault and not await _fail(fault, reader, writer):
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def _from_list(replies: Sequence[Reply], repeat: bool) -> Callable[[RecordedRequest], Reply]:
    remaining = list(replies)

    def reply(_: RecordedRequest) -> Reply:
        if not remaining and repeat:
            remaining.extend(replies)
        if not remaining:
            return HttpError(400, "the script of the loopback server has no more answers")
        return remaining.pop(0)

    return reply


async def _read_request(reader: asyncio.StreamReader) -> RecordedRequest | None:
    """The next request; None at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except asyncio.IncompleteReadError:
        return None
    method, path, _ = first.split(" ")
    now = asyncio.get_running_loop().time()
    return RecordedRequest(method, path, headers, json.loads(body or b"{}"), now)


async def _send_whole(
    writer: asyncio.StreamWriter, status: int, body: bytes, headers: dict[str, str] | None = None
) -> None:
    given = {"content-type": "application/json", **(headers or {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    head = f"HTTP/1.1 {status} Status\r\ncontent-length: {len(body)}\r\n{lines}\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _send_pieces(
    writer: asyncio.StreamWriter, pieces: Iterable[bytes], interval: float
) -> None:
    """Send each piece as an HTTP chunk of its own, so that it arrives as one."""
    for number, piece in enumerate(pieces, 1):
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if interval:
            await writer.drain()
            await asyncio.sleep(interval)
        elif number % _EVENTS_PER_WRITE == 0:
            await writer.drain()
    await writer.drain()


def _before(fault: Fault, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What is sent before the fault."""
    left = fault.after or 0
    for piece in pieces:
        if left <= 0:
            return
        yield piece if fault.unit == "events" else piece[:left]
        left -= 1 if fault.unit == "events" else len(piece)


def _split(data: bytes, source: random.Random) -> Iterator[bytes]:
    """The bytes in pieces of random size."""
    start = 0
    while start < len(data):
        end = start + source.randint(1, 40)
        yield data[start:end]
        start = end


async def _fail(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Let the fault happen; whether the response goes on to its proper end."""
    if fault.kind == "reset":
        connection: socket.socket = writer.get_extra_info("socket")
        # With no time to linger, closing resets the connection.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False
    if fault.kind == "close":
        return False
    if fault.kind == "stall":
        await reader.read(1)  # until the client gives up
        return False
    if fault.kind == "bad_json":
        await _send_pieces(writer, [b'data: {"id": "c", "choices": [{"ind\n\n'], 0)
    if fault.kind == "error_event":
        error = {"message": "the model is overloaded", "type": "server_error", "code": "500"}
        await _send_pieces(writer, [event({"error": error})], 0)
    return True
