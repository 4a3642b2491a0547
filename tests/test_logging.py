"""Model and tool calls in Python's log, for whoever listens."""

import json
import logging
from collections.abc import AsyncGenerator

import pytest
from pydantic import BaseModel

from nbagent import EVENT_LOGGER_NAME, CancellationToken, FunctionTool
from nbagent.logging import LLMCallEvent, LLMStreamEndEvent, LLMStreamStartEvent, ToolCallEvent
from nbagent.models import UserMessage
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.tools import BaseStreamTool
from tests.loopback import Answer, LoopbackServer


class Upto(BaseModel):
    number: int


MESSAGES = [UserMessage(content="go", source="user")]


async def test_a_call_of_a_model(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=EVENT_LOGGER_NAME)
    async with LoopbackServer([Answer(text=["Hel", "lo"])]) as server:
        client = OpenAIChatCompletionClient(model="any", base_url=server.url, api_key="top-secret")
        result = await client.create(MESSAGES)
        await client.close()

    (record,) = [record for record in caplog.records if record.name == EVENT_LOGGER_NAME]
    event = record.msg
    assert isinstance(event, LLMCallEvent)
    assert event.prompt_tokens == result.usage.prompt_tokens
    assert event.completion_tokens == result.usage.completion_tokens
    told = json.loads(record.getMessage())
    assert told["type"] == "LLMCall"
    assert told["messages"][-1]["content"] == "go"
    assert told["response"]["content"] == "Hello"
    assert "top-secret" not in record.getMessage()


async def test_a_stream_of_a_model(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=EVENT_LOGGER_NAME)
    async with LoopbackServer([Answer(text=["Hel", "lo"])]) as server:
        client = OpenAIChatCompletionClient(model="any", base_url=server.url, api_key="none")
        async for _ in client.create_stream(MESSAGES):
            pass
        await client.close()

    start, end = [r.msg for r in caplog.records if r.name == EVENT_LOGGER_NAME]
    assert isinstance(start, LLMStreamStartEvent)
    assert isinstance(end, LLMStreamEndEvent)
    assert start.kwargs["messages"][-1]["content"] == "go"
    assert end.kwargs["response"]["content"] == "Hello"
    assert end.completion_tokens > 0


async def test_a_call_of_a_tool(caplog: pytest.LogCaptureFixture) -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    caplog.set_level(logging.INFO, logger=EVENT_LOGGER_NAME)
    await FunctionTool(add).run_json({"a": 1, "b": 2}, CancellationToken())

    (event,) = [r.msg for r in caplog.records if r.name == EVENT_LOGGER_NAME]
    assert isinstance(event, ToolCallEvent)
    assert event.kwargs == {
        "type": "ToolCall",
        "tool_name": "add",
        "arguments": {"a": 1, "b": 2},
        "result": "3",
    }


class Counting(BaseStreamTool[Upto, int, int]):
    def __init__(self) -> None:
        super().__init__(Upto, int, "count", "Counts.")

    async def run(self, args: Upto, cancellation_token: CancellationToken) -> int:
        return args.number

    async def run_stream(
        self, args: Upto, cancellation_token: CancellationToken
    ) -> AsyncGenerator[int, None]:
        for number in range(args.number + 1):
            yield number


async def test_a_call_of_a_tool_that_reports_on_the_way(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=EVENT_LOGGER_NAME)
    async for _ in Counting().run_json_stream({"number": 3}, CancellationToken()):
        pass

    told = [r.getMessage() for r in caplog.records if r.name == EVENT_LOGGER_NAME]
    assert [json.loads(text)["result"] for text in told] == ["3"]


async def test_nothing_is_logged_unless_someone_listens(caplog: pytest.LogCaptureFixture) -> None:
    async with LoopbackServer([Answer(text=["Hello"])]) as server:
        client = OpenAIChatCompletionClient(model="any", base_url=server.url, api_key="none")
        await client.create(MESSAGES)
        await client.close()

    assert [r for r in caplog.records if r.name == EVENT_LOGGER_NAME] == []


def test_a_value_that_is_no_json_is_told_as_text() -> None:
    event = ToolCallEvent(tool_name="t", arguments={"x": {1}}, result="ü")

    assert json.loads(str(event))["arguments"] == {"x": "{1}"}
    assert "ü" in str(event)
