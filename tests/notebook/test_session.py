"""The notebook's session: agents by name, one model, tools."""

import pytest

from nbagent import TaskResult
from nbagent.exceptions import ConfigurationError, MissingKeyError, UnknownModelError
from nbagent.models import ChatCompletionClient, CreateResult, ModelInfo, RequestUsage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import FunctionCall
from nbagent.notebook.session import Session, forget
from nbagent.tools import FunctionTool
from nbagent.tools.registry import ToolRegistry


class ClosableClient(ReplayChatCompletionClient):
    """A replay client that remembers whether it was closed."""

    closed = False

    async def close(self) -> None:
        self.closed = True


class Models:
    """Makes clients for specs, and keeps them for the test to look at."""

    def __init__(self) -> None:
        self.made: list[tuple[str | None, ClosableClient]] = []

    def __call__(self, spec: str | None) -> ChatCompletionClient:
        if spec == "broken":
            raise UnknownModelError("unknown model 'broken'.")
        client = ClosableClient([f"{spec} {number}" for number in range(1, 6)])
        self.made.append((spec, client))
        return client

    def last(self) -> ClosableClient:
        return self.made[-1][1]


@pytest.fixture
def models() -> Models:
    return Models()


@pytest.fixture
def session(models: Models) -> Session:
    return Session(ToolRegistry(), models)


def answer(result: TaskResult) -> str:
    return result.messages[-1].to_text()


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def test_an_agent_keeps_its_conversation(session: Session, models: Models) -> None:
    assert not session.has_agent("assistant")
    assert answer(await session.agent().run(task="one")) == "None 1"
    assert answer(await session.agent().run(task="two")) == "None 2"
    assert session.has_agent("assistant")
    seen = [message.content for message in models.last().create_calls[1]["messages"][1:]]
    assert seen == ["one", "None 1", "two"]


async def test_agents_have_conversations_of_their_own(session: Session, models: Models) -> None:
    await session.agent("poet").run(task="one")
    await session.agent("critic").run(task="two")
    assert len(models.made) == 1  # they share the default model's client
    assert [m.content for m in models.last().create_calls[1]["messages"][1:]] == ["two"]


async def test_a_new_model_keeps_the_conversation_and_closes_the_old_client(
    session: Session, models: Models
) -> None:
    await session.agent().run(task="one")
    old = models.last()
    session.use_model("better")
    assert session.describe_model().spec != "demo"
    assert answer(await session.agent().run(task="two")) == "better 1"
    assert [m.content for m in models.last().create_calls[0]["messages"][1:]] == [
        *("one", "None 1", "two")
    ]
    await session.close_unused()
    assert old.closed
    assert not models.last().closed


async def test_a_model_of_its_own_stays_with_the_agent(session: Session) -> None:
    assert answer(await session.agent("poet", "large").run(task="x")) == "large 1"
    session.use_model("small")
    assert answer(await session.agent("poet").run(task="x")) == "large 2"
    assert answer(await session.agent("critic").run(task="x")) == "small 1"


async def test_choosing_a_model_reaches_the_default_agent_in_any_case(session: Session) -> None:
    assert answer(await session.agent(model="large").run(task="x")) == "large 1"
    await session.agent("poet", "large").run(task="x")
    assert set(session.own_models()) == {"assistant", "poet"}
    session.use_model("small")
    assert answer(await session.agent().run(task="x")) == "small 1"
    assert set(session.own_models()) == {"poet"}


async def test_a_model_that_does_not_exist_changes_nothing(session: Session) -> None:
    await session.agent().run(task="one")
    with pytest.raises(UnknownModelError, match="'broken'"):
        session.use_model("broken")
    with pytest.raises(UnknownModelError, match="'broken'"):
        session.agent("poet", "broken")
    assert not session.has_agent("poet")
    assert answer(await session.agent().run(task="two")) == "None 2"


async def test_a_client_of_the_user_is_used_and_left_open(session: Session) -> None:
    own = ClosableClient(["mine"])
    session.use_model(own)
    assert answer(await session.agent().run(task="x")) == "mine"
    await session.close()
    assert not own.closed


async def test_a_key_that_is_added_counts_at_once(
    session: Session, models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.agent().run(task="one")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-now")
    await session.agent().run(task="two")
    await session.close_unused()
    assert [client.closed for _, client in models.made] == [True, False]


async def test_tools_that_come_later_reach_the_agent(session: Session, models: Models) -> None:
    await session.agent().run(task="one")
    session.tools.add(FunctionTool(add))
    models.last().chat_completions[1] = CreateResult(
        finish_reason="function_calls",
        content=[FunctionCall(id="1", name="add", arguments='{"a": 2, "b": 3}')],
        usage=RequestUsage(prompt_tokens=0, completion_tokens=0),
        cached=False,
    )
    result = await session.agent().run(task="two")
    assert answer(result) == "None 3"  # in words, after the tool's result
    kinds = [type(message).__name__ for message in result.messages]
    assert kinds == [
        *("TextMessage", "ToolCallRequestEvent", "ToolCallExecutionEvent", "TextMessage")
    ]
    assert result.messages[2].content[0].content == "5"  # type: ignore[union-attr, index]  # pyright: ignore
    assert [m.content for m in models.last().create_calls[1]["messages"][1:3]] == ["one", "None 1"]


def test_tools_need_a_model_that_calls_them() -> None:
    info = ModelInfo(
        vision=False,
        function_calling=False,
        json_output=False,
        family="unknown",
        structured_output=False,
    )
    tools = ToolRegistry()
    session = Session(tools, lambda spec: ReplayChatCompletionClient(["x"], info))
    session.agent()
    tools.add(FunctionTool(add))
    with pytest.raises(ConfigurationError, match=r"tools are registered \(add\).*--clear"):
        session.agent()


async def test_forget_begins_the_conversation_afresh(session: Session, models: Models) -> None:
    await session.agent().run(task="one")
    await forget(session.agent())
    await session.agent().run(task="two")
    assert [m.content for m in models.last().create_calls[1]["messages"][1:]] == ["two"]


async def test_closing_closes_every_client(session: Session, models: Models) -> None:
    await session.agent("a", "one").run(task="x")
    await session.agent("b", "two").run(task="x")
    await session.close()
    assert [client.closed for _, client in models.made] == [True, True]
    assert not session.has_agent("a")


def test_without_a_key_a_model_that_needs_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "NBAGENT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MissingKeyError, match="OPENAI_API_KEY"):
        Session(ToolRegistry()).use_model("openai:gpt-5")
