"""Text of any content inside a Markdown code fence, out of which it cannot break."""

import re

_BACKTICKS = re.compile("`+")


def fenced(text: str, language: str = "") -> str:
    """`text` in a fence of backticks that is longer than any run of them in the text.

    Args:
        text: The content; hidden characters are the caller's matter.
        language: The info string. Only letters, digits and `+-#._` of it are kept.
    """
    fence = "`" * max(3, _longest_run(text) + 1)
    word = "".join(letter for letter in language[:40] if letter.isalnum() or letter in "+-#._")
    return f"{fence}{word}\n{text}\n{fence}"


def code_span(text: str) -> str:
    """One line of text as inline code."""
    if not text.strip():
        return "` `"
    marks = "`" * (_longest_run(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{marks}{space}{text}{space}{marks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
