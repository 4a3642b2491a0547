"""ChatCompletionCache: asks a model only what it has not answered before."""

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal, TypeAlias, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from typing_extensions import Self

from nbagent.cache_store import CacheStore, InMemoryStore
from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentModel
from nbagent.exceptions import ComponentError
from nbagent.models.client import ChatCompletionClient
from nbagent.models.model_info import ModelCapabilities, ModelInfo
from nbagent.models.types import CreateResult, LLMMessage, RequestUsage
from nbagent.tools.base import Tool, ToolSchema

logger = logging.getLogger("nbagent.models")

CHAT_CACHE_VALUE_TYPE: TypeAlias = CreateResult | list[str | CreateResult]
"""What is kept: an answer, or the pieces of a streamed one with the whole at the end."""

_MESSAGES: TypeAdapter[list[LLMMessage]] = TypeAdapter(list[LLMMessage])
_VALUE: TypeAdapter[CHAT_CACHE_VALUE_TYPE] = TypeAdapter(CHAT_CACHE_VALUE_TYPE)

_NOT_ABOUT_THE_ANSWER = frozenset({"timeout", "max_retries", "organization"})
_SECRET = re.compile(
    r"auth|api[-_]?key|secret|cookie|passw|headers|(access|ad|bearer|refresh)[-_]?token", re.I
)


class ChatCompletionCacheConfig(BaseModel, defer_build=True):
    """Config of `ChatCompletionCache`."""

    client: ComponentModel
    store: ComponentModel | None = None


