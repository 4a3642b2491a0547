"""AssistantAgent with the OpenAI client and a server: what is sent, and what becomes of answers."""

import base64
import io
from typing import Any

import pytest
from PIL import Image as PILImage
from pydantic import BaseModel

from nbagent import FunctionTool, Image, MultiModalMessage
from nbagent.agents import AssistantAgent
from nbagent.base import TaskResult
from nbagent.exceptions import ModelError, TruncatedResponseError
from nbagent.messages import (
    ModelClientStreamingChunkEvent,
    StructuredMessage,
    TextMessage,
    ThoughtEvent,
)
from nbagent.transcript import Transcript, fail, reduce
from nbagent.transcript.items import MessageItem, ThoughtItem
from tests.loopback import Answer, Fault, LoopbackServer, ToolCall
from tests.models.openai.calls import client_of

THOUGHT = "think: this hint is in the kitchen, think"
"""Begins and ends with letters of the tag that reasoning stands in."""


async def followed(agent: AssistantAgent) -> tuple[list[Any], Transcript, ModelError | None]:
    """A streamed run: its items, how a display shows it, and the error that ended it."""
    items: list[Any] = []
    transcript = Transcript()
    try:
        async for item in agent.run_stream(task="go"):
            items.append(item)
            reduce(transcript, item)
    except ModelError as error:
        fail(transcript, error)
        return items, transcript, error
    return items, transcript, None


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        Answer(["think", "ing ended"], reasoning=list(THOUGHT)),
        Answer(["think", "ing ended"], reasoning=list(THOUGHT), reasoning_field="reasoning"),
        Answer(list(f"<think>{THOUGHT}</think>\nthinking ended")),
        Answer([f"<think>\n{THOUGHT}\n</think>thinking ended"]),
    ],
    ids=["reasoning_content", "reasoning", "tags in pieces", "tags at once"],
)
async def test_reasoning_is_a_thought_whole_and_no_part_of_the_answer(
    answer: Answer, streamed: bool
) -> None:
    async with LoopbackServer([answer]) as server:
        client = client_of(server)
        agent = AssistantAgent("thinker", client, model_client_stream=streamed)
        items, transcript, _ = await followed(agent)
        await client.close()
    pieces = [item.content for item in items if isinstance(item, ModelClientStreamingChunkEvent)]
    assert "".join(pieces) == ("thinking ended" if streamed else "")
    result = items[-1]
    assert isinstance(result, TaskResult)
    _, thought, message = result.messages
    assert isinstance(thought, ThoughtEvent) and thought.content == THOUGHT
    assert isinstance(message, TextMessage) and message.content == "thinking ended"
    thoughts = [item.text for item in transcript.items if isinstance(item, ThoughtItem)]
    texts = [item.text for item in transcript.items if isinstance(item, MessageItem)]
    assert (thoughts, texts) == ([THOUGHT], ["go", "thinking ended"])


async def test_half_an_answer_is_an_error_that_keeps_it_and_no_part_of_the_conversation() -> None:
    half = Answer(["Once ", "upon ", "a time"], fault=Fault("truncate", after=3))
    async with LoopbackServer([half, Answer(["The end."])]) as server:
        client = client_of(server)
        agent = AssistantAgent("teller", client, model_client_stream=True)
        items, transcript, error = await followed(agent)
        assert type(error) is TruncatedResponseError
        assert error.partial_text == "Once upon "
        assert not any(isinstance(item, TaskResult) for item in items)
        kept = [(item.text, item.state) for item in transcript.items[:2] if item.kind == "message"]
        assert kept == [("go", "done"), ("Once upon ", "interrupted")]
        assert transcript.state == "failed"

        result = await agent.run(task="again")
        await client.close()
        assert result.messages[-1].to_text() == "The end."
        said = [message["content"] for message in server.requests[1].body["messages"]]
        assert said[1:] == ["go", "again"]


@pytest.mark.parametrize("after", range(1, 6))
async def test_a_tool_call_that_was_cut_off_does_not_run(after: int) -> None:
    deleted: list[str] = []

    def delete(path: str) -> str:
        """Delete a file."""
        deleted.append(path)
        return "deleted"

    # Whole JSON is no sign of a whole answer: another call might have followed.
    call = ToolCall("delete", '{"path": "x"}', pieces=4)
    answer = Answer(tool_calls=[call], fault=Fault("truncate", after))
    async with LoopbackServer([answer]) as server:
        client = client_of(server)
        agent = AssistantAgent("cleaner", client, tools=[delete], model_client_stream=True)
        _, _, error = await followed(agent)
        await client.close()
    assert type(error) is TruncatedResponseError
    assert deleted == []


