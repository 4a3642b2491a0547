"""Each condition: what it fires on, and the exact reason that it gives."""

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from nbagent.base import TerminationCondition
from nbagent.component import ComponentModel
from nbagent.conditions import (
    ExternalTermination,
    FunctionalTermination,
    FunctionCallTermination,
    HandoffTermination,
    MaxMessageTermination,
    SourceMatchTermination,
    StopMessageTermination,
    TextMentionTermination,
    TextMessageTermination,
    TimeoutTermination,
    TokenUsageTermination,
)
from nbagent.exceptions import ComponentError, TerminatedException
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    StopMessage,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallSummaryMessage,
)
from nbagent.models.types import FunctionExecutionResult, RequestUsage

Event = BaseAgentEvent | BaseChatMessage


def say(content: str = "hello", source: str = "a", tokens: tuple[int, int] | None = None) -> Event:
    usage = None if tokens is None else RequestUsage(*tokens)
    return TextMessage(content=content, source=source, models_usage=usage)


def executed(name: str) -> Event:
    result = FunctionExecutionResult(content="1", name=name, call_id="1", is_error=True)
    return ToolCallExecutionEvent(content=[result], source="a")


SUMMARY = ToolCallSummaryMessage(content="hello", source="a", tool_calls=[], results=[])
THOUGHT = ThoughtEvent(content="hello", source="a")
HANDOFF = HandoffMessage(content="go on", source="a", target="user")

CASES: list[tuple[TerminationCondition, list[list[Event]], str]] = [
    (
        MaxMessageTermination(3),
        [[say()], [THOUGHT, say()], [], [say(), say()]],
        "Maximum number of messages 3 reached, current message count: 4",
    ),
    (
        MaxMessageTermination(3, include_agent_event=True),
        [[say()], [THOUGHT, say()]],
        "Maximum number of messages 3 reached, current message count: 3",
    ),
    (TextMentionTermination("ell"), [[say("HELL")], [say(), say()]], "Text 'ell' mentioned"),
    (TextMentionTermination("ell"), [[THOUGHT], [SUMMARY]], "Text 'ell' mentioned"),
    (
        TextMentionTermination("ell", sources=["b"]),
        [[say()], [say(source="b")]],
        "Text 'ell' mentioned",
    ),
    (
        StopMessageTermination(),
        [[say()], [StopMessage(content="enough", source="a")]],
        "Stop message received",
    ),
    (
        TokenUsageTermination(max_total_token=20),
        [[say(tokens=(10, 3))], [say()], [say(tokens=(5, 2))]],
        "Token usage limit reached, total token count: 20, prompt token count: 15, "
        "completion token count: 5.",
    ),
    (
        TokenUsageTermination(max_prompt_token=15, max_completion_token=100),
        [[say(tokens=(14, 3))], [say(tokens=(2, 2))]],
        "Token usage limit reached, total token count: 21, prompt token count: 16, "
        "completion token count: 5.",
    ),
    (
        TokenUsageTermination(max_completion_token=0),
        [[say()]],
        "Token usage limit reached, total token count: 0, prompt token count: 0, "
        "completion token count: 0.",
    ),
    (
        HandoffTermination("user"),
        [[HandoffMessage(content="x", source="a", target="b")], [HANDOFF]],
        "Handoff to user from a detected.",
    ),
    (
        SourceMatchTermination(["b", "c"]),
        [[say()], [say(source="c"), say(source="b")]],
        "'c' answered",
    ),
    (
        TextMessageTermination(),
        [[THOUGHT, SUMMARY], [say(source="b")]],
        "Text message received from 'b'",
    ),
    (
        TextMessageTermination("a"),
        [[say(source="b")], [say()]],
        "Text message received from 'a'",
    ),
    (
        FunctionCallTermination("approve"),
        [[executed("other"), SUMMARY], [executed("approve")]],
        "Function 'approve' was executed.",
    ),
    (
        FunctionalTermination(lambda messages: len(messages) == 2),
        [[say()], [say(), say()]],
        "Functional termination condition met",
    ),
]