class ChatCompletionCache(ChatCompletionClient, Component[ChatCompletionCacheConfig]):
    """A model client that keeps each answer, and gives it again when it is asked the same.

    The same is: the same messages, tools and settings, of the same model. Keys and other
    credentials are no part of that, and are not kept. An answer from the store has `cached` set.
    An answer that was not finished is not kept.

    Args:
        client: The model that is asked what the store does not hold.
        store: Keeps the answers; by default in memory.
    """

    component_type = "chat_completion_cache"
    component_provider_override = "nbagent.models.cache.ChatCompletionCache"
    component_config_schema = ChatCompletionCacheConfig

    def __init__(
        self,
        client: ChatCompletionClient,
        store: CacheStore[CHAT_CACHE_VALUE_TYPE] | None = None,
    ) -> None:
        self.client = client
        self.store: CacheStore[CHAT_CACHE_VALUE_TYPE] = (
            InMemoryStore[CHAT_CACHE_VALUE_TYPE]() if store is None else store
        )
        self.notice = client.notice  # pyright: ignore[reportAttributeAccessIssue]
        self._saved = RequestUsage(0, 0)
        self._model: object = None

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Answer from the store, or ask the model; see `ChatCompletionClient.create`."""
        key = self._key(messages, tools, tool_choice, json_output, extra_create_args)
        kept = await self._get(key)
        if kept is not None:
            return self._from_store(kept[-1])
        result = await self.client.create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )
        await self._set(key, result.model_copy(deep=True))
        return result

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Answer from the store in the same pieces, or ask the model."""
        key = self._key(messages, tools, tool_choice, json_output, extra_create_args)
        kept = await self._get(key)
        if kept is not None:
            for piece in kept:
                yield piece if isinstance(piece, str) else self._from_store(piece)
            return
        pieces: list[str | CreateResult] = []
        stream = self.client.create_stream(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )
        async with aclosing(stream):
            async for piece in stream:
                if isinstance(piece, CreateResult):
                    await self._set(key, [*pieces, piece.model_copy(deep=True)])
                else:
                    pieces.append(piece)
                yield piece

    def _key(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
        tool_choice: Tool | str,
        json_output: bool | type[BaseModel] | None,
        extra_create_args: Mapping[str, Any],
    ) -> str:
        """What was asked as a short text, without credentials."""
        if self._model is None:
            self._model = _model_of(self.client)
        asked = {
            "model": self._model,
            # How long a tool took says nothing to the model.
            "messages": _without(
                _MESSAGES.dump_python(list(messages), mode="json"), frozenset({"duration"})
            ),
            "tools": [tool.schema if isinstance(tool, Tool) else tool for tool in tools],
            "tool_choice": tool_choice if isinstance(tool_choice, str) else tool_choice.name,
            "json_output": json_output.model_json_schema()
            if isinstance(json_output, type)
            else json_output,
            "extra_create_args": _without_secrets(dict(extra_create_args)),
        }
        text = json.dumps(asked, sort_keys=True, default=repr)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    async def _get(self, key: str) -> list[str | CreateResult] | None:
        """The pieces of the answer that is kept, the whole last; None where there is none."""
        if isinstance(self.store, InMemoryStore):
            value: object = self.store.get(key)
        else:
            # A thread, because the store waits for a disk or a server.
            value = await asyncio.to_thread(self.store.get, key)
        if value is None:
            return None
        try:
            kept = _VALUE.validate_python(value)
        except ValidationError:
            logger.warning("The cache holds something else than an answer under %s.", key)
            return None
        pieces = kept if isinstance(kept, list) else [*_text_of(kept), kept]
        if not pieces or not isinstance(pieces[-1], CreateResult):
            logger.warning("The cache holds an answer without an end under %s.", key)
            return None
        return pieces

    async def _set(self, key: str, value: CHAT_CACHE_VALUE_TYPE) -> None:
        if isinstance(self.store, InMemoryStore):
            self.store.set(key, value)
        else:
            await asyncio.to_thread(self.store.set, key, value)  # see _get()

    def _from_store(self, result: str | CreateResult) -> CreateResult:
        assert isinstance(result, CreateResult)
        self._saved += result.usage
        copy = result.model_copy(deep=True)
        copy.cached = True
        return copy

    async def close(self) -> None:
        """Release the client's connections. The store is yours to close."""
        await self.client.close()

    def actual_usage(self) -> RequestUsage:
        """Tokens spent by the client."""
        return self.client.actual_usage()

    def total_usage(self) -> RequestUsage:
        """Tokens spent by the client, and those that the store saved."""
        return self.client.total_usage() + self._saved

    def count_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """As the client counts them."""
        return self.client.count_tokens(messages, tools=tools)

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """As the client counts them."""
        return self.client.remaining_tokens(messages, tools=tools)

    @property
    def model_info(self) -> ModelInfo:
        """What the client's model can do."""
        return self.client.model_info

    @property
    def capabilities(self) -> ModelCapabilities:
        """The older, smaller form of `model_info`."""
        return self.client.capabilities

    def _to_config(self) -> ChatCompletionCacheConfig:
        return ChatCompletionCacheConfig(
            client=self.client.dump_component(), store=self.store.dump_component()
        )

    @classmethod
    def _from_config(cls, config: ChatCompletionCacheConfig) -> Self:
        store = None
        if config.store is not None:
            store = CacheStore[CHAT_CACHE_VALUE_TYPE].load_component(config.store)
        return cls(ChatCompletionClient.load_component(config.client), store)


def _model_of(client: ChatCompletionClient) -> object:
    """Which model a client asks, and with which settings; without credentials."""
    try:
        described = client.dump_component()
    except ComponentError:
        return [f"{type(client).__module__}.{type(client).__qualname__}", dict(client.model_info)]
    config = _without_secrets(_without(described.config, _NOT_ABOUT_THE_ANSWER))
    return [described.provider, config]


def _without(value: Any, names: frozenset[str]) -> Any:
    """Plain data without the entries of these names, at any depth."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {name: _without(part, names) for name, part in entries.items() if name not in names}
    if isinstance(value, list):
        return [_without(part, names) for part in cast("list[Any]", value)]
    return value


def _without_secrets(value: Any) -> Any:
    """Plain data without the entries whose names are those of credentials, at any depth."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value)
        return {
            str(name): _without_secrets(part)
            for name, part in entries.items()
            if not _SECRET.search(str(name))
        }
    if isinstance(value, list):
        return [_without_secrets(part) for part in cast("list[Any]", value)]
    return value


def _text_of(result: CreateResult) -> list[str]:
    return [result.content] if isinstance(result.content, str) and result.content else []
