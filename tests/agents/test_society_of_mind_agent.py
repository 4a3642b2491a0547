"""SocietyOfMindAgent: a team that speaks as one agent, over several runs and interruptions."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from nbagent import CancellationToken, Image, MultiModalMessage
from nbagent.agents import AssistantAgent, SocietyOfMindAgent
from nbagent.exceptions import ModelError
from nbagent.messages import TextMessage
from nbagent.models.types import SystemMessage, UserMessage
from nbagent.teams import RoundRobinGroupChat
from tests.agents.models import StallingClient, calls, replay, text


def team(*answers: str, turns: int = 2) -> tuple[RoundRobinGroupChat, list[Any]]:
    clients = [replay(*answers) for _ in range(2)]
    members = [
        AssistantAgent(name, client, system_message=None)
        for name, client in zip(["ann", "bob"], clients, strict=True)
    ]
    return RoundRobinGroupChat(members, max_turns=turns), clients


async def test_answers_with_a_summary_of_what_the_team_said() -> None:
    inner, _ = team("Blue.")
    client = replay(text("The sky is blue."))
    client.model_info["multiple_system_messages"] = True
    agent = SocietyOfMindAgent("society", inner, client)
    result = await agent.run(task="Which colour has the sky?")
    assert [(message.source, message.to_text()) for message in result.messages] == [
        ("user", "Which colour has the sky?"),
        ("ann", "Blue."),
        ("bob", "Blue."),
        ("society", "The sky is blue."),
    ]
    assert [message.metadata.get("team") for message in result.messages] == [
        None,
        "society",
        "society",
        None,
    ]
    answer = result.messages[-1]
    assert answer.models_usage is not None and answer.models_usage.completion_tokens == 5
    asked = client.create_calls[-1]["messages"]
    assert isinstance(asked[0], SystemMessage)
    assert asked[0].content == SocietyOfMindAgent.DEFAULT_INSTRUCTION
    assert [message.content for message in asked[1:3]] == ["Blue.", "Blue."]
    assert asked[-1].content == SocietyOfMindAgent.DEFAULT_RESPONSE_PROMPT


async def test_a_model_with_one_system_message_gets_prompts_of_a_user() -> None:
    inner, _ = team("x")
    client = replay("y")
    client.model_info["multiple_system_messages"] = False
    await SocietyOfMindAgent("society", inner, client).run(task="Go")
    assert all(isinstance(m, UserMessage) for m in client.create_calls[-1]["messages"])


async def test_the_team_starts_afresh_and_knows_what_was_said_before() -> None:
    inner, clients = team("One.", "Two.")
    agent = SocietyOfMindAgent("society", inner, replay("First answer.", "Second answer."))
    picture = Image.from_base64(PIXEL)
    await agent.run(task=MultiModalMessage(content=["Look", picture], source="user"))
    await agent.run(task="And now?")
    heard = clients[0].create_calls[-1]["messages"]
    assert heard[0].content == ["Look", picture]
    assert [message.content for message in heard[1:]] == ["First answer.", "And now?"]
    state = await inner.save_state()
    assert state["agent_states"]["RoundRobinGroupChatManager"]["message_thread"] == []


async def test_a_team_that_says_nothing() -> None:
    class Silent(RoundRobinGroupChat):
        async def select_speakers(
            self, thread: Any, cancellation_token: CancellationToken
        ) -> AsyncGenerator[Any, None]:
            yield "nobody wants to"

    member = AssistantAgent("ann", replay())
    agent = SocietyOfMindAgent("society", Silent([member]), replay())
    result = await agent.run(task="Hello?")
    assert result.messages[-1].to_text() == "No response."


async def test_an_interrupted_team_goes_on_after_save_and_load() -> None:
    def build(client: Any) -> tuple[SocietyOfMindAgent, Any]:
        first = replay("Half.", "Other half.")
        members = [AssistantAgent("ann", first), AssistantAgent("bob", client)]
        inner = RoundRobinGroupChat(members, max_turns=2)
        return SocietyOfMindAgent("society", inner, replay("Whole.")), first

    stalling = StallingClient()
    stalled = AssistantAgent("bob", stalling, model_client_stream=True)
    inner = RoundRobinGroupChat([AssistantAgent("ann", replay("Half.")), stalled], max_turns=2)
    agent = SocietyOfMindAgent("society", inner, replay("Whole."))
    token = CancellationToken()
    run = asyncio.create_task(agent.run(task="Count", cancellation_token=token))
    await stalling.stalled.wait()
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    state = json.loads(json.dumps(await agent.save_state()))
    assert (state["type"], state["interrupted"]) == ("SocietyOfMindAgentState", True)

    other, ann = build(replay("Done."))
    await other.load_state(state)
    assert json.loads(json.dumps(await other.save_state())) == state
    result = await other.run(task="Go on")
    assert result.messages[-1].to_text() == "Whole."
    heard = [
        message.content
        for call in ann.create_calls
        for message in call["messages"]
        if isinstance(message, UserMessage)
    ]
    assert heard.count("Count") == 1  # it is neither lost nor told twice


async def test_reset_forgets_everything() -> None:
    inner, clients = team("a", "b")
    agent = SocietyOfMindAgent("society", inner, replay("One.", "Two."))
    await agent.run(task="First")
    await agent.on_reset(CancellationToken())
    assert await agent.model_context.get_messages() == []
    await agent.run(task="Second")
    assert [m.content for m in clients[0].create_calls[-1]["messages"]] == ["Second"]


async def test_an_error_of_the_model_keeps_its_type() -> None:
    inner, _ = team("a")
    agent = SocietyOfMindAgent("society", inner, replay(calls(("nothing", "{}"))))
    with pytest.raises(ModelError, match="called tools"):
        await agent.run(task="Go")


async def test_pause_and_resume_reach_the_team() -> None:
    inner, clients = team("a")
    agent = SocietyOfMindAgent("society", inner, replay("Answer."))
    await agent.on_pause(CancellationToken())
    run = asyncio.create_task(agent.run(task="Go"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert clients[0].create_calls == []
    await agent.on_resume(CancellationToken())
    assert (await run).messages[-1].to_text() == "Answer."


async def test_dump_and_load() -> None:
    inner, _ = team("a")
    agent = SocietyOfMindAgent(
        "society",
        inner,
        replay("x"),
        description="Many minds.",
        instruction="I",
        response_prompt="R",
    )
    dumped = agent.dump_component()
    loaded = SocietyOfMindAgent.load_component(json.loads(dumped.model_dump_json()))
    assert loaded.dump_component() == dumped
    assert loaded.description == "Many minds."
    assert loaded.produced_message_types == (TextMessage,)


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
