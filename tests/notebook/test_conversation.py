"""A chat's conversation and its export, without Jupyter."""

from collections.abc import Sequence
from typing import Any

import pytest

from nbagent import AssistantAgent, BaseChatAgent, CancellationToken, TaskResult
from nbagent.attachments import Attachment
from nbagent.base import Response
from nbagent.exceptions import AttachmentError, ConfigurationError, UnknownModelError
from nbagent.messages import BaseChatMessage, MultiModalMessage, TextMessage
from nbagent.notebook.chat_export import export
from nbagent.notebook.conversation import Conversation
from nbagent.transcript import Transcript
from nbagent.transcript.reduce import reduce
from nbagent.transcript.run_state import begin_again
from tests.browser.partners import heard, picture, replay, text_file


async def say(conversation: Conversation, text: str, *files: Attachment, **how: Any) -> TaskResult:
    """Send a message, and fold the answer into the transcript."""
    stream = await conversation.begin(text, files, **how)
    begin_again(conversation.transcript)
    result: TaskResult | None = None
    async for event in stream:
        reduce(conversation.transcript, event)
        if isinstance(event, TaskResult):
            result = event
    assert result is not None
    return result


def shown(conversation: Conversation) -> list[str]:
    return [getattr(item, "text", "") for item in conversation.transcript.items]


async def test_turns_follow_each_other() -> None:
    client = replay("a", "b", "c", "d", "e")
    conversation = Conversation(client)
    await say(conversation, "one")
    await say(conversation, "two")
    assert heard(client) == ["one", "a", "two"]
    assert shown(conversation) == ["one", "a", "two", "b"]
    assert [message.to_text() for message in conversation.messages] == shown(conversation)
    assert [turn.item for turn in conversation.turns] == [0, 2]


async def test_files_go_with_the_text_in_their_order() -> None:
    client = replay("a", "b", "c", "d", "e")
    conversation = Conversation(client)
    first, second = picture("a.png"), picture("b.png", (9, 9))
    await say(conversation, "Compare", first, text_file("notes.txt", "tide: 3 m"), second)
    task = conversation.messages[0]
    assert isinstance(task, MultiModalMessage)
    words, one, note, two = task.content
    assert (words, one, two) == ("Compare", first.image, second.image)
    assert isinstance(note, str) and "notes.txt" in note and "tide: 3 m" in note
    assert client.create_calls[0]["messages"][-1].content == task.content


async def test_going_back_takes_the_agents_memory_along() -> None:
    client = replay("a", "b", "c", "d", "e")
    conversation = Conversation(AssistantAgent("helper", client))
    for text in ("one", "two", "three"):
        await say(conversation, text)
    second = conversation.turns[1]
    await say(conversation, "two, better", instead_of=second)
    assert heard(client) == ["one", "a", "two, better"]
    assert shown(conversation) == ["one", "a", "two, better", "d"]
    assert len(conversation.messages) == 4
    assert conversation.turn(second.id) is None
    first = conversation.turns[0]
    await say(conversation, first.text, instead_of=first)
    assert heard(client) == ["one"]
    assert conversation.turns[0].id != first.id


async def test_nothing_changes_where_a_message_is_refused() -> None:
    conversation = Conversation(replay("a", vision=False))
    await say(conversation, "one")
    turn = conversation.turns[0]
    for text, files in (("", ()), (" \n", ()), ("see", (picture("chart.png"),))):
        with pytest.raises(ValueError):
            await conversation.begin(text, files, instead_of=turn)
    with pytest.raises(AttachmentError, match=r"takes no pictures: a\.png.*Remove them"):
        await conversation.begin("see", [picture("a.png")])
    with pytest.raises(AttachmentError, match="neither a picture nor text"):
        await conversation.begin("see", [Attachment("a.bin", b"\0", "application/octet-stream")])
    assert conversation.turns == [turn]
    assert shown(conversation) == ["one", "a"]


async def test_beginning_anew_forgets_everything() -> None:
    client = replay("a", "b", "c", "d", "e")
    conversation = Conversation(client)
    await say(conversation, "one")
    await conversation.begin_anew()
    assert (conversation.turns, conversation.messages, shown(conversation)) == ([], [], [])
    await say(conversation, "two")
    assert heard(client) == ["two"]


async def test_messages_of_a_failed_turn_are_there() -> None:
    conversation = Conversation(replay("only one"))
    await say(conversation, "one")
    with pytest.raises(ConfigurationError):
        await say(conversation, "two")
    assert [message.to_text() for message in conversation.messages] == ["one", "only one", "two"]


async def test_pictures_are_remembered_once() -> None:
    conversation = Conversation(replay("a", "b", "c", "d", "e"))
    await say(conversation, "see", picture("large.png", (64, 64)))
    for number in range(4):
        await say(conversation, f"more {number}")
    remembered = [turn.state["llm_context"]["messages"] for turn in conversation.turns[1:]]
    assert len({id(messages[0]) for messages in remembered}) == 1
    assert [len(messages) for messages in remembered] == [2, 4, 6, 8]


def test_the_partner_has_a_name() -> None:
    assert Conversation("demo").name == "demo"
    assert Conversation(AssistantAgent("helper", replay("a"))).name == "helper"
    assert Conversation(replay("a", "b", "c", "d", "e")).name == "assistant"


class Stranger:
    """Runs tasks, and cannot go back."""

    async def run(self, **_: object) -> TaskResult:
        return TaskResult(messages=[])

    def run_stream(self, **_: object) -> None: ...


@pytest.mark.parametrize("partner", [42, AssistantAgent, Stranger()])
def test_a_partner_that_cannot_chat_is_refused(partner: Any) -> None:
    with pytest.raises(TypeError, match=r"Chat\(\) needs an agent|has no save_state\(\)"):
        Conversation(partner)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(UnknownModelError):
        Conversation("nowhere:model")


class Echo(BaseChatAgent):
    """Answers with what it was told, and has no model."""

    def __init__(self) -> None:
        super().__init__("echo", "Repeats.")

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        return Response(chat_message=TextMessage(content=messages[-1].to_text(), source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        pass


async def test_an_agent_without_a_model_chats_too() -> None:
    conversation = Conversation(Echo())
    await say(conversation, "one", picture("chart.png"))
    await say(conversation, "two", instead_of=conversation.turns[0])
    assert shown(conversation) == ["two", "two"]


async def test_exports_tell_the_whole_conversation() -> None:
    conversation = Conversation(replay("Well, <script>alert(1)</script> and **more**"))
    await say(conversation, "one", picture("chart.png"))
    name, page = export(conversation.transcript, "html")
    assert name == "chat.html" and page.startswith("<!doctype html>")
    assert "<script" not in page and "<strong>more</strong>" in page
    assert "data:image/png" in page
    name, text = export(conversation.transcript, "markdown")
    assert name == "chat.md" and "**more**" in text
    name, data = export(conversation.transcript, "json")
    assert name == "chat.json"
    assert Transcript.model_validate_json(data) == conversation.transcript
