"""What every team does: who hears what, when it stops, and what goes wrong clearly."""

import asyncio
from collections.abc import Sequence

import pytest

from nbagent import TaskResult
from nbagent.agents import AssistantAgent
from nbagent.base import TerminationCondition
from nbagent.cancellation import CancellationToken
from nbagent.conditions import (
    ExternalTermination,
    FunctionalTermination,
    MaxMessageTermination,
    TextMentionTermination,
    TokenUsageTermination,
)
from nbagent.exceptions import AlreadyRunningError, ComponentError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    BaseTextChatMessage,
    SelectSpeakerEvent,
    TextMessage,
    ThoughtEvent,
)
from nbagent.models.types import RequestUsage
from nbagent.teams import RoundRobinGroupChat
from tests.agents.models import replay, text
from tests.teams.members import Counter, Failing, Slow, Thinker


def texts(result: TaskResult) -> list[str]:
    return [message.to_text() for message in result.messages]


async def test_each_hears_what_the_others_said_since_its_last_turn() -> None:
    a, b, c = Counter("a"), Counter("b"), Counter("c")
    team = RoundRobinGroupChat([a, b, c], max_turns=5)
    result = await team.run(task="go")
    assert texts(result) == ["go", "a 1", "b 1", "c 1", "a 2", "b 2"]
    assert result.stop_reason == "Maximum number of turns 5 reached."
    assert a.heard == ["go", "b 1", "c 1"]
    assert b.heard == ["go", "a 1", "c 1", "a 2"]
    assert c.heard == ["go", "a 1", "b 1"]


async def test_without_a_task_the_team_goes_on_where_it_was() -> None:
    a, b = Counter("a"), Counter("b")
    team = RoundRobinGroupChat([a, b], max_turns=3)
    await team.run(task="go")
    result = await team.run()
    # The turns are counted anew, and the next one speaks.
    assert texts(result) == ["b 2", "a 3", "b 3"]
    assert a.heard == ["go", "b 1", "b 2"]
    assert b.heard == ["go", "a 1", "a 2", "a 3"]


