"""Reads lines of the standard input while the event loop goes on, and can be cancelled at once."""

import asyncio
import concurrent.futures
import os
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import AnyStr, TextIO

from nbagent.questions import InvalidAnswerError, NobodyToAskError
from nbagent.questions.blocking import begin_waiting
from nbagent.questions.checks import MAX_BYTES, too_long

if sys.platform != "win32" and sys.platform != "emscripten":
    import termios

_TERMINAL_LINE = 4_095
"""The longest line that the terminal of Linux gives, in bytes; the rest of it is lost."""

_AT_ONCE = 4_096
"""So many bytes are read before the event loop has its turn again."""


class TerminalInput:
    """The lines of the standard input, each whole, with nothing read beyond it."""

    def __init__(self) -> None:
        self._thread = _ReadingThread()
        self._begun = bytearray()

    def unavailable(self) -> str | None:
        """Why nobody can be asked, as a clause; None where someone can."""
        stdin = sys.stdin
        if stdin is None:  # pyright: ignore[reportUnnecessaryComparison] - so it is under pythonw
            return "the program has no standard input"
        if stdin.closed:
            return "the standard input is closed"
        descriptor = _descriptor(stdin)
        if descriptor is None:
            return None
        try:
            status = os.fstat(descriptor)
        except OSError:
            return "the standard input is closed"
        if sys.platform != "win32" and os.path.samestat(status, Path(os.devnull).stat()):
            return "the standard input is empty"
        return None

    def is_echoed(self) -> bool:
        """Whether what is typed is seen where the questions are."""
        return sys.stdin.isatty()

    def drop_typed(self) -> None:
        """Forget what was typed before the question that it would answer was seen."""
        self._thread.drop()
        descriptor = _descriptor(sys.stdin)
        if descriptor is None or not os.isatty(descriptor):
            return
        if sys.platform != "win32" and sys.platform != "emscripten":
            termios.tcflush(descriptor, termios.TCIFLUSH)

    async def line(self) -> str:
        """The next line, without its line end.

        Raises:
            NobodyToAskError: The input has ended.
            InvalidAnswerError: The line is no text, is too long (it has been read to its end
                then), or the terminal has cut it off.
        """
        stdin = sys.stdin
        descriptor = _descriptor(stdin)
        try:
            if descriptor is not None and stat.S_ISREG(os.fstat(descriptor).st_mode):
                # A file keeps nobody waiting, and its place in it is shared with input().
                return _ended(_whole_line(stdin.readline))
            if descriptor is None or not _can_be_watched(descriptor):
                return _ended(await self._thread.line(stdin))
            return await self._watched_line(stdin, descriptor)
        except UnicodeDecodeError as error:
            raise InvalidAnswerError(f"That line is no {error.encoding} text.") from error
        except OSError as error:
            raise NobodyToAskError(f"the standard input cannot be read: {error}") from error

    async def _watched_line(self, stdin: TextIO, descriptor: int) -> str:
        is_terminal = os.isatty(descriptor)
        encoding, errors = stdin.encoding or "utf-8", stdin.errors or "strict"
        if not is_terminal and not self._begun:
            self._begun += _taken_already(stdin, descriptor).encode(encoding, errors)
        try:
            if not self._begun.endswith(b"\n"):
                await _complete(descriptor, self._begun)
        except asyncio.CancelledError:
            if is_terminal:
                # The half of an answer to this question must not become part of the next.
                self._begun.clear()
                self.drop_typed()
            raise
        line = bytes(self._begun)
        self._begun.clear()
        if is_terminal and sys.platform == "linux" and len(line.rstrip(b"\n")) >= _TERMINAL_LINE:
            raise InvalidAnswerError(
                f"The terminal takes lines of less than {_TERMINAL_LINE:,} bytes and has cut this "
                "one off. Give a shorter one, or run the program with a file as its input."
            )
        return _ended(_decoded(line, encoding))


