"""ListMemory: everything it was told, in order."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.memory.base import Memory, MemoryContent, MemoryQueryResult, UpdateContextResult
from nbagent.model_context import ChatCompletionContext
from nbagent.models.types import SystemMessage


class ListMemoryConfig(BaseModel, defer_build=True):
    """Config of `ListMemory`."""

    name: str | None = None
    memory_contents: list[MemoryContent] = Field(default_factory=list[MemoryContent])


class ListMemory(Memory, Component[ListMemoryConfig]):
    """Keeps memories in a list and adds them all to the context, each set once.

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
        """Add all memories as one system message, unless the context holds that one already."""
        if not self._contents:
            return UpdateContextResult(memories=MemoryQueryResult(results=[]))
        lines = [f"{number}. {item.content}" for number, item in enumerate(self._contents, 1)]
        text = "\nRelevant memory content (in chronological order):\n" + "\n".join(lines) + "\n"
        present = any(
            isinstance(message, SystemMessage) and message.content == text
            for message in await model_context.get_messages()
        )
        if not present:
            await model_context.add_message(SystemMessage(content=text))
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