async def test_what_is_said_inside_a_turn_is_not_for_the_others() -> None:
    a, b = Thinker("a"), Counter("b")
    seen: list[list[str]] = []

    def note(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> bool:
        seen.append([message.to_text() for message in messages])
        return False

    team = RoundRobinGroupChat(
        [a, b], max_turns=2, termination_condition=FunctionalTermination(note)
    )
    result = await team.run(task="go")
    assert b.heard == ["go", "a 1"]
    # The condition is asked with the task, and then with the whole of each turn.
    inside = ["TERMINATE? not yet", "to myself"]
    assert seen == [["go"], [*inside, "a 1"], ["b 1"]]
    assert texts(result) == ["go", *inside, "a 1", "b 1"]
    # The team's own thread keeps all of it.
    state = await team.save_state()
    thread = state["agent_states"]["RoundRobinGroupChatManager"]["message_thread"]
    assert [message["content"] for message in thread] == texts(result)


async def test_without_a_task_the_condition_is_not_asked_at_the_start() -> None:
    calls: list[int] = []

    def note(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> bool:
        calls.append(len(messages))
        return False

    team = RoundRobinGroupChat(
        [Counter("a")], max_turns=2, termination_condition=FunctionalTermination(note)
    )
    await team.run()
    assert calls == [1, 1]


async def test_a_task_can_be_a_text_a_message_or_several() -> None:
    a = Counter("a")
    team = RoundRobinGroupChat([a], max_turns=1)
    await team.run(task=TextMessage(content="one", source="x"))
    result = await team.run(
        task=[TextMessage(content="two", source="x"), TextMessage(content="three", source="y")],
        output_task_messages=False,
    )
    assert texts(result) == ["a 2"]
    assert a.heard == ["one", "two", "three"]
    with pytest.raises(ValueError, match=r"^Task list cannot be empty\.$"):
        await team.run(task=[])


async def test_the_stream_ends_with_the_result() -> None:
    team = RoundRobinGroupChat([Counter("a")], max_turns=1)
    items = [item async for item in team.run_stream(task="go")]
    result = items[-1]
    assert isinstance(result, TaskResult)
    assert list(result.messages) == items[:-1]


async def test_a_condition_that_fires_on_the_task_lets_nobody_speak() -> None:
    a = Counter("a")
    team = RoundRobinGroupChat([a], termination_condition=TextMentionTermination("go"))
    result = await team.run(task="go")
    assert texts(result) == ["go"]
    assert result.stop_reason == "Text 'go' mentioned"
    assert a.turns == 0


async def test_the_condition_is_reset_after_each_stop() -> None:
    condition = MaxMessageTermination(2)
    team = RoundRobinGroupChat([Counter("a")], termination_condition=condition)
    for said in ("a 1", "a 2"):
        result = await team.run(task="go")
        assert texts(result) == ["go", said]
        assert not condition.terminated


async def test_a_condition_that_has_fired_elsewhere_lets_nothing_run() -> None:
    condition = MaxMessageTermination(1)
    await condition([TextMessage(content="x", source="x")])
    team = RoundRobinGroupChat([Counter("a")], termination_condition=condition)
    result = await team.run(task="go")
    assert (texts(result), result.stop_reason) == ([], "The group chat has already terminated.")
    await team.reset()
    assert texts(await team.run(task="go")) == ["go"]


async def test_external_termination_ends_the_turn_that_goes_on() -> None:
    condition = ExternalTermination()
    team = RoundRobinGroupChat([Counter("a"), Counter("b")], termination_condition=condition)
    seen: list[str] = []
    async for item in team.run_stream(task="go"):
        if isinstance(item, TaskResult):
            assert item.stop_reason == "External termination requested"
        else:
            seen.append(item.to_text())
            if item.to_text() == "b 1":
                condition.set()
    assert seen == ["go", "a 1", "b 1", "a 2"]
    # The next run is a new one.
    team_b = RoundRobinGroupChat([Counter("a")], termination_condition=condition, max_turns=1)
    assert texts(await team_b.run(task="go")) == ["go", "a 1"]


async def test_token_usage_ends_a_team_whose_agents_tell_it() -> None:
    def says(turn: int) -> BaseChatMessage:
        return TextMessage(content="x", source="a", models_usage=RequestUsage(10, turn))

    team = RoundRobinGroupChat(
        [Counter("a", says)], termination_condition=TokenUsageTermination(max_completion_token=6)
    )
    result = await team.run(task="go")
    assert len(result.messages) == 4
    assert result.stop_reason == (
        "Token usage limit reached, total token count: 36, prompt token count: 30, "
        "completion token count: 6."
    )


async def test_token_usage_ends_a_team_that_streams() -> None:
    agent = AssistantAgent(
        "a", replay(*[text(f"answer {number}") for number in range(20)]), model_client_stream=True
    )
    team = RoundRobinGroupChat([agent], termination_condition=TokenUsageTermination(45))
    result = await team.run(task="go")
    assert texts(result)[-1] == "answer 2"
    assert result.stop_reason == (
        "Token usage limit reached, total token count: 45, prompt token count: 30, "
        "completion token count: 15."
    )


async def test_team_events_tell_who_speaks() -> None:
    team = RoundRobinGroupChat([Counter("a"), Counter("b")], max_turns=2, emit_team_events=True)
    result = await team.run(task="go")
    assert [type(message) for message in result.messages] == [
        TextMessage,
        SelectSpeakerEvent,
        TextMessage,
        SelectSpeakerEvent,
        TextMessage,
    ]
    chosen = result.messages[1]
    assert isinstance(chosen, SelectSpeakerEvent)
    assert (chosen.content, chosen.source) == (["a"], "RoundRobinGroupChatManager")


async def test_a_run_while_running_is_refused_and_the_first_goes_on() -> None:
    slow = Slow("a")
    team = RoundRobinGroupChat([slow], max_turns=1)
    stream = team.run_stream(task="go")
    assert (await anext(stream)).source == "user"  # type: ignore[union-attr]
    for again in (team.run(task="x"), team.run()):
        with pytest.raises(
            AlreadyRunningError,
            match=r"^The team is already running, it cannot run again until it is stopped\.$",
        ):
            await again
    with pytest.raises(ValueError, match="already running"):
        await team.reset()
    slow.release.set()
    rest = [item async for item in stream]
    assert isinstance(rest[-1], TaskResult)


async def test_pause_and_resume_reach_the_agents_also_during_a_run() -> None:
    a, b = Counter("a"), Counter("b")
    inner = RoundRobinGroupChat([b], name="inner", max_turns=1)
    team = RoundRobinGroupChat([a, inner], max_turns=2)
    async for item in team.run_stream(task="go"):
        if not isinstance(item, TaskResult) and item.source == "a":
            await team.pause()
            await team.resume()
    assert a.happened == b.happened == ["pause", "resume"]


async def test_a_paused_team_asks_no_model_until_it_goes_on() -> None:
    client = replay(*[text(f"answer {number}") for number in range(4)])
    team = RoundRobinGroupChat([AssistantAgent(name, client) for name in "ab"], max_turns=4)
    stream = team.run_stream(task="go")
    async for item in stream:
        if not isinstance(item, TaskResult) and item.source == "a":
            break
    await team.pause()
    going_on = asyncio.create_task(anext(stream))
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(client.create_calls) == 1 and not going_on.done()
    await team.resume()
    rest = [await going_on, *[item async for item in stream]]
    assert len(client.create_calls) == 4
    assert isinstance(rest[-1], TaskResult)


async def test_reset_forgets_everything() -> None:
    a, b = Counter("a"), Counter("b")
    team = RoundRobinGroupChat([a, b], max_turns=1)
    await team.run(task="go")
    await team.reset()
    assert a.happened == b.happened == ["reset"]
    assert texts(await team.run(task="again")) == ["again", "a 1"]
    assert a.heard == ["again"]
    await team.run()
    assert b.heard == ["again", "a 1"]


async def test_an_error_keeps_its_type_cause_and_traceback_and_names_the_agent() -> None:
    try:
        raise KeyError("the reason")
    except KeyError as cause:
        error = ConnectionResetError("gone")
        error.__cause__ = cause
    team = RoundRobinGroupChat([Counter("a"), Failing("b", error)], name="crew", max_turns=3)
    with pytest.raises(ConnectionResetError, match="gone") as caught:
        await team.run(task="go")
    assert caught.value is error
    assert isinstance(error.__cause__, KeyError)
    assert error.__notes__ == ["Raised by 'b', a participant of team 'crew'."]  # type: ignore[attr-defined]
    frames: list[str] = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    assert frames[-1] == "work"  # down to the agent's own line
    # The team runs again, and b's turn is taken again.
    assert texts(await team.run()) == ["b 1", "a 2", "b 2"]


async def test_the_innermost_team_is_named() -> None:
    inner = RoundRobinGroupChat([Failing("b", OSError("x"))], name="inner", max_turns=1)
    team = RoundRobinGroupChat([inner], name="outer", max_turns=1)
    with pytest.raises(OSError, match="x") as caught:
        await team.run(task="go")
    notes = caught.value.__notes__  # type: ignore[attr-defined]
    assert notes == ["Raised by 'b', a participant of team 'inner'."]


class Memo(BaseTextChatMessage):
    """A message type of one's own."""

    type: str = "Memo"


class MemoWriter(Counter):
    """Says it."""

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (Memo,)


async def test_custom_message_types() -> None:
    def memo(turn: int) -> BaseChatMessage:
        return Memo(content=f"memo {turn}", source="a")

    plain = RoundRobinGroupChat([Counter("a", memo), Counter("b")], max_turns=2)
    with pytest.raises(ValueError, match=r"Memo, of a message from 'a', is not registered"):
        await plain.run(task="go")
    with pytest.raises(ValueError, match="Name it in custom_message_types"):
        await plain.run(task=memo(0))

    b = Counter("b")
    named = RoundRobinGroupChat([Counter("a", memo), b], max_turns=2, custom_message_types=[Memo])
    await named.run(task=memo(0))
    assert b.heard == ["memo 0", "memo 1"]
    with pytest.raises(ComponentError, match="custom_message_types"):
        named.dump_component()

    # What an agent says that it produces is known, also from an inner team, and in a state.
    inner = RoundRobinGroupChat([MemoWriter("a", memo)], name="inner", max_turns=1)
    outer = RoundRobinGroupChat([inner, b], max_turns=1)
    await outer.run(task="go")
    state = await outer.save_state()
    await outer.load_state(state)
    await outer.run()
    assert b.heard[-1] == "memo 1"


async def test_an_agent_without_a_response_is_an_error() -> None:
    class Mute(Counter):
        async def on_messages_stream(
            self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
        ):
            yield ThoughtEvent(content="…", source=self.name)

    with pytest.raises(ValueError, match="Agent 'a' ended its turn without a Response"):
        await RoundRobinGroupChat([Mute("a")], max_turns=1).run(task="go")


def test_bad_arguments() -> None:
    a = Counter("a")
    with pytest.raises(ValueError, match="At least one participant"):
        RoundRobinGroupChat([])
    with pytest.raises(ValueError, match=r"names must be unique: \['a', 'a'\]"):
        RoundRobinGroupChat([a, Counter("a")])
    with pytest.raises(TypeError, match="'x' must be a ChatAgent or a Team"):
        RoundRobinGroupChat(["x"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="max_turns must be at least 1, not 0"):
        RoundRobinGroupChat([a], max_turns=0)
    with pytest.raises(ValueError, match="no agent runtime"):
        RoundRobinGroupChat([a], runtime=object())  # type: ignore[arg-type]


async def test_a_condition_of_ones_own_ends_a_team() -> None:
    class AfterA(TerminationCondition):
        fired = False

        @property
        def terminated(self) -> bool:
            return self.fired

        async def __call__(self, messages: Sequence[BaseAgentEvent | BaseChatMessage]):
            from nbagent.messages import StopMessage

            self.fired = any(message.source == "a" for message in messages)
            return StopMessage(content="a spoke", source="AfterA") if self.fired else None

        async def reset(self) -> None:
            self.fired = False

    team = RoundRobinGroupChat([Counter("b"), Counter("a")], termination_condition=AfterA())
    result = await team.run(task="go")
    assert result.stop_reason == "a spoke" and len(result.messages) == 3
