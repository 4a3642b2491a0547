"""An open question as the plain values that a page builds its controls from."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from pydantic import BaseModel

from nbagent.questions.form import FormField, control_value, form_fields
from nbagent.questions.question import Answer, Approval, Question
from nbagent.render.arguments import arguments_preview
from nbagent.render.plain_text import one_line, visible
from nbagent.transcript.items import Item, QuestionItem, ToolCallItem

_NAME = 400
_OTHERWISE = 80


def question_fields(item: Item) -> dict[str, Any] | None:
    """What a page needs to let a person answer; None where the item asks nothing.

    Every text is plain text for `textContent` or a control's value. Choices are dicts of
    `value`, which is sent back, and `label`, in which hidden characters are visible.

    Returns:
        `id` (the request id); `kind` (as in `Question`); `name` (a line that names the question
        to those who do not see it: who asks, and what); `tool` (for an approval: what is
        approved for the rest of the run); `choices`; `fields` (of a form: dicts of `name`,
        `label`, `description`, `hint`, `kind` as in `FormField`, `required`, `default` and
        `choices`); `default` (the text that the control holds at first; null for nothing);
        `until` (milliseconds since 1970, UTC, at which nobody is waited for any more; null for
        never); `otherwise` (what becomes of it then, such as "taken as “Yes”"; null where the
        question has no default).
    """
    question: Question | None
    since: datetime | None = None
    if isinstance(item, QuestionItem) and item.state == "open":
        question, request_id, since = item.question, item.request_id, item.at
    elif isinstance(item, ToolCallItem) and item.approval and item.approval.state == "open":
        question, request_id = item.approval.question, item.approval.request_id
        since = item.approval.asked_at
    else:
        return None
    if question is None:
        return None
    answer = _as_plain(question.default) if question.has_default else None
    return {
        "id": request_id,
        "kind": question.kind,
        "name": _name(item, question),
        "tool": one_line(question.call.name) if question.call is not None else "",
        "choices": _choices(question.choices),
        "fields": _fields(question, answer) if question.kind == "form" else [],
        "default": answer if question.kind == "text" and isinstance(answer, str) else None,
        "until": _until(since, question.timeout),
        "otherwise": _otherwise(question) if question.has_default else None,
    }


def _name(item: Item, question: Question) -> str:
    kind = "Approval" if question.kind == "approval" else "Question"
    name = f"{kind} asked by {one_line(item.source)}" if item.source else kind
    details = [one_line(question.prompt, _NAME)]
    if question.call is not None:
        details.append(
            f"{one_line(question.call.name)}({arguments_preview(question.call.arguments)})"
        )
    elif question.code:
        details.append("run code")
    return ": ".join([name, *(detail for detail in details if detail)])


def _fields(question: Question, answer: Any) -> list[dict[str, Any]]:
    """The fields of a form; none where its schema, which came from elsewhere, is no form's."""
    try:
        fields = form_fields(question.form or {})
    except ValueError:
        return []
    return [_field(field, answer) for field in fields]


def _field(field: FormField, answer: Any) -> dict[str, Any]:
    default = field.default
    given = _at_path(answer, field.path)
    if given is not None:
        default = control_value(field, given)
    return {
        "name": field.name,
        "label": one_line(field.label, _NAME),
        "description": visible(field.description),
        "hint": _hint(field),
        "kind": field.kind,
        "required": field.required,
        "default": list(default) if isinstance(default, tuple) else default,
        "choices": _choices(field.choices),
    }


def _hint(field: FormField) -> str:
    """What is allowed, in a few words."""
    words: list[str] = []
    if field.kind == "list":
        words.append("one a line")
    if field.kind == "json":
        words.append("as JSON")
    if field.minimum is not None and field.maximum is not None:
        words.append(f"from {field.minimum:g} to {field.maximum:g}")
    elif field.minimum is not None:
        words.append(f"at least {field.minimum:g}")
    elif field.maximum is not None:
        words.append(f"at most {field.maximum:g}")
    if field.step is not None:
        words.append(f"in steps of {field.step:g}")
    if field.max_length is not None:
        words.append(f"at most {field.max_length:,} characters")
    return ", ".join(words)


def _choices(choices: Sequence[str]) -> list[dict[str, str]]:
    return [{"value": choice, "label": visible(choice)} for choice in choices]


def _otherwise(question: Question) -> str:
    """What becomes of a question that nobody answers, in a few words."""
    if question.kind == "form":
        return "taken with the values given"
    default = question.default
    if question.kind == "approval":
        return "approved" if _is_approved(default) else "denied"
    return f"taken as “{one_line(Answer(default).text, _OTHERWISE)}”"


def _is_approved(default: Any) -> bool:
    if isinstance(default, Approval):
        return default.approved
    # A recorded question holds plain data.
    if not isinstance(default, Mapping):
        return False
    return cast("Mapping[str, Any]", default).get("approved") is True


def _until(since: datetime | None, timeout: float | None) -> int | None:
    if since is None or timeout is None:
        return None
    if since.tzinfo is None:
        since = since.replace(tzinfo=timezone.utc)
    return round((since + timedelta(seconds=timeout)).timestamp() * 1000)


def _as_plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


def _at_path(value: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, Any]", value).get(part)
    return value
