"""The tools of an MCP server, as a model can be told of them.

Names, texts and schemas come from the server and may be anything: what no model takes is made
fit or left out, and never brings a run down.
"""

import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import mcp.types as types
from mcp import Client, MCPError

from nbagent.cancellation import CancellationToken
from nbagent.tools.base import ParametersSchema, ToolSchema
from nbagent.tools.mcp.errors import McpServerError
from nbagent.tools.workbench import ToolOverride

logger = logging.getLogger("nbagent.tools.mcp")

MOST_PAGES = 1_000
MOST_ITEMS = 10_000
LONGEST_DESCRIPTION = 16_000
LARGEST_SCHEMA = 256_000
"""Characters of a tool's schema, as JSON."""

FRESH_SECONDS = 30.0
"""How long a list counts where no call came between: calls may change what tools there are."""

_NOT_IN_A_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64

PageT = TypeVar("PageT", bound=types.PaginatedResult)
ItemT = TypeVar("ItemT")


@dataclass(frozen=True)
class ListedTool:
    """A tool as it is offered to a model.

    Attributes:
        own_name: What the server calls it.
        schema: What the model is told.
    """

    own_name: str
    schema: ToolSchema


class Requesting(Protocol):
    """Whatever makes requests to a server, as `McpSession` does."""

    @property
    def name(self) -> str:
        """What errors call the server."""
        ...

    @property
    def client(self) -> Client | None:
        """The open connection."""
        ...

    def start(self) -> Awaitable[None]:
        """Open the connection, if it is not open."""
        ...

    def request(
        self,
        ask: Callable[[Client], Awaitable[ItemT]],
        cancellation_token: CancellationToken | None = None,
    ) -> Awaitable[ItemT]:
        """Ask the server for something."""
        ...


class ToolList:
    """The tools of one server, asked for when they may have changed.

    Args:
        overrides: Other names and descriptions, by the server's own names.
    """

    def __init__(self, overrides: Mapping[str, ToolOverride]) -> None:
        self._overrides = dict(overrides)
        self._tools: dict[str, ListedTool] | None = None
        self._until = 0.0
        self._told: set[str] = set()

    def outdate(self, _: object = None) -> None:
        """The tools may have changed."""
        self._until = 0.0

    def clear(self) -> None:
        """Forget the tools."""
        self._tools = None
        self._until = 0.0

    async def find(
        self, name: str, session: Requesting, cancellation_token: CancellationToken
    ) -> ListedTool | None:
        """The tool that a model calls by `name`; the server is asked only where it is new.

        Raises:
            McpServerError: As in `get()`.
        """
        known = (self._tools or {}).get(name)
        return known or (await self.get(session, cancellation_token)).get(name)

    async def get(
        self, session: Requesting, cancellation_token: CancellationToken | None = None
    ) -> Mapping[str, ListedTool]:
        """The tools by the names that a model calls.

        Where the server is gone, these are the last known: a call starts it again. Where it
        runs and does not tell them in a way that can be understood, the log says so.

        Raises:
            McpServerError: They were never known, and the server cannot be started or reached.
        """
        known = self._tools
        if known is not None and (time.monotonic() < self._until or session.client is None):
            return known
        await session.start()
        try:
            tools = await session.request(all_tools, cancellation_token)
        except McpServerError as error:
            logger.warning("%s tools are offered: %s", "No" if not known else "Earlier", error)
            return known or {}
        return self._take(tools, session.name)

    def _take(self, tools: Iterable[types.Tool], server: str) -> Mapping[str, ListedTool]:
        problems: list[str] = []
        before = self._tools or {}
        taken = offered(tools, self._overrides, problems)
        for problem in problems:
            if problem not in self._told:
                self._told.add(problem)
                logger.warning("MCP server %s: %s", server, problem)
        # The same object stands for the same tool, so that an approval holds as long as the
        # server says the same of it.
        self._tools = {
            name: before[name] if before.get(name) == tool else tool for name, tool in taken.items()
        }
        self._until = time.monotonic() + FRESH_SECONDS
        return self._tools


async def all_tools(client: Client) -> list[types.Tool]:
    """Every tool of a server; none where it knows of no tools."""
    try:
        return await all_pages(
            lambda cursor: client.list_tools(cursor=cursor), lambda page: page.tools
        )
    except MCPError as error:
        if error.code == types.METHOD_NOT_FOUND:
            return []
        raise


