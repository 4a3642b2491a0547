"""ChromaDBVectorMemory on a real Chroma database in a folder."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from nbagent.agents import AssistantAgent
from nbagent.exceptions import ComponentError, ConfigurationError
from nbagent.memory import Memory, MemoryContent, MemoryMimeType
from nbagent.messages import MemoryQueryEvent
from nbagent.model_context import UnboundedChatCompletionContext
from nbagent.models.types import SystemMessage, UserMessage
from tests.agents.models import replay

chroma = pytest.importorskip(
    "nbagent.memory.chromadb", reason="needs the extra chromadb", exc_type=ImportError
)

FACTS = [
    "The weather is told in metric units.",
    "Recipes must be vegan.",
    "The train to Bonn leaves at nine.",
]


@pytest.fixture
async def memory(tmp_path: Path) -> AsyncGenerator[Any, None]:
    kept = chroma.ChromaDBVectorMemory(
        chroma.PersistentChromaDBVectorMemoryConfig(
            persistence_path=str(tmp_path / "db"), k=2, score_threshold=0.2
        )
    )
    for fact in FACTS:
        await kept.add(
            MemoryContent(
                content=fact, mime_type=MemoryMimeType.TEXT, metadata={"from": "test", "n": 1}
            )
        )
    yield kept
    await kept.close()


async def test_finds_the_nearest(memory: Any) -> None:
    found = (await memory.query("When does the train leave for Bonn?")).results
    assert 1 <= len(found) <= 2 and found[0].content == FACTS[2]
    assert found[0].mime_type is MemoryMimeType.TEXT
    known: dict[str, Any] = found[0].metadata
    assert (known["from"], known["n"]) == ("test", 1)
    assert 0.2 <= known["score"] <= 1
    assert (await memory.query("  ")).results == []


async def test_an_agent_is_reminded_once(memory: Any) -> None:
    client = replay("Vegan.", "Still vegan.")
    agent = AssistantAgent("cook", client, memory=[memory])
    result = await agent.run(task="Which recipes may I cook?")
    assert any(isinstance(message, MemoryQueryEvent) for message in result.messages)
    await agent.run(task="And which recipes tomorrow?")
    reminded = [
        message
        for message in client.create_calls[-1]["messages"]
        if isinstance(message, SystemMessage) and FACTS[1] in message.content
    ]
    assert len(reminded) == 1


async def test_it_is_there_again_after_closing(memory: Any) -> None:
    dumped = memory.dump_component()
    await memory.close()
    loaded: Any = Memory.load_component(json.loads(dumped.model_dump_json()))
    assert loaded.dump_component() == dumped
    assert (await loaded.query("weather units")).results[0].content == FACTS[0]
    await loaded.clear()
    assert (await loaded.query("weather units")).results == []
    await loaded.close()


async def test_json_and_its_type_come_back(memory: Any) -> None:
    content = MemoryContent(content={"colour": "teal"}, mime_type=MemoryMimeType.JSON)
    await memory.add(content)
    found = (await memory.query("colour teal")).results[0]
    assert (found.content, found.mime_type) == ({"colour": "teal"}, MemoryMimeType.JSON)
    with pytest.raises(ValueError, match="describe it in words"):
        await memory.add(MemoryContent(content=b"x", mime_type=MemoryMimeType.BINARY))


def letters(first: str) -> Callable[[list[str]], list[list[float]]]:
    """An embedding of a test's own: where the alphabet lies from `first` on."""

    def embed(texts: list[str]) -> list[list[float]]:
        return [[text.count(chr(ord(first) + n)) + 0.1 for n in range(8)] for text in texts]

    return embed


async def test_an_embedding_function_of_your_own(tmp_path: Path) -> None:
    custom = chroma.CustomEmbeddingFunctionConfig(function=letters, params={"first": "a"})
    settings = {"persistence_path": str(tmp_path), "k": 1, "distance_metric": "l2"}
    memory = chroma.ChromaDBVectorMemory(
        chroma.PersistentChromaDBVectorMemoryConfig(embedding_function_config=custom, **settings)
    )
    for word in ("aaaa", "hhhh"):
        await memory.add(MemoryContent(content=word, mime_type=MemoryMimeType.TEXT))
    assert (await memory.query("haah hhh")).results[0].content == "hhhh"
    with pytest.raises(ComponentError, match="embedding function"):
        memory.dump_component()
    await memory.close()
    lexical = chroma.ChromaDBVectorMemory(chroma.PersistentChromaDBVectorMemoryConfig(**settings))
    with pytest.raises(ConfigurationError, match="cannot be compared"):
        await lexical.query("x")
    await lexical.close()


async def test_reset_needs_to_be_allowed(memory: Any) -> None:
    with pytest.raises(ConfigurationError, match="allow_reset"):
        await memory.reset()


async def test_a_context_without_words_asks_nothing(memory: Any) -> None:
    context = UnboundedChatCompletionContext()
    assert (await memory.update_context(context)).memories.results == []
    await context.add_message(UserMessage(content="", source="user"))
    assert (await memory.update_context(context)).memories.results == []


def test_neither_a_model_nor_telemetry_is_loaded(tmp_path: Path) -> None:
    code = f"""
import asyncio, socket, sys
def refuse(*_): raise OSError("no network in this test")
socket.socket.connect = refuse
from nbagent.memory import MemoryContent
from nbagent.memory.chromadb import ChromaDBVectorMemory, PersistentChromaDBVectorMemoryConfig
async def main():
    memory = ChromaDBVectorMemory(
        PersistentChromaDBVectorMemoryConfig(persistence_path={str(tmp_path)!r}))
    await memory.add(MemoryContent(content="a fact", mime_type="text/plain"))
    print(len((await memory.query("fact")).results), "onnxruntime" in sys.modules)
    await memory.close()
asyncio.run(main())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout.split() == ["1", "False"], run.stderr
