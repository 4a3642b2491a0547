"""An MCP server for tests, written with the mcp package; run as a program.

Arguments: "stdio", "sse" or "streamable-http". The last two print the port that they took.
"""

import asyncio
import base64
import os
import socket
import sys
from typing import Annotated, Any

import mcp.types as types
import uvicorn
from mcp.server.mcpserver import (
    AcceptedElicitation,
    Context,
    Elicit,
    ElicitationResult,
    MCPServer,
    Resolve,
    Sample,
)
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel

DOT = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
        "gg=="
    )
).decode()

server = MCPServer("shop", version="1.2", instructions="Sell things.", log_level="CRITICAL")
running: set[str] = set()
finished: list[str] = []


class Person(BaseModel):
    name: str
    age: int = 30


async def who() -> Elicit[Person]:
    return Elicit("Who are you?", Person)


async def joke() -> Sample:
    question = types.TextContent(text="Tell a joke.")
    return Sample([types.SamplingMessage(role="user", content=question)], max_tokens=50)


@server.tool()
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def fail(reason: str) -> str:
    """Always fail."""
    raise ToolError(f"no luck: {reason}")


@server.tool()
def picture() -> list[types.TextContent | types.ImageContent]:
    """A picture with a title."""
    return [
        types.TextContent(text="A dot:"),
        types.ImageContent(data=DOT, mime_type="image/png"),
    ]


@server.tool()
async def wait(seconds: float) -> str:
    """Wait."""
    await asyncio.sleep(seconds)
    return "waited"


@server.tool()
def die() -> str:
    """End the server at once."""
    sys.stderr.write("the shop burns down\n")
    sys.stderr.flush()
    os._exit(3)


@server.tool()
def environment() -> list[str]:
    """The names of the environment variables."""
    return sorted(os.environ)


@server.tool()
def headers(context: Context[Any, Any]) -> str:
    """The header X-Key of the request."""
    return str(dict(context.headers or {}).get("x-key"))


@server.tool()
async def greet(person: Annotated[ElicitationResult[Person], Resolve(who)]) -> str:
    """Greet the person at the keyboard."""
    if isinstance(person, AcceptedElicitation):
        return f"Hello {person.data.name} ({person.data.age})"
    return f"no greeting: {person.action}"


@server.tool()
async def laugh(answer: Annotated[types.CreateMessageResult, Resolve(joke)]) -> str:
    """Tell a joke that a model makes up."""
    assert isinstance(answer.content, types.TextContent)
    return f"ha: {answer.content.text}"


@server.resource("shop://prices")
def prices() -> str:
    """What things cost."""
    return "tea 2"


@server.resource("shop://price/{article}")
def price(article: str) -> str:
    """What one thing costs."""
    return f"{article} 2"


@server.prompt()
def sell(article: str) -> str:
    """How to sell something."""
    return f"Sell {article}, please."


def main(kind: str) -> None:
    """Serve."""
    if kind == "stdio":
        server.run("stdio")
        return
    taken = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio sends at once only if told
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    app = server.sse_app() if kind == "sse" else server.streamable_http_app()
    config = uvicorn.Config(app, log_level="critical")
    sys.stdout.write(f"{taken.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run([taken])


if __name__ == "__main__":
    main(sys.argv[1])
