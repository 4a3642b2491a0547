"""A team's state: its layout, and going on from it in the middle of a task."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from nbagent import TaskResult
from nbagent.agents import AssistantAgent
from nbagent.base import Team
from nbagent.conditions import (
    MaxMessageTermination,
    SourceMatchTermination,
    TextMentionTermination,
    TimeoutTermination,
)
from nbagent.messages import BaseChatMessage, ToolCallRequestEvent
from nbagent.teams import RoundRobinGroupChat, SelectorGroupChat, Swarm
from tests.agents.models import calls, replay
from tests.agents.test_ending_a_run import assert_calls_have_results
from tests.teams.members import Counter, hands_over


async def saved(team: Team) -> Any:
    """The team's state, through JSON."""
    return json.loads(json.dumps(await team.save_state()))


def round_robin() -> Team:
    condition = MaxMessageTermination(10) | TextMentionTermination("never")
    return RoundRobinGroupChat(
        [Counter("a"), Counter("b"), Counter("c")], termination_condition=condition
    )


def limited() -> Team:
    return RoundRobinGroupChat([Counter("a"), Counter("b")], max_turns=7)


def selector() -> Team:
    return SelectorGroupChat(
        [Counter(name) for name in "abc"],
        replay(),
        max_turns=7,
        selector_func=lambda thread: "abc"[len(thread) * 7 % 3],
    )


def swarm() -> Team:
    return Swarm(
        [Counter("a", hands_over("", "b")), Counter("b", hands_over("c")), Counter("c")],
        termination_condition=MaxMessageTermination(9),
    )


def nested() -> Team:
    inner = RoundRobinGroupChat(
        [Counter("b"), Counter("c")],
        name="inner",
        termination_condition=SourceMatchTermination(["c"]) & MaxMessageTermination(4),
    )
    return RoundRobinGroupChat([Counter("a"), inner], max_turns=5)


def said(items: list[Any]) -> list[str]:
    return [item.to_text() for item in items if isinstance(item, BaseChatMessage)]


@pytest.mark.parametrize("make", [round_robin, limited, selector, swarm, nested])
async def test_a_state_saved_at_any_message_goes_on_as_if_nothing_had_happened(
    make: Callable[[], Team],
) -> None:
    whole = await make().run(task="go")
    for number in range(len(whole.messages) - 1):
        before: list[Any] = []
        state: Any = None
        team = make()
        async with aclosing(team.run_stream(task="go")) as stream:
            async for item in stream:
                before.append(item)
                if len(before) == number + 1:
                    state = await saved(team)
                    break
        again = make()
        await again.load_state(state)
        rest = await again.run()
        assert said(before) + said(list(rest.messages)) == said(list(whole.messages))
        assert rest.stop_reason == whole.stop_reason


@pytest.mark.parametrize("make", [round_robin, limited, selector, swarm, nested])
async def test_a_state_saved_at_the_last_message_begins_a_new_run(
    make: Callable[[], Team],
) -> None:
    team = make()
    state: Any = None
    async for item in team.run_stream(task="go"):
        if not isinstance(item, TaskResult):
            state = await saved(team)
    after = await saved(team)
    if make is not nested:  # there the inner team's run was still winding up
        assert state == after
    again = make()
    await again.load_state(state)
    assert said(list((await again.run(task="more")).messages)) == said(
        list((await team.run(task="more")).messages)
    )


async def test_the_layout_of_a_state() -> None:
    team = RoundRobinGroupChat(
        [Counter("a"), Counter("b")], max_turns=1, termination_condition=MaxMessageTermination(9)
    )
    await team.run(task="go")
    state = await saved(team)
    assert (state["type"], state["version"]) == ("TeamState", "1.0.0")
    assert list(state["agent_states"]) == ["a", "b", "RoundRobinGroupChatManager"]
    a, b = state["agent_states"]["a"], state["agent_states"]["b"]
    assert set(a) == {"type", "version", "agent_state", "message_buffer"}
    assert a["type"] == "ChatAgentContainerState"
    assert a["agent_state"] == {"heard": ["go"], "turns": 1}
    assert [message["content"] for message in b["message_buffer"]] == ["go", "a 1"]
    manager = state["agent_states"]["RoundRobinGroupChatManager"]
    assert manager.pop("message_thread") == b["message_buffer"]
    assert manager == {
        "type": "RoundRobinManagerState",
        "version": "1.0.0",
        "current_turn": 0,
        "next_speaker_index": 1,
        "termination_state": {
            "type": "MaxMessageTermination",
            "state": {"terminated": False, "messages": 0},
        },
    }
    chosen = selector()
    await chosen.run(task="go")
    manager = (await saved(chosen))["agent_states"]["SelectorGroupChatManager"]
    assert manager["type"] == "SelectorManagerState"
    assert manager["previous_speaker"] in {"a", "b", "c"}


