"""What cards are put together from."""

from html import escape

from nbagent.code_executor import CodeBlock
from nbagent.render.arguments import arguments_preview
from nbagent.render.code import highlight
from nbagent.render.exact_text import exact
from nbagent.render.folded_html import exact_html, folded_html
from nbagent.render.plain_text import one_line

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


def label_html(text: str) -> str:
    """A short heading inside a card; `text` is HTML."""
    return f'<p class="nbagent-label"><strong>{text}</strong></p>'


def call_html(name: str, arguments: str) -> str:
    """A tool call in a line."""
    preview = escape(arguments_preview(arguments), quote=False)
    return (
        f'<code class="nbagent-call"><span class="nbagent-name">{escaped_line(name)}</span>'
        f'<span class="nbagent-arguments">({preview})</span></code>'
    )


def code_html(block: CodeBlock) -> str:
    """Code in colours, where it is not too long for that."""
    if len(block.code) > _HIGHLIGHTED:
        return folded_html(block.code)
    return f"<pre><code>{highlight(block.code.rstrip(), block.language)}</code></pre>"


def exact_code_html(block: CodeBlock, *, whole: bool) -> str:
    """Code that somebody is asked to allow, or was; the arguments are those of `exact_html`."""
    if len(block.code) > _HIGHLIGHTED:
        return exact_html(block.code, whole=whole)
    return f"<pre><code>{highlight(exact(block.code).rstrip(), block.language)}</code></pre>"


def languages_of(blocks: tuple[CodeBlock, ...]) -> str:
    """The languages of some code, each once."""
    return ", ".join(dict.fromkeys(one_line(b.language, 30) or "text" for b in blocks))


def escaped_line(text: str, limit: int = 80) -> str:
    """Any text as one line of HTML."""
    return escape(one_line(text, limit), quote=False)
