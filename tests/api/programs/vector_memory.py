"""Retrieval: pieces of a manual in a vector store, of which the nearest go to the model."""

import asyncio
import sys

from nbagent.agents import AssistantAgent
from nbagent.memory import MemoryContent, MemoryMimeType
from nbagent.memory.chromadb import ChromaDBVectorMemory, PersistentChromaDBVectorMemoryConfig
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.ui import Console

MANUAL = """To descale the machine, fill the tank with vinegar.

The grinder takes dark beans only.

Call the service if the lamp blinks red."""


async def main(folder: str) -> None:
    rag_memory = ChromaDBVectorMemory(
        config=PersistentChromaDBVectorMemoryConfig(
            collection_name="manual", persistence_path=folder, k=1, score_threshold=0.1
        )
    )
    await rag_memory.clear()
    for number, paragraph in enumerate(MANUAL.split("\n\n")):
        await rag_memory.add(
            MemoryContent(
                content=paragraph, mime_type=MemoryMimeType.TEXT, metadata={"paragraph": number}
            )
        )
    assistant = AssistantAgent(
        name="rag_assistant",
        model_client=ReplayChatCompletionClient(["With vinegar."]),
        memory=[rag_memory],
    )
    await Console(assistant.run_stream(task="How do I descale the machine?"))
    await rag_memory.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
