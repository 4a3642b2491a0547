"""Long text in HTML: the beginning stands open, the rest is folded, a flood is cut."""

from html import escape

from nbagent.render.exact_text import exact
from nbagent.render.plain_text import Folded, fold


def preformatted(text: str) -> str:
    """Text that is escaped, in a `<pre>`."""
    # HTML drops one newline at the start of a <pre>.
    start = "\n" if text.startswith("\n") else ""
    return f"<pre>{start}{escape(text, quote=False)}</pre>"


def folded_html(text: str) -> str:
    """Any text, as it is, in one `<pre>` or, where it is long, in two of which one is folded."""
    return _html(fold(text))


def exact_html(text: str, *, whole: bool) -> str:
    """Text that somebody is asked to allow, or was: each of its characters is seen.

    Args:
        text: The text.
        whole: Whether a flood is folded as well and not cut, so that all of it can be seen.
    """
    return _html(fold(exact(text), whole=whole))


def _html(folded: Folded) -> str:
    if not folded.beginning:
        return '<p class="nbagent-note">(empty)</p>'
    if not folded.rest:
        return preformatted(folded.beginning)
    if folded.lines > 1:
        what = f"{folded.lines:,} lines"
    else:
        what = f"{len(folded.beginning) + len(folded.rest):,} characters"
    label = f"Show the first {what}" if folded.left_out else f"Show all {what}"
    left_out = f'<p class="nbagent-note">{folded.left_out}</p>' if folded.left_out else ""
    return (
        f"{preformatted(folded.beginning.removesuffix(chr(10)))}"
        f'<details class="nbagent-more"><summary>{label}</summary>'
        f"{preformatted(folded.rest)}{left_out}</details>"
    )
