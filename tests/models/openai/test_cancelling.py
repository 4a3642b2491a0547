"""Ending a call early: at once, and without leaving anything behind."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from nbagent.cancellation import CancellationToken
from nbagent.models import CreateResult
from tests.loopback import (
    Answer,
    Fault,
    HttpError,
    LoopbackServer,
    Reply,
    loopback_process,
)
from tests.models.openai.calls import ASK, client_of, stream

STALL = Answer(["a", "b"], fault=Fault("stall", after=3))
SLOW = Answer(["a"] * 10_000, interval=0.01)
LATER: dict[str, Reply] = {
    "a stall in the stream": STALL,
    "a stream that goes on": SLOW,
    "no response yet": Answer(fault=Fault("stall", after=None)),
    "the wait before a retry": HttpError(429, retry_after=60),
}


async def settled() -> set[asyncio.Task[object]]:
    """The tasks besides this one, after a moment for the loop to clear away what has ended."""
    for _ in range(10):
        await asyncio.sleep(0)
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


@pytest.mark.parametrize(
    ("situation", "streamed"),
    [(situation, True) for situation in LATER]
    + [(situation, False) for situation in LATER if situation != "a stream that goes on"],
)
async def test_a_token_ends_every_wait(situation: str, streamed: bool) -> None:
    async with LoopbackServer([LATER[situation]]) as server:
        client = client_of(server, max_retries=2)
        token = CancellationToken()

        async def call() -> None:
            if streamed:
                await stream(client, cancellation_token=token)
            else:
                await client.create(ASK, cancellation_token=token)

        task = asyncio.create_task(call())
        await server.until_requests(1)
        await asyncio.sleep(0.02)
        token.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if situation != "the wait before a retry":
            await server.until_connections(0)
        await client.close()
        await server.until_connections(0)
        assert await settled() == set()


async def test_a_cancelled_token_sends_nothing() -> None:
    async with LoopbackServer([]) as server:
        client = client_of(server)
        token = CancellationToken()
        token.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.create(ASK, cancellation_token=token)
        with pytest.raises(asyncio.CancelledError):
            await stream(client, cancellation_token=token)
        await client.close()
        assert server.requests == []


async def test_the_caller_can_go_on_after_a_token() -> None:
    async with LoopbackServer([STALL, Answer(["ok"])]) as server:
        client = client_of(server)
        token = CancellationToken()
        pieces: list[str | CreateResult] = []
        with pytest.raises(asyncio.CancelledError):
            async for piece in client.create_stream(ASK, cancellation_token=token):
                pieces.append(piece)
                if len(pieces) == 2:
                    asyncio.get_running_loop().call_later(0.01, token.cancel)
        assert pieces == ["a", "b"]
        assert (await stream(client))[1].content == "ok"
        await client.close()


async def test_cancelling_the_task_closes_the_connection() -> None:
    async with LoopbackServer([STALL]) as server:
        client = client_of(server)
        task = asyncio.create_task(stream(client))
        await server.until_requests(1)
        await asyncio.sleep(0.02)
        task.cancel("for a reason")
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        await server.until_connections(0)
        await client.close()


async def test_a_time_limit_around_the_call_is_a_timeout() -> None:
    async with LoopbackServer([STALL]) as server:
        client = client_of(server)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(stream(client), 0.05)
        await server.until_connections(0)
        await client.close()


async def test_closing_the_stream_closes_the_connection() -> None:
    async with LoopbackServer([SLOW]) as server:
        client = client_of(server)
        answer: AsyncGenerator[str | CreateResult, None] = client.create_stream(ASK)
        async with aclosing(answer):
            async for _ in answer:
                break
            assert server.open_connections == 1
        await server.until_connections(0)
        assert await settled() == set()
        await client.close()


async def test_leaving_the_loop_closes_the_connection() -> None:
    async with LoopbackServer([SLOW]) as server:
        client = client_of(server)
        async for _ in client.create_stream(ASK):
            break
        await server.until_connections(0)
        await client.close()


async def test_five_hundred_cancelled_calls_leave_nothing() -> None:
    async with LoopbackServer([STALL], repeat=True) as server:
        client = client_of(server)
        for number in range(25):
            token = CancellationToken()
            calls = [
                asyncio.create_task(stream(client, cancellation_token=token)) for _ in range(20)
            ]
            await server.until_requests(20 * (number + 1))
            token.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(result, asyncio.CancelledError) for result in results)
        await server.until_connections(0)
        assert await settled() == set()
        await client.close()


TWO_LOOPS = """
import asyncio, sys
from nbagent.models import UserMessage
from nbagent.models.openai import OpenAIChatCompletionClient

client = OpenAIChatCompletionClient(model="m", base_url=sys.argv[1], max_retries=0)
ask = [UserMessage(content="go", source="user")]
for _ in range(2):
    print(asyncio.run(client.create(ask)).content)
"""


def test_one_client_serves_one_event_loop_after_another() -> None:
    with loopback_process(["--deltas", "2", "--text", "ok"]) as url:
        # In a process of its own: the connection of the first loop is never closed.
        command = [sys.executable, "-c", TWO_LOOPS, url]
        output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert output.stdout.split() == ["okok", "okok"]
