"""Messages and events: everything that a run yields.

A message (`BaseChatMessage`) is said from one participant to others; an event
(`BaseAgentEvent`) reports what an agent does meanwhile. `ChatMessage` and `AgentEvent` are the
two lists of types; the factory and the exports derive from them.
"""

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, computed_field
from typing_extensions import Self

from nbagent.code_executor import CodeBlock, CodeResult
from nbagent.component import Component, ComponentBase
from nbagent.image import Image
from nbagent.memory.base import MemoryContent
from nbagent.models.types import (
    FunctionCall,
    FunctionExecutionResult,
    LLMMessage,
    RequestUsage,
    UserMessage,
)
from nbagent.questions.question import AnsweredBy, Question


def _new_id() -> str:
    return str(uuid.uuid4())


def _now() -> datetime:
    return datetime.now(timezone.utc)


class BaseMessage(BaseModel, ABC):
    """Base of all messages and events."""

    # Validators are built when a type is first used: importing nbagent must be quick.
    model_config = ConfigDict(defer_build=True)

    @abstractmethod
    def to_text(self) -> str:
        """The content as text for people, as `Console` prints it."""

    def dump(self) -> Mapping[str, Any]:
        """The message as JSON-serialisable data."""
        return self.model_dump(mode="json")

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """The message that `dump()` wrote down."""
        return cls.model_validate(data)


class _Stamped(BaseMessage, ABC):
    """What messages and events have in common.

    Attributes:
        id: Unique identifier.
        source: The name of the participant that it comes from.
        models_usage: Tokens spent on producing it, if a model was asked.
        metadata: Whatever else is known of it, as text.
        created_at: When it was made, in UTC.
    """

    id: str = Field(default_factory=_new_id)
    source: str
    models_usage: RequestUsage | None = None
    metadata: dict[str, str] = {}
    created_at: datetime = Field(default_factory=_now)


class BaseChatMessage(_Stamped, ABC):
    """Something said from one participant to others."""

    @abstractmethod
    def to_model_text(self) -> str:
        """The content as text for a model."""

    @abstractmethod
    def to_model_message(self) -> UserMessage:
        """The content as a message for a model."""


class BaseTextChatMessage(BaseChatMessage, ABC):
    """A message that is one text."""

    content: str

    def to_text(self) -> str:
        """The content."""
        return self.content

    def to_model_text(self) -> str:
        """The content."""
        return self.content

    def to_model_message(self) -> UserMessage:
        """The content as a user's message."""
        return UserMessage(content=self.content, source=self.source)


class BaseAgentEvent(_Stamped, ABC):
    """Something that an agent reports while it works."""


class TextMessage(BaseTextChatMessage):
    """Plain text."""

    type: Literal["TextMessage"] = "TextMessage"


class MultiModalMessage(BaseChatMessage):
    """Texts and pictures, in order."""

    content: list[str | Image]
    type: Literal["MultiModalMessage"] = "MultiModalMessage"

    def to_model_text(self, image_placeholder: str | None = "[image]") -> str:
        """The content as text.

        Args:
            image_placeholder: What stands for a picture; None puts its base64 text.
        """
        parts: list[str] = []
        for part in self.content:
            if isinstance(part, str):
                parts.append(part)
            elif image_placeholder is not None:
                parts.append(f" {image_placeholder}")
            else:
                parts.append(f" {part.to_base64()}")
        return "".join(parts)

    def to_text(self, iterm: bool = False) -> str:
        """The content as lines of text.

        Args:
            iterm: Draw pictures with the escape sequence that iTerm2 understands.
        """
        return "\n".join(
            part if isinstance(part, str) else _iterm_image(part) if iterm else "<image>"
            for part in self.content
        )

    def to_model_message(self) -> UserMessage:
        """The content as a user's message, pictures included."""
        return UserMessage(content=list(self.content), source=self.source)


