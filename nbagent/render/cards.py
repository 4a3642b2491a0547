"""Cards: what can be opened. Tool calls and code have a state; thoughts and memories have none."""

from html import escape

from nbagent.render.arguments import pretty_arguments
from nbagent.render.asked_html import approval_html
from nbagent.render.card_parts import (
    call_html,
    card,
    code_html,
    escaped_line,
    label_html,
    languages_of,
)
from nbagent.render.folded_html import folded_html
from nbagent.render.markdown_parser import Form
from nbagent.render.picture import picture_html
from nbagent.render.plain_text import duration_text
from nbagent.transcript.items import CallState, CodeItem, MemoryItem, ToolCallItem

_ICONS: dict[CallState, str] = {
    "waiting": "◔",
    "running": "◌",
    "done": "✓",
    "failed": "✗",
    "denied": "⊖",
    "cancelled": "⊘",
}
_PREVIEW = 90


def tool_card(item: ToolCallItem, form: Form) -> str:
    """A tool call: its name and arguments as a call, how it went, and inside all of both."""
    # What was asked for is what would really run, with defaults filled in.
    asked = item.approval.question.call if item.approval is not None else None
    arguments = item.arguments if asked is None else asked.arguments
    how = {
        "waiting": "waiting for your answer",
        "running": "running",
        "done": f"done{_in_time(item, 'in')}",
        "failed": f"failed{_in_time(item, 'after')}",
        "denied": _denied(item),
        "cancelled": f"cancelled{_in_time(item, 'after')}",
    }[item.state]
    if item.approval is not None and asked is not None:
        content = approval_html(item.approval, form)
    else:
        content = f"{label_html('Arguments')}{folded_html(pretty_arguments(arguments))}"
    if item.result is not None:
        label = "Error" if item.state == "failed" else "Result"
        content += f"{label_html(label)}{folded_html(item.result)}"
        content += "".join(map(picture_html, item.images))
    elif item.state in ("done", "failed", "denied", "cancelled"):
        content += '<p class="nbagent-note">No result.</p>'
    call = call_html(item.name, arguments)
    summary = f"{_icon(item.state)} {call} {_how(item, how, form)}"
    # Whoever is asked to allow a call must see exactly what it would do.
    return card(f"tool {item.state}", summary, content, is_open=item.state == "waiting")


def code_card(item: CodeItem, form: Form) -> str:
    """Code that an agent runs, with what it printed."""
    languages = languages_of(item.blocks)
    how = {
        "waiting": "waiting for your answer",
        "running": "running",
        "done": "done",
        "failed": "failed" if item.exit_code is None else f"failed, exit code {item.exit_code}",
        "denied": "denied",
        "cancelled": "cancelled",
    }[item.state]
    if item.retry_attempt:
        how += f", retry {item.retry_attempt}"
    content = "".join(code_html(block) for block in item.blocks)
    if item.output is not None:
        content += f"{label_html('Output')}{folded_html(item.output)}"
    title = f"Code <small>{escape(languages)}</small>" if languages else "Code"
    summary = f'{_icon(item.state)} <span class="nbagent-name">{title}</span> '
    summary += _how(item, how, form)
    return card(f"code {item.state}", summary, content, is_open=True)


def memory_card(item: MemoryItem) -> str:
    """What a memory found."""
    count = len(item.contents)
    found = "nothing found" if not count else f"{count} found"
    content = "".join(
        folded_html(entry) if isinstance(entry, str) else picture_html(entry)
        for entry in item.contents
    )
    summary = f'<span class="nbagent-name">Memory</span> <small>{found}</small>'
    if not count:
        return f'<p class="nbagent-line">{summary}</p>'
    return card("memory", summary, content)


def thought_card(text: str, body: str) -> str:
    """A model's reasoning.

    Args:
        text: The reasoning, of which the summary shows the beginning.
        body: The element with its rendered text.
    """
    summary = (
        '<span class="nbagent-name">Thought</span> '
        f'<small class="nbagent-preview">{escaped_line(text, _PREVIEW)}</small>'
    )
    return card("thought", summary, body)


def _icon(state: CallState) -> str:
    return f'<span class="nbagent-icon">{_ICONS[state]}</span>'


def _how(item: ToolCallItem | CodeItem, how: str, form: Form) -> str:
    """How a call went; in a live page a call that runs has a place for the time so far."""
    elapsed = ""
    if form == "live" and item.state == "running":
        since = f' datetime="{item.at.isoformat()}"' if item.at else ""
        elapsed = f' <time class="nbagent-elapsed"{since}></time>'
    return f'<small class="nbagent-how">{escape(how, quote=False)}{elapsed}</small>'


def _denied(item: ToolCallItem) -> str:
    by_user = item.approval is not None and item.approval.answered_by == "user"
    return "denied by the user" if by_user else "denied"


def _in_time(item: ToolCallItem, word: str) -> str:
    return "" if item.duration is None else f" {word} {duration_text(item.duration)}"
