"""Streams of real messages for the cells of the tests: runs that talk, stall, flood and fail."""

import asyncio
import base64
import io
import time
import uuid
from collections.abc import AsyncGenerator, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult
from nbagent.cancellation import CancellationToken
from nbagent.image import Image
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    TextMessage,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import FunctionCall, FunctionExecutionResult, RequestUsage

Stream: TypeAlias = AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]

POEM = """# The harbour

The lamps go on, one after the *other*. A ferry comes in.

| ship | place |
|---|---|
| Anna | 1 |
| Berta | 2 |

```python
def moor(ship: str, place: int = 1) -> None:
    print(f"{ship} at {place}")  # that is all
```

It costs $5 to $6, and $e^{i\\pi} + 1 = 0$.
"""


def asked() -> TextMessage:
    """The task of every run here."""
    return TextMessage(content="Tell me of the harbour.", source="user")


def pieces(text: str, count: int) -> list[str]:
    """`text` in `count` pieces of about the same length."""
    step = max(1, -(-len(text) // count))
    return [text[start : start + step] for start in range(0, len(text), step)]


async def talk(parts: Iterable[str], delay: float = 0.0) -> Stream:
    """An assistant says the parts one after the other, `delay` seconds apart."""
    task = asked()
    yield task
    message_id = str(uuid.uuid4())
    said = ""
    for part in parts:
        said += part
        yield ModelClientStreamingChunkEvent(
            content=part, full_message_id=message_id, source="assistant"
        )
        await asyncio.sleep(delay)
    answer = TextMessage(
        id=message_id, content=said, source="assistant", models_usage=RequestUsage(20, 40)
    )
    yield answer
    yield TaskResult(messages=[task, answer])


async def with_tool(seconds: float = 0.5) -> Stream:
    """An assistant calls a tool that takes some seconds, and uses its result."""
    task = asked()
    yield task
    call = FunctionCall(id="call-1", name="tide", arguments='{"harbour": "Kiel", "hours": 3}')
    request = ToolCallRequestEvent(content=[call], source="assistant")
    yield request
    await asyncio.sleep(seconds)
    result = FunctionExecutionResult(
        content="High water at 14:20.", name="tide", call_id="call-1", is_error=False
    )
    execution = ToolCallExecutionEvent(content=[result], source="assistant")
    yield execution
    answer = TextMessage(content="The tide is high at **14:20**.", source="assistant")
    yield answer
    yield TaskResult(messages=[task, request, execution, answer])


async def with_picture() -> Stream:
    """An assistant shows a picture: 60 by 40 pixels of one colour."""
    import PIL.Image

    buffer = io.BytesIO()
    PIL.Image.new("RGB", (60, 40), (200, 40, 90)).save(buffer, "PNG")
    picture = Image.from_base64(base64.b64encode(buffer.getvalue()).decode())
    answer = MultiModalMessage(content=["A sunset:", picture], source="assistant")
    task = asked()
    yield task
    yield answer
    yield TaskResult(messages=[task, answer])


async def everything() -> Stream:
    """A picture, a tool that has ended, the whole poem, and a tool that runs for ever."""
    async for event in with_picture():
        if not isinstance(event, TaskResult):
            yield event
    async for event in with_tool(0):
        if not isinstance(event, TaskResult) and getattr(event, "source", "") != "user":
            yield event
    async for event in talk(pieces(POEM, 10)):
        if not isinstance(event, TaskResult) and getattr(event, "source", "") != "user":
            yield event
    call = FunctionCall(id="call-2", name="weather", arguments='{"place": "Kiel"}')
    yield ToolCallRequestEvent(content=[call], source="assistant")
    await asyncio.sleep(3600)


async def without_end(stream: Stream) -> Stream:
    """All of a run but its end, which never comes."""
    async for event in stream:
        if isinstance(event, TaskResult):
            await asyncio.sleep(3600)
        yield event


async def stalls() -> Stream:
    """A model that begins to answer and then sends nothing more."""
    async for event in talk(["The lamps ", "go on"]):
        if isinstance(event, TextMessage) and event.source == "assistant":
            await asyncio.sleep(3600)
        yield event


async def blocks_in_a_thread(seconds: float = 5.0) -> Stream:
    """A tool that blocks a thread, which nothing can cancel."""
    yield asked()
    call = FunctionCall(id="call-1", name="wait", arguments="{}")
    yield ToolCallRequestEvent(content=[call], source="assistant")
    await asyncio.to_thread(time.sleep, seconds)
    yield TaskResult(messages=[])


async def floods() -> Stream:
    """A model that sends without end and without a pause."""
    yield asked()
    while True:
        yield ModelClientStreamingChunkEvent(
            content="word ", full_message_id="flood", source="assistant"
        )


async def will_not_end() -> Stream:
    """A run that catches its cancellation and takes two seconds to go."""
    yield asked()
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(2)
    yield TaskResult(messages=[])


async def conversation() -> Stream:
    """An assistant asks, a person answers, and the assistant goes on: two agents and no team."""
    client = ReplayChatCompletionClient(["Which harbour do you mean?", "Then the lamps go on."])
    assistant = AssistantAgent("assistant", client, model_client_stream=True)
    person = UserProxyAgent("user")
    messages: list[BaseAgentEvent | BaseChatMessage] = [asked()]
    yield messages[0]
    said: Sequence[BaseChatMessage] = [asked()]
    for agent in (assistant, person, assistant):
        async for event in agent.on_messages_stream(said, CancellationToken()):
            if isinstance(event, Response):
                said = [event.chat_message]
                messages.append(event.chat_message)
                yield event.chat_message
            else:
                yield event
    yield TaskResult(messages=messages)


class HarbourError(Exception):
    """What `fails()` raises."""


async def fails() -> Stream:
    """A run that raises an error after the first words."""
    yield asked()
    yield ModelClientStreamingChunkEvent(
        content="The lamps ", full_message_id="lamps", source="assistant"
    )
    raise HarbourError("the harbour is closed")


async def until(path: str) -> Stream:
    """A run that says something now and again, and ends once there is a file of this name."""
    task = asked()
    yield task
    words = 0
    while not Path(path).exists():  # noqa: ASYNC240 - a look at a local file blocks nobody
        words += 1
        yield ModelClientStreamingChunkEvent(
            content=f"word {words} ", full_message_id="until", source="assistant"
        )
        await asyncio.sleep(0.05)
    yield TaskResult(messages=[task])
