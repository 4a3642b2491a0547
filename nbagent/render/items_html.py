"""Items of a transcript as HTML: one function a kind, for the live page and the saved form.

Both forms come from the same functions and have the same elements and classes. A live page
adds roles, and a place where the time of a running call is counted. Where viewers strip style
and class, headings, rules, block quotes and `<details>` carry the structure.

Every text of an item is hostile: it is escaped here, or rendered by `render_markdown`.
"""

import json
from html import escape

from nbagent.render.asked_html import question_card
from nbagent.render.card_parts import card
from nbagent.render.cards import code_card, memory_card, thought_card, tool_card
from nbagent.render.data_table import data_table
from nbagent.render.folded_html import folded_html
from nbagent.render.ledger_card import ledger_card
from nbagent.render.markdown_parser import Form
from nbagent.render.plain_text import one_line, visible
from nbagent.render.progress_table import progress_table
from nbagent.render.speakers import Speakers, speaker_heading
from nbagent.transcript.items import (
    CodeItem,
    ErrorItem,
    HandoffItem,
    Item,
    LedgerItem,
    MemoryItem,
    MessageItem,
    OtherItem,
    ProgressItem,
    QuestionItem,
    SpeakerItem,
    StructuredItem,
    ThoughtItem,
    ToolCallItem,
)

INTERRUPTED = '<p class="nbagent-note"><em>The message was interrupted here.</em></p>'
"""Ends the body of a message whose run ended before it did."""

_SHORT = 400
_WITHOUT_HEADING = (HandoffItem, SpeakerItem, ErrorItem, ProgressItem)


def item_html(
    item: Item,
    *,
    before: str | None,
    speakers: Speakers,
    form: Form,
    body: str = "",
) -> str:
    """One item as one element.

    Args:
        item: The item.
        before: Whose item stands before it; None where it is the first in its run, empty after
            an inner team's turn. A heading names the speaker where it changes.
        speakers: The transcript's colours; asked item by item, in order.
        form: Where it is shown.
        body: The rendered text of a message or a thought. A live page gets an empty body and
            then fills it block by block.

    Returns:
        HTML without script, `id` and `data-*`.
    """
    colour = speakers.colour(item.source)
    opening = ""
    if not isinstance(item, _WITHOUT_HEADING) and not _asked_by_the_notebook(item):
        if before is None:
            opening = speaker_heading(item.source)
        elif before != item.source:
            opening = f"<hr>{speaker_heading(item.source)}"
    role = ""
    if form == "live":
        label = escape(f"{_KINDS[item.kind]} {one_line(item.source)}".strip())
        role = f' role="group" aria-label="{label}"'
    return (
        f'<div class="nbagent-item nbagent-colour-{colour}"{role}>{opening}'
        f"{_content(item, form, body)}</div>"
    )


def _asked_by_the_notebook(item: Item) -> bool:
    """Whether it is a question that no participant asks, but the notebook's own code."""
    return isinstance(item, QuestionItem) and not item.source


_KINDS = {
    "message": "message from",
    "structured": "data from",
    "thought": "thought of",
    "tool_call": "tool call by",
    "handoff": "hand-over by",
    "speaker": "choice of speaker by",
    "memory": "memory of",
    "question": "question from",
    "code": "code of",
    "ledger": "ledger of",
    "progress": "progress of the tasks",
    "error": "error",
    "other": "event from",
}


def _content(item: Item, form: Form, body: str) -> str:
    match item:
        case MessageItem():
            return _body(body)
        case ThoughtItem():
            return thought_card(item.text, _body(body))
        case ToolCallItem():
            return tool_card(item, form)
        case CodeItem():
            return code_card(item, form)
        case StructuredItem():
            return _structured(item)
        case HandoffItem():
            return _handoff(item)
        case SpeakerItem():
            return _speaker(item)
        case MemoryItem():
            return memory_card(item)
        case QuestionItem():
            return question_card(item, form)
        case LedgerItem():
            return ledger_card(item, form)
        case ProgressItem():
            return progress_table(item.rows, form)
        case ErrorItem():
            return _error(item, form)
        case OtherItem():
            return _other(item)


def _body(content: str) -> str:
    return f'<div class="nbagent-body">{content}</div>'


def _structured(item: StructuredItem) -> str:
    name = f'<p class="nbagent-label"><strong>{_line(item.type_name)}</strong></p>'
    said = "" if _is_json(item.text) else folded_html(item.text)
    return f'<div class="nbagent-data">{said}{name}{data_table(item.data)}</div>'


def _handoff(item: HandoffItem) -> str:
    line = f"<strong>{_line(item.source)}</strong> hands over to <strong>{_line(item.target)}"
    return _quiet_line("⇢", f"{line}</strong>", item.text)


def _speaker(item: SpeakerItem) -> str:
    if not item.speakers:
        return _quiet_line("⇢", "Who speaks next?", item.reason)
    names = ", ".join(f"<strong>{_line(name)}</strong>" for name in item.speakers)
    return _quiet_line("⇢", f"Next: {names}", item.reason)


def _quiet_line(icon: str, line: str, text: str) -> str:
    """A line in passing, with a short text behind it or a long one to open."""
    start = f'<span class="nbagent-icon">{icon}</span> {line}'
    if len(text) > _SHORT or "\n" in text.strip():
        return card("line", start, folded_html(text))
    colon = "" if line.endswith("?") else ":"
    more = f"{colon} <small>{_line(text, _SHORT)}</small>" if text.strip() else ""
    return f'<p class="nbagent-line">{start}{more}</p>'


def _error(item: ErrorItem, form: Form) -> str:
    role = ' role="alert"' if form == "live" else ""
    message = escape(visible(item.message), quote=False).strip()
    if len(message) > _SHORT or "\n" in message:
        text = folded_html(item.message)
    else:
        text = f"<p>{message}</p>" if message else ""
    return (
        f'<div class="nbagent-card nbagent-error"{role}><p><span class="nbagent-icon">✗</span> '
        f"<strong>The run failed: {_line(item.error_type)}</strong></p>{text}</div>"
    )


def _other(item: OtherItem) -> str:
    name = f'<p class="nbagent-label"><strong>{_line(item.message_type)}</strong></p>'
    return f'<div class="nbagent-other">{name}{folded_html(item.text)}</div>'


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _line(text: str, limit: int = 80) -> str:
    return escape(one_line(text, limit), quote=False)
