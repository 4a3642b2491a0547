"""`&` and `|`, and the state of conditions."""

import json
import time

import pytest

from nbagent.base import AndTerminationCondition, OrTerminationCondition, TerminationCondition
from nbagent.base.termination import load_condition, save_condition
from nbagent.component import ComponentModel
from nbagent.conditions import (
    ExternalTermination,
    MaxMessageTermination,
    TextMentionTermination,
    TimeoutTermination,
    TokenUsageTermination,
)
from nbagent.exceptions import TerminatedException
from nbagent.messages import TextMessage
from nbagent.models.types import RequestUsage


def say(content: str) -> TextMessage:
    usage = RequestUsage(3, 2)
    return TextMessage(content=content, source="a", models_usage=usage)


async def test_or_fires_with_the_first_and_tells_all_that_fired() -> None:
    condition = MaxMessageTermination(2) | TextMentionTermination("stop")
    assert isinstance(condition, OrTerminationCondition)
    assert await condition([say("go")]) is None
    stop = await condition([say("stop")])
    assert stop is not None and condition.terminated
    assert stop.content == (
        "Maximum number of messages 2 reached, current message count: 2, Text 'stop' mentioned"
    )
    with pytest.raises(TerminatedException, match="OrTerminationCondition"):
        await condition([say("go")])
    await condition.reset()
    stop = await condition([say("stop")])
    assert stop is not None and stop.content == "Text 'stop' mentioned"


async def test_and_fires_with_the_last_and_tells_all() -> None:
    condition = MaxMessageTermination(3) & TextMentionTermination("stop")
    assert isinstance(condition, AndTerminationCondition)
    assert await condition([say("stop")]) is None
    assert await condition([say("go")]) is None
    assert not condition.terminated
    stop = await condition([say("go")])
    assert stop is not None and condition.terminated
    assert stop.content == (
        "Text 'stop' mentioned, Maximum number of messages 3 reached, current message count: 3"
    )
    with pytest.raises(TerminatedException, match="AndTerminationCondition"):
        await condition([say("go")])
    await condition.reset()
    assert not condition.terminated
    assert await condition([say("go"), say("go"), say("go")]) is None


async def test_combinations_of_combinations() -> None:
    one, two, three = (TextMentionTermination(text) for text in ("1", "2", "3"))
    condition = (one & two) | three
    assert await condition([say("1")]) is None
    stop = await condition([say("2 3")])
    assert stop is not None
    assert stop.content == "Text '1' mentioned, Text '2' mentioned, Text '3' mentioned"


async def test_combinations_survive_dump_and_load() -> None:
    condition = (MaxMessageTermination(2) & TextMentionTermination("x")) | ExternalTermination()
    dumped = condition.dump_component()
    loaded = TerminationCondition.load_component(
        ComponentModel.model_validate_json(dumped.model_dump_json())
    )
    assert isinstance(loaded, OrTerminationCondition)
    assert loaded.dump_component() == dumped
    assert await loaded([say("x")]) is None
    assert await loaded([say("y")]) is not None


def conditions() -> TerminationCondition:
    return (MaxMessageTermination(4) & TextMentionTermination("x")) | TokenUsageTermination(25)


async def test_a_saved_condition_counts_on() -> None:
    condition = conditions()
    for text in ("x", "y", "z"):
        assert await condition([say(text)]) is None
    saved = json.loads(json.dumps(await save_condition(condition)))
    for again in (conditions(), conditions()):
        await load_condition(again, saved)
        stop = await again([say("")])
        assert stop is not None
        assert stop.content == (
            "Text 'x' mentioned, Maximum number of messages 4 reached, current message count: 4"
        )


async def test_a_state_of_another_condition_begins_afresh() -> None:
    condition = MaxMessageTermination(2)
    await condition([say("x")])
    saved = await save_condition(condition)
    other = MaxMessageTermination(2) | TextMentionTermination("x")
    await other([say("y")])
    await load_condition(other, saved)
    assert await other([say("y")]) is None
    await load_condition(condition, None)
    assert await condition([say("y")]) is None


async def test_a_timeout_keeps_what_was_used_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    condition = TimeoutTermination(10)
    condition.begin_run()
    clock[0] += 7
    saved = json.loads(json.dumps(await save_condition(condition)))
    clock[0] += 1000
    again = TimeoutTermination(10)
    await load_condition(again, saved)
    again.begin_run()
    clock[0] += 2
    assert await again([]) is None
    clock[0] += 1
    assert await again([]) is not None


async def test_a_request_to_stop_is_not_saved() -> None:
    condition = ExternalTermination()
    condition.set()
    saved = await save_condition(condition)
    again = ExternalTermination()
    await load_condition(again, saved)
    assert await again([]) is None


async def test_a_condition_of_ones_own_needs_no_state() -> None:
    class Never(TerminationCondition):
        @property
        def terminated(self) -> bool:
            return False

        async def __call__(self, messages: object) -> None:
            return None

        async def reset(self) -> None:
            pass

    condition = Never() | MaxMessageTermination(2)
    await condition([say("x")])
    saved = await save_condition(condition)
    again = Never() | MaxMessageTermination(2)
    await load_condition(again, saved)
    assert await again([say("y")]) is not None