async def _complete(descriptor: int, line: bytearray) -> None:
    """Complete `line` up to its line end, or to the end of the input.

    Bytes are read one at a time, so that none of the next line is taken.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    look = select.poll()
    look.register(descriptor, select.POLLIN)

    def read() -> None:
        if done.done():  # cancelled, and not yet told
            return
        try:
            for _ in range(_AT_ONCE):
                byte = os.read(descriptor, 1)
                if len(line) <= MAX_BYTES + 1 or byte == b"\n":
                    line.extend(byte)
                if byte in (b"", b"\n"):
                    loop.remove_reader(descriptor)
                    done.set_result(None)
                    return
                if not look.poll(0):
                    return
        except BlockingIOError:
            return
        except OSError as error:
            loop.remove_reader(descriptor)
            done.set_exception(error)

    loop.add_reader(descriptor, read)
    try:
        await done
    finally:
        loop.remove_reader(descriptor)


def _ended(line: str) -> str:
    """A line as it was read, without its line end; an empty one is the end of the input."""
    if not line:
        raise NobodyToAskError("the standard input has ended")
    return line.removesuffix("\n").removesuffix("\r")


def _decoded(line: bytes, encoding: str) -> str:
    if len(line) > MAX_BYTES + 1:
        raise too_long()
    return line.decode(encoding)


def _whole_line(readline: Callable[[int], AnyStr]) -> AnyStr:
    """The next line; of one that is too long the beginning, the rest is read and left out."""
    most = MAX_BYTES + 2
    line = piece = readline(most)
    while len(piece) == most and piece[-1:] not in ("\n", b"\n"):
        piece = readline(most)
    return line


def _taken_already(stdin: TextIO, descriptor: int) -> str:
    """What of the next line Python's own reader holds: `input()` reads a pipe ahead.

    Nothing more is taken: for the moment of the look, an empty file stands for the pipe.
    """
    pipe = os.dup(descriptor)
    try:
        empty = os.open(os.devnull, os.O_RDONLY)
        try:
            os.dup2(empty, descriptor)
            return stdin.readline(MAX_BYTES + 1)
        finally:
            os.dup2(pipe, descriptor)
            os.close(empty)
    finally:
        os.close(pipe)


def _descriptor(stdin: TextIO) -> int | None:
    """The file behind the standard input; None where there is none, as in IDLE."""
    try:
        return stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return None


def _can_be_watched(descriptor: int) -> bool:
    """Whether the event loop can tell when there is something to read."""
    if sys.platform == "win32":
        return False  # its loops watch sockets only
    loop = asyncio.get_running_loop()
    try:
        loop.add_reader(descriptor, lambda: None)
    except (NotImplementedError, OSError):
        return False
    loop.remove_reader(descriptor)
    return True


class _ReadingThread:
    """Reads where the event loop cannot watch the input.

    The read blocks, and nobody can end it. A line that comes when its question has been
    withdrawn is kept for the next question.
    """

    def __init__(self) -> None:
        self._reading: concurrent.futures.Future[str] | None = None

    async def line(self, stdin: TextIO) -> str:
        """The next line, with its line end."""
        if self._reading is None:
            self._reading = begin_waiting(lambda: _blocking_line(stdin))
        line = await asyncio.wrap_future(self._reading)
        self._reading = None
        return line

    def drop(self) -> None:
        """Forget a line that came for a question that was withdrawn."""
        if self._reading is not None and self._reading.done():
            self._reading = None


def _blocking_line(stdin: TextIO) -> str:
    descriptor = _descriptor(stdin)
    if descriptor is None:
        return _whole_line(stdin.readline)
    # Not through the standard input's own buffer: its lock, held here while Python shuts down,
    # would end the process with a fatal error. Without a buffer no byte of the next line is read.
    with os.fdopen(os.dup(descriptor), "rb", buffering=0) as unbuffered:
        return _decoded(_whole_line(unbuffered.readline), stdin.encoding or "utf-8")
