"""Starts the servers that the tests talk to."""

import contextlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Generator
from pathlib import Path
from typing import Any

from nbagent.tools.mcp import SseServerParams, StdioServerParams, StreamableHttpServerParams

SERVED = Path(__file__).with_name("served.py")
PATHS = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
"""What a server needs to find the mcp package, wherever the tests found it."""

SLOW_MACHINE = 30.0
"""Seconds for an answer, where a test is not about waiting."""


def shop(*, env: dict[str, str] | None = None, **settings: Any) -> StdioServerParams:
    """The shop as a program."""
    settings.setdefault("read_timeout_seconds", SLOW_MACHINE)
    return StdioServerParams(
        command=sys.executable, args=[str(SERVED), "stdio"], env=PATHS | (env or {}), **settings
    )


def program(source: str, **settings: Any) -> StdioServerParams:
    """A server of one's own: a program without the mcp package.

    `hear()` gives the next request as a dict, `say()` answers one with a result, and
    `welcome()` answers until the client wants something of the server; it gives that request.
    """
    settings.setdefault("read_timeout_seconds", SLOW_MACHINE)
    return StdioServerParams(
        command=sys.executable, args=["-c", _HELPERS + textwrap.dedent(source)], **settings
    )


_HELPERS = """
import json, os, sys, time
def hear():
    while True:
        line = sys.stdin.readline()
        if not line:
            sys.exit()
        message = json.loads(line)
        if "id" in message and "method" in message:
            return message
def write(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0"} | message) + "\\n")
    sys.stdout.flush()
def say(request, result):
    write({"id": request["id"], "result": result})
def refuse(request, text="Method not found", code=-32601):
    write({"id": request["id"], "error": {"code": code, "message": text}})
TOOL = {"name": "work", "description": "Work.", "inputSchema": {"type": "object"}}
def welcome(tools=(TOOL,)):
    while True:
        request = hear()
        if request["method"] == "initialize":
            say(request, {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                          "serverInfo": {"name": "odd", "version": "1"}})
        elif request["method"] == "tools/list" and tools is not None:
            say(request, {"tools": list(tools)})
        elif request["method"] == "server/discover":
            refuse(request)
        else:
            return request
"""


@contextlib.contextmanager
def shop_on(kind: str, **settings: Any) -> Generator[SseServerParams | StreamableHttpServerParams]:
    """The shop on a free port of this machine; "sse" or "streamable-http"."""
    with subprocess.Popen(
        [sys.executable, str(SERVED), kind],
        stdout=subprocess.PIPE,
        env=os.environ | PATHS,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = f"http://127.0.0.1:{int(process.stdout.readline())}"
            if kind == "sse":
                settings.setdefault("timeout", SLOW_MACHINE)
                yield SseServerParams(url=f"{address}/sse", **settings)
            else:
                yield StreamableHttpServerParams(url=f"{address}/mcp", **settings)
        finally:
            process.kill()
