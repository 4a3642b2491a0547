"""A transcript as a Markdown document that reads well on GitHub."""

import json
import re
from collections.abc import Sequence

from nbagent.base.ledger import TaskLedger
from nbagent.image import Image
from nbagent.render.arguments import pretty_arguments
from nbagent.render.embedded_markdown import safe_markdown
from nbagent.render.exact_text import exact
from nbagent.render.fenced import code_span, fenced
from nbagent.render.inner_runs import Entry, InnerRuns, icon, message_count
from nbagent.render.ledger_card import asks, findings, headline, plan_number, standing
from nbagent.render.outcome import Asked, answered_fields, is_approval, outcome
from nbagent.render.picture import picture_text
from nbagent.render.plain_text import cap, duration_text, is_prose, one_line, visible
from nbagent.render.progress_table import COLUMNS, cells, counts_text, more_text, shown_rows
from nbagent.render.run_html import run_facts, token_shares
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
    Transcript,
)

_MARKS = {"waiting": "◔", "running": "◌", "done": "✓", "failed": "✗", "denied": "⊖"}
_MARKS["cancelled"] = "⊘"
_SPECIAL = re.compile(r"[\\`*\[\]<>~|$]|&(?=[#\w])|(?<!\w)_|_(?!\w)")

_BLOCK = re.compile(r"^(\d*)([-+=#.)])")
"""What would make a line the beginning of a list or a heading."""


def transcript_to_markdown(transcript: Transcript) -> str:
    """Render a transcript as a Markdown document.

    What agents say stays the Markdown that it is, apart from HTML, which is shown as text, and
    pictures, which become links. All else is escaped or fenced: none of it becomes markup.
    """
    blocks = [f"> **Note** {_escaped(cap(notice)[0])}" for notice in transcript.notices]
    blocks += _entries(InnerRuns(transcript.items).entries, transcript.items)
    blocks.append("---")
    if facts := run_facts(transcript):
        blocks.append(f"_{_escaped(' · '.join(facts), 500)}_")
    shares = token_shares(transcript)
    if shares:
        blocks.append(f"_Tokens: {_escaped(' · '.join(shares))}_")
    return _joined(blocks) + "\n"


def _entries(entries: Sequence[Entry], items: Sequence[Item]) -> list[str]:
    """Items as blocks; what runs inside is a quotation."""
    blocks: list[str] = []
    source: str | None = None
    for entry in entries:
        if isinstance(entry, int):
            item = items[entry]
            if item.source != source and _has_heading(item):
                if source is not None:
                    blocks.append("---")
                blocks.append(f"#### {_escaped(item.source)}")
            source = item.source
            blocks.append(_item(item))
        else:
            count = message_count(entry)
            name = f"**{icon(entry)} {_escaped(entry.name) or 'unnamed'}**" + (
                f" ({count})" if count else ""
            )
            blocks.append(_quoted(_joined([name, *_entries(entry.entries, items)])))
            if entry.call is None:
                source = ""
    return blocks


def _joined(blocks: Sequence[str]) -> str:
    return "\n\n".join(block for block in blocks if block)


def _has_heading(item: Item) -> bool:
    if isinstance(item, QuestionItem):
        return bool(item.source)  # else the notebook's own code asks
    return not isinstance(item, HandoffItem | SpeakerItem | ProgressItem | ErrorItem)


def _item(item: Item) -> str:
    match item:
        case MessageItem():
            return _message(item)
        case ThoughtItem():
            return f"**Thought**\n\n{_quoted(safe_markdown(item.text))}"
        case ToolCallItem():
            return _tool_call(item)
        case CodeItem():
            return _code(item)
        case StructuredItem():
            data = json.dumps(item.data, indent=2, ensure_ascii=False)
            return f"**{_escaped(item.type_name)}**\n\n{_fenced(data, 'json')}"
        case HandoffItem():
            line = f"⇢ **{_escaped(item.source)}** hands over to **{_escaped(item.target)}**"
            return f"{line}: {_escaped(item.text, 400)}" if item.text.strip() else line
        case SpeakerItem():
            names = ", ".join(f"**{_escaped(name)}**" for name in item.speakers)
            line = f"⇢ Next: {names}" if names else "⇢ Who speaks next?"
            colon = ":" if names and item.reason else ""
            return f"{line}{colon} {_escaped(item.reason, 400)}".rstrip()
        case MemoryItem():
            found = [_fenced(e) if isinstance(e, str) else _picture(e) for e in item.contents]
            return "\n\n".join(["**Memory**", *(found or ["(nothing found)"])])
        case QuestionItem():
            return _question(item)
        case LedgerItem():
            return _ledger(item)
        case ProgressItem():
            return _progress(item)
        case ErrorItem():
            return f"**✗ The run failed: {_escaped(item.error_type)}**\n\n{_fenced(item.message)}"
        case OtherItem():
            return f"**{_escaped(item.message_type)}**\n\n{_fenced(item.text)}"


def _message(item: MessageItem) -> str:
    parts = [safe_markdown(p) if isinstance(p, str) else _picture(p) for p in item.parts]
    if item.state == "interrupted":
        parts.append("_The message was interrupted here._")
    return "\n\n".join(parts)


