"""Saved states that belong to something else."""

from typing import Any

import pytest

from nbagent.agents import AssistantAgent
from nbagent.exceptions import StateError
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat


def agent() -> AssistantAgent:
    return AssistantAgent("ada", ReplayChatCompletionClient(["x"]))


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
