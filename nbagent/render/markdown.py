"""Markdown to safe HTML, the whole text at once."""

from typing import Any

from nbagent.render.markdown_parser import Form, markdown_parser
from nbagent.render.normalized_source import normalized
from nbagent.render.safety import clean


def render_markdown(text: str, *, form: Form) -> str:
    """Render Markdown.

    Takes about 2 ms for each 1,000 characters of mixed text: long texts are better rendered off
    the event loop, or with `nbagent.render.markdown_stream.MarkdownStream`.

    Args:
        text: Any text; see `nbagent.render.markdown_parser` for what it is read as.
        form: "live" for a page of our own, with formulas as MathML; "static" for HTML that is
            saved, with formulas as marked source.

    Returns:
        Safe HTML, which can be shown as it is.
    """
    environment: dict[str, Any] = {}
    html = markdown_parser(form).render(normalized(text), environment)
    return clean(html, formulas=form == "live")
