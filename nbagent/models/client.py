"""What every model client offers."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from nbagent.cancellation import CancellationToken
from nbagent.component import ComponentBase
from nbagent.models.model_info import ModelCapabilities, ModelInfo
from nbagent.models.types import CreateResult, LLMMessage, RequestUsage
from nbagent.tools.base import Tool, ToolSchema


class ChatCompletionClient(ComponentBase[BaseModel], ABC):
    """A model that answers conversations.

    Attributes:
        notice: What every transcript of this model must tell its reader, such as that it is a
            demo; None where there is nothing to tell. Agents put it into the metadata of what
            they yield, under the key "notice".
    """

    component_type = "model"
    notice: ClassVar[str | None] = None

    @abstractmethod
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
        """Answer a conversation.

        Args:
            messages: The conversation, oldest first.
            tools: What the model may call.
            tool_choice: "auto" lets the model choose, "required" makes it call a tool, "none"
                forbids calls, a tool makes it call that one.
            json_output: True asks for JSON, a pydantic model for JSON of its schema.
            extra_create_args: Further arguments for the provider.
            cancellation_token: Ends the call when cancelled.

        Raises:
            ModelError: The call failed; its subclasses say how.
        """

    @abstractmethod
    def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Answer a conversation piece by piece: pieces of the text, then the whole result.

        Arguments and errors are those of `create()`. Reasoning is not among the pieces; it
        stands in the result's `thought`.
        """

    @abstractmethod
    async def close(self) -> None:
        """Release the client's connections."""

    @abstractmethod
    def actual_usage(self) -> RequestUsage:
        """Tokens spent by this client, without what came from a cache."""

    @abstractmethod
    def total_usage(self) -> RequestUsage:
        """Tokens spent by this client, with what came from a cache."""

    @abstractmethod
    def count_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """About how many tokens the conversation and the tools take. Needs no network."""

    @abstractmethod
    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """About how many tokens the model can still take after this conversation."""

    @property
    @abstractmethod
    def model_info(self) -> ModelInfo:
        """What the model can do."""

    @property
    def capabilities(self) -> ModelCapabilities:
        """The older, smaller form of `model_info`."""
        info = self.model_info
        return ModelCapabilities(
            vision=info["vision"],
            function_calling=info["function_calling"],
            json_output=info["json_output"],
        )
