"""Source text as `ast` counts it: in lines, and in bytes of UTF-8 within a line."""

import re

# Not str.splitlines, nor IPython's lines: those end at a form feed too.
_LINES = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


def source_lines(text: str) -> list[bytes]:
    """The lines of `text`, with their ends."""
    return [line.encode() for line in _LINES.findall(text)]
