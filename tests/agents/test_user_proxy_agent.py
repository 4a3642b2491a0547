"""UserProxyAgent: asks a person through whatever shows the run, or an input function."""

import asyncio
import builtins
import subprocess
import sys
import threading
from typing import Any

import pytest

from nbagent import CancellationToken
from nbagent.agents import UserProxyAgent
from nbagent.base import TaskResult
from nbagent.exceptions import ComponentError, UserInputError
from nbagent.messages import HandoffMessage, TextMessage, UserInputRequestedEvent
from nbagent.questions import asking_through
from tests.questions.person import GONE, NEVER, Person


async def test_asks_and_passes_on_the_answer() -> None:
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "Grüße 👋"

    agent = UserProxyAgent("human", input_func=ask)
    result = await agent.run(task="Well?")
    assert prompts == ["Enter your response: "]
    assert isinstance(result.messages[1], UserInputRequestedEvent)
    assert result.messages[1].question is None
    assert isinstance(result.messages[2], TextMessage)
    assert result.messages[2].content == "Grüße 👋"


LEFT_WAITING = """
import asyncio, sys, time
from nbagent import CancellationToken
from nbagent.agents import UserProxyAgent
from nbagent.ui import Console, UserInputManager

def ask(prompt):
    time.sleep(600)

async def main():
    token = CancellationToken()
    asyncio.get_running_loop().call_later(0.3, token.cancel)
    if sys.argv[1] == "agent":
        await UserProxyAgent("human", input_func=ask).run(cancellation_token=token)
    manager = UserInputManager(ask)
    agent = UserProxyAgent("human", input_func=manager.get_wrapped_callback())
    stream = agent.run_stream(cancellation_token=token)
    await Console(stream, user_input_manager=manager)

try:
    asyncio.run(main())
except asyncio.CancelledError:
    print("stopped")
"""