class StopMessage(BaseTextChatMessage):
    """Asks the team to stop."""

    type: Literal["StopMessage"] = "StopMessage"


class HandoffMessage(BaseTextChatMessage):
    """Hands the conversation over to another agent.

    Attributes:
        target: The name of the agent that takes over.
        context: Model messages that it should know.
    """

    target: str
    context: list[LLMMessage] = []
    type: Literal["HandoffMessage"] = "HandoffMessage"


class ToolCallSummaryMessage(BaseTextChatMessage):
    """The results of tool calls, summed up as text.

    Attributes:
        tool_calls: The calls.
        results: Their results.
    """

    type: Literal["ToolCallSummaryMessage"] = "ToolCallSummaryMessage"
    tool_calls: list[FunctionCall]
    results: list[FunctionExecutionResult]


StructuredContentType = TypeVar("StructuredContentType", bound=BaseModel, covariant=True)


class StructuredMessage(BaseChatMessage, Generic[StructuredContentType]):
    """A message whose content is a pydantic model: `StructuredMessage[Answer]`.

    Attributes:
        content: The model's instance.
        format_string: How to write it as text, with the fields' names in braces; by default
            it is written as JSON.
    """

    content: StructuredContentType
    format_string: str | None = None

    @computed_field
    def type(self) -> str:
        """The name of the type, with that of its content."""
        return type(self).__name__

    def to_text(self) -> str:
        """The content, formatted by `format_string` where there is one."""
        if self.format_string is not None:
            return self.format_string.format(**self.content.model_dump())
        return self.content.model_dump_json()

    def to_model_text(self) -> str:
        """The same as `to_text()`."""
        return self.to_text()

    def to_model_message(self) -> UserMessage:
        """The content as a user's message."""
        return UserMessage(content=self.to_text(), source=self.source)


class StructuredMessageConfig(BaseModel, defer_build=True):
    """Config of `StructuredMessageFactory`."""

    json_schema: dict[str, Any]
    format_string: str | None = None
    content_model_name: str


class StructuredMessageFactory(
    ComponentBase[StructuredMessageConfig], Component[StructuredMessageConfig]
):
    """Makes a `StructuredMessage` type from a pydantic model, or from its JSON schema.

    Args:
        json_schema: The schema of the content; used where there is no `input_model`.
        input_model: The pydantic model of the content.
        format_string: How the messages are written as text.
        content_model_name: The name of the model that is made from the schema.

    Raises:
        ValueError: Neither a schema nor a model was given.
    """

    component_provider_override = "nbagent.messages.StructuredMessageFactory"
    component_config_schema = StructuredMessageConfig
    component_type = "structured_message"

    def __init__(
        self,
        json_schema: dict[str, Any] | None = None,
        input_model: type[BaseModel] | None = None,
        format_string: str | None = None,
        content_model_name: str | None = None,
    ) -> None:
        self.format_string = format_string
        if input_model is not None:
            self.ContentModel: type[BaseModel] = input_model
        elif json_schema is not None:
            # Only configs that were dumped need it.
            from nbagent.structured_schema import schema_to_pydantic_model

            self.ContentModel = schema_to_pydantic_model(
                json_schema, content_model_name or "GeneratedModel"
            )
        else:
            raise ValueError("StructuredMessageFactory needs json_schema or input_model.")
        self.StructuredMessage: type[StructuredMessage[Any]] = StructuredMessage[
            self.ContentModel  # pyright: ignore[reportInvalidTypeArguments]
        ]

    def _to_config(self) -> StructuredMessageConfig:
        return StructuredMessageConfig(
            json_schema=self.ContentModel.model_json_schema(),
            format_string=self.format_string,
            content_model_name=self.ContentModel.__name__,
        )

    @classmethod
    def _from_config(cls, config: StructuredMessageConfig) -> Self:
        return cls(
            json_schema=config.json_schema,
            format_string=config.format_string,
            content_model_name=config.content_model_name,
        )


