"""The server in a process of its own, so that it does not share the client's interpreter."""

import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@contextmanager
def loopback_process(arguments: Sequence[str] = ()) -> Generator[str]:
    """Run `python -m tests.loopback` for as long as the block runs.

    Args:
        arguments: Its command line arguments.

    Yields:
        The server's address, for `base_url`.
    """
    command = [sys.executable, "-m", "tests.loopback", "--until-stdin-closes", *arguments]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"the server did not start: {' '.join(command)}")
            yield url
        finally:
            process.stdin.close()
            process.wait(timeout=10)
