"""TokenLimitedChatCompletionContext: as much of the conversation as the model takes."""

from collections.abc import Sequence

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component, ComponentModel
from nbagent.model_context.contexts import ChatCompletionContext
from nbagent.model_context.exchanges import exchanges
from nbagent.models.client import ChatCompletionClient
from nbagent.models.types import LLMMessage
from nbagent.tools.base import ToolSchema


class TokenLimitedConfig(BaseModel, defer_build=True):
    """Config of `TokenLimitedChatCompletionContext`."""

    model_client: ComponentModel
    token_limit: int | None = None
    tool_schema: list[ToolSchema] | None = None
    initial_messages: list[LLMMessage] | None = None


class TokenLimitedChatCompletionContext(ChatCompletionContext, Component[TokenLimitedConfig]):
    """Leaves out the middle of a conversation that is too long.

    What was said first and last stays longest; a tool's result goes with its call, and the
    newest exchange is always sent. Tokens are counted as the model client counts them, which
    needs no network.

    Args:
        model_client: Counts the tokens, and knows how many the model takes.
        token_limit: Tokens at most; by default what the model takes.
        tool_schema: The tools that are sent along and counted with the messages.
        initial_messages: Messages that are there from the start.

    Raises:
        ValueError: `token_limit` is less than 1.
    """

    component_provider_override = "nbagent.model_context.TokenLimitedChatCompletionContext"
    component_config_schema = TokenLimitedConfig

    def __init__(
        self,
        model_client: ChatCompletionClient,
        *,
        token_limit: int | None = None,
        tool_schema: Sequence[ToolSchema] | None = None,
        initial_messages: Sequence[LLMMessage] | None = None,
    ) -> None:
        super().__init__(initial_messages)
        if token_limit is not None and token_limit <= 0:
            raise ValueError(f"token_limit must be at least 1, got {token_limit}.")
        self._model_client = model_client
        self._token_limit = token_limit
        self._tool_schema = list(tool_schema or [])

    async def get_messages(self) -> list[LLMMessage]:
        """As many messages as fit, oldest first."""
        if self._fits(self._messages):
            return list(self._messages)
        parts = exchanges(self._messages)
        # Counting is dear, so the number of parts to leave out is found by halving.
        too_few, enough = 0, len(parts) - 1
        while too_few + 1 < enough:
            middle = (too_few + enough) // 2
            if self._fits(_without_middle(parts, middle)):
                enough = middle
            else:
                too_few = middle
        return _without_middle(parts, enough)

    def _fits(self, messages: Sequence[LLMMessage]) -> bool:
        if self._token_limit is None:
            return self._model_client.remaining_tokens(messages, tools=self._tool_schema) > 0
        count = self._model_client.count_tokens(messages, tools=self._tool_schema)
        return count <= self._token_limit

    def _to_config(self) -> TokenLimitedConfig:
        return TokenLimitedConfig(
            model_client=self._model_client.dump_component(),
            token_limit=self._token_limit,
            tool_schema=self._tool_schema or None,
            initial_messages=self._initial_messages or None,
        )

    @classmethod
    def _from_config(cls, config: TokenLimitedConfig) -> Self:
        return cls(
            ChatCompletionClient.load_component(config.model_client),
            token_limit=config.token_limit,
            tool_schema=config.tool_schema,
            initial_messages=config.initial_messages,
        )


def _without_middle(parts: Sequence[list[LLMMessage]], left_out: int) -> list[LLMMessage]:
    """The conversation without `left_out` of its parts, taken from the middle."""
    first = (len(parts) - left_out) // 2
    kept = [*parts[:first], *parts[first + left_out :]]
    return [message for part in kept for message in part]
