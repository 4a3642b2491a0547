"""What a stream costs through nbagent, beside the bare openai client."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from openai import AsyncOpenAI

from nbagent.agents import AssistantAgent
from nbagent.cancellation import CancellationToken
from nbagent.messages import ModelClientStreamingChunkEvent
from nbagent.models import CreateResult, UserMessage
from nbagent.models.openai import OpenAIChatCompletionClient
from tests.benchmarks.figure import Figure, median
from tests.loopback import loopback_process

DELTAS = 2000
ROUNDS = 9
TEXT = "word "


async def openai_stream(client: AsyncOpenAI) -> None:
    """Read one answer with the openai package alone."""
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
    assert "".join(text) == TEXT * DELTAS


async def client_stream(client: OpenAIChatCompletionClient) -> None:
    """Read one answer with nbagent's model client."""
    text: list[str] = []
    message = UserMessage(content="go", source="user")
    async for item in client.create_stream([message], cancellation_token=CancellationToken()):
        if isinstance(item, CreateResult):
            assert item.content == "".join(text) == TEXT * DELTAS
        else:
            text.append(item)


async def agent_stream(client: OpenAIChatCompletionClient) -> None:
    """Read one answer with an agent."""
    agent = AssistantAgent("writer", client, model_client_stream=True)
    text: list[str] = []
    async for item in agent.run_stream(task="go"):
        if isinstance(item, ModelClientStreamingChunkEvent):
            text.append(item.content)
    assert "".join(text) == TEXT * DELTAS


async def medians(ways: dict[str, Callable[[], Awaitable[None]]]) -> dict[str, float]:
    """Time each way several times, in turns, after one round that is not counted.

    Returns:
        The median of each, in milliseconds.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, stream in ways.items():
            start = time.perf_counter()
            await stream()
            if number:
                times[name].append((time.perf_counter() - start) * 1000)
    return {name: median(values) for name, values in times.items()}


async def _measure(url: str) -> list[Figure]:
    bare = AsyncOpenAI(base_url=url, api_key="none")
    client = OpenAIChatCompletionClient(model="any", base_url=url)
    times = await medians(
        {
            "openai": lambda: openai_stream(bare),
            "client": lambda: client_stream(client),
            "agent": lambda: agent_stream(client),
        }
    )
    await bare.close()
    await client.close()
    return [
        Figure(f"{DELTAS} chunks through the bare openai client", times["openai"], "ms"),
        Figure(f"{DELTAS} chunks through the model client", times["client"], "ms"),
        Figure(f"{DELTAS} chunks through AssistantAgent.run_stream", times["agent"], "ms"),
        Figure("model client / bare openai client", times["client"] / times["openai"]),
        Figure(
            "AssistantAgent.run_stream / bare openai client",
            times["agent"] / times["openai"],
            "",
            1.15,
        ),
    ]


def measure() -> list[Figure]:
    """Stream the same answer from one server, in another process, both ways in turns."""
    with loopback_process(["--text", TEXT, "--deltas", str(DELTAS)]) as url:
        return asyncio.run(_measure(url))


if __name__ == "__main__":
    for figure in measure():
        print(figure)
