"""Each condition stops a real team: the exact stop reason, on the first run and on the next."""

import time
from collections.abc import Callable

import pytest

from nbagent.agents import AssistantAgent
from nbagent.base import Handoff, Team, TerminationCondition
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
from nbagent.messages import BaseChatMessage, StopMessage
from nbagent.models.types import CreateResult
from nbagent.teams import DiGraphBuilder, GraphFlow, RoundRobinGroupChat
from tests.agents.models import calls, replay
from tests.teams.members import Counter


def look_up() -> str:
    """Look something up."""
    return "found"


def assistant(answer: str | CreateResult) -> AssistantAgent:
    """Gives the same answer in every turn, for 10 prompt tokens and 5 of its own."""
    answers = [answer] * 20
    return AssistantAgent("a", replay(*answers), tools=[look_up], handoffs=[Handoff(target="user")])


def stopping(turn: int) -> BaseChatMessage | str:
    return StopMessage(content="enough", source="b") if turn % 2 == 0 else "go on"


CASES: list[tuple[Callable[[], TerminationCondition], str | CreateResult, str]] = [
    (
        lambda: MaxMessageTermination(4),
        "said",
        "Maximum number of messages 4 reached, current message count: 4",
    ),
    (lambda: TextMentionTermination("said"), "said", "Text 'said' mentioned"),
    (StopMessageTermination, "said", "Stop message received"),
    (
        lambda: TokenUsageTermination(max_total_token=30),
        calls(("look_up", "{}")),
        "Token usage limit reached, total token count: 30, prompt token count: 20, "
        "completion token count: 10.",
    ),
    (
        lambda: HandoffTermination("user"),
        calls(("transfer_to_user", "{}")),
        "Handoff to user from a detected.",
    ),
    (lambda: TimeoutTermination(0.5), "said", "Timeout of 0.5 seconds reached"),
    (ExternalTermination, "said", "External termination requested"),
    (lambda: SourceMatchTermination(["b"]), "said", "'b' answered"),
    (lambda: TextMessageTermination("b"), "said", "Text message received from 'b'"),
    (
        lambda: FunctionCallTermination("look_up"),
        calls(("look_up", "{}")),
        "Function 'look_up' was executed.",
    ),
    (
        lambda: FunctionalTermination(lambda messages: messages[-1].source == "b"),
        "said",
        "Functional termination condition met",
    ),
    (
        lambda: SourceMatchTermination(["b"]) | MaxMessageTermination(3),
        "said",
        "'b' answered, Maximum number of messages 3 reached, current message count: 3",
    ),
    (
        lambda: StopMessageTermination() & TextMentionTermination("said"),
        "said",
        "Text 'said' mentioned, Stop message received",
    ),
]


@pytest.mark.parametrize(("make", "answer", "reason"), CASES, ids=[case[2] for case in CASES])
async def test_a_condition_stops_a_team(
    make: Callable[[], TerminationCondition],
    answer: str | CreateResult,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    condition = make()

    def says(turn: int) -> BaseChatMessage | str:
        clock[0] += 0.3
        if isinstance(condition, ExternalTermination):
            condition.set()
        return stopping(turn)

    team: Team = RoundRobinGroupChat(
        [assistant(answer), Counter("b", says)], termination_condition=condition, max_turns=20
    )
    for _ in range(2):
        result = await team.run(task="go")
        assert result.stop_reason == reason
        assert not condition.terminated


async def test_max_turns_stops_a_team() -> None:
    team = RoundRobinGroupChat([assistant("said"), Counter("b")], max_turns=3)
    for _ in range(2):
        assert (await team.run(task="go")).stop_reason == "Maximum number of turns 3 reached."


async def test_a_condition_comes_before_max_turns_and_before_the_end_of_a_graph() -> None:
    """Of several reasons in one turn the condition's is told."""
    condition = MaxMessageTermination(2)
    team = RoundRobinGroupChat([Counter("a")], termination_condition=condition, max_turns=1)
    reason = "Maximum number of messages 2 reached, current message count: 2"
    assert (await team.run(task="go")).stop_reason == reason
    builder = DiGraphBuilder()
    builder.add_node(Counter("a"))
    flow = GraphFlow(builder.get_participants(), builder.build(), termination_condition=condition)
    assert (await flow.run(task="go")).stop_reason == reason
