"""A model client that gives prepared answers, for tests and examples."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.exceptions import ConfigurationError
from nbagent.models.client import ChatCompletionClient
from nbagent.models.model_info import ModelInfo, validate_model_info
from nbagent.models.types import CreateResult, FunctionCall, LLMMessage, RequestUsage
from nbagent.models.word_pieces import (
    estimate_message_tokens,
    estimate_tokens,
    pause,
    word_pieces,
)
from nbagent.tools.base import Tool, ToolSchema

CONTEXT_TOKENS = 10_000
"""The length of the conversation that the client claims to take, in tokens."""


class ReplayChatCompletionClientConfig(BaseModel):
    """Config of `ReplayChatCompletionClient`."""

    chat_completions: list[str | CreateResult]
    model_info: ModelInfo | None = None


class ReplayChatCompletionClient(ChatCompletionClient, Component[ReplayChatCompletionClientConfig]):
    """Gives prepared answers, one a call, whatever it is asked.

    Args:
        chat_completions: The answers, in order: texts, or whole results with tool calls,
            thoughts or a finish reason of their own.
        model_info: What it claims to be able to do; by default everything.

    Raises:
        ValueError: `model_info` lacks a key.
    """

    component_type = "replay_chat_completion_client"
    component_provider_override = "nbagent.models.replay.ReplayChatCompletionClient"
    component_config_schema = ReplayChatCompletionClientConfig

    def __init__(
        self,
        chat_completions: Sequence[str | CreateResult],
        model_info: ModelInfo | None = None,
    ) -> None:
        self.chat_completions = list(chat_completions)
        self._given_model_info = model_info
        self._model_info = model_info or ModelInfo(
            vision=True,
            function_calling=True,
            json_output=True,
            family="unknown",
            structured_output=True,
            multiple_system_messages=True,
        )
        validate_model_info(self._model_info)
        self._cached = False
        self.reset()

    def reset(self) -> None:
        """Start again with the first answer, and forget the calls and the usage."""
        self._next = 0
        self._calls: list[dict[str, Any]] = []
        self._actual_usage = RequestUsage(0, 0)
        self._total_usage = RequestUsage(0, 0)

    def set_cached_bool_value(self, value: bool) -> None:
        """What `cached` of the answers that were given as text is from now on."""
        self._cached = value

    @property
    def create_calls(self) -> list[dict[str, Any]]:
        """The arguments of each call so far, by name, oldest first."""
        return self._calls

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
        """Give the next answer; see `ChatCompletionClient.create`.

        Raises:
            ConfigurationError: All answers were given.
        """
        await pause(0, cancellation_token)
        self._calls.append(
            {
                "messages": list(messages),
                "tools": list(tools),
                "tool_choice": tool_choice,
                "json_output": json_output,
                "extra_create_args": dict(extra_create_args),
                "cancellation_token": cancellation_token,
            }
        )
        return self._take(messages)

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
        """Give the next answer word by word; see `ChatCompletionClient.create_stream`.

        Raises:
            ConfigurationError: All answers were given.
        """
        result = await self.create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )
        if isinstance(result.content, str):
            for piece in word_pieces(result.content):
                await pause(0, cancellation_token)
                yield piece
        yield result

    def _take(self, messages: Sequence[LLMMessage]) -> CreateResult:
        if self._next >= len(self.chat_completions):
            raise ConfigurationError(
                f"all {len(self.chat_completions)} answers of this ReplayChatCompletionClient "
                f"were given, and call {self._next + 1} needs another. Pass more "
                "chat_completions, or call reset() to begin again."
            )
        prepared = self.chat_completions[self._next]
        self._next += 1
        if isinstance(prepared, str):
            result = CreateResult(
                finish_reason="stop",
                content=prepared,
                usage=RequestUsage(0, 0),
                cached=self._cached,
            )
        else:
            # A copy, so that what a caller does to it is not there after reset().
            result = prepared.model_copy(deep=True)
        if result.usage == RequestUsage(0, 0):
            result.usage = RequestUsage(self.count_tokens(messages), _answer_tokens(result))
        self._total_usage += result.usage
        if not result.cached:
            self._actual_usage += result.usage
        return result

    async def close(self) -> None:
        """Nothing to release."""

    def actual_usage(self) -> RequestUsage:
        """Tokens of the answers that are not marked as cached."""
        return self._actual_usage

    def total_usage(self) -> RequestUsage:
        """Tokens of all answers."""
        return self._total_usage

    def count_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """About how many tokens the conversation takes; tools are not counted."""
        return estimate_message_tokens(messages)

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """What `count_tokens()` leaves of `CONTEXT_TOKENS`."""
        return max(0, CONTEXT_TOKENS - self.count_tokens(messages, tools=tools))

    @property
    def model_info(self) -> ModelInfo:
        """What it claims to be able to do."""
        return self._model_info

    def _to_config(self) -> ReplayChatCompletionClientConfig:
        return ReplayChatCompletionClientConfig(
            chat_completions=self.chat_completions, model_info=self._given_model_info
        )

    @classmethod
    def _from_config(cls, config: ReplayChatCompletionClientConfig) -> Self:
        return cls(config.chat_completions, config.model_info)


def _answer_tokens(result: CreateResult) -> int:
    if isinstance(result.content, str):
        return estimate_tokens(result.content)
    return sum(_call_tokens(call) for call in result.content)


def _call_tokens(call: FunctionCall) -> int:
    return estimate_tokens(call.name + call.arguments)
