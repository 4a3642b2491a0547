"""ReplayChatCompletionClient: prepared answers, one a call."""

import asyncio

import pytest
from pydantic import BaseModel

from nbagent import CancellationToken
from nbagent.exceptions import ComponentError, ConfigurationError
from nbagent.models import (
    ChatCompletionClient,
    CreateResult,
    ModelInfo,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import FunctionCall

HELLO = [SystemMessage(content="Be brief."), UserMessage(content="Hello there", source="user")]
CALL = CreateResult(
    finish_reason="function_calls",
    content=[FunctionCall(id="1", name="add", arguments='{"a": 1}')],
    usage=RequestUsage(7, 3),
    cached=False,
    thought="I add.",
)


class Answer(BaseModel):
    text: str


async def test_answers_come_in_order_whole_or_as_text() -> None:
    client = ReplayChatCompletionClient(["one", CALL])
    first = await client.create(HELLO)
    assert (first.content, first.finish_reason, first.cached) == ("one", "stop", False)
    assert first.usage.prompt_tokens > 0
    assert first.usage.completion_tokens == 1
    second = await client.create(HELLO)
    assert second == CALL
    assert client.total_usage() == first.usage + CALL.usage
    await client.close()


async def test_running_out_names_how_many_there_were_and_reset_begins_again() -> None:
    client = ReplayChatCompletionClient(["one", "two"])
    await client.create(HELLO)
    await client.create(HELLO)
    with pytest.raises(ConfigurationError, match=r"all 2 answers .* call 3 .*reset\(\)"):
        await client.create(HELLO)
    with pytest.raises(ValueError, match="all 2 answers"):
        async for _ in client.create_stream(HELLO):
            pass
    client.reset()
    assert client.create_calls == []
    assert client.total_usage() == RequestUsage(0, 0)
    assert (await client.create(HELLO)).content == "one"


async def test_an_answer_that_was_changed_is_whole_again_after_reset() -> None:
    client = ReplayChatCompletionClient([CALL])
    result = await client.create(HELLO)
    assert isinstance(result.content, list)
    result.content.clear()
    client.reset()
    assert await client.create(HELLO) == CALL


@pytest.mark.parametrize(
    "text", ["", " ", "one", "two words", "  lead\n\n- and  trail \n", "a\tb\u00a0c", "x" * 5000]
)
async def test_the_pieces_of_a_stream_are_the_text(text: str) -> None:
    client = ReplayChatCompletionClient([text])
    items = [item async for item in client.create_stream(HELLO)]
    result = items.pop()
    assert isinstance(result, CreateResult)
    assert result.content == text
    assert "".join(str(item) for item in items) == text
    assert len(items) == max(len(text.split()), bool(text))


async def test_tool_calls_stream_as_one_result() -> None:
    client = ReplayChatCompletionClient([CALL])
    assert [item async for item in client.create_stream(HELLO)] == [CALL]


async def test_calls_are_recorded_with_their_arguments() -> None:
    client = ReplayChatCompletionClient(["a", "b"])
    token = CancellationToken()
    await client.create(HELLO, json_output=Answer, extra_create_args={"seed": 1})
    async for _ in client.create_stream(HELLO, tool_choice="none", cancellation_token=token):
        pass
    first, second = client.create_calls
    assert first["messages"] == HELLO
    assert first["json_output"] is Answer
    assert first["extra_create_args"] == {"seed": 1}
    assert (second["tool_choice"], second["cancellation_token"]) == ("none", token)


async def test_cached_answers_count_in_the_total_only() -> None:
    client = ReplayChatCompletionClient(["one", "two"])
    client.set_cached_bool_value(True)
    assert (await client.create(HELLO)).cached
    assert client.actual_usage() == RequestUsage(0, 0)
    assert client.total_usage().completion_tokens == 1
    client.set_cached_bool_value(False)
    assert not (await client.create(HELLO)).cached
    assert client.actual_usage().completion_tokens == 1


async def test_a_stream_ends_where_it_is_cancelled() -> None:
    client = ReplayChatCompletionClient(["word " * 100])
    token = CancellationToken()
    pieces: list[str] = []
    with pytest.raises(asyncio.CancelledError):
        async for piece in client.create_stream(HELLO, cancellation_token=token):
            pieces.append(str(piece))
            if len(pieces) == 3:
                token.cancel()
    assert pieces == ["word "] * 3


async def test_dump_and_load_keep_texts_and_results() -> None:
    info = ModelInfo(
        vision=False,
        function_calling=True,
        json_output=False,
        family="unknown",
        structured_output=False,
    )
    client = ReplayChatCompletionClient(["one", CALL], info)
    dumped = client.dump_component()
    assert dumped.component_type == "replay_chat_completion_client"
    loaded = ChatCompletionClient.load_component(dumped.model_dump(mode="json"))
    assert isinstance(loaded, ReplayChatCompletionClient)
    assert loaded.model_info == info
    assert (await loaded.create(HELLO)).content == "one"
    assert await loaded.create(HELLO) == CALL
    foreign = dumped.model_copy(
        update={"provider": "autogen_ext.models.replay.ReplayChatCompletionClient"}
    )
    assert isinstance(ChatCompletionClient.load_component(foreign), ReplayChatCompletionClient)
    broken = dumped.model_copy(update={"config": {"chat_completions": [3]}})
    with pytest.raises(ComponentError, match="config"):
        ChatCompletionClient.load_component(broken)


def test_tokens_are_estimated_and_model_info_checked() -> None:
    client = ReplayChatCompletionClient(["one"])
    assert 0 < client.count_tokens(HELLO) < 20
    assert client.remaining_tokens(HELLO) == 10_000 - client.count_tokens(HELLO)
    assert client.capabilities["function_calling"]
    with pytest.raises(ValueError, match="'family'"):
        ReplayChatCompletionClient([], {"vision": True})  # type: ignore[typeddict-item]
