"""The programs about teams do what they do with AgentChat."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from nbagent import CancellationToken
from nbagent.models import LLMMessage
from tests.api.conftest import ModelServer
from tests.api.programs import (
    custom_termination,
    graph_flows,
    human_in_the_loop,
    library_swarm,
    magentic_one,
    reflection_team,
    saved_state,
    selector_team,
    society_of_mind,
    stopping,
)
from tests.loopback import Answer, ToolCall

Printed: TypeAlias = Callable[[], list[str]]


async def test_reflection_team(model: ModelServer, printed: Printed) -> None:
    model.answers("Leaves. I APPROVE.", "Too short.", "Leaves fall.", "APPROVE")  # the first run
    model.answers("Leaves again.", "APPROVE")  # going on
    model.answers("Buds.", "More!", "Buds burst.", "More!", "Enough.")  # after the reset

    await reflection_team.main()

    lines = printed()
    assert [line for line in lines if line.startswith("-----")] == [
        "---------- user ----------",
        "---------- primary ----------",
        "---------- critic ----------",
        "---------- primary ----------",
        "---------- critic ----------",
        "---------- Summary ----------",
    ]
    assert lines[lines.index("---------- Summary ----------") + 1 :][:4] == [
        "Number of messages: 5",
        "Finish reason: Text 'APPROVE' mentioned",
        "Total prompt tokens: 28",
        "Total completion tokens: 20",
    ]
    assert lines[-3:] == [
        "Text 'APPROVE' mentioned",
        "then: Text 'APPROVE' mentioned",
        "6",
    ]
    assert len(model.said_to(6)) == 2  # the poem about autumn is forgotten


async def test_custom_termination(printed: Printed) -> None:
    await custom_termination.main()

    assert printed() == [
        "8 words were said False",
        "Functional termination condition met",
        "refused: Termination condition has already been reached",
    ]


async def test_stopping(printed: Printed) -> None:
    await stopping.main()

    lines = printed()
    assert lines[-2:] == ["stopped: External termination requested", "cancelled"]


async def test_human_in_the_loop(model: ModelServer, printed: Printed) -> None:
    model.answers("The moon is made of cheese.", "The moon shines.", "The sun burns.")
    model.answers(Answer(tool_calls=[ToolCall("transfer_to_user", "{}")]), "So take an UMBRELLA.")
    prompts: list[str] = []
    answers = ["Not of cheese.", "APPROVE", "APPROVE"]

    async def ask(prompt: str, cancellation_token: CancellationToken | None = None) -> str:
        prompts.append(prompt)
        return answers.pop(0)

    await human_in_the_loop.main(ask)

    lines = printed()
    assert lines[:3] == ["waiting for user_proxy", "waiting for user_proxy", "-- with a manager"]
    assert lines[-2:] == ["Handoff to user from indoors detected.", "So take an UMBRELLA."]
    assert prompts == ["Enter your response: "] * 3
    assert model.said_to(1)[-1] == ("user", "Not of cheese.")
    assert ("tool", "Please look out of the window.") in model.said_to(4)


async def test_library_swarm(model: ModelServer, printed: Printed) -> None:
    model.answers(
        Answer(tool_calls=[ToolCall("transfer_to_loans", "{}", id="1")]),
        Answer(tool_calls=[ToolCall("transfer_to_user", "{}", id="2")]),
        Answer(tool_calls=[ToolCall("extend_loan", '{"card": 5078}', id="3")]),
        Answer(tool_calls=[ToolCall("transfer_to_desk", "{}", id="4")]),
        "Good day. CLOSED",
    )
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "5078"

    await library_swarm.main(ask)

    lines = printed()
    assert asked == ["You: "]
    assert lines[-1] == "Text 'CLOSED' mentioned"
    assert "Transferred to loans, adopting the role of loans immediately." in lines
    assert "Loans on card 5078 end in two weeks." in lines
    assert model.tools_of(2) == ["extend_loan", "transfer_to_desk", "transfer_to_user"]
    assert model.said_to(2)[-1] == ("user", "5078")


async def test_selector_team(model: ModelServer, printed: Printed) -> None:
    model.answers("searcher", "I take the analyst.")

    await selector_team.main()

    assert printed() == [
        "-> planner",
        "-> searcher",
        "-> analyst",
        "-> planner",
        "Text 'TERMINATE' mentioned",
    ]
    [(_, prompt)] = model.said_to(0)
    assert "Answer with one of ['searcher', 'analyst'] only." in str(prompt)
    assert "analyst: Does sums." in str(prompt) and "First search." in str(prompt)


async def test_graph_flows(printed: Printed) -> None:
    offer_model = await graph_flows.main()

    lines = printed()
    assert lines[-1] == (
        "['user', 'smith', 'door', 'smith', 'door', 'porter'] Digraph execution is complete"
    )
    assert lines[-2] == "900 euros."
    heard: list[LLMMessage] = offer_model.create_calls[0]["messages"]
    assert [message.content for message in heard[1:]] == [
        "What does it cost?",
        "Two baths.",
        "Nine lamps.",
    ]


def report(*, done: bool, instruction: str) -> str:
    """The orchestrator's report on the progress, as its model writes it."""

    def entry(answer: Any) -> dict[str, Any]:
        return {"reason": "It is so.", "answer": answer}

    return json.dumps(
        {
            "is_request_satisfied": entry(done),
            "is_in_loop": entry(False),
            "is_progress_being_made": entry(True),
            "next_speaker": entry("assistant"),
            "instruction_or_question": entry(instruction),
        }
    )


async def test_magentic_one(model: ModelServer, printed: Printed) -> None:
    model.answers(
        "A median is asked for.",
        "Ask the assistant.",
        report(done=False, instruction="Explain it."),
        report(done=True, instruction=""),
        "Take the middle of the sorted list.",
    )

    await magentic_one.main()

    lines = printed()
    assert lines[-2:] == ["Take the middle of the sorted list.", "reason: It is so."]
    assert "Explain it." in lines
    assert "Sort the list, then take the middle." in lines
    assert "How is a median found?" in str(model.said_to(4))


async def test_saved_state(model: ModelServer, printed: Printed, tmp_path: Path) -> None:
    model.answers("Still water.", "A lake.", "Green slopes.", "A hill.")

    await saved_state.main(tmp_path)

    assert printed() == ["2", "['RoundRobinGroupChatManager', 'poet']", "A hill."]
    assert [content for _, content in model.said_to(1)] == [
        "You are a poet.",
        "A line about a lake.",
        "Still water.",
        "What was that about?",
    ]
    assert [content for _, content in model.said_to(3)][1:] == [
        "A line about a hill.",
        "Green slopes.",
        "And that?",
    ]


async def test_society_of_mind(model: ModelServer, printed: Printed) -> None:
    model.answers("Ships at night!")

    await society_of_mind.main()

    lines = printed()
    assert "Maximum number of turns 2 reached." in lines
    assert lines[lines.index("---------- title_maker ----------") + 1] == "Ships at night!"
    assert "Ships at night." in str(model.said_to(0))
    assert lines[-1] == "['user', 'reporter', 'checker', 'printer']"
