"""Saved states: how they are laid out, and those that belong to something else."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from nbagent.agents import AssistantAgent
from nbagent.base import ChatAgent, Team
from nbagent.exceptions import StateError
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat, SelectorGroupChat, Swarm


def agent(name: str = "ada") -> AssistantAgent:
    return AssistantAgent(name, ReplayChatCompletionClient(["x"]), handoffs=["bob"])


def selector(members: list[ChatAgent]) -> Team:
    return SelectorGroupChat(members, ReplayChatCompletionClient([]))


def swarm(members: list[ChatAgent]) -> Team:
    return Swarm(members)


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ({"type": "TeamState", "version": "1.0.0"}, "the state is of type TeamState"),
        ({"type": "AssistantAgentState", "version": "2.0.0"}, "has version 2.0.0"),
        ({"type": "AssistantAgentState", "llm_context": 3}, "llm_context Input should be"),
        (["no mapping"], "Input should be"),
    ],
)
async def test_the_error_says_what_the_state_is_and_what_is_wanted(state: Any, fault: str) -> None:
    loading = agent()
    before = await loading.save_state()
    with pytest.raises(StateError) as caught:
        await loading.load_state(state)
    message = str(caught.value)
    assert fault in message
    assert "AssistantAgentState" in message and "save_state()" in message
    assert "\n" not in message
    assert await loading.save_state() == before


async def test_an_agents_state_is_no_teams() -> None:
    team = RoundRobinGroupChat([agent()])
    with pytest.raises(StateError, match="of type AssistantAgentState, not TeamState"):
        await team.load_state(await agent().save_state())


async def test_the_layout_of_an_assistants_state() -> None:
    saved = agent()
    await saved.run(task="Remember me")
    state = json.loads(json.dumps(await saved.save_state()))
    assert set(state) == {"type", "version", "llm_context"}
    assert (state["type"], state["version"]) == ("AssistantAgentState", "1.0.0")
    assert list(state["llm_context"]) == ["messages"]
    told = [(message["type"], message["content"]) for message in state["llm_context"]["messages"]]
    assert told == [("UserMessage", "Remember me"), ("AssistantMessage", "x")]


@pytest.mark.parametrize(
    ("make", "name", "own"),
    [
        (RoundRobinGroupChat, "RoundRobinGroupChatManager", "next_speaker_index"),
        (selector, "SelectorGroupChatManager", "previous_speaker"),
        (swarm, "SwarmGroupChatManager", "current_speaker"),
    ],
)
async def test_the_layout_of_a_teams_state(
    make: Callable[[list[ChatAgent]], Team], name: str, own: str
) -> None:
    state = json.loads(json.dumps(await make([agent("ada"), agent("bob")]).save_state()))
    assert set(state) == {"type", "version", "agent_states"}
    assert (state["type"], state["version"]) == ("TeamState", "1.0.0")
    assert set(state["agent_states"]) == {"ada", "bob", name}
    member = state["agent_states"]["ada"]
    assert member["type"] == "ChatAgentContainerState"
    assert member["agent_state"]["type"] == "AssistantAgentState"
    assert member["message_buffer"] == []
    assert {"message_thread", "current_turn", own} <= set(state["agent_states"][name])
