"""Markdown's source, with line ends and characters that every later step can rely on."""

import re

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


def normalized(text: str) -> str:
    r"""`text` with `\n` as its only line end, and U+FFFD for NUL and for half surrogates."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _NOT_TEXT.sub("\ufffd", text)