async def all_pages(
    ask: Callable[[str | None], Awaitable[PageT]], items: Callable[[PageT], list[ItemT]]
) -> list[ItemT]:
    """Every item of a list that comes page by page.

    A server that goes on for ever is cut off.
    """
    found: list[ItemT] = []
    cursor: str | None = None
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        page = await ask(cursor)
        found += items(page)
        cursor = page.next_cursor
        if cursor is None:
            return found
        if cursor in seen or len(found) > MOST_ITEMS:
            break
        seen.add(cursor)
    logger.warning("An MCP server's list does not end; %d items are taken.", len(found))
    return found[:MOST_ITEMS]


def unique_tools(tools: Iterable[types.Tool]) -> list[types.Tool]:
    """The tools that can be offered to a model one by one, each name once."""
    kept: dict[str, types.Tool] = {}
    for tool in tools:
        try:
            tool_parameters(tool)
        except ValueError as error:
            logger.warning("Tool %s of an MCP server is left out: %s.", _short(tool.name), error)
            continue
        if kept.setdefault(safe_name(tool.name), tool) is not tool:
            logger.warning("Tool %s of an MCP server is there already.", _short(tool.name))
    return list(kept.values())


def offered(
    tools: Iterable[types.Tool], overrides: Mapping[str, ToolOverride], problems: list[str]
) -> dict[str, ListedTool]:
    """The tools that a model can be offered, by the names that it calls.

    Args:
        tools: What the server offers.
        overrides: Other names and descriptions, by the server's own names.
        problems: Takes what had to be changed or left out.
    """
    own: dict[str, types.Tool] = {}
    for tool in tools:
        if tool.name in own:
            problems.append(f"tool {_short(tool.name)} is listed twice; the first one counts.")
        else:
            own[tool.name] = tool
    # Names that somebody chose go first, so that no server can take them.
    chosen = [name for name in own if name in overrides and overrides[name].name]
    result: dict[str, ListedTool] = {}
    for name in [*chosen, *(name for name in own if name not in set(chosen))]:
        override = overrides.get(name, ToolOverride())
        called = _free(override.name or safe_name(name), result)
        if called != (override.name or name):
            problems.append(f"tool {_short(name)} is offered as {called!r}.")
        description = own[name].description or ""
        if override.description is not None:
            description = override.description
        try:
            parameters = tool_parameters(own[name])
        except ValueError as error:
            problems.append(f"tool {_short(name)} is left out: {error}.")
            continue
        schema = ToolSchema(
            name=called, description=description[:LONGEST_DESCRIPTION], parameters=parameters
        )
        result[called] = ListedTool(name, schema)
    return result


def safe_name(name: str) -> str:
    """The name with what no model may call replaced: letters, digits, "_" and "-" stay."""
    return _NOT_IN_A_NAME.sub("_", name)[:_LONGEST_NAME] or "tool"


def tool_parameters(tool: types.Tool) -> ParametersSchema:
    """The schema of a tool's arguments.

    Raises:
        ValueError: It is no schema of an object, or too large.
    """
    schema = {key: value for key, value in tool.input_schema.items() if key != "$schema"}
    properties: Any = schema.get("properties", {})
    required: Any = schema.get("required", [])
    if schema.get("type", "object") != "object" or not isinstance(properties, dict):
        raise ValueError("its arguments are no object")
    if not isinstance(required, list) or not all(
        isinstance(name, str) for name in cast("list[object]", required)
    ):
        raise ValueError("its required arguments are no list of names")
    if (size := len(json.dumps(schema))) > LARGEST_SCHEMA:
        raise ValueError(f"its schema has {size:,} characters")
    return cast(ParametersSchema, {**schema, "type": "object", "properties": properties})


def _free(name: str, taken: Mapping[str, object]) -> str:
    """The name, with a number where it is taken."""
    free, number = name, 2
    while free in taken:
        free = f"{name[: _LONGEST_NAME - len(str(number)) - 1]}_{number}"
        number += 1
    return free


def _short(name: str) -> str:
    return repr(name if len(name) <= 80 else f"{name[:79]}…")