@pytest.mark.parametrize("way", ["agent", "manager"])
def test_a_stopped_program_ends_though_its_input_function_still_waits(way: str) -> None:
    program = [sys.executable, "-c", LEFT_WAITING, way]
    ended = subprocess.run(program, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout.endswith("stopped\n")
    assert ended.stderr == ""


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


async def test_a_plain_input_function_runs_beside_the_event_loop_and_knows_its_request() -> None:
    loop_goes_on = threading.Event()
    seen: list[str] = []

    def ask(prompt: str) -> str:
        assert loop_goes_on.wait(10), "the event loop stands still"
        seen.append(UserProxyAgent.InputRequestContext.request_id())
        return "yes"

    agent = UserProxyAgent("human", input_func=ask)
    run = asyncio.create_task(agent.run(task="Well?"))
    while not run.done() and not loop_goes_on.is_set():
        await asyncio.sleep(0.01)
        loop_goes_on.set()
    request, answer = (await run).messages[1:]
    assert isinstance(request, UserInputRequestedEvent)
    assert (request.source, request.content) == ("human", "")
    assert seen == [request.request_id]
    assert isinstance(answer, TextMessage) and answer.source == "human"


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

    with pytest.raises(UserInputError, match=r"^Failed to get user input: no terminal$") as caught:
        await UserProxyAgent("human", input_func=ask).run(task="Well?")
    assert isinstance(caught.value, RuntimeError)  # what AgentChat's callers catch
    assert isinstance(caught.value.__cause__, EOFError)


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


async def test_without_an_input_function_the_display_asks() -> None:
    person = Person("Grüße 👋\r\nbis bald")
    agent = UserProxyAgent("human", prompt="Und?", default="nichts", timeout=30)
    with asking_through(person):
        result = await agent.run(task="Well?")
    event = result.messages[1]
    assert isinstance(event, UserInputRequestedEvent)
    assert event.question is not None
    assert (event.question.kind, event.question.prompt) == ("text", "Und?")
    assert (event.question.default, event.question.has_default) == ("nichts", True)
    assert event.question.timeout == 30
    request = person.requests[0]
    assert (request.request_id, request.source) == (event.request_id, "human")
    assert request.question == event.question
    assert [message.to_text() for message in result.messages] == [
        "Well?",
        "",
        "Grüße 👋\nbis bald",
    ]


async def test_the_event_is_out_before_anybody_is_asked() -> None:
    person = Person("yes")
    with asking_through(person):
        async for item in UserProxyAgent("human").run_stream(task="Well?"):
            if isinstance(item, UserInputRequestedEvent):
                assert not person.requests
    assert len(person.requests) == 1


async def test_pythons_own_input_is_no_input_function(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kernel:
        def raw_input(self, prompt: str = "") -> str:
            raise AssertionError("a kernel's input() blocks the event loop")

    kernel = Kernel()
    monkeypatch.setattr(builtins, "input", kernel.raw_input)
    person = Person("yes")
    with asking_through(person):
        await UserProxyAgent("human", input_func=kernel.raw_input).run(task="Well?")
        assert len(person.requests) == 1


async def test_a_handoff_is_answered_through_the_display() -> None:
    person = Person("back to you")
    with asking_through(person):
        result = await UserProxyAgent("human").run(
            task=HandoffMessage(content="you", source="bot", target="human")
        )
    prompt = person.requests[0].question.prompt
    assert prompt == "Handoff received from bot. Enter your response: "
    answer = result.messages[-1]
    assert isinstance(answer, HandoffMessage)
    assert (answer.target, answer.content) == ("bot", "back to you")


async def test_default_and_timeout() -> None:
    for person in (Person(NEVER), Person(GONE), Person(unavailable="nobody is here")):
        with asking_through(person):
            agent = UserProxyAgent("human", default="home", timeout=0.01)
            result = await agent.run(task="Well?")
        assert result.messages[-1].to_text() == "home"
    with asking_through(Person(NEVER)), pytest.raises(UserInputError, match=r"within 0\.01 s"):
        await UserProxyAgent("human", timeout=0.01).run(task="Well?")
    with (
        asking_through(Person(unavailable="nobody is here")),
        pytest.raises(UserInputError, match=r"Failed to get user input: .*nobody is here"),
    ):
        await UserProxyAgent("human").run(task="Well?")


async def test_a_cancel_while_the_display_asks_ends_the_run() -> None:
    person = Person(NEVER)
    token = CancellationToken()
    agent = UserProxyAgent("human", default="home")
    with asking_through(person):
        task = asyncio.create_task(agent.run(task="Well?", cancellation_token=token))
        await person.asked.wait()
        token.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
    assert person.withdrawn == 1
    with asking_through(Person("again")):
        assert (await agent.run(task="Well?")).messages[-1].to_text() == "again"


def input_function(prompt: str) -> str:
    return "x"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"timeout": 0}, "above 0"),
        ({"timeout": 5, "input_func": input_function}, "leave out input_func"),
        ({"default": "x", "input_func": input_function}, "leave out input_func"),
        ({"default": 3}, "needs a text"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        UserProxyAgent("human", **arguments)


async def test_an_input_function_gets_the_prompt() -> None:
    agent = UserProxyAgent("human", input_func=lambda prompt: prompt.upper(), prompt="well? ")
    assert (await agent.run(task="x")).messages[-1].to_text() == "WELL? "


def test_what_is_asked_is_dumped_too() -> None:
    agent = UserProxyAgent("human", prompt="Und?", default="nichts", timeout=3)
    config = agent.dump_component().config
    assert config == {
        "name": "human",
        "description": "A human user",
        "prompt": "Und?",
        "default": "nichts",
        "timeout": 3.0,
    }
    loaded = UserProxyAgent.load_component(agent.dump_component())
    assert loaded.dump_component().config == config


async def test_result_type() -> None:
    assert isinstance(
        await UserProxyAgent("human", input_func=lambda prompt: "x").run(task="y"), TaskResult
    )
