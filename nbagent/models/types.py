"""What goes to a model and what comes back: plain values, as AgentChat names them."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field

from nbagent.image import Image


@dataclass
class FunctionCall:
    """A model's request to call a tool.

    Attributes:
        id: The call's identifier; its result carries it back.
        arguments: The arguments as JSON text, exactly as the model wrote them.
        name: The tool's name.
    """

    id: str
    arguments: str
    name: str


@dataclass
class RequestUsage:
    """Tokens spent on one model call."""

    prompt_tokens: int
    completion_tokens: int

    def __add__(self, other: "RequestUsage") -> "RequestUsage":
        return RequestUsage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass
class TopLogprob:
    """The log probability of one candidate token."""

    logprob: float
    bytes: list[int] | None = None


class ChatCompletionTokenLogprob(BaseModel, defer_build=True):
    """The log probability of one token of an answer."""

    token: str
    logprob: float
    top_logprobs: list[TopLogprob] | None = None
    bytes: list[int] | None = None


class SystemMessage(BaseModel, defer_build=True):
    """Instructions to the model."""

    content: str
    type: Literal["SystemMessage"] = "SystemMessage"


class UserMessage(BaseModel, defer_build=True):
    """What a person, or another agent, said to the model.

    Attributes:
        content: Text, or text and pictures in their order.
        source: Who said it.
    """

    content: str | list[str | Image]
    source: str
    type: Literal["UserMessage"] = "UserMessage"


class AssistantMessage(BaseModel, defer_build=True):
    """What the model answered: text or tool calls.

    Attributes:
        content: The text, or the calls.
        thought: Reasoning, or the text that came with the calls.
        source: The agent whose model answered.
    """

    content: str | list[FunctionCall]
    thought: str | None = None
    source: str
    type: Literal["AssistantMessage"] = "AssistantMessage"


class FunctionExecutionResult(BaseModel, defer_build=True):
    """The result of one tool call.

    Attributes:
        content: The result as text, with "[image]" in the place of each picture.
        name: The tool's name.
        call_id: The `id` of the `FunctionCall` that this answers.
        is_error: Whether the call failed.
        duration: How long the call took, in seconds, where it was measured.
        images: The pictures that the tool returned, in order; None where there are none.
    """

    content: str
    name: str
    call_id: str
    is_error: bool | None = None
    duration: float | None = None
    images: list[Image] | None = None


class FunctionExecutionResultMessage(BaseModel, defer_build=True):
    """The results of the tool calls that the model asked for."""

    content: list[FunctionExecutionResult]
    type: Literal["FunctionExecutionResultMessage"] = "FunctionExecutionResultMessage"


LLMMessage: TypeAlias = Annotated[
    SystemMessage | UserMessage | AssistantMessage | FunctionExecutionResultMessage,
    Field(discriminator="type"),
]

FinishReasons: TypeAlias = Literal["stop", "length", "function_calls", "content_filter", "unknown"]


class CreateResult(BaseModel, defer_build=True):
    """The whole answer of one model call.

    Attributes:
        finish_reason: Why the model stopped.
        content: The text, or the tool calls.
        usage: Tokens spent.
        cached: Whether the answer came from a cache.
        logprobs: Log probabilities of the tokens, where they were asked for.
        thought: Reasoning, kept apart from the answer; or the text beside tool calls.
    """

    finish_reason: FinishReasons
    content: str | list[FunctionCall]
    usage: RequestUsage
    cached: bool
    logprobs: list[ChatCompletionTokenLogprob] | None = None
    thought: str | None = None
