"""The reducer: folds a run's events into a transcript.

Correlation lives here and only here. Each call changes the transcript and returns patches that
say what changed, so that a display need not look at the rest.
"""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeAlias

from nbagent.base.at_work import WorkNote
from nbagent.base.chat_agent import Response
from nbagent.base.inner_run import CALL, TEAM
from nbagent.base.ledger import ProgressReport, TaskLedger, read_ledger
from nbagent.base.task import TaskResult
from nbagent.exceptions import ModelError
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
from nbagent.models.types import RequestUsage
from nbagent.transcript.items import (
    AskedApproval,
    CodeItem,
    ErrorItem,
    HandoffItem,
    Item,
    LedgerItem,
    MemoryItem,
    MessageItem,
    OtherItem,
    QuestionItem,
    SpeakerItem,
    StructuredItem,
    TeamAtWork,
    ThoughtItem,
    ToolCallItem,
    Transcript,
)
from nbagent.transcript.patches import AppendText, Patch, PutItem, SetRun

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
        return _end(transcript, "done", event.stop_reason, at)
    if isinstance(event, Response):
        return [*reduce(transcript, event.chat_message, at), *_end(transcript, "done", None, at)]
    patches = _run_fields(transcript, event, at)
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


def begin_again(transcript: Transcript) -> list[Patch]:
    """Open a transcript whose run has ended for a further run, as in a chat.

    Time and tokens are then those of the further run.
    """
    transcript.state = "running"
    transcript.stop_reason = None
    transcript.started_at = transcript.ended_at = None
    transcript.usage = RequestUsage(0, 0)
    transcript.usage_by_source.clear()
    return [SetRun()]


def fail(transcript: Transcript, error: BaseException, at: datetime | None = None) -> list[Patch]:
    """End the transcript with an error: close what is open and add an error card.

    Text that the model had sent before a `ModelError` is kept, marked as interrupted.
    """
    patches: list[Patch] = []
    partial = error.partial_text if isinstance(error, ModelError) else ""
    shown = any(
        isinstance(item, MessageItem) and item.state == "streaming" for item in transcript.items
    )
    if partial and not shown:
        text = MessageItem(
            id=f"partial-{len(transcript.items)}", source="", parts=(partial,), state="interrupted"
        )
        patches += _append(transcript, text)
    patches += _close_open(transcript, at)
    item = ErrorItem(
        id=f"error-{len(transcript.items)}",
        source="",
        at=at or transcript.last_at,
        # A replayed failure names the type that was recorded.
        error_type=getattr(error, "error_type", type(error).__name__),
        message=str(error),
    )
    patches += _append(transcript, item)
    return patches + _end(transcript, "failed", None, at)


def stop(transcript: Transcript, reason: str, at: datetime | None = None) -> list[Patch]:
    """End the transcript because a person or a cancel ended the run: close what is open."""
    return [*_close_open(transcript, at), *_end(transcript, "stopped", reason, at)]


def note_work(transcript: Transcript, note: WorkNote) -> list[Patch]:
    """Take note that a participant's turn has begun or ended."""
    teams = transcript.teams
    known = (
        number
        for number, each in enumerate(teams)
        # An inner team may have the name of the outer one.
        if each.team == note.team and each.members == note.members
    )
    place = next(known, len(teams))
    before = teams[place].working if place < len(teams) else ()
    working = tuple(name for name in before if name != note.name)
    if note.begins:
        working = (*working, note.name)
    now = TeamAtWork(team=note.team, members=note.members, working=working)
    teams[place : place + 1] = [now]
    return [SetRun()]


def _run_fields(
    transcript: Transcript, event: BaseAgentEvent | BaseChatMessage, at: datetime | None
) -> list[Patch]:
    """What an event of any kind says about the run as a whole."""
    changed = False
    # When it came counts: a task may have been written long before the run.
    transcript.last_at = at or event.created_at
    if transcript.started_at is None:
        transcript.started_at = transcript.last_at
        changed = True
    notice = event.metadata.get("notice")
    if notice and notice not in transcript.notices:
        transcript.notices.append(notice)
        changed = True
    if event.models_usage and not isinstance(event, ModelClientStreamingChunkEvent):
        spent = transcript.usage_by_source.get(event.source, RequestUsage(0, 0))
        transcript.usage_by_source[event.source] = spent + event.models_usage
        transcript.usage = transcript.usage + event.models_usage
        changed = True
    return [SetRun()] if changed else []


def _append(transcript: Transcript, item: Item) -> list[Patch]:
    transcript.items.append(item)
    return [PutItem(len(transcript.items) - 1, item)]


def _put(transcript: Transcript, index: int, item: Item) -> list[Patch]:
    transcript.items[index] = item
    return [PutItem(index, item)]


