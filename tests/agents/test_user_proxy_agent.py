"""UserProxyAgent: asks a person through an input function."""

import asyncio

import pytest

from nbagent import CancellationToken
from nbagent.agents import UserProxyAgent
from nbagent.base import TaskResult
from nbagent.exceptions import ComponentError, UserInputError
from nbagent.messages import HandoffMessage, TextMessage, UserInputRequestedEvent


async def test_asks_and_passes_on_the_answer() -> None:
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "Grüße 👋"

    agent = UserProxyAgent("human", input_func=ask)
    result = await agent.run(task="Well?")
    assert prompts == ["Enter your response: "]
    assert isinstance(result.messages[1], UserInputRequestedEvent)
    assert isinstance(result.messages[2], TextMessage)
    assert result.messages[2].content == "Grüße 👋"


async def test_an_async_input_function_knows_its_request() -> None:
    seen: list[str] = []

    async def ask(prompt: str, cancellation_token: CancellationToken | None) -> str:
        assert cancellation_token is not None
        seen.append(UserProxyAgent.InputRequestContext.request_id())
        return "yes"

    agent = UserProxyAgent("human", input_func=ask)
    event: UserInputRequestedEvent | None = None
    async for item in agent.run_stream(task="Well?"):
        if isinstance(item, UserInputRequestedEvent):
            event = item
    assert event is not None
    assert seen == [event.request_id]
    with pytest.raises(RuntimeError, match="only inside an input function"):
        UserProxyAgent.InputRequestContext.request_id()


async def test_a_handoff_is_answered_with_a_handoff() -> None:
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "back to you"

    agent = UserProxyAgent("human", input_func=ask)
    result = await agent.run(task=HandoffMessage(content="you", source="bot", target="human"))
    assert prompts == ["Handoff received from bot. Enter your response: "]
    answer = result.messages[-1]
    assert isinstance(answer, HandoffMessage)
    assert (answer.target, answer.content) == ("bot", "back to you")


async def test_errors_of_the_input_function_are_named() -> None:
    def ask(prompt: str) -> str:
        raise EOFError("no terminal")

    with pytest.raises(UserInputError, match="Failed to get user input: no terminal"):
        await UserProxyAgent("human", input_func=ask).run(task="Well?")


async def test_a_cancel_while_it_waits_ends_the_run() -> None:
    asked = asyncio.Event()

    async def ask(prompt: str, cancellation_token: CancellationToken | None) -> str:
        asked.set()
        await asyncio.Event().wait()
        return ""

    agent = UserProxyAgent("human", input_func=ask)
    token = CancellationToken()
    task = asyncio.create_task(agent.run(task="Well?", cancellation_token=token))
    await asked.wait()
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)


def test_dump_and_load() -> None:
    agent = UserProxyAgent("human", description="Decides.")
    loaded = UserProxyAgent.load_component(agent.dump_component())
    assert (loaded.name, loaded.description) == ("human", "Decides.")
    with pytest.raises(ComponentError, match="input_func"):
        UserProxyAgent("human", input_func=lambda prompt: "").dump_component()


async def test_result_type() -> None:
    assert isinstance(
        await UserProxyAgent("human", input_func=lambda prompt: "x").run(task="y"), TaskResult
    )