class ToolCallRequestEvent(BaseAgentEvent):
    """A model asks for tools to be called."""

    content: list[FunctionCall]
    type: Literal["ToolCallRequestEvent"] = "ToolCallRequestEvent"

    def to_text(self) -> str:
        """The calls."""
        return str(self.content)

    def call_key(self, number: int) -> str:
        """Names one of the calls uniquely; servers repeat the calls' own ids from run to run.

        Args:
            number: Which of `content`, from 0.
        """
        return f"{self.id}-{number}"


class ToolCallExecutionEvent(BaseAgentEvent):
    """Tools were called; their results, in the order of the calls."""

    content: list[FunctionExecutionResult]
    type: Literal["ToolCallExecutionEvent"] = "ToolCallExecutionEvent"

    def to_text(self) -> str:
        """The results."""
        return str(self.content)


class ToolReportEvent(BaseAgentEvent):
    """A tool reports on the way; `metadata["call"]` names the call."""

    content: str
    type: Literal["ToolReportEvent"] = "ToolReportEvent"

    def to_text(self) -> str:
        """The report."""
        return self.content


class ModelClientStreamingChunkEvent(BaseAgentEvent):
    """A piece of a model's answer, as it arrives.

    Attributes:
        content: The piece.
        full_message_id: The `id` of the message that all pieces together become.
    """

    content: str
    full_message_id: str | None = None
    type: Literal["ModelClientStreamingChunkEvent"] = "ModelClientStreamingChunkEvent"

    def to_text(self) -> str:
        """The piece."""
        return self.content


class ThoughtEvent(BaseAgentEvent):
    """A model's reasoning, apart from its answer."""

    content: str
    type: Literal["ThoughtEvent"] = "ThoughtEvent"

    def to_text(self) -> str:
        """The reasoning."""
        return self.content


class MemoryQueryEvent(BaseAgentEvent):
    """What a memory found."""

    content: list[MemoryContent]
    type: Literal["MemoryQueryEvent"] = "MemoryQueryEvent"

    def to_text(self) -> str:
        """The memories."""
        return str(self.content)


class UserInputRequestedEvent(BaseAgentEvent):
    """An agent waits for a human.

    Attributes:
        request_id: Identifies the question; the answer carries it back.
        question: What is asked, where whoever shows the run asks it; None where an input
            function does.
    """

    request_id: str
    question: Question | None = None
    content: Literal[""] = ""
    type: Literal["UserInputRequestedEvent"] = "UserInputRequestedEvent"

    def to_text(self) -> str:
        """Empty."""
        return self.content


class UserInputAnsweredEvent(BaseAgentEvent):
    """What became of a question; made by whoever asked it.

    Attributes:
        request_id: Identifies the question.
        content: The answer as text; empty where there was none.
        answered_by: "user"; "default" where the question's default was taken; "nobody" where
            the question was withdrawn.
        note: Why the default was taken; empty otherwise.
        approved: Whether a call or code may run; None for other questions.
    """

    request_id: str
    content: str
    answered_by: AnsweredBy = "user"
    note: str = ""
    approved: bool | None = None
    type: Literal["UserInputAnsweredEvent"] = "UserInputAnsweredEvent"

    def to_text(self) -> str:
        """The answer."""
        return self.content


class SelectSpeakerEvent(BaseAgentEvent):
    """A team chose who speaks next."""

    content: list[str]
    type: Literal["SelectSpeakerEvent"] = "SelectSpeakerEvent"

    def to_text(self) -> str:
        """The names."""
        return str(self.content)


class SelectorEvent(BaseAgentEvent):
    """What a selecting model said while it chose."""

    content: str
    type: Literal["SelectorEvent"] = "SelectorEvent"

    def to_text(self) -> str:
        """The text."""
        return self.content


