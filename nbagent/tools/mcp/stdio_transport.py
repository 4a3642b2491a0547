"""Speaks to an MCP server that is a program of this machine.

The messages are lines of JSON on the program's standard input and output, as the MCP
specification's page on transports says. Unlike the transport of the mcp package, this one limits
what a server may send, ends a server at once where nobody waits for it, and keeps the last lines
of its standard error for errors, as a notebook has no place for them.
"""

import asyncio
import codecs
import logging
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter
from pydantic import ValidationError

from nbagent.tools.mcp.errors import McpServerError
from nbagent.tools.mcp.server_params import StdioServerParams, hide_secrets

logger = logging.getLogger("nbagent.tools.mcp")

MOST_CHARACTERS = 96 * 1024 * 1024
"""The longest message; enough for the largest picture that nbagent accepts, as base64."""

MOST_JUNK_LINES = 1_000
"""After so many lines in a row that are no messages, a program is not taken for a server."""

_CHUNK = 64 * 1024
_GRACE = 1.0
"""Seconds that a server has to end after its input was closed, and again after SIGTERM."""

_POLL = 0.01
_LAST_LINES = 20
_LONGEST_LINE = 500

Streams = tuple[
    MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]
]


class StdioTransport:
    """One run of a server program.

    Args:
        params: The program.
    """

    def __init__(self, params: StdioServerParams) -> None:
        self._params = params
        self._process: asyncio.subprocess.Process | None = None
        self._errors: deque[str] = deque(maxlen=_LAST_LINES)
        self._fault = ""

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Streams]:
        """Start the program; it has ended when the block is left.

        Raises:
            McpServerError: It cannot be started.
        """
        process = await self._start()
        received, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        write, to_send = anyio.create_memory_object_stream[SessionMessage](0)
        orderly = False
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, process, received)
                tasks.start_soon(self._write, process, to_send, received)
                tasks.start_soon(self._keep_errors, process)
                yield read, write
                orderly = True
                tasks.cancel_scope.cancel()
        finally:
            for stream in (received, read, write, to_send):
                stream.close()
            with anyio.CancelScope(shield=True):
                await self._end(process, orderly=orderly)

    def kill(self) -> None:
        """End the program and all that it started, at once; from any thread."""
        if self._process is not None:
            # It leads a process group of its own, which outlives it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """Why the program ended, as far as it is known; without secrets."""
        code = None if self._process is None else self._process.returncode
        parts = [self._fault] if self._fault else []
        if code is not None and code >= 0:
            parts.append(f"it ended with exit code {code}")
        if self._errors:
            parts.append("it last wrote:\n" + "\n".join(self._errors))
        return hide_secrets("; ".join(parts), self._params)

    async def _start(self) -> asyncio.subprocess.Process:
        params = self._params
        try:
            self._process = await asyncio.create_subprocess_exec(
                params.command,
                *params.args,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=get_default_environment() | (params.env or {}),
                cwd=params.cwd,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise McpServerError(
                f"cannot start {params.command!r}: {getattr(error, 'strerror', None) or error}"
            ) from error
        return self._process

    async def _read(
        self,
        process: asyncio.subprocess.Process,
        received: MemoryObjectSendStream[SessionMessage | Exception],
    ) -> None:
        """Pass on what the server says, until it stops or breaks the rules."""
        assert process.stdout is not None
        decoder = codecs.getincrementaldecoder(self._params.encoding)(
            self._params.encoding_error_handler
        )
        pieces: list[str] = []
        size = junk = 0
        with received, suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            while chunk := await process.stdout.read(_CHUNK):
                try:
                    text = decoder.decode(chunk)
                except UnicodeDecodeError:
                    self._fault = f"it sent bytes that are no {self._params.encoding}"
                    return
                *ends, rest = text.split("\n")
                for end in ends:
                    message = _message("".join([*pieces, end]))
                    pieces, size = [], 0
                    junk = junk + 1 if message is None else 0
                    if message is not None:
                        await received.send(message)
                    elif junk > MOST_JUNK_LINES:
                        self._fault = "what it writes are no messages of MCP"
                        return
                pieces.append(rest)
                size += len(rest)
                if size > MOST_CHARACTERS:
                    self._fault = f"it sent a message of more than {MOST_CHARACTERS:,} characters"
                    return

    async def _write(
        self,
        process: asyncio.subprocess.Process,
        to_send: MemoryObjectReceiveStream[SessionMessage],
        received: MemoryObjectSendStream[SessionMessage | Exception],
    ) -> None:
        """Send what there is to say; where the server takes no more, the connection has ended."""
        assert process.stdin is not None
        try:
            async for item in to_send:
                line = item.message.model_dump_json(by_alias=True, exclude_unset=True) + "\n"
                process.stdin.write(
                    line.encode(self._params.encoding, self._params.encoding_error_handler)
                )
                await process.stdin.drain()
        except ConnectionError:
            received.close()

    async def _keep_errors(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        begun = ""
        while chunk := await process.stderr.read(_CHUNK):
            *lines, begun = (begun + chunk.decode(errors="replace")).split("\n")
            begun = begun[:_LONGEST_LINE]
            self._errors.extend(line[:_LONGEST_LINE] for line in lines if line.strip())
        if begun.strip():
            self._errors.append(begun)

    async def _end(self, process: asyncio.subprocess.Process, *, orderly: bool) -> None:
        """End the program; whatever interrupts this, nothing of it stays."""
        assert process.stdin is not None
        try:
            if orderly:
                process.stdin.close()
                if not await _has_ended(process, _GRACE):
                    with suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, signal.SIGTERM)
                    await _has_ended(process, _GRACE)
        finally:
            self.kill()
            if not await _has_ended(process, _GRACE):
                logger.warning("Process %d of an MCP server cannot be killed.", process.pid)
            # A grandchild that left the group may still hold the pipes, and asyncio closes its
            # side only after that; nothing public does.
            transport: asyncio.SubprocessTransport = getattr(process, "_transport")  # noqa: B009
            transport.close()


async def _has_ended(process: asyncio.subprocess.Process, seconds: float) -> bool:
    """Whether the process ends within some seconds.

    No event tells: `process.wait()` would also wait for whoever inherited its pipes.
    """
    deadline = anyio.current_time() + seconds
    while process.returncode is None and anyio.current_time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(_POLL)
    return process.returncode is not None


def _message(line: str) -> SessionMessage | None:
    """The message in a line; None where there is none, as some servers print other things."""
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValidationError:
        return None