def _put_for(transcript: Transcript, index: int, item: Item) -> list[Patch]:
    """Put what a growing message has become where it grew."""
    old = transcript.items[index]
    kept = {"id": old.id, "at": old.at, "team": old.team}
    return _put(transcript, index, item.model_copy(update=kept))


def _base(event: BaseAgentEvent | BaseChatMessage, item_id: str = "") -> dict[str, Any]:
    """The fields that every item takes from its event; with an id of its own where one is given."""
    return {
        "id": item_id or event.id,
        "source": event.source,
        "at": event.created_at,
        "call": event.metadata.get(CALL),
        "team": event.metadata.get(TEAM, ""),
    }


def _find(
    transcript: Transcript, matches: Callable[[Item], bool], *, open_only: bool = True
) -> int | None:
    """The index of the newest item that matches.

    Open items are looked for only since the last closed message: what an event refers to is
    always near the end, and a long run must not make each event dearer.
    """
    oldest = max(0, len(transcript.items) - _LOOK_BACK) if open_only else 0
    for index in range(len(transcript.items) - 1, oldest - 1, -1):
        if matches(transcript.items[index]):
            return index
    return None


_LOOK_BACK = 200
"""How many items back an open one may stand: more calls than any model makes at once."""


def _streaming(
    transcript: Transcript, event: BaseAgentEvent | BaseChatMessage, message_id: str | None
) -> int | None:
    """The message that is growing: the one with this id, else the newest of the event's source."""
    by_id = _find(
        transcript,
        lambda item: (
            isinstance(item, MessageItem) and item.state == "streaming" and item.id == message_id
        ),
    )
    if by_id is not None:
        return by_id
    return _find(
        transcript,
        lambda item: (
            isinstance(item, MessageItem)
            and item.state == "streaming"
            and item.source == event.source
            # Teams in teams may have members of the same name.
            and item.team == event.metadata.get(TEAM, "")
        ),
    )


