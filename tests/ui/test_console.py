"""Console: a run as text."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from nbagent import Console, TaskResult
from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base import Response
from nbagent.cancellation import CancellationToken
from nbagent.messages import BaseAgentEvent, BaseChatMessage, TextMessage
from nbagent.ui import UserInputManager
from tests.agents.models import calls, replay


def add(a: int) -> int:
    """Add one."""
    return a + 1


async def test_headers_as_in_the_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    agent = AssistantAgent("research_assistant", replay("Type hints help."))
    result = await Console(agent.run_stream(task="Why type hints?"))
    assert isinstance(result, TaskResult)
    assert capsys.readouterr().out == (
        "---------- user ----------\n"
        "Why type hints?\n"
        "---------- research_assistant ----------\n"
        "Type hints help.\n"
    )


async def test_streaming_prints_each_text_once(capsys: pytest.CaptureFixture[str]) -> None:
    agent = AssistantAgent("bot", replay("one two three"), model_client_stream=True)
    await Console(agent.run_stream(task="Go"))
    out = capsys.readouterr().out
    assert out.count("one two three") == 1
    assert out.count("---------- bot ----------") == 1


async def test_events_and_stats(capsys: pytest.CaptureFixture[str]) -> None:
    agent = AssistantAgent("bot", replay(calls(("add", '{"a": 1}'))), tools=[add])
    await Console(agent.run_stream(task="Go"), output_stats=True)
    out = capsys.readouterr().out
    assert "---------- bot (ToolCallRequestEvent) ----------" in out
    assert "Number of messages: 4" in out
    assert "Total prompt tokens: 10" in out


async def test_a_response_is_returned_too(capsys: pytest.CaptureFixture[str]) -> None:
    agent = AssistantAgent("bot", replay("hello"))
    stream = agent.on_messages_stream(
        [TextMessage(content="x", source="user")], CancellationToken()
    )
    response = await Console(stream)
    assert isinstance(response, Response)
    assert "hello" in capsys.readouterr().out


async def test_a_stream_without_a_result_is_an_error() -> None:
    async def nothing() -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        yield TextMessage(content="x", source="user")

    with pytest.raises(ValueError, match="No TaskResult"):
        await Console(nothing())


async def test_notices_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    class Honest(type(replay())):
        notice = "Only a demo."

    await Console(AssistantAgent("bot", Honest(["x"])).run_stream(task="Go"))
    assert "[Only a demo.]" in capsys.readouterr().out


async def test_input_manager_asks_after_the_request_was_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    manager = UserInputManager(lambda prompt: "answer")
    agent = UserProxyAgent("human", input_func=manager.get_wrapped_callback())
    result = await asyncio.wait_for(
        Console(agent.run_stream(task="Well?"), user_input_manager=manager), 5
    )
    assert result.messages[-1].to_text() == "answer"
