"""Halves of characters: lone UTF-16 surrogates, which JSON can hold and UTF-8 cannot.

Servers written in JavaScript cut their text between the halves of an emoji, and a JSON escape
can name a half by itself. Neither can be sent on or displayed as it is.
"""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def has_surrogate(text: str) -> bool:
    """Whether the text holds a half of a character."""
    return not text.isascii() and _SURROGATE.search(text) is not None


def is_first_half(character: str) -> bool:
    """Whether the character is a half that another may complete."""
    return "\ud800" <= character <= "\udbff"


def whole_characters(text: str) -> str:
    """The text with matching halves joined and lone ones replaced by U+FFFD."""
    if not has_surrogate(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