def _chunk(transcript: Transcript, event: ModelClientStreamingChunkEvent) -> list[Patch]:
    message_id = event.full_message_id or f"stream-{event.source}-{len(transcript.items)}"
    last = transcript.items[-1] if transcript.items else None
    # Nearly always the last item is the one that grows; looking first keeps a chunk cheap.
    if isinstance(last, MessageItem) and last.state == "streaming" and last.id == message_id:
        index: int | None = len(transcript.items) - 1
    elif event.full_message_id:
        index = _find(transcript, lambda item: item.id == message_id)
    else:
        index = _streaming(transcript, event, None)
    if index is None:
        return _append(
            transcript,
            MessageItem(**_base(event, message_id), parts=(event.content,), state="streaming"),
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
    question = _find(
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
        patches += _put(transcript, question, asked.model_copy(update=answer))
    growing = _streaming(transcript, event, event.id)
    if growing is not None:
        return patches + _put_for(transcript, growing, item)
    if _find(transcript, lambda old: old.id == event.id) is not None:
        return patches
    return patches + _append(transcript, item)


def _text_message(transcript: Transcript, event: BaseTextChatMessage) -> list[Patch]:
    item = MessageItem(
        **_base(event),
        parts=(event.content,),
        usage=event.models_usage,
        message_type=type(event).__name__,
    )
    return _said(transcript, event, item)


def _multimodal(transcript: Transcript, event: MultiModalMessage) -> list[Patch]:
    item = MessageItem(
        **_base(event),
        parts=tuple(event.content),
        usage=event.models_usage,
        message_type="MultiModalMessage",
    )
    return _said(transcript, event, item)


def _structured(transcript: Transcript, event: StructuredMessage[Any]) -> list[Patch]:
    item = StructuredItem(
        **_base(event),
        data=event.content.model_dump(mode="json"),
        type_name=type(event.content).__name__,
        text=event.to_text(),
        usage=event.models_usage,
    )
    return _said(transcript, event, item)


def _handoff(transcript: Transcript, event: HandoffMessage) -> list[Patch]:
    item = HandoffItem(**_base(event), target=event.target, text=event.content)
    return _said(transcript, event, item)


def _thought(transcript: Transcript, event: ThoughtEvent) -> list[Patch]:
    """A thought goes before the answer that it led to.

    Text beside tool calls was streamed as if it were an answer; then the thought replaces it.
    """
    growing = _streaming(transcript, event, event.id)
    thought = ThoughtItem(**_base(event), text=event.content)
    if growing is None:
        return _append(transcript, thought)
    answer = transcript.items[growing]
    assert isinstance(answer, MessageItem)
    thought = thought.model_copy(update={"id": f"thought-{event.id}", "team": answer.team})
    patches = _put(transcript, growing, thought)
    if answer.text.strip() != event.content.strip():
        patches += _append(transcript, answer)
    return patches


def _calls(transcript: Transcript, event: ToolCallRequestEvent) -> list[Patch]:
    patches: list[Patch] = []
    for number, call in enumerate(event.content):
        item = ToolCallItem(
            **_base(event, event.call_key(number)),
            call_id=call.id,
            name=call.name,
            arguments=call.arguments,
        )
        patches += _append(transcript, item)
    return patches


def _results(transcript: Transcript, event: ToolCallExecutionEvent) -> list[Patch]:
    patches: list[Patch] = []
    for result in event.content:
        index = _find(
            transcript,
            lambda item, call_id=result.call_id: (
                isinstance(item, ToolCallItem)
                and item.call_id == call_id
                # An agent that a tool runs may have a call with the same id open.
                and item.call == event.metadata.get(CALL)
                and item.team == event.metadata.get(TEAM, "")
                and item.source == event.source
                and item.state in ("waiting", "running", "denied")
                and item.result is None
            ),
        )
        if index is None:
            item = ToolCallItem(
                **_base(event), call_id=result.call_id, name=result.name, arguments=""
            )
            patches += _append(transcript, item)
            index = len(transcript.items) - 1
        call = transcript.items[index]
        assert isinstance(call, ToolCallItem)
        duration = result.duration
        if duration is None and call.at is not None:
            duration = max(0.0, (event.created_at - call.at).total_seconds())
        denied = call.approval is not None and call.approval.approved is False
        update = {
            "result": result.content,
            "state": "denied" if denied else "failed" if result.is_error else "done",
            "duration": duration,
            "images": tuple(result.images or ()),
        }
        patches += _put(transcript, index, call.model_copy(update=update))
    return patches


def _memories(transcript: Transcript, event: MemoryQueryEvent) -> list[Patch]:
    contents = tuple(_memory_content(content) for content in event.content)
    return _append(transcript, MemoryItem(**_base(event), contents=contents))


def _memory_content(content: MemoryContent) -> str | Image:
    if isinstance(content.content, bytes):
        return f"{len(content.content):,} bytes of {content.mime_type}"
    return content.content if isinstance(content.content, str | Image) else str(content.content)


def _question(transcript: Transcript, event: UserInputRequestedEvent) -> list[Patch]:
    if find_question(transcript, event.request_id) is not None:
        return []  # the display has put it there before the stream brought it
    call = event.question.call if event.question is not None else None
    if event.question is not None and call is not None and call.call_id:
        index = _find(
            transcript,
            lambda item: (
                isinstance(item, ToolCallItem)
                and item.call_id == call.call_id
                # By the agent, as a workbench may call the tool by another name.
                and (item.source == event.source if event.source else item.name == call.name)
                and item.state == "running"
            ),
        )
        if index is not None:
            approval = AskedApproval(
                request_id=event.request_id,
                question=event.question,
                asked_at=event.created_at,
            )
            update = {"state": "waiting", "approval": approval}
            return _put(transcript, index, transcript.items[index].model_copy(update=update))
    item = QuestionItem(**_base(event), request_id=event.request_id, question=event.question)
    return _append(transcript, item)


def _answered(transcript: Transcript, event: UserInputAnsweredEvent) -> list[Patch]:
    index = find_question(transcript, event.request_id)
    if index is None:
        return []
    item = transcript.items[index]
    answered = event.answered_by != "nobody"
    update: dict[str, Any] = {
        "state": "answered" if answered else "cancelled",
        "answer": event.content if answered else None,
        "answered_by": event.answered_by,
        "answered_at": event.created_at if answered else None,
        "note": event.note,
    }
    if isinstance(item, ToolCallItem):
        assert item.approval is not None
        approval = item.approval.model_copy(update={**update, "approved": event.approved})
        state = item.state
        if state == "waiting":
            state = "denied" if event.approved is False else "running"
        return _put(
            transcript, index, item.model_copy(update={"approval": approval, "state": state})
        )
    return _put(transcript, index, item.model_copy(update=update))


def find_question(transcript: Transcript, request_id: str) -> int | None:
    """The index of the item in which a question is asked; None where there is none.

    However much was said since: a person may take their time.
    """
    return _find(
        transcript,
        lambda item: (
            (isinstance(item, QuestionItem) and item.request_id == request_id)
            or (
                isinstance(item, ToolCallItem)
                and item.approval is not None
                and item.approval.request_id == request_id
            )
        ),
        open_only=False,
    )


def _speakers(transcript: Transcript, event: SelectSpeakerEvent) -> list[Patch]:
    """A choice; what a model said right before it is how it came about."""
    last = transcript.items[-1] if transcript.items else None
    if (
        isinstance(last, SpeakerItem)
        and not last.speakers
        and (last.source, last.team) == (event.source, event.metadata.get(TEAM, ""))
    ):
        chosen = last.model_copy(update={"speakers": tuple(event.content)})
        return _put(transcript, len(transcript.items) - 1, chosen)
    return _append(transcript, SpeakerItem(**_base(event), speakers=tuple(event.content)))


def _selector(transcript: Transcript, event: SelectorEvent) -> list[Patch]:
    item = SpeakerItem(**_base(event), speakers=(), text=event.content)
    growing = _streaming(transcript, event, event.id)
    if growing is not None:
        return _put_for(transcript, growing, item)
    return _append(transcript, item)


def _ledger(
    transcript: Transcript,
    event: BaseAgentEvent | BaseChatMessage,
    ledger: TaskLedger | ProgressReport,
) -> list[Patch]:
    if _find(transcript, lambda old: old.id == event.id) is not None:
        return []
    item = LedgerItem(**_base(event), ledger=ledger, text=event.to_text(), usage=event.models_usage)
    return _append(transcript, item)


def _code(transcript: Transcript, event: CodeGenerationEvent) -> list[Patch]:
    patches: list[Patch] = []
    growing = _streaming(transcript, event, event.id)
    if growing is not None:
        written = transcript.items[growing].model_copy(update={"state": "done"})
        patches += _put(transcript, growing, written)
    item = CodeItem(
        **_base(event), blocks=tuple(event.code_blocks), retry_attempt=event.retry_attempt
    )
    return patches + _append(transcript, item)


def _code_output(transcript: Transcript, event: CodeExecutionEvent) -> list[Patch]:
    index = _find(
        transcript,
        lambda item: (
            isinstance(item, CodeItem) and item.state == "running" and item.source == event.source
        ),
    )
    update = {
        "output": event.result.output,
        "exit_code": event.result.exit_code,
        "state": "failed" if event.result.exit_code else "done",
    }
    if index is None:
        item = CodeItem(**_base(event), blocks=(), retry_attempt=event.retry_attempt)
        return _append(transcript, item.model_copy(update=update))
    return _put(transcript, index, transcript.items[index].model_copy(update=update))


def _other(transcript: Transcript, event: BaseAgentEvent | BaseChatMessage) -> list[Patch]:
    item = OtherItem(**_base(event), message_type=type(event).__name__, text=event.to_text())
    return _append(transcript, item)


def _close_open(transcript: Transcript, at: datetime | None) -> list[Patch]:
    """Close every item that still waits for something."""
    patches: list[Patch] = []
    end = at or datetime.now(timezone.utc)
    for index, item in enumerate(transcript.items):
        update: dict[str, Any] = {}
        if isinstance(item, MessageItem) and item.state == "streaming":
            update = {"state": "interrupted"}
        elif isinstance(item, ToolCallItem) and item.state in ("waiting", "running"):
            duration = max(0.0, (end - item.at).total_seconds()) if item.at else None
            update = {"state": "cancelled", "duration": duration}
            if item.approval is not None and item.approval.state == "open":
                update["approval"] = item.approval.model_copy(update={"state": "cancelled"})
        elif isinstance(item, CodeItem | QuestionItem) and item.state in ("running", "open"):
            update = {"state": "cancelled"}
        if update:
            patches += _put(transcript, index, item.model_copy(update=update))
    return patches


def _end(
    transcript: Transcript, state: Any, stop_reason: str | None, at: datetime | None
) -> list[Patch]:
    patches: list[Patch] = []
    for index, item in enumerate(transcript.items):
        if isinstance(item, MessageItem) and item.state == "streaming":
            # A stream without its message: what arrived is all there is.
            patches += _put(transcript, index, item.model_copy(update={"state": "done"}))
    transcript.teams.clear()
    transcript.state = state
    transcript.stop_reason = stop_reason
    transcript.ended_at = at or transcript.last_at
    return [*patches, SetRun()]


_HANDLERS: dict[type[Any], Callable[[Transcript, Any], list[Patch]]] = {
    ModelClientStreamingChunkEvent: _chunk,
    HandoffMessage: _handoff,
    MultiModalMessage: _multimodal,
    StructuredMessage: _structured,
    ThoughtEvent: _thought,
    ToolCallRequestEvent: _calls,
    ToolCallExecutionEvent: _results,
    MemoryQueryEvent: _memories,
    UserInputAnsweredEvent: _answered,
    UserInputRequestedEvent: _question,
    SelectSpeakerEvent: _speakers,
    SelectorEvent: _selector,
    CodeGenerationEvent: _code,
    CodeExecutionEvent: _code_output,
    BaseTextChatMessage: _text_message,
}
