"""A program in a terminal of its own: a real pseudo-terminal, and a person who types."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator

from typing_extensions import Self

if sys.platform != "win32":
    import pty

PATIENCE = 30.0
"""Seconds within which everything happens that a test waits for."""

# The first terminal that the leader of a session opens becomes its own, so that Ctrl+C works; and
# shells start what they run in the background, such as these tests, with Ctrl+C ignored.
_PRELUDE = """
import asyncio, os, signal, sys
os.open(os.ttyname(0), os.O_RDWR)
signal.signal(signal.SIGINT, signal.default_int_handler)
from nbagent.questions import ask
"""


class TerminalSession:
    """Runs a program and shows what its terminal shows.

    Args:
        program: Python; `asyncio`, `os`, `sys` and `ask` are imported.
    """

    def __init__(self, program: str) -> None:
        self._terminal, inside = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PRELUDE + program],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            env={**os.environ, "PYTHONUTF8": "1", "PYTHON_COLORS": "0", "TERM": "xterm"},
        )
        os.close(inside)
        self.screen = ""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def wait_for(self, text: str) -> None:
        """Wait until the terminal shows `text`, after what was waited for before."""
        end = time.monotonic() + PATIENCE
        while (found := self.screen.find(text, self._seen)) < 0:
            if time.monotonic() > end or not self._read():
                raise AssertionError(f"{text!r} never came; the terminal shows:\n{self.screen}")
        self._seen = found + len(text)

    def type(self, text: str) -> None:
        """Press keys; "\\n" is Enter, "\\x03" Ctrl+C, "\\x04" Ctrl+D."""
        os.write(self._terminal, text.encode())

    def type_bytes(self, data: bytes) -> None:
        """Send bytes that need not be whole characters."""
        os.write(self._terminal, data)

    def tell(self) -> None:
        """Give the program the sign that it waits for (SIGUSR1)."""
        self._process.send_signal(signal.SIGUSR1)

    def end(self) -> int:
        """Wait until the program has ended; returns its exit code."""
        while self._read():
            pass
        return self._process.wait(PATIENCE)

    def _read(self) -> bool:
        """Take in what the program wrote; whether there may be more."""
        if not select.select([self._terminal], [], [], PATIENCE)[0]:
            return False
        with contextlib.suppress(OSError):  # so Linux says that the program has ended
            data = os.read(self._terminal, 65_536)
            self.screen += data.decode(errors="replace").replace("\r\n", "\n")
            return bool(data)
        return False


@contextlib.contextmanager
def terminal(program: str) -> Generator[TerminalSession]:
    """A program in a terminal, killed at the end if it is still there."""
    with TerminalSession(program) as session:
        yield session


def piped(program: str, given: bytes | None, *, timeout: float = PATIENCE) -> tuple[int, str, str]:
    """Run a program without a terminal.

    Args:
        program: Python, as in `TerminalSession`.
        given: What comes through the pipe that is its input; None for /dev/null.
        timeout: Seconds after which it counts as hanging.

    Returns:
        The exit code, the output and the errors.
    """
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "import asyncio, os, sys\nfrom nbagent.questions import ask\n" + program,
        ],
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    return run.returncode, run.stdout.decode(), run.stderr.decode()
