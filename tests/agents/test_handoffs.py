"""Hand-offs: what is assumed of them, and what goes along to the next agent."""

from typing import Any

import pytest
from pydantic import ValidationError

from nbagent import Handoff
from nbagent.agents import AssistantAgent
from nbagent.messages import HandoffMessage
from nbagent.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    SystemMessage,
    UserMessage,
)
from tests.agents.models import calls, replay


def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


def test_what_is_not_given_comes_from_the_targets_name() -> None:
    handoff = Handoff(target="Night_Desk")
    assert handoff.description == "Handoff to Night_Desk."
    assert handoff.name == "transfer_to_night_desk"
    assert handoff.message == (
        "Transferred to Night_Desk, adopting the role of Night_Desk immediately."
    )
    given = Handoff(target="x", description="d", name="Ask_X", message="m")
    assert (given.description, given.name, given.message) == ("d", "Ask_X", "m")


@pytest.mark.parametrize(
    ("values", "told"),
    [({"target": "x", "name": "not a name"}, "not a name"), ({}, "target")],
)
def test_a_wrong_handoff_is_named(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Handoff(**values)


async def test_the_model_is_offered_the_handoff_and_its_own_words_are_said() -> None:
    client = replay(calls(("go_to_carol", "{}")))
    handoff = Handoff(
        target="carol", name="go_to_carol", description="Carol knows.", message="Over to Carol."
    )
    result = await AssistantAgent("alice", client, handoffs=[handoff]).run(task="Go")
    offered = client.create_calls[0]["tools"]
    assert [(tool["name"], tool["description"]) for tool in offered] == [
        ("go_to_carol", "Carol knows.")
    ]
    assert isinstance(result.messages[-1], HandoffMessage)
    assert result.messages[-1].content == "Over to Carol."


async def test_calls_go_along_with_their_results_and_the_handoffs_do_not() -> None:
    answer = calls(
        ("add", '{"a": 1}'), ("transfer_to_bob", "{}"), ("add", "{"), thought="Bob knows."
    )
    agent = AssistantAgent("alice", replay(answer), tools=[add], handoffs=["bob"])
    message = (await agent.run(task="Go")).messages[-1]
    assert isinstance(message, HandoffMessage)
    asked, told = message.context
    assert isinstance(asked, AssistantMessage) and not isinstance(asked.content, str)
    assert [call.id for call in asked.content] == ["call_0", "call_2"]
    assert asked.thought == "Bob knows."
    assert isinstance(told, FunctionExecutionResultMessage)
    assert [result.call_id for result in told.content] == ["call_0", "call_2"]
    assert [result.is_error for result in told.content] == [False, True]


async def test_the_next_agent_reads_what_went_along_before_the_handoff_itself() -> None:
    answer = calls(("add", '{"a": 1}'), ("transfer_to_bob", "{}"))
    alice = AssistantAgent("alice", replay(answer), tools=[add], handoffs=["bob"])
    handoff = (await alice.run(task="Go")).messages[-1]
    assert isinstance(handoff, HandoffMessage)
    client = replay("ok")
    await AssistantAgent("bob", client, system_message="Be Bob.").run(task=handoff)
    heard = client.create_calls[0]["messages"]
    assert [type(message) for message in heard] == [
        SystemMessage,
        AssistantMessage,
        FunctionExecutionResultMessage,
        UserMessage,
    ]
    assert heard[-1].content == "Transferred to bob, adopting the role of bob immediately."
