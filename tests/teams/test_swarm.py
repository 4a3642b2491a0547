"""Swarm: handing over, to participants and to somebody outside."""

import json

import pytest

from nbagent.agents import AssistantAgent
from nbagent.base import Handoff
from nbagent.conditions import HandoffTermination, TextMentionTermination
from nbagent.messages import BaseChatMessage, HandoffMessage, SelectSpeakerEvent, TextMessage
from nbagent.teams import RoundRobinGroupChat, Swarm
from tests.agents.models import calls, replay
from tests.teams.graph_agents import Speaker
from tests.teams.members import Counter, hands_over


def handoff(target: str, source: str = "user") -> HandoffMessage:
    return HandoffMessage(content="yours", source=source, target=target)


def sources(messages: object) -> str:
    return "".join(
        message.source
        for message in messages  # type: ignore[attr-defined]
        if isinstance(message, BaseChatMessage)
    )


async def test_one_speaks_until_it_hands_over() -> None:
    a = Counter("a", hands_over("", "b"))
    b, c = Counter("b", hands_over("", "", "c")), Counter("c")
    team = Swarm([a, b, c], max_turns=7, emit_team_events=True)
    result = await team.run(task="go")
    chosen = [event for event in result.messages if isinstance(event, SelectSpeakerEvent)]
    assert [event.content[0] for event in chosen] == ["a", "a", "b", "b", "b", "c", "c"]
    assert chosen[0].source == "SwarmGroupChatManager"
    # The next run goes on with whoever speaks.
    again = await team.run(task="more")
    assert [event.content for event in again.messages if isinstance(event, SelectSpeakerEvent)] == [
        ["c"]
    ] * 7


async def test_assistants_hand_over_with_their_tools() -> None:
    alice = AssistantAgent(
        "alice", replay(calls(("transfer_to_bob", "{}"))), handoffs=[Handoff(target="bob")]
    )
    bob = AssistantAgent("bob", replay("done. TERMINATE"))
    team = Swarm([alice, bob], termination_condition=TextMentionTermination("TERMINATE"))
    result = await team.run(task="go")
    assert result.stop_reason == "Text 'TERMINATE' mentioned"
    assert isinstance(result.messages[-2], HandoffMessage)
    assert result.messages[-2].content == (
        "Transferred to bob, adopting the role of bob immediately."
    )


async def test_handing_over_to_the_user_and_back() -> None:
    a, b = Counter("a", hands_over("user", "b")), Counter("b", hands_over("user"))
    team = Swarm([a, b], termination_condition=HandoffTermination("user"))
    result = await team.run(task="go")
    assert result.stop_reason == "Handoff to user from somebody detected."
    for task in (None, "a plain text"):
        with pytest.raises(ValueError, match="handed over to 'user', which is not one of"):
            await team.run(task=task)
    with pytest.raises(ValueError, match="The task hands over to 'nobody'"):
        await team.run(task=handoff("nobody"))
    result = await team.run(task=handoff("a"))
    assert [message.to_text() for message in result.messages] == [
        "yours",
        "over to b",
        "over to user",
    ]
    assert "a plain text" not in a.heard  # what was refused was said to nobody
    assert b.heard == ["go", "over to user", "yours", "over to b"]


async def test_handing_over_to_nobody_is_a_clear_error_and_a_handoff_goes_on() -> None:
    a = Counter("a", hands_over("user"))
    team = Swarm([a, Counter("b")], max_turns=3)
    with pytest.raises(ValueError, match=r"HandoffTermination\(target='user'\)"):
        await team.run(task="go")
    result = await team.run(task=handoff("b"))
    assert [message.to_text() for message in result.messages] == ["yours", "b 1", "b 2", "b 3"]


async def test_a_task_may_choose_who_begins() -> None:
    team = Swarm([Counter("a"), Counter("b")], max_turns=1)
    task = [TextMessage(content="see", source="user"), handoff("b")]
    assert (await team.run(task=task)).messages[-1].source == "b"


async def test_reset_begins_with_the_first() -> None:
    team = Swarm([Counter("a", hands_over("user")), Counter("b")], max_turns=1)
    await team.run(task=handoff("a"))
    await team.reset()
    assert (await team.run(task="go")).messages[-1].to_text() == "over to user"


async def test_the_state_keeps_who_speaks() -> None:
    def make() -> Swarm:
        return Swarm([Counter("a", hands_over("b")), Counter("b"), Counter("c")], max_turns=2)

    team = make()
    await team.run(task="go")
    state = json.loads(json.dumps(await team.save_state()))
    manager = state["agent_states"]["SwarmGroupChatManager"]
    assert (manager["type"], manager["current_speaker"]) == ("SwarmManagerState", "b")
    again = make()
    await again.load_state(state)
    assert (await again.run()).messages[0].to_text() == "b 2"
    state["agent_states"]["SwarmGroupChatManager"]["current_speaker"] = "x"
    with pytest.raises(ValueError, match="current_speaker is 'x'"):
        await again.load_state(state)


async def test_a_loaded_team_knows_that_the_user_has_it() -> None:
    def make() -> Swarm:
        condition = HandoffTermination("user")
        return Swarm([Counter("a", hands_over("user"))], termination_condition=condition)

    team = make()
    await team.run(task="go")
    state = await team.save_state()
    again = make()
    await again.load_state(state)
    with pytest.raises(ValueError, match="handed over to 'user'"):
        await again.run()
    assert len((await again.run(task=handoff("a"))).messages) == 2


async def test_an_assistant_without_handoffs_may_begin() -> None:
    team = Swarm([AssistantAgent("alone", replay("Hello."))], max_turns=1)
    assert (await team.run(task="Hi")).messages[-1].to_text() == "Hello."


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="The first participant must be able to produce a handoff"):
        Swarm([Speaker("a")])
    inner = RoundRobinGroupChat([Counter("b")], name="inner")
    with pytest.raises(TypeError, match="Swarm takes no teams, but 'inner' is one"):
        Swarm([Counter("a"), inner])  # type: ignore[list-item]
