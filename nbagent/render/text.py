"""A transcript as plain text, for terminals, logs and viewers that show nothing else."""

import json
from collections.abc import Sequence
from textwrap import indent

from nbagent.base.ledger import TaskLedger
from nbagent.render.arguments import arguments_preview, pretty_arguments
from nbagent.render.exact_text import exact
from nbagent.render.inner_runs import Entry, InnerRuns, icon, message_count
from nbagent.render.ledger_card import asks, findings, headline, plan_number, standing
from nbagent.render.outcome import Asked, answered_fields, is_approval, outcome
from nbagent.render.picture import picture_text
from nbagent.render.plain_text import cap, duration_text, one_line, visible
from nbagent.render.progress_table import counts_text, progress_lines
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

_MARKS = {"waiting": "?", "running": "…", "done": "✓", "failed": "✗", "denied": "⊖"}
_MARKS["cancelled"] = "⊘"


def transcript_to_text(transcript: Transcript) -> str:
    """Render a transcript as plain text.

    Escape sequences are taken out and hidden characters made visible, so that it is safe to
    print. Nothing is folded; floods are cut with a note.
    """
    blocks = [f"Note: {visible(cap(notice)[0])}" for notice in transcript.notices]
    blocks += _entries(InnerRuns(transcript.items).entries, transcript.items)
    if facts := run_facts(transcript):
        end = f"({' · '.join(facts)})"
        shares = token_shares(transcript)
        blocks.append(f"{end}\n(tokens: {' · '.join(shares)})" if shares else end)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _entries(entries: Sequence[Entry], items: Sequence[Item]) -> list[str]:
    blocks: list[str] = []
    source: str | None = None
    for entry in entries:
        if isinstance(entry, int):
            item = items[entry]
            if item.source and item.source != source:
                blocks.append(f"── {one_line(item.source)} ──")
            source = item.source
            blocks.append(_item(item))
        else:
            count = message_count(entry)
            blocks.append(
                f"{icon(entry)} {one_line(entry.name)}" + (f" ({count})" if count else "")
            )
            blocks.append(indent("\n\n".join(_entries(entry.entries, items)), "    "))
            if entry.call is None:
                source = None
    return blocks


def _item(item: Item) -> str:
    match item:
        case MessageItem():
            return _message(item)
        case ThoughtItem():
            return _part("thought", item.text)
        case ToolCallItem():
            return _tool_call(item)
        case CodeItem():
            return _code(item)
        case StructuredItem():
            return _text(item.text)
        case HandoffItem():
            return f"→ hands over to {one_line(item.target)}: {one_line(item.text, 400)}"
        case SpeakerItem():
            names = ", ".join(one_line(name) for name in item.speakers)
            chosen = f"next: {names}" if names else "who speaks next?"
            chosen += ":" if names and item.reason else ""
            return " ".join(f"→ {chosen} {one_line(item.reason, 400)}".split())
        case MemoryItem():
            found = [e if isinstance(e, str) else picture_text(e) for e in item.contents]
            return _part("memory", "\n".join(found) or "(nothing found)")
        case QuestionItem():
            return _question(item)
        case LedgerItem():
            return _ledger(item)
        case ProgressItem():
            return "\n".join([counts_text(item.rows), *progress_lines(item.rows)])
        case ErrorItem():
            return f"✗ The run failed: {one_line(item.error_type)}\n{_text(item.message)}"
        case OtherItem():
            return _part(one_line(item.message_type), item.text)


def _message(item: MessageItem) -> str:
    parts = [_text(p) if isinstance(p, str) else picture_text(p) for p in item.parts]
    if item.state == "interrupted":
        parts.append("[interrupted]")
    return "\n".join(parts)


def _tool_call(item: ToolCallItem) -> str:
    asked = item.approval.question.call if item.approval is not None else None
    arguments = item.arguments if asked is None else asked.arguments
    how = item.state
    if item.duration is not None:
        how += f", {duration_text(item.duration)}"
    call = f"{one_line(item.name)}({arguments_preview(arguments, 200)})"
    lines = [f"{_MARKS[item.state]} {call}  [{how}]"]
    if item.approval is not None:
        lines.append(indent(_approval(item.approval), "  "))
    if item.result:
        lines.append(indent(_text(item.result), "  "))
    lines += [f"  {picture_text(image)}" for image in item.images]
    return "\n".join(lines)


def _question(item: QuestionItem) -> str:
    if is_approval(item):
        return f"[approval]\n{indent(_approval(item), '  ')}"
    lines = [item.prompt] if item.prompt.strip() else []
    if item.question is not None and item.question.choices:
        lines.append(f"choices: {' · '.join(one_line(c, 400) for c in item.question.choices)}")
    end = outcome(item)
    fields = answered_fields(item)
    if fields is not None:
        said = "".join(f"\n  {one_line(name)}: {_plain(value)}" for name, value in fields.items())
        lines.append(f"{end.line}:{said}")
    elif end.said is not None:
        lines.append(f"{end.line}:\n{indent(end.said or '(empty)', '  ')}")
    else:
        lines.append(end.line)
    return _part("question", "\n".join(lines))


def _approval(asked: Asked) -> str:
    """What may or may not run, and who decided what."""
    question = asked.question
    parts: list[str] = []
    if question is not None and question.prompt.strip():
        parts.append(_text(question.prompt))
    if question is not None and question.call is not None:
        arguments = exact(pretty_arguments(question.call.arguments))
        parts.append(f"{one_line(question.call.name)}\n{indent(_text(arguments), '  ')}")
    if question is not None:
        parts += [_part(f"code, {one_line(b.language, 30)}", exact(b.code)) for b in question.code]
    end = outcome(asked)
    parts.append(end.line if end.said is None else _text(f"{end.line}: {end.said}"))
    return "\n".join(parts)


def _plain(value: object) -> str:
    """A value of a form: a text as it is, else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _code(item: CodeItem) -> str:
    lines = [_part(f"code, {one_line(b.language, 30)}", b.code) for b in item.blocks]
    how = item.state if item.exit_code is None else f"{item.state}, exit code {item.exit_code}"
    lines.append(f"{_MARKS[item.state]} [{how}]")
    if item.output:
        lines.append(indent(_text(item.output), "  "))
    return "\n".join(lines)


def _ledger(item: LedgerItem) -> str:
    ledger = item.ledger
    if isinstance(ledger, TaskLedger):
        parts = [_part("facts", ledger.facts), _part("plan", ledger.plan)]
        return "\n".join([f"[Task ledger, {plan_number(ledger)}]", *parts])
    _, line = headline(ledger)
    lines = [f"[{one_line(line)}, {standing(ledger)}]"]
    if asks(ledger):
        lines.append(indent(_text(item.text), "  "))
    lines += [f"  {name}: {_text(answer)}" for name, answer in findings(ledger)]
    return "\n".join(lines)


def _part(name: str, text: str) -> str:
    """A block with its name, set in."""
    return f"[{name}]\n{indent(_text(text), '  ')}".rstrip()


def _text(text: str) -> str:
    kept, left_out = cap(text)
    return f"{visible(kept).rstrip()}\n{left_out}" if left_out else visible(kept).rstrip()
