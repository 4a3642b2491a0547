"""A run that says something, asks a person, and goes on with a tool."""

from collections.abc import AsyncGenerator
from typing import Any

from nbagent import TaskResult, UserProxyAgent
from tests.browser import runs


async def asking() -> AsyncGenerator[Any]:
    async for event in runs.talk(runs.pieces(runs.POEM, 20), 0.02):
        if not isinstance(event, TaskResult):
            yield event
    async for event in UserProxyAgent("human").run_stream(task="Which *colour*?"):
        if not isinstance(event, TaskResult):
            yield event
    async for event in runs.with_tool(0.05):
        yield event
