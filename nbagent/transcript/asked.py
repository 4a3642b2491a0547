"""Questions to a person with their answers."""

from typing import Any

from nbagent.messages import (
    UserInputAnsweredEvent,
    UserInputRequestedEvent,
)
from nbagent.transcript.changes import append, base_fields, find, put
from nbagent.transcript.items import (
    AskedApproval,
    QuestionItem,
    ToolCallItem,
    Transcript,
)
from nbagent.transcript.patches import Patch


def take_question(transcript: Transcript, event: UserInputRequestedEvent) -> list[Patch]:
    """Show a question: on the card of the call that waits for it, else as an item of its own."""
    if find_question(transcript, event.request_id) is not None:
        return []  # the display has put it there before the stream brought it
    call = event.question.call if event.question is not None else None
    if event.question is not None and call is not None and call.call_id:
        index = find(
            transcript,
            lambda item: (
                isinstance(item, ToolCallItem)
                and item.call_id == call.call_id
                # By the agent, as a workbench may call the tool by another name.
                and (item.source == event.source if event.source else item.name == call.name)
                and item.state == "running"
            ),
            near_end=False,
        )
        if index is not None:
            approval = AskedApproval(
                request_id=event.request_id,
                question=event.question,
                asked_at=event.created_at,
            )
            update = {"state": "waiting", "approval": approval}
            return put(transcript, index, transcript.items[index].model_copy(update=update))
    item = QuestionItem(**base_fields(event), request_id=event.request_id, question=event.question)
    return append(transcript, item)


def take_answer(transcript: Transcript, event: UserInputAnsweredEvent) -> list[Patch]:
    """Note what became of a question."""
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
        return put(
            transcript, index, item.model_copy(update={"approval": approval, "state": state})
        )
    return put(transcript, index, item.model_copy(update=update))


def find_question(transcript: Transcript, request_id: str) -> int | None:
    """The index of the item in which a question is asked; None where there is none.

    However much was said since: a person may take their time.
    """
    return find(
        transcript,
        lambda item: (
            (isinstance(item, QuestionItem) and item.request_id == request_id)
            or (
                isinstance(item, ToolCallItem)
                and item.approval is not None
                and item.approval.request_id == request_id
            )
        ),
        near_end=False,
    )