def _tool_call(item: ToolCallItem) -> str:
    how = item.state
    if item.duration is not None:
        how += f", {duration_text(item.duration)}"
    name = code_span(one_line(item.name))
    parts = [f"**{_MARKS[item.state]} Tool** {name} ({how})"]
    if item.approval is not None and item.approval.question.call is not None:
        parts.append(_approval(item.approval))
    elif item.arguments.strip():
        parts.append(_fenced(pretty_arguments(item.arguments), "json"))
    if item.result is not None:
        parts.append("Error:" if item.state == "failed" else "Result:")
        parts.append(_fenced(item.result))
        parts += [_picture(image) for image in item.images]
    return "\n\n".join(parts)


def _code(item: CodeItem) -> str:
    how = item.state if item.exit_code is None else f"{item.state}, exit code {item.exit_code}"
    parts = [f"**{_MARKS[item.state]} Code** ({how})"]
    parts += [_fenced(block.code, block.language) for block in item.blocks]
    if item.output is not None:
        parts += ["Output:", _fenced(item.output)]
    return "\n\n".join(parts)


def _ledger(item: LedgerItem) -> str:
    ledger = item.ledger
    if isinstance(ledger, TaskLedger):
        parts = [f"**☰ Task ledger** ({plan_number(ledger)})", "**Facts**"]
        parts += [_quoted(safe_markdown(ledger.facts)), "**Plan**"]
        return "\n\n".join([*parts, _quoted(safe_markdown(ledger.plan))])
    icon, line = headline(ledger)
    parts = [f"**{icon} {_escaped(line)}** ({standing(ledger)})"]
    if asks(ledger):
        parts.append(_quoted(safe_markdown(item.text)))
    rows = (f"- **{name}**: {_escaped(answer)}" for name, answer in findings(ledger))
    parts.append("\n".join(rows))
    return "\n\n".join(parts)


def _progress(item: ProgressItem) -> str:
    shown = shown_rows(item.rows, "static")
    lines = [" | ".join(COLUMNS), " | ".join("---" for _ in COLUMNS)]
    for number in shown:
        lines.append(" | ".join(_escaped(cell, 200) for cell in cells(number, item.rows[number])))
    table = "\n".join(f"| {line} |" for line in lines)
    more = more_text(len(item.rows) - len(shown))
    failures = [
        f"**Task {number}**\n\n{_fenced(item.rows[number].traceback)}"
        for number in shown
        if item.rows[number].traceback
    ]
    return "\n\n".join(part for part in (counts_text(item.rows), table, more, *failures) if part)


def _question(item: QuestionItem) -> str:
    if is_approval(item):
        return f"**? Approval**\n\n{_approval(item)}"
    end = outcome(item)
    parts = [f"**? Question** ({_escaped(end.line)})"]
    if item.prompt.strip():
        parts.append(_said(item.prompt))
    if item.question is not None and item.question.choices:
        parts.append(f"Choices: {' · '.join(_escaped(c) for c in item.question.choices)}")
    fields = answered_fields(item)
    if fields is not None:
        parts.append("Answer:")
        rows = (f"- **{_escaped(name)}**: {_field(value)}" for name, value in fields.items())
        parts.append("\n".join(rows))
    elif end.said is not None:
        parts += ["Answer:", _said(end.said)]
    return "\n\n".join(parts)


def _approval(asked: Asked) -> str:
    """What may or may not run, and who decided what."""
    question = asked.question
    parts: list[str] = []
    if question is not None and question.prompt.strip():
        parts.append(_said(question.prompt))
    if question is not None and question.call is not None:
        if isinstance(asked, QuestionItem):
            parts.append(code_span(one_line(question.call.name)))
        parts.append(_fenced(exact(pretty_arguments(question.call.arguments)), "json"))
    if question is not None:
        parts += [_fenced(exact(block.code), block.language) for block in question.code]
    end = outcome(asked)
    parts.append(f"**{_escaped(end.line)}**{':' if end.said is not None else ''}")
    if end.said is not None:
        parts.append(_said(end.said))
    return "\n\n".join(parts)


def _field(value: object) -> str:
    """A value of a form: a text as it is, else as JSON."""
    return _escaped(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _said(text: str) -> str:
    """What somebody said, with its line breaks; exactly as it was typed where it is no prose."""
    shown = visible(text).strip("\n")
    if not is_prose(shown):
        return _fenced(text)
    lines = (_BLOCK.sub(r"\1\\\2", _escaped(line)) for line in shown.split("\n"))
    return _quoted("\\\n".join(lines) or "(empty)")


def _picture(image: Image) -> str:
    return f"_{_escaped(picture_text(image))}_"


def _fenced(text: str, language: str = "text") -> str:
    kept, left_out = cap(text)
    block = fenced(visible(kept).rstrip("\n"), language)
    return f"{block}\n\n_{left_out}_" if left_out else block


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def _escaped(text: str, limit: int = 4000) -> str:
    """One line of text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\g<0>", one_line(text, limit))
