"""The reducer: folds a run's events into a transcript.

What belongs together is found out here, in `said`, `calls` and `asked`, and nowhere else. Each
call changes the transcript and returns patches that say what changed, so that a display need not
look at the rest.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from nbagent.base.chat_agent import Response
from nbagent.base.inner_run import TEAM
from nbagent.base.ledger import ProgressReport, TaskLedger, read_ledger
from nbagent.base.task import TaskResult
from nbagent.image import Image
from nbagent.memory.base import MemoryContent
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    BaseTextChatMessage,
    CodeExecutionEvent,
    CodeGenerationEvent,
    HandoffMessage,
    MemoryQueryEvent,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    SelectorEvent,
    SelectSpeakerEvent,
    StructuredMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    UserInputAnsweredEvent,
    UserInputRequestedEvent,
)
from nbagent.transcript.asked import take_answer, take_question
from nbagent.transcript.calls import take_calls, take_code, take_code_output, take_results
from nbagent.transcript.changes import append, base_fields, find, put, put_for
from nbagent.transcript.items import (
    LedgerItem,
    MemoryItem,
    OtherItem,
    SpeakerItem,
    Transcript,
)
from nbagent.transcript.patches import Patch
from nbagent.transcript.run_state import end, note_event
from nbagent.transcript.said import (
    streaming,
    take_chunk,
    take_handoff,
    take_multimodal,
    take_structured,
    take_text,
    take_thought,
)

StreamItem: TypeAlias = BaseAgentEvent | BaseChatMessage | TaskResult | Response


def reduce(transcript: Transcript, event: StreamItem, at: datetime | None = None) -> list[Patch]:
    """Fold one event of a run into its transcript.

    Args:
        transcript: Changed in place.
        event: The next item of `run_stream()` or `on_messages_stream()`.
        at: When it arrived: the run begins and ends by it. By default the time at which the
            event was made; for a `TaskResult`, that of the event before it.

    Returns:
        What changed, in order.
    """
    if isinstance(event, TaskResult):
        return end(transcript, "done", event.stop_reason, at)
    if isinstance(event, Response):
        return [*reduce(transcript, event.chat_message, at), *end(transcript, "done", None, at)]
    patches = note_event(transcript, event, at)
    ledger = read_ledger(event)
    if ledger is not None:
        return patches + _ledger(transcript, event, ledger)
    handler = _HANDLERS.get(type(event))
    if handler is None:
        handler = next(
            (handle for kind, handle in _HANDLERS.items() if isinstance(event, kind)), _other
        )
    patches += handler(transcript, event)
    return patches


def _memories(transcript: Transcript, event: MemoryQueryEvent) -> list[Patch]:
    contents = tuple(_memory_content(content) for content in event.content)
    return append(transcript, MemoryItem(**base_fields(event), contents=contents))


def _memory_content(content: MemoryContent) -> str | Image:
    if isinstance(content.content, bytes):
        return f"{len(content.content):,} bytes of {content.mime_type}"
    return content.content if isinstance(content.content, str | Image) else str(content.content)


def _speakers(transcript: Transcript, event: SelectSpeakerEvent) -> list[Patch]:
    """A choice; what a model said right before it is how it came about."""
    last = transcript.items[-1] if transcript.items else None
    if (
        isinstance(last, SpeakerItem)
        and not last.speakers
        and (last.source, last.team) == (event.source, event.metadata.get(TEAM, ""))
    ):
        chosen = last.model_copy(update={"speakers": tuple(event.content)})
        return put(transcript, len(transcript.items) - 1, chosen)
    return append(transcript, SpeakerItem(**base_fields(event), speakers=tuple(event.content)))


def _selector(transcript: Transcript, event: SelectorEvent) -> list[Patch]:
    item = SpeakerItem(**base_fields(event), speakers=(), text=event.content)
    growing = streaming(transcript, event, event.id)
    if growing is not None:
        return put_for(transcript, growing, item)
    return append(transcript, item)


def _ledger(
    transcript: Transcript,
    event: BaseAgentEvent | BaseChatMessage,
    ledger: TaskLedger | ProgressReport,
) -> list[Patch]:
    if find(transcript, lambda old: old.id == event.id) is not None:
        return []
    item = LedgerItem(
        **base_fields(event), ledger=ledger, text=event.to_text(), usage=event.models_usage
    )
    return append(transcript, item)


def _other(transcript: Transcript, event: BaseAgentEvent | BaseChatMessage) -> list[Patch]:
    item = OtherItem(**base_fields(event), message_type=type(event).__name__, text=event.to_text())
    return append(transcript, item)


_HANDLERS: dict[type[Any], Callable[[Transcript, Any], list[Patch]]] = {
    ModelClientStreamingChunkEvent: take_chunk,
    HandoffMessage: take_handoff,
    MultiModalMessage: take_multimodal,
    StructuredMessage: take_structured,
    ThoughtEvent: take_thought,
    ToolCallRequestEvent: take_calls,
    ToolCallExecutionEvent: take_results,
    MemoryQueryEvent: _memories,
    UserInputAnsweredEvent: take_answer,
    UserInputRequestedEvent: take_question,
    SelectSpeakerEvent: _speakers,
    SelectorEvent: _selector,
    CodeGenerationEvent: take_code,
    CodeExecutionEvent: take_code_output,
    BaseTextChatMessage: take_text,
}
