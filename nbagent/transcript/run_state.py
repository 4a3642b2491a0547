"""The run as a whole: how it goes on and ends, what it has spent, and who is at work."""

from datetime import datetime, timezone
from typing import Any

from nbagent.base.at_work import WorkNote
from nbagent.exceptions import ModelError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
)
from nbagent.models.types import RequestUsage
from nbagent.transcript.changes import append, put
from nbagent.transcript.items import (
    CodeItem,
    ErrorItem,
    MessageItem,
    QuestionItem,
    TeamAtWork,
    ToolCallItem,
    Transcript,
)
from nbagent.transcript.patches import Patch, SetRun


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
        patches += append(transcript, text)
    patches += _close_open(transcript, at)
    item = ErrorItem(
        id=f"error-{len(transcript.items)}",
        source="",
        at=at or transcript.last_at,
        # A replayed failure names the type that was recorded.
        error_type=getattr(error, "error_type", type(error).__name__),
        message=str(error),
    )
    patches += append(transcript, item)
    return patches + end(transcript, "failed", None, at)


def stop(transcript: Transcript, reason: str, at: datetime | None = None) -> list[Patch]:
    """End the transcript because a person or a cancel ended the run: close what is open."""
    return [*_close_open(transcript, at), *end(transcript, "stopped", reason, at)]


def note_work(transcript: Transcript, note: WorkNote) -> list[Patch]:
    """Take note that a participant's turn has begun or ended."""
    teams = transcript.teams
    # An inner team may have the name of the outer one; it consists of others.
    known = (number for number, each in enumerate(teams) if each.team == note.team)
    place = next(known, len(teams))
    before = teams[place].working if place < len(teams) else ()
    working = tuple(name for name in before if name != note.name)
    if note.begins:
        working = (*working, note.name)
    teams[place : place + 1] = [TeamAtWork(team=note.team, working=working)]
    return [SetRun()]


def note_event(
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


def end(
    transcript: Transcript, state: Any, stop_reason: str | None, at: datetime | None
) -> list[Patch]:
    """End the run; what still grows is all there is."""
    patches: list[Patch] = []
    for index, item in enumerate(transcript.items):
        if isinstance(item, MessageItem) and item.state == "streaming":
            # A stream without its message: what arrived is all there is.
            patches += put(transcript, index, item.model_copy(update={"state": "done"}))
    transcript.teams.clear()
    transcript.state = state
    transcript.stop_reason = stop_reason
    transcript.ended_at = at or transcript.last_at
    return [*patches, SetRun()]


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
            patches += put(transcript, index, item.model_copy(update=update))
    return patches