class CodeGenerationEvent(BaseAgentEvent):
    """A model wrote code to be run.

    Attributes:
        retry_attempt: 0 for the first try.
        content: The model's whole answer.
        code_blocks: The code found in it.
    """

    retry_attempt: int
    content: str
    code_blocks: list[CodeBlock]
    type: Literal["CodeGenerationEvent"] = "CodeGenerationEvent"

    def to_text(self) -> str:
        """The model's answer."""
        return self.content


class CodeExecutionEvent(BaseAgentEvent):
    """Code was run.

    Attributes:
        retry_attempt: 0 for the first try.
        result: What it gave.
    """

    retry_attempt: int
    result: CodeResult
    type: Literal["CodeExecutionEvent"] = "CodeExecutionEvent"

    def to_text(self) -> str:
        """What the code printed."""
        return self.result.output


ChatMessage: TypeAlias = Annotated[
    TextMessage | MultiModalMessage | StopMessage | ToolCallSummaryMessage | HandoffMessage,
    Field(discriminator="type"),
]
"""The messages, as one type. `StructuredMessage` is apart, as it has a type per content."""

AgentEvent: TypeAlias = Annotated[
    ToolCallRequestEvent
    | ToolCallExecutionEvent
    | ToolReportEvent
    | MemoryQueryEvent
    | UserInputRequestedEvent
    | UserInputAnsweredEvent
    | ModelClientStreamingChunkEvent
    | ThoughtEvent
    | SelectSpeakerEvent
    | SelectorEvent
    | CodeGenerationEvent
    | CodeExecutionEvent,
    Field(discriminator="type"),
]
"""The events, as one type."""

MessageType: TypeAlias = type[BaseAgentEvent] | type[BaseChatMessage]


def _members(union: Any) -> tuple[MessageType, ...]:
    return cast("tuple[MessageType, ...]", get_args(get_args(union)[0]))


MESSAGE_TYPES: tuple[MessageType, ...] = (*_members(ChatMessage), *_members(AgentEvent))
"""Every concrete message and event type."""


class MessageFactory:
    """Builds messages from plain data, by the name of their type."""

    def __init__(self) -> None:
        self._types: dict[str, MessageType] = {cls.__name__: cls for cls in MESSAGE_TYPES}

    def is_registered(self, message_type: MessageType) -> bool:
        """Whether `message_type` is known."""
        return message_type.__name__ in self._types

    def register(self, message_type: MessageType) -> None:
        """Make a type of your own known.

        Raises:
            ValueError: The type is known already, or is neither a message nor an event.
        """
        if self.is_registered(message_type):
            raise ValueError(f"Message type {message_type} is already registered.")
        if not issubclass(message_type, BaseChatMessage | BaseAgentEvent):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(
                f"{message_type} must be a subclass of BaseChatMessage or BaseAgentEvent."
            )
        self._types[message_type.__name__] = message_type

    def create(self, data: Mapping[str, Any]) -> BaseAgentEvent | BaseChatMessage:
        """The message that `dump()` wrote down.

        Raises:
            ValueError: `data` names no known type.
        """
        name = data.get("type")
        if name is None:
            raise ValueError("Field 'type' is required in the message data to recover its type.")
        if name not in self._types:
            raise ValueError(
                f"Unknown message type: {name}. Register it with MessageFactory.register()."
            )
        return self._types[name].load(data)


def _iterm_image(image: Image) -> str:
    """The escape sequence by which iTerm2 draws a picture inline."""
    return f"\033]1337;File=inline=1:{image.to_base64()}\a\n"


__all__ = [
    "MESSAGE_TYPES",
    "AgentEvent",
    "BaseAgentEvent",
    "BaseChatMessage",
    "BaseMessage",
    "BaseTextChatMessage",
    "ChatMessage",
    "MessageFactory",
    "StructuredContentType",
    "StructuredMessage",
    "StructuredMessageFactory",
]
__all__ += [cls.__name__ for cls in MESSAGE_TYPES]
