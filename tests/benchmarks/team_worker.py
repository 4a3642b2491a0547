"""The same program on nbagent and on AutoGen: only the names of the packages differ.

It runs in an interpreter of its own, knows nothing else of this project, and does what it is
told on its standard input, one line each: `turns 1000`, `memory 1000`, `openai URL`, `team URL`,
`tool` and `bare`. Each answer is a line with a number: milliseconds of the processor, or for
`memory` the mebibytes by which the process grew.
"""

import asyncio
import importlib
import sys
import time
from pathlib import Path
from typing import Any

CORE, CHAT, EXT = {
    "nbagent": ("nbagent", "nbagent", "nbagent"),
    "autogen": ("autogen_core", "autogen_agentchat", "autogen_ext"),
}[sys.argv[1]]

core: Any = importlib.import_module(CORE)
core_tools: Any = importlib.import_module(f"{CORE}.tools")
agents: Any = importlib.import_module(f"{CHAT}.agents")
base: Any = importlib.import_module(f"{CHAT}.base")
messages: Any = importlib.import_module(f"{CHAT}.messages")
teams: Any = importlib.import_module(f"{CHAT}.teams")
said = messages.TextMessage

CALLS = 2000
UNKNOWN_MODEL = {
    "vision": False,
    "function_calling": True,
    "json_output": True,
    "structured_output": True,
    "family": "unknown",
}


BaseChatAgent: Any = agents.BaseChatAgent


class Trivial(BaseChatAgent):
    """Says always the same message."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "does nothing")  # pyright: ignore[reportUnknownMemberType]
        self._response = base.Response(chat_message=messages.TextMessage(content="x", source=name))

    @property
    def produced_message_types(self) -> Any:
        return (messages.TextMessage,)

    async def on_messages(self, messages: Any, cancellation_token: Any) -> Any:
        return self._response

    async def on_reset(self, cancellation_token: Any) -> None:
        pass


class Talking(Trivial):
    """Says a message of its own each time."""

    async def on_messages(self, messages: Any, cancellation_token: Any) -> Any:
        return base.Response(chat_message=said(content="x", source=self.name))


async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def turns(number: str) -> float:
    """A run of so many turns with agents that do nothing; milliseconds a turn."""
    count = int(number)
    team = teams.RoundRobinGroupChat([Trivial("a"), Trivial("b")], max_turns=count)
    start = time.process_time()
    result = await team.run(task="go")
    elapsed = time.process_time() - start
    assert len(result.messages) == count + 1
    return elapsed / count * 1000


def resident() -> float:
    """What the process holds of the machine's memory, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not tell how much memory a process holds")


async def memory(number: str) -> float:
    """How much the process grows in a run of so many turns, its result and its team kept."""
    count = int(number)
    team = teams.RoundRobinGroupChat([Talking("a"), Talking("b")], max_turns=count)
    before = resident()
    result = await team.run(task="go")
    after = resident()
    assert len(result.messages) == count + 1
    return after - before


async def openai_alone(url: str) -> float:
    """One streamed answer, read with the openai package alone."""
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=url, api_key="none") as client:
        start = time.process_time()
        stream = await client.chat.completions.create(
            model="any",
            messages=[{"role": "user", "content": "go"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        text: list[str] = []
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                text.append(chunk.choices[0].delta.content)
        elapsed = time.process_time() - start
    assert text
    return elapsed * 1000


async def team_stream(url: str) -> float:
    """The same answer, streamed through a team of one agent."""
    clients = importlib.import_module(f"{EXT}.models.openai")
    client = clients.OpenAIChatCompletionClient(
        model="any", base_url=url, api_key="none", model_info=UNKNOWN_MODEL
    )
    agent = agents.AssistantAgent("writer", client, model_client_stream=True)
    team = teams.RoundRobinGroupChat([agent], max_turns=1)
    text: list[str] = []
    start = time.process_time()
    item: Any = None
    async for item in team.run_stream(task="go"):
        if isinstance(item, messages.ModelClientStreamingChunkEvent):
            text.append(item.content)
    elapsed = time.process_time() - start
    assert item.messages[-1].content == "".join(text)
    await client.close()
    return elapsed * 1000


async def bare() -> float:
    """A call of a function."""
    start = time.process_time()
    for _ in range(CALLS):
        await add(a=1, b=2)
    return (time.process_time() - start) / CALLS * 1000


async def tool() -> float:
    """The same call as a tool, through a workbench."""
    bench = core_tools.StaticWorkbench([core_tools.FunctionTool(add, description="Add.")])
    token = core.CancellationToken()
    start = time.process_time()
    for _ in range(CALLS):
        await bench.call_tool("add", {"a": 1, "b": 2}, token)
    return (time.process_time() - start) / CALLS * 1000


WAYS: dict[str, Any] = {
    "turns": turns,
    "memory": memory,
    "openai": openai_alone,
    "team": team_stream,
    "bare": bare,
    "tool": tool,
}


def main() -> None:
    """Do what the lines of the standard input say, one after the other."""
    for line in sys.stdin:
        way, *arguments = line.split()
        print(asyncio.run(WAYS[way](*arguments)), flush=True)


if __name__ == "__main__":
    main()
