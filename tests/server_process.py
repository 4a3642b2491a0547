"""A server in a process of its own, on loopback, with folders of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Generator, Sequence
from pathlib import Path

START_SECONDS = 60.0


@contextlib.contextmanager
def server_process(
    command: Sequence[str], probe: str, folder: Path, settings: dict[str, str]
) -> Generator[None]:
    """Run a server until the block ends.

    Args:
        command: The program and its arguments.
        probe: An address; the server is there once it answers.
        folder: Where the server runs, and where its log `server.log` goes.
        settings: Environment variables beside those of this process.

    Raises:
        RuntimeError: It did not start; the message holds its log.
    """
    # A Jupyter that runs these tests must not lend the server its own settings.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY"))
    }
    log_path = folder / "server.log"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env=environment | settings,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(probe, process, log_path)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """A port on loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", log_path: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                answer.read()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start. Its log:\n{log_path.read_text()}")
