"""What a memory is, and what it holds."""

from abc import ABC, abstractmethod
from enum import Enum
from typing import Any

from pydantic import BaseModel, ConfigDict, field_serializer

from nbagent.cancellation import CancellationToken
from nbagent.component import ComponentBase
from nbagent.image import Image
from nbagent.model_context import ChatCompletionContext


class MemoryMimeType(Enum):
    """Media types of memories."""

    TEXT = "text/plain"
    JSON = "application/json"
    MARKDOWN = "text/markdown"
    IMAGE = "image/*"
    BINARY = "application/octet-stream"


class MemoryContent(BaseModel):
    """One memory.

    Attributes:
        content: Text, bytes, a dict or a picture.
        mime_type: Its media type.
        metadata: Whatever else is known of it.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", defer_build=True)

    content: str | bytes | dict[str, Any] | Image
    mime_type: MemoryMimeType | str
    metadata: dict[str, Any] | None = None

    @field_serializer("mime_type")
    def serialize_mime_type(self, mime_type: MemoryMimeType | str) -> str:
        """The media type as text."""
        return mime_type.value if isinstance(mime_type, MemoryMimeType) else mime_type


class MemoryQueryResult(BaseModel, defer_build=True):
    """What a memory found."""

    results: list[MemoryContent]


class UpdateContextResult(BaseModel, defer_build=True):
    """What a memory added to a context."""

    memories: MemoryQueryResult


class Memory(ComponentBase[BaseModel], ABC):
    """Reminds an agent: adds what fits to its context before the model is asked."""

    component_type = "memory"

    @abstractmethod
    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Add what fits to `model_context`, and say what it was."""

    @abstractmethod
    async def query(
        self,
        query: str | MemoryContent,
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        """The memories that fit `query`."""

    @abstractmethod
    async def add(
        self, content: MemoryContent, cancellation_token: CancellationToken | None = None
    ) -> None:
        """Remember `content`."""

    @abstractmethod
    async def clear(self) -> None:
        """Forget everything."""

    @abstractmethod
    async def close(self) -> None:
        """Release what the memory uses."""
