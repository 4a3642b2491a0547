"""Teams in teams: who hears what, how events are marked, and that all of it ends and goes on."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from nbagent import TaskResult
from nbagent.conditions import FunctionalTermination, TextMentionTermination
from nbagent.messages import BaseAgentEvent, BaseChatMessage, SelectSpeakerEvent
from nbagent.teams import RoundRobinGroupChat, SelectorGroupChat, Swarm
from tests.agents.models import replay
from tests.teams.members import Counter, Thinker, hands_over


def pair(name: str, *members: Any, **options: Any) -> RoundRobinGroupChat:
    return RoundRobinGroupChat(list(members), name=name, max_turns=2, **options)


async def test_an_inner_team_hears_the_others_and_they_hear_its_messages() -> None:
    a, b, c, d = (Counter(name) for name in "abcd")
    team = RoundRobinGroupChat([a, pair("inner", b, c), d], max_turns=4)
    result = await team.run(task="go")
    said = [message.to_text() for message in result.messages]
    assert said == ["go", "a 1", "b 1", "c 1", "d 1", "a 2"]
    assert a.heard == ["go", "b 1", "c 1", "d 1"]
    assert b.heard == ["go", "a 1"]
    assert c.heard == ["go", "a 1", "b 1"]
    assert d.heard == ["go", "a 1", "b 1", "c 1"]


async def test_events_of_inner_teams_tell_where_they_are_from() -> None:
    innermost = pair("innermost", Thinker("c"), emit_team_events=True)
    inner = pair("inner", Counter("b"), innermost)
    team = RoundRobinGroupChat([Counter("a"), inner], max_turns=2)
    result = await team.run(task="go")
    where = [(item.source, item.metadata.get("team")) for item in result.messages]
    assert where == [
        ("user", None),
        ("a", None),
        ("b", "inner"),
        *[
            (source, "inner/innermost")
            for source in ("RoundRobinGroupChatManager", "c", "c", "c") * 2
        ],
    ]
    assert any(isinstance(item, SelectSpeakerEvent) for item in result.messages)


async def test_what_an_inner_agent_says_to_itself_is_told_to_the_outer_team() -> None:
    """As in AgentChat, others hear all messages of an inner team's result, but no events."""
    d = Counter("d")
    team = RoundRobinGroupChat([pair("inner", Thinker("b"), Counter("c")), d], max_turns=2)
    await team.run(task="go")
    assert d.heard == ["go", "to myself", "b 1", "c 1"]


async def test_a_swarm_in_a_team_and_a_team_in_a_selector() -> None:
    swarm = Swarm([Counter("b", hands_over("c")), Counter("c")], name="swarm", max_turns=3)
    inner = pair("inner", swarm)
    team = SelectorGroupChat(
        [Counter("a"), inner], replay(), max_turns=2, selector_func=lambda thread: "inner"
    )
    result = await team.run(task="go")
    said = [item.to_text() for item in result.messages]
    once = ["over to c", "c 1", "c 2"]
    assert said[: len(once) + 1] == ["go", *once]


async def test_a_turn_of_an_inner_team_is_in_the_thread_and_told_to_the_condition_as_one() -> None:
    seen: list[list[str]] = []

    def note(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> bool:
        seen.append([message.to_text() for message in messages])
        return False

    team = RoundRobinGroupChat(
        [pair("inner", Thinker("b"), Counter("c")), Counter("d")],
        max_turns=2,
        termination_condition=FunctionalTermination(note),
    )
    result = await team.run(task="go")
    inside = ["TERMINATE? not yet", "to myself", "b 1", "c 1"]
    assert seen == [["go"], inside, ["d 1"]]
    assert [message.to_text() for message in result.messages] == ["go", *inside, "d 1"]
    state = await team.save_state()
    thread = state["agent_states"]["RoundRobinGroupChatManager"]["message_thread"]
    assert [message["content"] for message in thread] == ["go", *inside, "d 1"]


async def test_an_inner_condition_ends_the_inner_team_only() -> None:
    inner = RoundRobinGroupChat(
        [Counter("b"), Counter("c")],
        name="inner",
        termination_condition=TextMentionTermination("c "),
    )
    team = RoundRobinGroupChat([Counter("a"), inner], max_turns=4)
    result = await team.run(task="go")
    said = [item.to_text() for item in result.messages]
    assert said == ["go", "a 1", "b 1", "c 1", "a 2", "b 2", "c 2"]


async def test_an_inner_run_that_is_cut_short_is_heard_by_the_outer_team() -> None:
    a, b, c = Counter("a"), Counter("b"), Counter("c")
    team = RoundRobinGroupChat([pair("inner", b, c), a], max_turns=2)
    async with aclosing(team.run_stream(task="go")) as stream:
        async for item in stream:
            if isinstance(item, BaseChatMessage) and item.source == "b":
                break
    result = await team.run()
    assert [item.to_text() for item in result.messages] == ["c 1", "b 2", "a 1"]
    assert a.heard == ["go", "b 1", "c 1", "b 2"]
    assert b.heard == ["go", "c 1"]


async def test_reset_reaches_the_innermost() -> None:
    b = Counter("b")
    team = pair("outer", pair("inner", pair("innermost", b)))
    await team.run(task="go")
    await team.reset()
    result = await team.run(task="again")
    assert isinstance(result, TaskResult)
    assert b.heard == ["again"]
