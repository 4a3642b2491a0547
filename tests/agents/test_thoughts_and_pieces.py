"""AssistantAgent: which ids pieces, thoughts and answers carry, and where thoughts go."""

from typing import Any

import pytest
from pydantic import BaseModel

from nbagent.agents import AssistantAgent
from nbagent.base import TaskResult
from nbagent.messages import (
    ModelClientStreamingChunkEvent,
    StructuredMessage,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    ToolCallSummaryMessage,
)
from nbagent.models import AssistantMessage
from tests.agents.models import calls, replay, text


class Total(BaseModel):
    total: int


def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


async def streamed(agent: AssistantAgent) -> tuple[set[str | None], list[Any]]:
    """The ids that the pieces of a run named, and what else it yielded after its task."""
    items = [item async for item in agent.run_stream(task="go", output_task_messages=False)]
    pieces = [item for item in items if isinstance(item, ModelClientStreamingChunkEvent)]
    assert len(pieces) > 1
    others = [item for item in items if not isinstance(item, ModelClientStreamingChunkEvent)]
    return {piece.full_message_id for piece in pieces}, others


async def test_the_pieces_name_the_text_they_become() -> None:
    ids, (answer, _) = await streamed(
        AssistantAgent("a", replay("one two"), model_client_stream=True)
    )
    assert isinstance(answer, TextMessage)
    assert ids == {answer.id}


async def test_the_pieces_name_the_structured_message_they_become() -> None:
    agent = AssistantAgent(
        "a", replay('{"total": 3 }'), model_client_stream=True, output_content_type=Total
    )
    ids, (answer, _) = await streamed(agent)
    assert isinstance(answer, StructuredMessage)
    assert ids == {answer.id}


@pytest.mark.parametrize("output_type", [None, Total])
async def test_a_thought_takes_the_id_of_the_pieces_and_the_answer_a_new_one(
    output_type: type[BaseModel] | None,
) -> None:
    agent = AssistantAgent(
        "a",
        replay(text('{"total": 3 }', thought="One and two.")),
        model_client_stream=True,
        output_content_type=output_type,
    )
    ids, (thought, answer, result) = await streamed(agent)
    assert isinstance(thought, ThoughtEvent)
    assert ids == {thought.id}
    assert answer.id and answer.id != thought.id
    assert isinstance(result, TaskResult)
    assert result.messages == [thought, answer]


async def test_every_question_to_the_model_has_an_id_of_its_own() -> None:
    client = replay(calls(("add", '{"a": 1}')), "One two.")
    agent = AssistantAgent(
        "a", client, tools=[add], reflect_on_tool_use=True, model_client_stream=True
    )
    ids, (request, execution, answer, _) = await streamed(agent)
    assert ids == {answer.id}
    assert len({request.id, execution.id, answer.id}) == 3


@pytest.mark.parametrize("stream", [True, False])
async def test_a_thought_before_calls_comes_before_them_and_is_remembered(stream: bool) -> None:
    client = replay(calls(("add", '{"a": 1}'), thought="I must add."))
    agent = AssistantAgent("a", client, tools=[add], model_client_stream=stream)
    result = await agent.run(task="go")
    assert [type(message) for message in result.messages[1:]] == [
        ThoughtEvent,
        ToolCallRequestEvent,
        ToolCallExecutionEvent,
        ToolCallSummaryMessage,
    ]
    assert result.messages[1].to_text() == "I must add."
    remembered = (await agent.model_context.get_messages())[1]
    assert isinstance(remembered, AssistantMessage)
    assert remembered.thought == "I must add."


async def test_a_thought_before_words_is_remembered_beside_them() -> None:
    agent = AssistantAgent("a", replay(text("Three.", thought="One and two.")))
    await agent.run(task="go")
    remembered = (await agent.model_context.get_messages())[-1]
    assert isinstance(remembered, AssistantMessage)
    assert (remembered.content, remembered.thought) == ("Three.", "One and two.")
    assert remembered.source == "a"


async def test_no_thought_no_event() -> None:
    result = await AssistantAgent("a", replay(text("Three.", thought=""))).run(task="go")
    assert [type(message) for message in result.messages[1:]] == [TextMessage]
