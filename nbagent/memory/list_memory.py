"""ListMemory: everything it was told, in order."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.image import Image
from nbagent.memory.base import (
    Memory,
    MemoryContent,
    MemoryMimeType,
    MemoryQueryResult,
    UpdateContextResult,
)
from nbagent.model_context import ChatCompletionContext
from nbagent.models.types import SystemMessage

_HEADING = "\nRelevant memory content (in chronological order):\n"


class ListMemoryConfig(BaseModel, defer_build=True):
    """Config of `ListMemory`."""

    name: str | None = None
    memory_contents: list[MemoryContent] = Field(default_factory=list[MemoryContent])


class ListMemory(Memory, Component[ListMemoryConfig]):
    """Keeps memories in a list and adds them all to the context, each once.

    Args:
        name: A name for people.
        memory_contents: What it knows from the start.
    """

    component_provider_override = "nbagent.memory.ListMemory"
    component_config_schema = ListMemoryConfig

    def __init__(
        self, name: str | None = None, memory_contents: Sequence[MemoryContent] | None = None
    ) -> None:
        self._name = name or "default_list_memory"
        self._contents = list(memory_contents or [])

    @property
    def name(self) -> str:
        """The memory's name."""
        return self._name

    @property
    def content(self) -> list[MemoryContent]:
        """The memories, oldest first."""
        return self._contents

    @content.setter
    def content(self, value: list[MemoryContent]) -> None:
        self._contents = value

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Add the memories that the context does not hold yet, as one system message."""
        if not self._contents:
            return UpdateContextResult(memories=MemoryQueryResult(results=[]))
        blocks = [
            message.content
            for message in await model_context.get_messages()
            if isinstance(message, SystemMessage) and message.content.startswith(_HEADING)
        ]
        lines = [f"{number}. {_text(item)}\n" for number, item in enumerate(self._contents, 1)]
        missing = [line for line in lines if not any(f"\n{line}" in block for block in blocks)]
        if missing:
            await model_context.add_message(SystemMessage(content=_HEADING + "".join(missing)))
        return UpdateContextResult(memories=MemoryQueryResult(results=list(self._contents)))

    async def query(
        self,
        query: str | MemoryContent = "",
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        """All memories, whatever the query."""
        return MemoryQueryResult(results=list(self._contents))

    async def add(
        self, content: MemoryContent, cancellation_token: CancellationToken | None = None
    ) -> None:
        """Remember `content`."""
        self._contents.append(content)

    async def clear(self) -> None:
        """Forget everything."""
        self._contents = []

    async def close(self) -> None:
        """Nothing to release."""

    def _to_config(self) -> ListMemoryConfig:
        return ListMemoryConfig(name=self._name, memory_contents=self._contents)

    @classmethod
    def _from_config(cls, config: ListMemoryConfig) -> Self:
        return cls(config.name, config.memory_contents)


def _text(memory: MemoryContent) -> str:
    """A memory as text: system messages hold nothing else."""
    if isinstance(memory.content, Image):
        return "[image]"
    if isinstance(memory.content, bytes):
        mime_type = memory.mime_type
        kind = mime_type.value if isinstance(mime_type, MemoryMimeType) else mime_type
        return f"[{len(memory.content)} bytes of {kind}]"
    return str(memory.content)
