"""An open question as the plain values that a page builds its controls from."""

from typing import Any

from nbagent.questions.question import Question
from nbagent.render.plain_text import visible
from nbagent.transcript.items import Item, QuestionItem, ToolCallItem


def question_fields(item: Item) -> dict[str, Any] | None:
    """What a page needs to let a person answer; None where the item asks nothing.

    Returns:
        `id` (the request id), `kind` (as in `Question`), `prompt` (plain text, hidden characters
        made visible), `choices` (a list of texts), `default` (what the control holds at first;
        null for nothing), `until` (milliseconds since 1970, UTC, at which nobody is waited for
        any more; null for never).
    """
    question: Question | None
    if isinstance(item, QuestionItem) and item.state == "open":
        question, request_id = item.question, item.request_id
    elif isinstance(item, ToolCallItem) and item.approval and item.approval.state == "open":
        question, request_id = item.approval.question, item.approval.request_id
    else:
        return None
    if question is None:
        return None
    return {
        "id": request_id,
        "kind": question.kind,
        "prompt": visible(question.prompt),
        "choices": list(question.choices),
        "default": question.default if question.has_default else None,
    }
