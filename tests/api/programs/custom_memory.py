"""Memories: a list of what a person likes, and a store of one's own that looks things up."""

import asyncio
from typing import Any

from nbagent import CancellationToken
from nbagent.agents import AssistantAgent
from nbagent.memory import (
    ListMemory,
    Memory,
    MemoryContent,
    MemoryMimeType,
    MemoryQueryResult,
    UpdateContextResult,
)
from nbagent.messages import MemoryQueryEvent
from nbagent.model_context import ChatCompletionContext
from nbagent.models import SystemMessage
from nbagent.models.openai import OpenAIChatCompletionClient


class KeywordMemory(Memory):
    """Recalls what shares a word with the last thing said."""

    def __init__(self) -> None:
        self._kept: list[MemoryContent] = []

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        messages = await model_context.get_messages()
        found = await self.query(str(messages[-1].content))
        if found.results:
            facts = "\n".join(f"- {memory.content}" for memory in found.results)
            await model_context.add_message(SystemMessage(content=f"Known facts:\n{facts}"))
        return UpdateContextResult(memories=found)

    async def query(
        self,
        query: str | MemoryContent,
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        text = query if isinstance(query, str) else str(query.content)
        words = set(text.lower().strip("?.").split())
        results = [kept for kept in self._kept if words & set(str(kept.content).lower().split())]
        return MemoryQueryResult(results=results)

    async def add(
        self, content: MemoryContent, cancellation_token: CancellationToken | None = None
    ) -> None:
        self._kept.append(content)

    async def clear(self) -> None:
        self._kept.clear()

    async def close(self) -> None:
        pass


async def main() -> None:
    user_memory = ListMemory(name="likes")
    await user_memory.add(
        MemoryContent(content="Distances are told in miles.", mime_type=MemoryMimeType.TEXT)
    )
    ferries = KeywordMemory()
    for fact in ("Ferry leaves at noon", "Museum is closed"):
        await ferries.add(
            MemoryContent(content=fact, mime_type=MemoryMimeType.TEXT, metadata={"from": "board"})
        )

    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    agent = AssistantAgent("guide", model_client, memory=[ferries, user_memory])
    async for message in agent.run_stream(task="When goes the ferry?"):
        if isinstance(message, MemoryQueryEvent):
            print([memory.content for memory in message.content])
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