def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


async def test_no_tool_carries_the_word_strict_unless_asked() -> None:
    def exact(a: int) -> int:
        """Exactly."""
        return a

    async with LoopbackServer([Answer(["ok"])]) as server:
        client = client_of(server)
        tools = [add, FunctionTool(add, name="plus"), FunctionTool(exact, strict=True)]
        await AssistantAgent("a", client, tools=tools, handoffs=["bob"]).run(task="go")
        await client.close()
        offered = {tool["function"]["name"]: tool for tool in server.requests[0].body["tools"]}
    assert list(offered) == ["add", "plus", "exact", "transfer_to_bob"]
    assert [name for name, tool in offered.items() if "strict" in str(tool)] == ["exact"]


async def test_a_reflection_offers_no_tools() -> None:
    answers = [Answer(tool_calls=[ToolCall("add", '{"a": 1}')]), Answer(["Two."])]
    async with LoopbackServer(answers) as server:
        client = client_of(server)
        agent = AssistantAgent("a", client, tools=[add], reflect_on_tool_use=True)
        result = await agent.run(task="go")
        await client.close()
        first, second = (request.body for request in server.requests)
    assert result.messages[-1].to_text() == "Two."
    assert "tools" in first
    # Servers refuse a tool_choice, be it "none", where there are no tools.
    assert "tools" not in second and "tool_choice" not in second


def photograph() -> bytes:
    """The bytes of a JPEG file, which another encoder would write differently."""
    buffer = io.BytesIO()
    PILImage.effect_noise((40, 30), 80).convert("RGB").save(buffer, "JPEG", quality=61)
    return buffer.getvalue()


def sent_pictures(body: dict[str, Any]) -> list[bytes]:
    """The files in the pictures of a request."""
    uris = [
        part["image_url"]["url"]
        for message in body["messages"]
        if isinstance(message.get("content"), list)
        for part in message["content"]
        if part["type"] == "image_url"
    ]
    assert all(uri.startswith("data:image/jpeg;base64,") for uri in uris)
    return [base64.b64decode(uri.partition(",")[2]) for uri in uris]


async def test_pictures_of_people_and_tools_reach_the_server_as_they_are() -> None:
    of_a_person, of_a_tool = photograph(), photograph()

    def look() -> Image:
        """Look."""
        return Image.from_bytes(of_a_tool)

    answers = [Answer(tool_calls=[ToolCall("look", "{}", "c1")]), Answer(["I see."])]
    async with LoopbackServer(answers) as server:
        client = client_of(server)
        agent = AssistantAgent("seer", client, tools=[look], reflect_on_tool_use=True)
        picture = Image.from_bytes(of_a_person)
        await agent.run(task=MultiModalMessage(content=["Compare.", picture], source="user"))
        await client.close()
        first, second = (request.body for request in server.requests)
    assert sent_pictures(first) == [of_a_person]
    assert sent_pictures(second) == [of_a_person, of_a_tool]
    # Servers take nothing but text in the result itself.
    results = [message for message in second["messages"] if message["role"] == "tool"]
    assert [result["content"] for result in results] == ["[image]"]


class Sum(BaseModel):
    total: int


@pytest.mark.parametrize("model", ["gpt-5.9-codex", "o3-pro", "acme/brand-new-9:free"])
async def test_a_model_that_nobody_has_heard_of_can_be_asked_for_everything(model: str) -> None:
    answers = [Answer(tool_calls=[ToolCall("add", '{"a": 1}')]), Answer(['{"total": 2}'])]
    async with LoopbackServer(answers) as server:
        client = client_of(server, model=model)
        agent = AssistantAgent("a", client, tools=[add], output_content_type=Sum)
        picture = Image.from_bytes(photograph())
        result = await agent.run(task=MultiModalMessage(content=["Add.", picture], source="user"))
        await client.close()
        bodies = [request.body for request in server.requests]
    answer: Any = result.messages[-1]
    assert isinstance(answer, StructuredMessage)
    assert answer.content.total == 2  # pyright: ignore[reportUnknownMemberType]
    assert [body["model"] for body in bodies] == [model, model]
