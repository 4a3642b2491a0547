"""Model contexts: what is sent, that servers take it, and that nothing is lost."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbagent import FunctionCall
from nbagent.exceptions import ComponentError
from nbagent.model_context import (
    BufferedChatCompletionContext,
    ChatCompletionContext,
    HeadAndTailChatCompletionContext,
    TokenLimitedChatCompletionContext,
    UnboundedChatCompletionContext,
)
from nbagent.model_context.exchanges import exchanges, is_whole
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    UserMessage,
)


def user(text: str = "question") -> LLMMessage:
    return UserMessage(content=text, source="user")


def answer(text: str = "answer") -> LLMMessage:
    return AssistantMessage(content=text, source="agent")


def round_of(*ids: str, result: str = "result") -> list[LLMMessage]:
    """A call of several tools with its results."""
    return [
        AssistantMessage(
            content=[FunctionCall(id=i, name="tool", arguments="{}") for i in ids], source="agent"
        ),
        FunctionExecutionResultMessage(
            content=[FunctionExecutionResult(content=result, name="tool", call_id=i) for i in ids]
        ),
    ]


@st.composite
def conversations(draw: st.DrawFn) -> list[LLMMessage]:
    """What an agent keeps: words and tool rounds. Servers repeat call ids, so they repeat here."""
    messages: list[LLMMessage] = []
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["user", "answer", "round"]))
        if kind == "round":
            ids = [f"call_{number}" for number in range(draw(st.integers(1, 3)))]
            messages += round_of(*ids, result="r" * draw(st.integers(0, 60)))
        else:
            words = f"{len(messages)} " + "w" * draw(st.integers(0, 60))
            messages.append(user(words) if kind == "user" else answer(words))
    return messages


async def sent(context: ChatCompletionContext, messages: Sequence[LLMMessage]) -> list[LLMMessage]:
    for message in messages:
        await context.add_message(message)
    got = await context.get_messages()
    # What was not sent is kept.
    kept = (await context.save_state())["messages"]
    assert len(kept) == len(messages)
    return got


def assert_servers_take(got: Sequence[LLMMessage]) -> None:
    assert all(is_whole(exchange) for exchange in exchanges(got))


COUNTING = OpenAIChatCompletionClient(model="gpt-4o", api_key="k")
relaxed = settings(deadline=None)  # a loaded machine is no failure


@relaxed
@given(conversations(), st.integers(1, 15))
async def test_buffered_never_parts_a_call_and_its_results(
    messages: list[LLMMessage], size: int
) -> None:
    got = await sent(BufferedChatCompletionContext(size), messages)
    assert_servers_take(got)
    assert got == messages[len(messages) - len(got) :]
    newest = len(exchanges(messages)[-1]) if messages else 0
    assert min(newest, 1) <= len(got) <= max(size, newest)


@relaxed
@given(conversations(), st.integers(1, 6), st.integers(1, 6))
async def test_head_and_tail_never_parts_a_call_and_its_results(
    messages: list[LLMMessage], head: int, tail: int
) -> None:
    got = await sent(HeadAndTailChatCompletionContext(head, tail), messages)
    assert_servers_take(got)
    notes = [
        message
        for message in got
        if isinstance(message, UserMessage) and message.source == "System"
    ]
    if not notes:
        assert got == messages
        return
    at = got.index(notes[0])
    first, last = got[:at], got[at + 1 :]
    assert first == messages[:at] and at <= head
    assert last == messages[len(messages) - len(last) :] and last
    skipped = len(messages) - len(first) - len(last)
    assert notes[0].content == f"Skipped {skipped} messages."


@relaxed
@given(conversations(), st.integers(1, 300))
async def test_token_limited_keeps_the_limit_and_both_ends(
    messages: list[LLMMessage], limit: int
) -> None:
    counting = COUNTING
    context = TokenLimitedChatCompletionContext(counting, token_limit=limit)
    got = await sent(context, messages)
    assert_servers_take(got)
    parts = exchanges(messages)
    if not messages:
        assert got == []
        return
    newest = parts[-1]
    assert got[-len(newest) :] == newest
    assert counting.count_tokens(got) <= limit or got == newest
    if counting.count_tokens(messages) <= limit:
        assert got == messages
    elif counting.count_tokens([*parts[0], *newest]) <= limit and len(parts) > 1:
        assert got[: len(parts[0])] == parts[0]


async def test_the_newest_round_is_sent_even_where_the_buffer_is_smaller() -> None:
    """An empty conversation would be refused, and half a round too."""
    messages = [user(), *round_of("a", "b")]
    assert await sent(BufferedChatCompletionContext(1), messages) == messages[1:]


async def test_token_limit_of_the_model_itself() -> None:
    model = ReplayChatCompletionClient(["x"])  # takes 10,000 tokens
    messages = [user("first"), *[answer("long " * 2000) for _ in range(20)], user("last")]
    got = await sent(TokenLimitedChatCompletionContext(model), messages)
    assert 2 < len(got) < len(messages)
    assert (got[0], got[-1]) == (messages[0], messages[-1])
    assert model.remaining_tokens(got) > 0


async def test_the_tools_count_too() -> None:
    counting = COUNTING
    messages = [user("w" * 40) for _ in range(10)]
    limit = counting.count_tokens(messages)
    plain = TokenLimitedChatCompletionContext(counting, token_limit=limit)
    assert len(await sent(plain, messages)) == 10
    with_tools = TokenLimitedChatCompletionContext(
        counting, token_limit=limit, tool_schema=[{"name": "t", "description": "d" * 100}]
    )
    assert len(await sent(with_tools, messages)) < 10


def test_sizes_must_make_sense() -> None:
    for build in (
        lambda: BufferedChatCompletionContext(0),
        lambda: HeadAndTailChatCompletionContext(0, 1),
        lambda: HeadAndTailChatCompletionContext(1, 0),
        lambda: TokenLimitedChatCompletionContext(COUNTING, token_limit=0),
    ):
        with pytest.raises(ValueError, match="at least 1"):
            build()


@pytest.mark.parametrize(
    "context",
    [
        UnboundedChatCompletionContext([user("hello")]),
        BufferedChatCompletionContext(3, [user("hello")]),
        HeadAndTailChatCompletionContext(2, 4, [user("hello")]),
        TokenLimitedChatCompletionContext(
            ReplayChatCompletionClient(["x"]),
            token_limit=100,
            tool_schema=[{"name": "t", "description": "d"}],
            initial_messages=[user("hello")],
        ),
    ],
)
async def test_state_config_and_clear(context: ChatCompletionContext) -> None:
    for message in [*round_of("a"), answer()]:
        await context.add_message(message)
    dumped = context.dump_component()
    loaded = ChatCompletionContext.load_component(json.loads(dumped.model_dump_json()))
    assert loaded.dump_component() == dumped
    state = json.loads(json.dumps(await context.save_state()))
    await loaded.load_state(state)
    assert await loaded.save_state() == state
    assert await loaded.get_messages() == await context.get_messages()
    await loaded.clear()
    assert await loaded.get_messages() == [user("hello")]


def test_a_config_of_a_later_version_is_refused() -> None:
    dumped = BufferedChatCompletionContext(3).dump_component()
    dumped.component_version = 99
    with pytest.raises(ComponentError, match="version 99"):
        ChatCompletionContext.load_component(dumped)
