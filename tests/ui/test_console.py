"""Console: a run as text."""

import asyncio
from collections.abc import AsyncGenerator

import PIL.Image
import pytest

from nbagent import Console, TaskResult
from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base import Response
from nbagent.cancellation import CancellationToken
from nbagent.image import Image
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    TextMessage,
    UserInputAnsweredEvent,
    UserInputRequestedEvent,
)
from nbagent.questions import Question, ask, asking_through
from nbagent.ui import UserInputManager
from tests.agents.models import calls, replay
from tests.questions.person import NEVER, Person
from tests.ui.terminal_session import terminal


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


async def run_of(
    *items: BaseAgentEvent | BaseChatMessage,
) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
    for item in items:
        yield item
    yield TaskResult(messages=[])


async def test_what_is_asked_elsewhere_is_printed_with_its_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def decide() -> str:
        """Decide."""
        return await ask("Left or right?", choices=["left", "right"])

    person = Person("by the river", "left", NEVER)
    human = UserProxyAgent("human", prompt="Where to?")
    bot = AssistantAgent("bot", replay(calls(("decide", "{}"))), tools=[decide])
    late = UserProxyAgent("late", default="home", timeout=0.01)
    with asking_through(person):
        await Console(human.run_stream(task="Go"))
        await Console(bot.run_stream(task="Go"))
        await Console(late.run_stream(task="Go"))
    out = capsys.readouterr().out
    header = "---------- human (UserInputRequestedEvent) ----------"
    assert f"{header}\nWhere to?\n> by the river\n" in out
    assert "bot (UserInputRequestedEvent) ----------\nLeft or right?\n> left\n" in out
    assert "> home (default: nobody answered within 0.01 s)\n" in out


async def test_a_recorded_question_is_printed_once_with_its_answer(
    capsys: pytest.CaptureFixture[str],
) -> None:
    requested = UserInputRequestedEvent(
        request_id="1", source="human", question=Question(prompt="Where \x1b[31mto?")
    )
    answered = UserInputAnsweredEvent(request_id="1", source="human", content="Rome")
    withdrawn = UserInputAnsweredEvent(
        request_id="2", source="other", content="", answered_by="nobody"
    )
    await Console(run_of(requested, answered, withdrawn))
    assert capsys.readouterr().out == (
        "---------- human (UserInputRequestedEvent) ----------\n"
        "Where to?\n"
        "> Rome\n"
        "---------- other (UserInputRequestedEvent) ----------\n"
        "> (withdrawn)\n"
    )


async def test_nothing_that_is_said_acts_on_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM_PROGRAM", "iTerm.app")
    hostile = "a\x1b[8mb\x1b]0;title\x07c\rd\x9be"
    picture = Image.from_pil(PIL.Image.new("RGB", (1, 1)))
    await Console(
        run_of(
            TextMessage(content=hostile, source="x\x1b[2J"),
            ModelClientStreamingChunkEvent(content=hostile, source="y"),
            MultiModalMessage(content=[hostile, picture], source="z"),
        )
    )
    out = capsys.readouterr().out
    assert out.count("\x1b") == out.count("\x1b]1337;File=") == 1
    assert "\x9b" not in out
    assert "\r" not in out
    assert out.count("abc\nd⟨U+009B⟩e") == 3


def test_output_waits_while_somebody_types() -> None:
    program = """
from nbagent import Console, TaskResult
from nbagent.messages import ModelClientStreamingChunkEvent as Chunk, TextMessage
async def run():
    yield Chunk(content="thinking", source="bot")
    asked = asyncio.create_task(ask("Where to?"))
    await asyncio.sleep(0.2)
    yield Chunk(content="more while you type", source="bot")
    yield TextMessage(content="more of another", source="other")
    while not asked.done():
        await asyncio.sleep(0.01)
    yield TextMessage(content=f"You said {await asked}.", source="bot")
    yield TaskResult(messages=[])
asyncio.run(Console(run()))
"""
    with terminal(program) as session:
        session.wait_for("thinking\nWhere to? ")
        session.type("Ro")
        session.wait_for("Ro")
        session.type("me\n")
        session.wait_for("You said Rome.")
        assert session.end() == 0
    screen = session.screen
    assert "Where to? Rome\n" in screen
    assert screen.index("Rome") < screen.index("more while you type") < screen.index("of another")
    assert screen.count("more while you type") == 1


def test_an_agent_asks_in_the_terminal() -> None:
    program = """
from nbagent import Console, UserProxyAgent
human = UserProxyAgent("human", prompt="Where to?", default="home")
asyncio.run(Console(human.run_stream(task="Plan.")))
"""
    with terminal(program) as session:
        session.wait_for("Plan.\n")
        session.wait_for("[human] Where to? [home] ")
        session.type("Rome\n")
        session.wait_for("Rome\n")
        session.wait_for("human ----------")
        session.wait_for("Rome\n")
        assert session.end() == 0
