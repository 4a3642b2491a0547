"""Markdown that a model wrote, made safe to put into a Markdown document as it is.

Viewers of Markdown differ: some run HTML, all load pictures from where they are told, and an
open fence takes in whatever follows. The source stays as it is wherever it does none of this.
"""

import re
from functools import cache
from typing import Any

from nbagent.render.fenced import fenced
from nbagent.render.plain_text import cap, visible

_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!(?:https?://|mailto:))")
_PICTURE = re.compile(r"(?<!\\)((?:\\\\)*)!(?=\[)")


def safe_markdown(text: str) -> str:
    """`text` with HTML shown as text, pictures turned into links, and an open fence closed.

    Args:
        text: Markdown.

    Returns:
        Markdown that can be followed by other Markdown.
    """
    kept, left_out = cap(text)
    source = _inactive(visible(kept).strip("\n"))
    if _active_lines(source):
        source = fenced(source, "markdown")  # whatever it was, it is no Markdown now
    if fence := _open_fence(source):
        source += f"\n{fence}"
    return f"{source}\n\n{left_out}" if left_out else source


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _active_lines(source: str) -> set[int]:
    """The lines of the blocks that hold HTML or a picture."""
    lines: set[int] = set()
    if not _TAG.search(source) and not _PICTURE.search(source):
        return lines
    at: list[int] = [0, 0]
    tokens: list[Any] = _parser().parse(source)
    for token in tokens:
        at = token.map or at
        if token.type == "html_block" or _has_active(token):
            lines.update(range(at[0], at[1]))
    return lines


def _has_active(token: Any) -> bool:
    """Whether a block of text holds HTML, or a picture at any depth of its links."""
    if token.type in ("html_inline", "image"):
        return True
    return any(_has_active(child) for child in token.children or ())


def _inactive(source: str) -> str:
    """Escape what begins HTML or a picture, in the lines that hold any."""
    lines = source.split("\n")
    for number in _active_lines(source):
        if number < len(lines):
            lines[number] = _PICTURE.sub(r"\1\\!", _TAG.sub("&lt;", lines[number]))
    return "\n".join(lines)


def _open_fence(source: str) -> str:
    """The marker that closes the last fence of `source`; empty where none is open."""
    if "```" not in source and "~~~" not in source:
        return ""
    tokens: list[Any] = _parser().parse(f"{source}\n\nend")
    last = tokens[-1]
    return last.markup if last.type == "fence" else ""
