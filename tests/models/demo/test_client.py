"""DemoChatCompletionClient as a client: it streams, counts, stops and can be written down."""

import asyncio
import socket

import pytest

from nbagent import CancellationToken
from nbagent.exceptions import ComponentError, ConfigurationError
from nbagent.models import ChatCompletionClient, CreateResult, RequestUsage
from nbagent.models.demo import DemoChatCompletionClient
from tests.models.demo.conversing import said
from tests.models.demo.tools import TOOLS

LONG = [said("Write a long answer")]


async def test_the_pieces_of_a_stream_are_the_text() -> None:
    client = DemoChatCompletionClient(delay=0)
    for prompt in ("Hello", "write a long answer", "show me everything", "What is 2 + 2?"):
        items = [item async for item in client.create_stream([said(prompt)])]
        result = items.pop()
        assert isinstance(result, CreateResult)
        assert "".join(str(item) for item in items) == result.content
        assert result.thought is None
        assert len(items) > 1


async def test_tool_calls_have_ids_of_their_own() -> None:
    seen: set[str] = set()
    for _ in range(3):
        client = DemoChatCompletionClient(delay=0)
        items = [
            item
            async for item in client.create_stream([said("weather in Paris and Rome")], tools=TOOLS)
        ]
        assert len(items) == 1
        result = items[0]
        assert isinstance(result, CreateResult)
        assert result.finish_reason == "function_calls"
        assert not isinstance(result.content, str)
        seen |= {call.id for call in result.content}
    assert len(seen) == 6


async def test_usage_is_counted() -> None:
    client = DemoChatCompletionClient(delay=0)
    first = await client.create(LONG)
    assert first.usage.completion_tokens > 500
    assert first.usage.prompt_tokens == client.count_tokens(LONG)
    second = await client.create([said("Hello")], tools=TOOLS)
    assert second.usage.prompt_tokens > 100
    assert client.total_usage() == client.actual_usage() == first.usage + second.usage
    assert client.remaining_tokens(LONG) == 128_000 - client.count_tokens(LONG)
    assert DemoChatCompletionClient().total_usage() == RequestUsage(0, 0)


async def test_cancelling_ends_a_stream_in_the_middle_of_a_pause() -> None:
    client = DemoChatCompletionClient(delay=3600)
    token = CancellationToken()

    async def read() -> None:
        async for _ in client.create_stream(LONG, cancellation_token=token):
            pass

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(reading, 5)
    with pytest.raises(asyncio.CancelledError):
        await client.create(LONG, cancellation_token=token)
    assert (await client.create(LONG)).content


async def test_without_pauses_others_still_run() -> None:
    client = DemoChatCompletionClient(delay=0)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    pieces = [piece async for piece in client.create_stream(LONG)]
    ticking.cancel()
    assert ticks > len(pieces) / 2


async def test_it_uses_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the demo model went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    client = DemoChatCompletionClient(delay=0)
    assert (await client.create(LONG)).content
    await client.close()


def test_it_can_be_written_down_and_built_again() -> None:
    client = DemoChatCompletionClient(delay=0.5)
    dumped = client.dump_component()
    assert dumped.provider == "nbagent.models.demo.DemoChatCompletionClient"
    assert dumped.config == {"delay": 0.5}
    loaded = ChatCompletionClient.load_component(dumped)
    assert isinstance(loaded, DemoChatCompletionClient)
    assert loaded.dump_component() == dumped
    with pytest.raises(ComponentError, match="config"):
        ChatCompletionClient.load_component(dumped.model_copy(update={"config": {"delay": -1}}))


@pytest.mark.parametrize("delay", [-1, float("nan")])
def test_a_negative_delay_is_refused(delay: float) -> None:
    with pytest.raises(ConfigurationError, match="delay"):
        DemoChatCompletionClient(delay=delay)


def test_what_it_can_do() -> None:
    info = DemoChatCompletionClient().model_info
    assert info["vision"]
    assert info["function_calling"]
    assert info["json_output"]
    assert info["structured_output"]
    assert info["family"] == "unknown"