@pytest.mark.parametrize(
    ("condition", "deltas", "reason"),
    CASES,
    ids=[f"{number}-{type(case[0]).__name__}" for number, case in enumerate(CASES)],
)
async def test_a_condition_fires_on_the_last_delta(
    condition: TerminationCondition, deltas: list[list[Event]], reason: str
) -> None:
    for _ in range(2):  # after a reset all is as at the beginning
        for delta in deltas[:-1]:
            assert await condition(delta) is None
            assert not condition.terminated
        stop = await condition(deltas[-1])
        assert stop is not None and stop.content == reason
        assert stop.source == type(condition).__name__
        assert condition.terminated
        with pytest.raises(TerminatedException, match=f"{stop.source} has fired already.*reset"):
            await condition(deltas[0])
        await condition.reset()
        assert not condition.terminated


@pytest.mark.parametrize(
    "condition",
    [case[0] for case in CASES if not isinstance(case[0], FunctionalTermination)]
    + [ExternalTermination(), TimeoutTermination(1.5)],
    ids=lambda condition: type(condition).__name__,
)
async def test_a_condition_survives_dump_and_load(condition: TerminationCondition) -> None:
    dumped = condition.dump_component()
    assert dumped.provider == f"nbagent.conditions.{type(condition).__name__}"
    assert dumped.component_type == "termination"
    read = ComponentModel.model_validate_json(dumped.model_dump_json())
    loaded = TerminationCondition.load_component(read)
    assert type(loaded) is type(condition)
    assert loaded.dump_component() == dumped
    # What AutoGen dumped names the same classes.
    read.provider = read.provider.replace("nbagent.", "autogen_agentchat.", 1)
    assert type(TerminationCondition.load_component(read)) is type(condition)


@pytest.mark.parametrize("condition", [ExternalTermination(), TimeoutTermination(0)])
async def test_what_fires_by_itself_is_refused_after_firing_too(
    condition: ExternalTermination | TimeoutTermination,
) -> None:
    if isinstance(condition, ExternalTermination):
        condition.set()
    assert await condition([]) is not None
    with pytest.raises(TerminatedException, match=r"has fired already.*reset"):
        await condition([])


async def test_sources_are_not_lost_in_a_dump() -> None:
    dumped = TextMentionTermination("x", sources=["b"]).dump_component()
    assert dumped.config == {"text": "x", "sources": ["b"]}


def test_a_function_cannot_be_dumped() -> None:
    with pytest.raises(ComponentError, match=r"function .*<lambda>, which cannot be dumped"):
        FunctionalTermination(lambda messages: True).dump_component()


def test_token_usage_needs_a_limit() -> None:
    with pytest.raises(
        ValueError,
        match="At least one of max_total_token, max_prompt_token, or max_completion_token must "
        "be provided",
    ):
        TokenUsageTermination()


async def test_an_async_function_is_awaited() -> None:
    async def stops(messages: Sequence[Event]) -> bool:
        await asyncio.sleep(0)
        return bool(messages)

    condition = FunctionalTermination(stops)
    assert await condition([]) is None
    assert await condition([say()]) is not None


async def test_external_termination_from_a_thread() -> None:
    condition = ExternalTermination()
    assert await condition([say()]) is None
    thread = threading.Thread(target=condition.set)
    thread.start()
    thread.join()
    assert not condition.terminated  # it fires when it is asked
    stop = await condition([])
    assert stop is not None and stop.content == "External termination requested"
    await condition.reset()
    assert await condition([]) is None


async def test_timeout_counts_from_the_run_and_not_from_when_it_was_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    condition = TimeoutTermination(2.5)
    clock[0] += 60
    condition.begin_run()
    clock[0] += 2.4
    assert await condition([say()]) is None
    clock[0] += 0.1
    stop = await condition([])  # also where nothing was said
    assert stop is not None and stop.content == "Timeout of 2.5 seconds reached"
    await condition.reset()
    clock[0] += 60
    assert await condition([say()]) is None