async def test_a_state_without_that_of_the_condition_is_read() -> None:
    """AutoGen's states have none."""
    team = round_robin()
    async for item in team.run_stream(task="go"):
        if not isinstance(item, TaskResult) and item.to_text() == "b 1":
            break
    state = await saved(team)
    del state["agent_states"]["RoundRobinGroupChatManager"]["termination_state"]
    again = round_robin()
    await again.load_state(state)
    assert said(list((await again.run()).messages))[0] == "c 1"


MANAGER = "RoundRobinGroupChatManager"


def without_b(states: Any) -> None:
    del states["b"]


def without_manager(states: Any) -> None:
    del states[MANAGER]


def wrong_index(states: Any) -> None:
    states[MANAGER]["next_speaker_index"] = 9


def unknown_message(states: Any) -> None:
    states["b"]["message_buffer"].append({"type": "Unknown"})


def thought(states: Any) -> None:
    event = {"type": "ThoughtEvent", "source": "x", "content": "x"}
    states["b"]["message_buffer"].append(event)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (without_b, "nothing about 'b'"),
        (without_manager, "saved by another team"),
        (wrong_index, "next_speaker_index is 9, and there are 2 participants"),
        (unknown_message, "Unknown message type: Unknown"),
        (thought, "no message that is said to others"),
    ],
)
async def test_a_state_that_does_not_fit_changes_nothing(
    spoil: Callable[[Any], object], error: str
) -> None:
    other = limited()
    await other.run(task="other")
    state = await saved(other)
    spoil(state["agent_states"])
    team = limited()
    await team.run(task="go")
    before = await saved(team)
    with pytest.raises(ValueError, match=error):
        await team.load_state(state)
    assert await saved(team) == before


async def test_a_state_cannot_be_loaded_into_a_running_team() -> None:
    team = limited()
    state = await saved(team)
    async for item in team.run_stream(task="go"):
        if not isinstance(item, TaskResult):
            with pytest.raises(ValueError, match="already running"):
                await team.load_state(state)
        break


async def test_a_state_saved_in_a_tool_call_has_a_result_for_each_call() -> None:
    async def tool() -> str:
        """Wait."""
        await asyncio.sleep(60)
        return "late"

    def make(*answers: Any) -> tuple[AssistantAgent, Counter, Team]:
        agent, b = AssistantAgent("worker", replay(*answers), tools=[tool]), Counter("b")
        return agent, b, RoundRobinGroupChat([agent, b], max_turns=2)

    _, _, team = make(calls(("tool", "{}"), ("tool", "{}")))
    state: Any = None
    async with aclosing(team.run_stream(task="go")) as stream:
        async for item in stream:
            if isinstance(item, ToolCallRequestEvent):
                state = await saved(team)
                break
    agent, b, again = make("done")
    await again.load_state(state)
    assert said(list((await again.run()).messages)) == ["done", "b 1"]
    messages = await agent.model_context.get_messages()
    assert_calls_have_results(messages)
    assert len(messages) == 4
    assert b.heard == ["go", "done"]


async def test_the_time_that_was_used_up_counts_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def says(turn: int) -> str:
        clock[0] += 1
        return "x"

    def make() -> Team:
        return RoundRobinGroupChat(
            [Counter("a", says)], termination_condition=TimeoutTermination(5)
        )

    team = make()
    clock[0] += 100  # before the run nothing counts
    count = 0
    state: Any = None
    async for item in team.run_stream(task="go"):
        if not isinstance(item, TaskResult) and item.source == "a":
            count += 1
            if count == 3:
                state = await saved(team)
                break
    again = make()
    clock[0] += 100
    await again.load_state(state)
    result = await again.run()
    assert len(result.messages) == 2
    assert result.stop_reason == "Timeout of 5 seconds reached"
