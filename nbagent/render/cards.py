"""Cards: what can be opened. Tool calls and code have a state; thoughts and memories have none."""

from html import escape

from nbagent.render.arguments import arguments_preview, pretty_arguments
from nbagent.render.code import highlight
from nbagent.render.folded_html import folded_html
from nbagent.render.markdown_parser import Form
from nbagent.render.picture import picture_html
from nbagent.render.plain_text import duration_text, one_line
from nbagent.transcript.items import CallState, CodeItem, MemoryItem, ToolCallItem

_ICONS: dict[CallState, str] = {
    "waiting": "◔",
    "running": "◌",
    "done": "✓",
    "failed": "✗",
    "denied": "⊘",
    "cancelled": "⊘",
}
_PREVIEW = 90
_HIGHLIGHTED = 6_000


def card(kind: str, summary: str, content: str, *, is_open: bool = False) -> str:
    """A card: `summary` stands in its line, `content` is seen when it is opened.

    Args:
        kind: Class names without their prefix, such as "tool done".
        summary: HTML of the line.
        content: HTML of the inside.
        is_open: Whether the card is open at first.
    """
    names = " ".join(f"nbagent-{name}" for name in kind.split())
    opened = " open" if is_open else ""
    return (
        f'<details class="nbagent-card {names}"{opened}><summary>{summary}</summary>'
        f"<blockquote>{content}</blockquote></details>"
    )


def tool_card(item: ToolCallItem, form: Form) -> str:
    """A tool call: its name and arguments as a call, how it went, and inside all of both."""
    preview = escape(arguments_preview(item.arguments), quote=False)
    call = (
        f'<code class="nbagent-call"><span class="nbagent-name">{_escaped_line(item.name)}</span>'
        f'<span class="nbagent-arguments">({preview})</span></code>'
    )
    how = {
        "waiting": "waiting for your answer",
        "running": "running",
        "done": f"done{_in_time(item, 'in')}",
        "failed": f"failed{_in_time(item, 'after')}",
        "denied": "denied",
        "cancelled": f"cancelled{_in_time(item, 'after')}",
    }[item.state]
    content = f"{_label('Arguments')}{folded_html(pretty_arguments(item.arguments))}"
    if item.result is not None:
        label = "Error" if item.state == "failed" else "Result"
        content += f"{_label(label)}{folded_html(item.result)}"
    elif item.state in ("done", "failed", "denied", "cancelled"):
        content += '<p class="nbagent-note">No result.</p>'
    summary = f"{_icon(item.state)} {call} {_how(item, how, form)}"
    # Whoever is asked to allow a call must see exactly what it would do.
    return card(f"tool {item.state}", summary, content, is_open=item.state == "waiting")


def code_card(item: CodeItem, form: Form) -> str:
    """Code that an agent runs, with what it printed."""
    languages = ", ".join(dict.fromkeys(one_line(b.language, 30) or "text" for b in item.blocks))
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
    content = "".join(_code(block.code, block.language) for block in item.blocks)
    if item.output is not None:
        content += f"{_label('Output')}{folded_html(item.output)}"
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
        f'<small class="nbagent-preview">{_escaped_line(text, _PREVIEW)}</small>'
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


def _in_time(item: ToolCallItem, word: str) -> str:
    return "" if item.duration is None else f" {word} {duration_text(item.duration)}"


def _code(code: str, language: str) -> str:
    """Code in colours, where it is not too long for that."""
    if len(code) > _HIGHLIGHTED:
        return folded_html(code)
    return f"<pre><code>{highlight(code.rstrip(), language)}</code></pre>"


def _label(text: str) -> str:
    return f'<p class="nbagent-label"><strong>{text}</strong></p>'


def _escaped_line(text: str, limit: int = 80) -> str:
    return escape(one_line(text, limit), quote=False)
