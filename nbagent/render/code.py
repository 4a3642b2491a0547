"""Colours for code, as class names that a stylesheet gives a look to.

Each class is `nbagent-c-` and Pygments' short name of the token's type (`nbagent-c-k` for a
keyword). Names, punctuation and blanks have no class: they look like any code.
"""

from collections.abc import Iterator
from functools import lru_cache
from html import escape
from typing import Any

from nbagent.render.safety import clean

CLASS_PREFIX = "nbagent-c-"
"""What the class of each coloured piece begins with."""

LONGEST_CODE = 20_000
"""Characters of code that are coloured at most; longer code stays plain."""

_PLAIN = frozenset({"", "n", "p", "pm", "w", "g", "x", "l", "ld", "esc"})
_PRELOADED = ("python", "pycon", "bash", "json", "javascript", "html", "sql", "yaml", "ini", "diff")


def highlight(code: str, language: str) -> str:
    """Colour code.

    Args:
        code: The code.
        language: A name or alias that Pygments knows. Nothing is guessed: where it is unknown,
            or the code is longer than `LONGEST_CODE`, the code comes back plain.

    Returns:
        Safe HTML, to be put into a `<code>` element.
    """
    return "".join(highlight_in_portions(code, language, [len(code)]))


def highlight_in_portions(code: str, language: str, portions: list[int]) -> Iterator[str]:
    """Colour code a little at a time, for those who must not work long in one go.

    Args:
        code: The code.
        language: As in `highlight()`.
        portions: How many characters each portion has; in all as many as the code.

    Yields:
        Safe HTML of one portion after the other; put together they are the whole.
    """
    if not portions:
        return
    lexer = _lexer(language) if can_highlight(code, language) else None
    pieces: Iterator[tuple[str, str]]
    pieces = iter([("", code)]) if lexer is None else _pieces(lexer, code)
    html: list[str] = []
    remaining = list(portions)
    room = remaining.pop(0)
    for name, value in pieces:
        while len(value) > room and remaining:
            html.append(_span(name, value[:room]))
            yield clean("".join(html), formulas=False)
            html.clear()
            value = value[room:]
            room = remaining.pop(0)
        room -= len(value)
        html.append(_span(name, value))
    yield clean("".join(html), formulas=False)


def can_highlight(code: str, language: str) -> bool:
    """Whether `highlight()` gives more than the plain code."""
    return bool(language) and len(code) <= LONGEST_CODE and _lexer(language) is not None


def preload() -> None:
    """Load the lexers of common languages, which takes some 100 ms; call it off the loop."""
    for language in _PRELOADED:
        lexer = _lexer(language)
        if lexer is not None:
            for _ in lexer.get_tokens_unprocessed("x = 1\n"):
                pass


@lru_cache(maxsize=64)
def _lexer(language: str) -> Any:
    from pygments import lexers
    from pygments.util import ClassNotFound

    registry: Any = lexers
    try:
        return registry.get_lexer_by_name(language[:40])
    except ClassNotFound:
        return None


def _pieces(lexer: Any, code: str) -> Iterator[tuple[str, str]]:
    """Short names and texts of the tokens, neighbours with the same name as one."""
    from pygments.token import STANDARD_TYPES

    last_name, texts = "", list[str]()
    for _, token_type, text in lexer.get_tokens_unprocessed(code):
        while token_type not in STANDARD_TYPES:
            token_type = token_type.parent
        name = STANDARD_TYPES[token_type]
        name = "" if name in _PLAIN else name
        if name != last_name:
            yield last_name, "".join(texts)
            texts.clear()
        last_name = name
        texts.append(text)
    yield last_name, "".join(texts)


def _span(name: str, text: str) -> str:
    html = escape(text, quote=False)
    return f'<span class="{CLASS_PREFIX}{name}">{html}</span>' if name and text else html
