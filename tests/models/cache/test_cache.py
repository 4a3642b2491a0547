"""ChatCompletionCache: what is the same question, what is kept, and what is not."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from nbagent import FunctionCall, FunctionTool, InMemoryStore
from nbagent.agents import AssistantAgent
from nbagent.messages import ModelClientStreamingChunkEvent
from nbagent.models import ChatCompletionClient, CreateResult, LLMMessage, UserMessage
from nbagent.models.cache import CHAT_CACHE_VALUE_TYPE, ChatCompletionCache
from nbagent.models.demo import DemoChatCompletionClient
from nbagent.models.openai import OpenAIChatCompletionClient
from tests.agents.models import calls, replay, text
from tests.loopback import Answer, LoopbackServer

HELLO: list[LLMMessage] = [UserMessage(content="hello", source="user")]


def ask(words: str) -> list[LLMMessage]:
    return [UserMessage(content=words, source="user")]


async def pieces(client: ChatCompletionClient, messages: list[LLMMessage]) -> list[Any]:
    return [piece async for piece in client.create_stream(messages)]


async def test_the_second_time_it_is_not_asked(reopen: Callable[[], Any]) -> None:
    client = replay(text("One.", thought="Hm."), text("Two."))
    cache = ChatCompletionCache(client, reopen())
    first = await cache.create(HELLO)
    again = await ChatCompletionCache(client, reopen()).create(HELLO)
    assert (first.cached, again.cached) == (False, True)
    assert again == first.model_copy(update={"cached": True})
    assert (await cache.create(ask("other"))).content == "Two."
    assert len(client.create_calls) == 2


async def test_a_stream_is_given_again_piece_by_piece(reopen: Callable[[], Any]) -> None:
    client = replay("one two three")
    first = await pieces(ChatCompletionCache(client, reopen()), HELLO)
    again = await pieces(ChatCompletionCache(client, reopen()), HELLO)
    assert len(first) == 4 and again[:-1] == first[:-1]
    assert again[-1] == first[-1].model_copy(update={"cached": True})
    # Asked without a stream, the same answer is given whole, and the other way.
    whole = await ChatCompletionCache(client, reopen()).create(HELLO)
    assert whole == again[-1]


async def test_a_whole_answer_can_be_streamed(reopen: Callable[[], Any]) -> None:
    cache = ChatCompletionCache(replay("one two"), reopen())
    await cache.create(HELLO)
    streamed = await pieces(cache, HELLO)
    assert streamed[0] == "one two" and streamed[1].cached


async def test_tool_calls_are_kept(reopen: Callable[[], Any]) -> None:
    cache = ChatCompletionCache(replay(calls(("add", "{}"), thought="So.")), reopen())
    first = await cache.create(HELLO)
    again = await cache.create(HELLO)
    assert again.content == first.content == [FunctionCall("call_0", "{}", "add")]
    assert again.thought == "So." and again.usage == first.usage


async def test_usage_tells_what_was_spent_and_what_was_saved() -> None:
    cache = ChatCompletionCache(replay(text("x")))
    await cache.create(HELLO)
    spent = cache.actual_usage()
    await cache.create(HELLO)
    assert cache.actual_usage() == spent
    assert cache.total_usage() == spent + spent


async def test_what_is_asked_otherwise_is_asked_anew() -> None:
    class Answer(BaseModel):
        x: int

    def add(a: int) -> int:
        """Add."""
        return a

    tool = FunctionTool(add)
    variants: list[dict[str, Any]] = [
        {},
        {"tools": [tool]},
        {"tools": [tool], "tool_choice": "required"},
        {"tools": [tool], "tool_choice": tool},
        {"json_output": True},
        {"json_output": Answer},
        {"extra_create_args": {"temperature": 1}},
        {"extra_create_args": {"temperature": 2}},
    ]
    client = replay(*[text(str(number)) for number in range(len(variants))])
    cache = ChatCompletionCache(client)
    for _ in range(2):
        answers = [(await cache.create(HELLO, **variant)).content for variant in variants]
        assert answers == [str(number) for number in range(len(variants))]


async def test_an_agent_with_tools_is_answered_from_the_cache_in_its_second_life() -> None:
    """How long a tool took differs from run to run, and must not make another question."""

    async def add(a: int, b: int) -> int:
        """Add."""
        await asyncio.sleep(0.001)
        return a + b

    client = replay(calls(("add", '{"a": 1, "b": 2}')), text("Three it is."))
    store = InMemoryStore[CHAT_CACHE_VALUE_TYPE]()
    for life in range(2):
        agent = AssistantAgent(
            "adder",
            ChatCompletionCache(client, store),
            tools=[add],
            max_tool_iterations=2,
            model_client_stream=True,
        )
        items = [item async for item in agent.run_stream(task="Go")]
        chunks = [i.content for i in items if isinstance(i, ModelClientStreamingChunkEvent)]
        assert "".join(chunks) == "Three it is." and len(chunks) == 3
        assert len(client.create_calls) == 2, life


async def test_a_stream_that_was_left_or_failed_is_not_kept() -> None:
    client = replay("one two three", "four five six")
    cache = ChatCompletionCache(client)
    stream = cache.create_stream(HELLO)
    async for _ in stream:
        break
    await stream.aclose()
    assert (await pieces(cache, HELLO))[-1].content == "four five six"


class Keeping(InMemoryStore[CHAT_CACHE_VALUE_TYPE]):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[str] = []
        self.kept: dict[str, Any] = {}

    def set(self, key: str, value: CHAT_CACHE_VALUE_TYPE) -> None:
        """Keep."""
        self.keys.append(key)
        self.kept[key] = value
        super().set(key, value)


async def test_credentials_are_no_part_of_the_question() -> None:
    """Another key, the same question; another model, another question. Nothing holds the key."""
    store = Keeping()
    async with LoopbackServer([Answer("hi")], repeat=True) as server:
        for key, model in (("sk-first", "m"), ("sk-second", "m"), ("sk-second", "other")):
            client = OpenAIChatCompletionClient(
                model=model,
                api_key=key,
                base_url=server.url,
                default_headers={"Authorization-Extra": f"Bearer {key}"},
                model_info={
                    "vision": False,
                    "function_calling": True,
                    "json_output": True,
                    "structured_output": True,
                    "family": "unknown",
                },
            )
            cache = ChatCompletionCache(client, store)
            await cache.create(HELLO, extra_create_args={"extra_headers": {"X-Api-Key": key}})
            await cache.close()
    assert len(store.keys) == 2
    written = json.dumps([store.keys, {k: repr(v) for k, v in store.kept.items()}])
    assert "sk-" not in written


async def test_something_else_in_the_store_counts_as_nothing(reopen: Callable[[], Any]) -> None:
    store = reopen()
    client = replay("One.", "Two.")
    cache = ChatCompletionCache(client, store)
    await cache.create(HELLO)

    class Everything(InMemoryStore[Any]):
        def get(self, key: str, default: Any = None) -> Any:
            return ["no", "end"] if key else {"neither": "this"}

    other = ChatCompletionCache(client, Everything())
    assert (await other.create(HELLO)).content == "Two."


async def test_what_a_caller_does_to_an_answer_is_not_in_the_store() -> None:
    cache = ChatCompletionCache(replay("x"))
    (await cache.create(HELLO)).content = "changed"
    (await cache.create(HELLO)).content = "changed"
    assert (await cache.create(HELLO)).content == "x"


async def test_it_stands_for_its_client() -> None:
    client = DemoChatCompletionClient()
    cache = ChatCompletionCache(client)
    assert cache.notice == client.notice and cache.notice
    assert ChatCompletionCache(replay("x")).notice is None
    assert cache.model_info == client.model_info
    assert cache.capabilities == client.capabilities
    assert cache.count_tokens(HELLO) == client.count_tokens(HELLO)
    assert cache.remaining_tokens(HELLO) == client.remaining_tokens(HELLO)


def test_dump_and_load(reopen: Callable[[], Any]) -> None:
    cache = ChatCompletionCache(replay("x"), reopen())
    dumped = cache.dump_component()
    loaded = ChatCompletionCache.load_component(json.loads(dumped.model_dump_json()))
    assert loaded.dump_component() == dumped
    store: Any = loaded.store
    if not isinstance(store, InMemoryStore):
        store.cache.close()


async def test_results_are_what_the_protocol_says() -> None:
    result = await ChatCompletionCache(replay("x")).create(HELLO)
    assert isinstance(result, CreateResult)
    with pytest.raises(ValueError, match="answers"):
        await ChatCompletionCache(replay()).create(HELLO)
