"""Whatever ends a server, a call or a run: no process, task, thread or socket stays."""

import asyncio
import gc
import os
import random
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

pytest.importorskip("mcp", reason="the extra nbagent[mcp] is not installed")

from nbagent import AssistantAgent, CancellationToken
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import (
    AssistantMessage,
    CreateResult,
    FunctionCall,
    FunctionExecutionResultMessage,
    RequestUsage,
)
from nbagent.tools.mcp import McpWorkbench, StdioMcpToolAdapter, mcp_server_tools
from tests.tools.mcp.leftovers import Held, nothing_left
from tests.tools.mcp.servers import program, shop_on

ECHO = """
while True:
    request = welcome()
    say(request, {"content": [{"type": "text", "text": "done"}]})
"""
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    time.sleep(1000)
request = welcome()
say(request, {"content": []})
time.sleep(1000)
"""


async def test_stop_leaves_nothing() -> None:
    async with nothing_left(), McpWorkbench(program(ECHO)) as bench:
        await bench.call_tool("work")


@pytest.mark.parametrize("kind", ["sse", "streamable-http"])
async def test_stop_leaves_nothing_of_a_server_with_an_address(kind: str) -> None:
    with shop_on(kind) as params:
        async with nothing_left(), McpWorkbench(params) as bench:
            await bench.call_tool("add", {"a": 1})
            call = asyncio.ensure_future(bench.call_tool("wait", {"seconds": 100}))
            await asyncio.sleep(0.2)
            call.cancel()
            await asyncio.wait({call})


async def test_a_program_that_does_not_want_to_end_and_its_children_end_too() -> None:
    async with nothing_left(), McpWorkbench(program(STUBBORN)) as bench:
        await bench.call_tool("work")


async def test_stop_in_the_middle_of_calls() -> None:
    async with nothing_left():
        bench = McpWorkbench(program("welcome(); time.sleep(100)"))
        await bench.start()
        calls = [asyncio.ensure_future(bench.call_tool("work")) for _ in range(5)]
        await asyncio.sleep(0.1)
        await bench.stop()
        done, _ = await asyncio.wait(calls, timeout=2)
        assert len(done) == 5


async def test_a_stop_that_is_cancelled_still_ends_the_server() -> None:
    async with nothing_left():
        bench = McpWorkbench(program(STUBBORN))
        await bench.start()
        stopping = asyncio.ensure_future(bench.stop())
        await asyncio.sleep(0.05)
        stopping.cancel()
        await asyncio.wait({stopping})


async def test_a_workbench_that_is_dropped_leaves_no_server() -> None:
    async with nothing_left():
        bench = McpWorkbench(program(ECHO))
        await bench.call_tool("work")
        del bench
        gc.collect()


async def test_starts_that_fail_leave_nothing() -> None:
    async with nothing_left():
        for source in ("sys.exit(1)", "time.sleep(100)", "print('x' * 100); time.sleep(100)"):
            bench = McpWorkbench(program(source))
            starting = asyncio.ensure_future(bench.start())
            await asyncio.wait({starting}, timeout=0.2)
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)


async def test_tools_without_a_session_end_their_server_after_each_call() -> None:
    async with nothing_left():
        (tool,) = await mcp_server_tools(program(ECHO))
        assert isinstance(tool, StdioMcpToolAdapter)
        assert await tool.run_json({}, CancellationToken()) == ["done"]
        hanging = (await mcp_server_tools(program("welcome(); time.sleep(100)")))[0]
        call = asyncio.ensure_future(hanging.run_json({}, CancellationToken()))
        await asyncio.sleep(0.3)
        call.cancel()
        await asyncio.wait({call}, timeout=1)
        assert call.cancelled()


async def test_500_cancels_at_random_points() -> None:
    """Runs of an agent end at once, with every call answered in its context, and go on."""
    luck = random.Random(4)
    usage = RequestUsage(prompt_tokens=1, completion_tokens=1)

    def answer(number: int) -> CreateResult:
        calls = [
            FunctionCall(id=f"{number}-{each}", name="work", arguments="{}") for each in range(3)
        ]
        return CreateResult(
            finish_reason="function_calls", content=calls, usage=usage, cached=False
        )

    client = ReplayChatCompletionClient(
        [answer(number) for number in range(5_000)],
        model_info={
            "vision": False,
            "function_calling": True,
            "json_output": False,
            "family": "unknown",
            "structured_output": False,
        },
    )
    cancelled = 0
    async with nothing_left():
        bench = McpWorkbench(program(ECHO))
        agent = AssistantAgent("clerk", client, workbench=bench, max_tool_iterations=4)
        await agent.run(task="warm up")
        begun = time.perf_counter()
        await agent.run(task="and again")
        whole = time.perf_counter() - begun
        during = Held.now()
        for number in range(500):
            token = CancellationToken()
            run = asyncio.ensure_future(agent.run(task="go", cancellation_token=token))
            await asyncio.sleep(luck.random() * 0.8 * whole)
            if number % 2:
                token.cancel()
            else:
                run.cancel()
            done, _ = await asyncio.wait({run}, timeout=10)
            assert done, f"run {number} did not end"
            cancelled += run.cancelled()
            if number % 100 == 99:  # a new server in between, also cancelled on its way
                await bench.stop()
        assert (await bench.call_tool("work")).to_text() == "done"
        assert len(Held.now().processes) == len(during.processes)
        await bench.stop()
    assert cancelled > 250
    called: set[str] = set()
    answered: list[str] = []
    for message in await agent.model_context.get_messages():
        if isinstance(message, AssistantMessage) and not isinstance(message.content, str):
            called |= {call.id for call in message.content}
        if isinstance(message, FunctionExecutionResultMessage):
            answered += [result.call_id for result in message.content]
    assert len(answered) == len(set(answered)) and called == set(answered)


def test_a_program_that_ends_without_stop_leaves_no_server() -> None:
    """Also where the event loop is gone, as in a kernel that shuts down."""
    source = f"""
    import asyncio
    from nbagent.tools.mcp import McpWorkbench
    from tests.tools.mcp.servers import program
    bench = McpWorkbench(program({STUBBORN!r}))
    loop = asyncio.new_event_loop()
    loop.run_until_complete(bench.call_tool("work"))
    import psutil
    print(*[child.pid for child in psutil.Process().children(recursive=True)])
    """
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(source)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pids = [int(pid) for pid in run.stdout.split()]
    assert len(pids) == 2
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if _runs(pid)], timeout=5)
    assert not alive


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_workbench_works_in_one_event_loop_after_the_other() -> None:
    bench = McpWorkbench(program(ECHO))
    for _ in range(2):
        assert asyncio.run(bench.call_tool("work")).to_text() == "done"
