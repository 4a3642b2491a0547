"""What became of a question, in words that all forms of a transcript share."""

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeAlias, cast

from nbagent.questions.question import Approval
from nbagent.render.plain_text import one_line
from nbagent.transcript.items import AskedApproval, QuestionItem

Asked: TypeAlias = QuestionItem | AskedApproval

_NOTE = 300
_ALLOWED, _ALLOWED_FOR_RUN = str(Approval(True)), str(Approval(True, for_run=True))


@dataclass(frozen=True)
class Outcome:
    """What became of a question.

    Attributes:
        line: How it ended and when, such as "answered by the user at 14:02 UTC", as plain text.
        said: The answer, or why it was denied, as it came; None where nothing was said.
        approved: Whether it may run; None where that was not asked, or is open.
    """

    line: str
    said: str | None = None
    approved: bool | None = None


def outcome(asked: Asked) -> Outcome:
    """What became of a question: who answered, when, and what."""
    if asked.state == "open":
        return Outcome("waiting for your answer")
    note = f": {one_line(asked.note, _NOTE)}" if asked.note else ""
    if asked.state == "cancelled":
        return Outcome(f"cancelled{note}")
    if is_approval(asked):
        return _decided(asked, note)
    if asked.answered_by == "default":
        return Outcome(f"default taken{_at(asked)}{note}", asked.answer)
    return Outcome(f"answered by the user{_at(asked)}", asked.answer)


def is_approval(asked: Asked) -> bool:
    """Whether it was asked if something may run."""
    return asked.question is not None and asked.question.kind == "approval"


def answered_fields(asked: Asked) -> dict[str, Any] | None:
    """The answer to a form, its values by the fields' titles; None where it is no such answer."""
    question = asked.question
    if question is None or question.form is None or not asked.answer:
        return None
    try:
        values = json.loads(asked.answer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    properties = _mapping(question.form.get("properties"))
    fields: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", values).items():
        title = _mapping(properties.get(name)).get("title")
        if not isinstance(title, str) or not title or title in fields:
            title = name  # a title that two fields share would hide one of them
        fields[title] = value
    return fields


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _decided(asked: Asked, note: str) -> Outcome:
    answer = asked.answer or ""
    by_user = asked.answered_by == "user"
    approved = asked.approved if isinstance(asked, AskedApproval) else None
    if approved is None:
        approved = answer in (_ALLOWED, _ALLOWED_FOR_RUN)
    if approved:
        who = "by the user" if by_user else "by default"
        scope = " (for this run)" if answer == _ALLOWED_FOR_RUN else ""
        return Outcome(f"allowed {who}{_at(asked)}{scope}{'' if by_user else note}", None, True)
    reason = answer.removeprefix(str(Approval(False))).removeprefix(": ")
    if not by_user and asked.note:
        return Outcome(f"denied{_at(asked)}{note}", None, False)
    return Outcome(f"denied{' by the user' if by_user else ''}{_at(asked)}", reason or None, False)


def _at(asked: Asked) -> str:
    at = asked.answered_at
    if at is None:
        return ""
    # A time without a zone came from a file; times are kept in UTC.
    in_utc = at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)
    return f" at {_clock(in_utc)} UTC"


def _clock(at: datetime) -> str:
    return f"{at.hour:02}:{at.minute:02}"
