"""The conversation that an agent keeps, and which part of it a model is sent."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field
from typing_extensions import Self

from nbagent.component import Component, ComponentBase
from nbagent.model_context.exchanges import head, tail
from nbagent.models.types import LLMMessage, UserMessage


class ChatCompletionContextState(BaseModel, defer_build=True):
    """State of a context: all its messages, oldest first."""

    messages: list[LLMMessage] = Field(default_factory=list[LLMMessage])


class ChatCompletionContext(ComponentBase[BaseModel], ABC):
    """Keeps every message, and decides which of them the model is sent.

    Args:
        initial_messages: Messages that are there from the start and after `clear()`.
    """

    component_type = "chat_completion_context"

    def __init__(self, initial_messages: Sequence[LLMMessage] | None = None) -> None:
        self._initial_messages: list[LLMMessage] = list(initial_messages or [])
        self._messages: list[LLMMessage] = list(self._initial_messages)

    async def add_message(self, message: LLMMessage) -> None:
        """Add a message at the end."""
        self._messages.append(message)

    @abstractmethod
    async def get_messages(self) -> list[LLMMessage]:
        """The messages that the model is sent, oldest first."""

    async def clear(self) -> None:
        """Forget everything but the initial messages."""
        self._messages = list(self._initial_messages)

    async def save_state(self) -> Mapping[str, Any]:
        """All messages as plain data."""
        return ChatCompletionContextState(messages=self._messages).model_dump(mode="json")

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""
        self._messages = ChatCompletionContextState.model_validate(state).messages


class UnboundedConfig(BaseModel, defer_build=True):
    """Config of `UnboundedChatCompletionContext`."""

    initial_messages: list[LLMMessage] | None = None


class UnboundedChatCompletionContext(ChatCompletionContext, Component[UnboundedConfig]):
    """Sends everything."""

    component_provider_override = "nbagent.model_context.UnboundedChatCompletionContext"
    component_config_schema = UnboundedConfig

    async def get_messages(self) -> list[LLMMessage]:
        """All messages."""
        return list(self._messages)

    def _to_config(self) -> UnboundedConfig:
        return UnboundedConfig(initial_messages=self._initial_messages or None)

    @classmethod
    def _from_config(cls, config: UnboundedConfig) -> Self:
        return cls(config.initial_messages)


class BufferedConfig(BaseModel, defer_build=True):
    """Config of `BufferedChatCompletionContext`."""

    buffer_size: int
    initial_messages: list[LLMMessage] | None = None


class BufferedChatCompletionContext(ChatCompletionContext, Component[BufferedConfig]):
    """Sends the last messages.

    Args:
        buffer_size: At most how many messages are sent; at least 1. A call and its results are
            sent together or not at all; the newest ones always are.
        initial_messages: Messages that are there from the start.

    Raises:
        ValueError: `buffer_size` is less than 1.
    """

    component_provider_override = "nbagent.model_context.BufferedChatCompletionContext"
    component_config_schema = BufferedConfig

    def __init__(
        self, buffer_size: int, initial_messages: Sequence[LLMMessage] | None = None
    ) -> None:
        super().__init__(initial_messages)
        if buffer_size <= 0:
            raise ValueError(f"buffer_size must be at least 1, got {buffer_size}.")
        self._buffer_size = buffer_size

    async def get_messages(self) -> list[LLMMessage]:
        """The last messages; a tool result is never sent without its call."""
        return tail(self._messages, self._buffer_size)

    def _to_config(self) -> BufferedConfig:
        return BufferedConfig(
            buffer_size=self._buffer_size, initial_messages=self._initial_messages or None
        )

    @classmethod
    def _from_config(cls, config: BufferedConfig) -> Self:
        return cls(config.buffer_size, config.initial_messages)


class HeadAndTailConfig(BaseModel, defer_build=True):
    """Config of `HeadAndTailChatCompletionContext`."""

    head_size: int
    tail_size: int
    initial_messages: list[LLMMessage] | None = None


class HeadAndTailChatCompletionContext(ChatCompletionContext, Component[HeadAndTailConfig]):
    """Sends the first and the last messages, with a note on what was left out.

    Args:
        head_size: How many of the first messages are sent; at least 1.
        tail_size: How many of the last messages are sent; at least 1.
        initial_messages: Messages that are there from the start.

    Raises:
        ValueError: A size is less than 1.
    """

    component_provider_override = "nbagent.model_context.HeadAndTailChatCompletionContext"
    component_config_schema = HeadAndTailConfig

    def __init__(
        self,
        head_size: int,
        tail_size: int,
        initial_messages: Sequence[LLMMessage] | None = None,
    ) -> None:
        super().__init__(initial_messages)
        if head_size <= 0 or tail_size <= 0:
            raise ValueError(
                f"head_size and tail_size must be at least 1, got {head_size} and {tail_size}."
            )
        self._head_size = head_size
        self._tail_size = tail_size

    async def get_messages(self) -> list[LLMMessage]:
        """Head, note, tail; a call is never sent without its results, nor the other way."""
        if len(self._messages) <= self._head_size + self._tail_size:
            return list(self._messages)
        first = head(self._messages, self._head_size)
        last = tail(self._messages, self._tail_size)
        left_out = len(self._messages) - len(first) - len(last)
        if left_out <= 0:  # the newest exchange is longer than the tail and reaches the head
            return list(self._messages)
        note = UserMessage(content=f"Skipped {left_out} messages.", source="System")
        return [*first, note, *last]

    def _to_config(self) -> HeadAndTailConfig:
        return HeadAndTailConfig(
            head_size=self._head_size,
            tail_size=self._tail_size,
            initial_messages=self._initial_messages or None,
        )

    @classmethod
    def _from_config(cls, config: HeadAndTailConfig) -> Self:
        return cls(config.head_size, config.tail_size, config.initial_messages)
