"""ListMemory: each memory reminds once, whatever is added between runs."""

import json

from nbagent import Image
from nbagent.memory import ListMemory, MemoryContent, MemoryMimeType
from nbagent.model_context import BufferedChatCompletionContext, UnboundedChatCompletionContext
from nbagent.models.types import SystemMessage, UserMessage
from tests.agents.test_society_of_mind_agent import PIXEL


def memory(text: str) -> MemoryContent:
    return MemoryContent(content=text, mime_type=MemoryMimeType.TEXT)


async def reminders(context: UnboundedChatCompletionContext) -> list[str]:
    return [
        message.content
        for message in await context.get_messages()
        if isinstance(message, SystemMessage)
    ]


async def test_what_is_added_between_runs_is_added_alone() -> None:
    listed = ListMemory(memory_contents=[memory("one"), memory("two\nlines")])
    context = UnboundedChatCompletionContext()
    for _ in range(3):
        result = await listed.update_context(context)
        assert len(result.memories.results) == 2
    assert await reminders(context) == [
        "\nRelevant memory content (in chronological order):\n1. one\n2. two\nlines\n"
    ]
    await listed.add(memory("three"))
    for _ in range(3):
        await listed.update_context(context)
    assert (await reminders(context))[1:] == [
        "\nRelevant memory content (in chronological order):\n3. three\n"
    ]


async def test_what_is_no_longer_sent_reminds_again() -> None:
    listed = ListMemory(memory_contents=[memory("one")])
    context = BufferedChatCompletionContext(2)
    await listed.update_context(context)
    for number in range(5):
        await context.add_message(UserMessage(content=str(number), source="user"))
    await listed.update_context(context)
    assert isinstance((await context.get_messages())[-1], SystemMessage)


async def test_an_empty_memory_adds_nothing() -> None:
    context = UnboundedChatCompletionContext()
    result = await ListMemory().update_context(context)
    assert result.memories.results == [] and await context.get_messages() == []


async def test_pictures_and_bytes_are_named_and_not_dumped_into_the_text() -> None:
    listed = ListMemory(
        memory_contents=[
            MemoryContent(content=Image.from_base64(PIXEL), mime_type=MemoryMimeType.IMAGE),
            MemoryContent(content=b"123", mime_type="application/pdf"),
            MemoryContent(content={"a": 1}, mime_type=MemoryMimeType.JSON),
        ]
    )
    context = UnboundedChatCompletionContext()
    await listed.update_context(context)
    assert (await reminders(context))[0].endswith(
        "1. [image]\n2. [3 bytes of application/pdf]\n3. {'a': 1}\n"
    )
    dumped = listed.dump_component()
    loaded = ListMemory.load_component(json.loads(dumped.model_dump_json()))
    assert loaded.dump_component() == dumped
    assert isinstance(loaded.content[0].content, Image)
