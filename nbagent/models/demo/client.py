"""DemoChatCompletionClient: a stand-in for a language model that needs no key and no network."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.exceptions import ConfigurationError
from nbagent.models.client import ChatCompletionClient
from nbagent.models.demo.decide import decide
from nbagent.models.demo.parameters import tool_schema
from nbagent.models.model_info import ModelInfo
from nbagent.models.types import CreateResult, LLMMessage, RequestUsage
from nbagent.models.word_pieces import (
    estimate_message_tokens,
    estimate_tokens,
    pause,
    word_pieces,
)
from nbagent.tools.base import Tool, ToolSchema

DELAY = 0.025
"""Seconds between two pieces of a stream: about 40 words a second, as a quick model writes."""

CONTEXT_TOKENS = 128_000
"""The length of the conversation that it takes, in tokens."""


class DemoChatCompletionClientConfig(BaseModel):
    """Config of `DemoChatCompletionClient`."""

    delay: float = Field(default=DELAY, ge=0)


class DemoChatCompletionClient(ChatCompletionClient, Component[DemoChatCompletionClientConfig]):
    """A demo: no language model, but fixed rules that answer as one would.

    It calls the tools that a prompt asks for and uses their results, measures pictures, fills
    schemas, hands over to other agents, and otherwise says what it can do. The same
    conversation always gets the same answer; only the ids of tool calls differ.

    Args:
        delay: Seconds between two pieces of a stream; 0 streams without pauses.

    Raises:
        ConfigurationError: `delay` is negative.
    """

    component_provider_override = "nbagent.models.demo.DemoChatCompletionClient"
    component_config_schema = DemoChatCompletionClientConfig

    notice: ClassVar[str | None] = (
        "Demo model, not a language model: it follows fixed rules. "
        "For a real one: %nbagent model openai:gpt-5"
    )

    def __init__(self, delay: float = DELAY) -> None:
        if not delay >= 0:
            raise ConfigurationError(f"delay is a number of seconds from 0 up, not {delay!r}.")
        self._delay = delay
        self._usage = RequestUsage(0, 0)

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
        """Answer at once; see `ChatCompletionClient.create`.

        Raises:
            ModelResponseError: `json_output` has rules that go beyond its JSON schema.
        """
        await pause(0, cancellation_token)
        content = decide(messages, tools, tool_choice, json_output)
        spent = (
            estimate_tokens(content)
            if isinstance(content, str)
            else sum(estimate_tokens(call.name + call.arguments) for call in content)
        )
        usage = RequestUsage(self.count_tokens(messages, tools=tools), spent)
        self._usage += usage
        return CreateResult(
            finish_reason="stop" if isinstance(content, str) else "function_calls",
            content=content,
            usage=usage,
            cached=False,
        )

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
        """Answer word by word; see `ChatCompletionClient.create_stream`."""
        result = await self.create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            cancellation_token=cancellation_token,
        )
        if isinstance(result.content, str):
            for piece in word_pieces(result.content):
                await pause(self._delay, cancellation_token)
                yield piece
        yield result

    async def close(self) -> None:
        """Nothing to release."""

    def actual_usage(self) -> RequestUsage:
        """About how many tokens a language model would have spent."""
        return self._usage

    def total_usage(self) -> RequestUsage:
        """The same as `actual_usage()`: nothing is cached."""
        return self._usage

    def count_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """About how many tokens the conversation and the tools take."""
        told = sum(estimate_tokens(json.dumps(tool_schema(tool))) for tool in tools)
        return estimate_message_tokens(messages) + told

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """What `count_tokens()` leaves of `CONTEXT_TOKENS`."""
        return max(0, CONTEXT_TOKENS - self.count_tokens(messages, tools=tools))

    @property
    def model_info(self) -> ModelInfo:
        """It takes pictures and tools, and keeps to schemas."""
        return ModelInfo(
            vision=True,
            function_calling=True,
            json_output=True,
            family="unknown",
            structured_output=True,
            multiple_system_messages=True,
        )

    def _to_config(self) -> DemoChatCompletionClientConfig:
        return DemoChatCompletionClientConfig(delay=self._delay)

    @classmethod
    def _from_config(cls, config: DemoChatCompletionClientConfig) -> Self:
        return cls(config.delay)
