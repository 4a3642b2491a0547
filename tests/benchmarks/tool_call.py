"""What a tool call costs beyond the function itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from nbagent import CancellationToken, FunctionCall, FunctionTool
from nbagent.agents.tool_calls import ToolCalls
from nbagent.models.types import FunctionExecutionResult
from nbagent.tools import StaticWorkbench
from tests.benchmarks.figure import Figure

CALLS = 2000
ROUNDS = 9


async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def subtract(a: int, b: int) -> int:
    """Subtract, in a thread."""
    return a - b


async def _as_an_agent(calls: ToolCalls) -> list[FunctionExecutionResult]:
    async with aclosing(calls.stream()) as events:
        async for _ in events:
            pass
    return calls.results()


async def _time(call: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of one call, one after the other: of the processor, as nothing here waits."""
    start = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - start) / CALLS * 1000


async def _measure() -> list[Figure]:
    token = CancellationToken()
    bench = StaticWorkbench([FunctionTool(add), FunctionTool(subtract)])
    request = [FunctionCall(id="c", arguments='{"a": 1, "b": 2}', name="add")]
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "bare": lambda: add(1, 2),
        "bench": lambda: bench.call_tool("add", {"a": 1, "b": 2}, token),
        "agent": lambda: _as_an_agent(ToolCalls(request, [bench], {}, token, source="a")),
        "thread": lambda: asyncio.to_thread(subtract, 1, 2),
        "sync": lambda: bench.call_tool("subtract", {"a": 1, "b": 2}, token),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, call in ways.items():
            times[name].append(await _time(call))
    # The quickest counts, as others' work only ever slows one down.
    quickest = {name: min(values) for name, values in times.items()}
    return [
        Figure(
            "tool call through the workbench, beyond the bare call",
            quickest["bench"] - quickest["bare"],
            "ms",
            0.03,
        ),
        Figure(
            "the same as an agent makes it (JSON, task, result)",
            quickest["agent"] - quickest["bare"],
            "ms",
            0.03,
        ),
        Figure(
            "a plain function's call beyond asyncio.to_thread",
            quickest["sync"] - quickest["thread"],
            "ms",
        ),
    ]


def measure() -> list[Figure]:
    """Time calls of an async function one after the other, bare and as a tool."""
    return asyncio.run(_measure())


if __name__ == "__main__":
    for figure in measure():
        print(figure)
