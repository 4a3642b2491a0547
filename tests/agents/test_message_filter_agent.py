"""MessageFilterAgent: what the wrapped agent hears, and what goes through to it."""

import asyncio
import json
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from nbagent import CancellationToken
from nbagent.agents import AssistantAgent, MessageFilterAgent, MessageFilterConfig, PerSourceFilter
from nbagent.messages import TextMessage
from tests.agents.models import replay


def told(*sources: str) -> list[TextMessage]:
    return [
        TextMessage(content=f"{source}{number}", source=source)
        for number, source in enumerate(sources)
    ]


def rule(
    source: str, position: Literal["first", "last"] | None = None, count: int | None = None
) -> PerSourceFilter:
    return PerSourceFilter(source=source, position=position, count=count)


def filtered(client: Any, *rules: PerSourceFilter) -> MessageFilterAgent:
    wrapped = AssistantAgent("inner", client, system_message=None)
    return MessageFilterAgent("outer", wrapped, MessageFilterConfig(per_source=list(rules)))


@pytest.mark.parametrize(
    ("rules", "heard"),
    [
        ([rule("a")], ["a0", "a2", "a4"]),
        ([rule("a", "first", 1)], ["a0"]),
        ([rule("a", "last", 2)], ["a2", "a4"]),
        ([rule("a", "last")], ["a0", "a2", "a4"]),
        ([rule("a", "last", 0)], []),
        ([rule("a", "last", 9)], ["a0", "a2", "a4"]),
        # In the order in which they were said, and each once.
        (
            [rule("c"), rule("b"), rule("a", "first", 1), rule("a", "last", 1)],
            ["a0", "b1", "c3", "a4"],
        ),
        ([rule("nobody")], []),
    ],
)
async def test_what_is_heard(rules: list[PerSourceFilter], heard: list[str]) -> None:
    client = replay("Answer.")
    agent = filtered(client, *rules)
    response = await agent.on_messages(told("a", "b", "a", "c", "a"), CancellationToken())
    assert response.chat_message.to_text() == "Answer."
    assert [message.content for message in client.create_calls[0]["messages"]] == heard


async def test_streaming_and_state_go_through() -> None:
    client = replay("One.", "Two.")
    agent = filtered(client, rule("a"))
    result = await agent.run(task=told("a", "b"))
    assert [message.source for message in result.messages] == ["a", "b", "inner"]
    state = json.loads(json.dumps(await agent.save_state()))
    assert (state["type"], state["version"]) == ("MessageFilterAgentState", "1.0.0")
    other = filtered(client, rule("a"))
    await other.load_state(state)
    await other.run(task=told("a"))
    assert [m.content for m in client.create_calls[-1]["messages"]] == ["a0", "One.", "a0"]
    await other.on_reset(CancellationToken())
    assert await other.save_state() != state


async def test_pause_goes_through() -> None:
    client = replay("One.")
    agent = filtered(client, rule("a"))
    await agent.on_pause(CancellationToken())
    run = asyncio.create_task(agent.run(task=told("a")))
    for _ in range(20):
        await asyncio.sleep(0)
    assert client.create_calls == []
    await agent.on_resume(CancellationToken())
    await run


def test_dump_and_load() -> None:
    agent = filtered(replay("x"), rule("a", "first", 2), rule("b"))
    dumped = agent.dump_component()
    loaded = MessageFilterAgent.load_component(json.loads(dumped.model_dump_json()))
    assert loaded.dump_component() == dumped


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValidationError):
        rule("a", "first", -1)
