"""What participants say and think, also while it grows."""

from typing import Any

from nbagent.base.inner_run import TEAM
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    BaseTextChatMessage,
    HandoffMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    StructuredMessage,
    ThoughtEvent,
)
from nbagent.transcript.changes import append, base_fields, find, put, put_for
from nbagent.transcript.items import (
    HandoffItem,
    Item,
    MessageItem,
    QuestionItem,
    StructuredItem,
    ThoughtItem,
    Transcript,
)
from nbagent.transcript.patches import AppendText, Patch


def streaming(
    transcript: Transcript, event: BaseAgentEvent | BaseChatMessage, message_id: str | None
) -> int | None:
    """The message that is growing: the one with this id, else the newest of the event's source."""
    by_id = find(
        transcript,
        lambda item: (
            isinstance(item, MessageItem) and item.state == "streaming" and item.id == message_id
        ),
    )
    if by_id is not None:
        return by_id
    return find(
        transcript,
        lambda item: (
            isinstance(item, MessageItem)
            and item.state == "streaming"
            and item.source == event.source
            # Teams in teams may have members of the same name.
            and item.team == event.metadata.get(TEAM, "")
        ),
    )


def take_chunk(transcript: Transcript, event: ModelClientStreamingChunkEvent) -> list[Patch]:
    """Let a message grow, and begin it with its first piece."""
    message_id = event.full_message_id or f"stream-{event.source}-{len(transcript.items)}"
    last = transcript.items[-1] if transcript.items else None
    # Nearly always the last item is the one that grows; looking first keeps a chunk cheap.
    if isinstance(last, MessageItem) and last.state == "streaming" and last.id == message_id:
        index: int | None = len(transcript.items) - 1
    elif event.full_message_id:
        index = find(transcript, lambda item: item.id == message_id)
    else:
        index = streaming(transcript, event, None)
    if index is None:
        return append(
            transcript,
            MessageItem(
                **base_fields(event, message_id), parts=(event.content,), state="streaming"
            ),
        )
    item = transcript.items[index]
    if not isinstance(item, MessageItem) or item.state != "streaming" or not event.content:
        return []
    text = item.parts[0]
    assert isinstance(text, str)
    transcript.items[index] = item.model_copy(update={"parts": (text + event.content,)})
    return [AppendText(index, event.content)]


def _said(transcript: Transcript, event: BaseChatMessage, item: Item) -> list[Patch]:
    """Put a message where its stream grew, or at the end; answer the question it answers."""
    patches: list[Patch] = []
    question = find(
        transcript,
        lambda old: (
            isinstance(old, QuestionItem) and old.state == "open" and old.source == event.source
        ),
    )
    if question is not None:
        asked = transcript.items[question]
        answer = {
            "state": "answered",
            "answer": event.to_text(),
            "answered_by": "user",
            "answered_at": event.created_at,
        }
        patches += put(transcript, question, asked.model_copy(update=answer))
    growing = streaming(transcript, event, event.id)
    if growing is not None:
        return patches + put_for(transcript, growing, item)
    if find(transcript, lambda old: old.id == event.id) is not None:
        return patches
    return patches + append(transcript, item)


def take_text(transcript: Transcript, event: BaseTextChatMessage) -> list[Patch]:
    """A message of text."""
    item = MessageItem(
        **base_fields(event),
        parts=(event.content,),
        usage=event.models_usage,
        message_type=type(event).__name__,
    )
    return _said(transcript, event, item)


def take_multimodal(transcript: Transcript, event: MultiModalMessage) -> list[Patch]:
    """A message of text and pictures."""
    item = MessageItem(
        **base_fields(event),
        parts=tuple(event.content),
        usage=event.models_usage,
        message_type="MultiModalMessage",
    )
    return _said(transcript, event, item)


def take_structured(transcript: Transcript, event: StructuredMessage[Any]) -> list[Patch]:
    """A message of data."""
    item = StructuredItem(
        **base_fields(event),
        data=event.content.model_dump(mode="json"),
        type_name=type(event.content).__name__,
        text=event.to_text(),
        usage=event.models_usage,
    )
    return _said(transcript, event, item)


def take_handoff(transcript: Transcript, event: HandoffMessage) -> list[Patch]:
    """One agent passes the conversation to another."""
    item = HandoffItem(**base_fields(event), target=event.target, text=event.content)
    return _said(transcript, event, item)


def take_thought(transcript: Transcript, event: ThoughtEvent) -> list[Patch]:
    """A thought goes before the answer that it led to.

    Text beside tool calls was streamed as if it were an answer; then the thought replaces it.
    """
    growing = streaming(transcript, event, event.id)
    thought = ThoughtItem(**base_fields(event), text=event.content)
    if growing is None:
        return append(transcript, thought)
    answer = transcript.items[growing]
    assert isinstance(answer, MessageItem)
    thought = thought.model_copy(update={"id": f"thought-{event.id}", "team": answer.team})
    patches = put(transcript, growing, thought)
    if answer.text.strip() != event.content.strip():
        patches += append(transcript, answer)
    return patches
