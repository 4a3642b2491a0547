"""Makes up a text that a regular expression matches."""

import re

_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a"}
_CANDIDATES = "aA0bB1-_. zZ9@/:+#"
MAX_REPEAT = 1_000
"""How often a part is repeated at most."""


def text_for_pattern(pattern: str) -> str | None:
    """A text that `pattern` matches; None where none was found.

    It understands letters, classes, groups, alternatives and repetition, and takes the first
    alternative and the fewest repetitions. Looking around and references are beyond it.

    Args:
        pattern: A regular expression.
    """
    try:
        text, _ = _alternatives(pattern, 0, 0)
        return text if re.search(pattern, text) else None
    except (re.error, IndexError, ValueError, RecursionError):
        return None


def _alternatives(pattern: str, at: int, depth: int) -> tuple[str, int]:
    """The text for the first of the alternatives at `at`, and where they end."""
    if depth > 50:
        raise ValueError("nested too deeply")
    first: str | None = None
    while True:
        text, at = _sequence(pattern, at, depth)
        first = text if first is None else first
        if at >= len(pattern) or pattern[at] != "|":
            return first, at
        at += 1


def _sequence(pattern: str, at: int, depth: int) -> tuple[str, int]:
    parts: list[str] = []
    while at < len(pattern) and pattern[at] not in "|)":
        part, at = _one(pattern, at, depth)
        fewest, at = _repetition(pattern, at)
        parts.append(part * fewest)
    return "".join(parts), at


def _one(pattern: str, at: int, depth: int) -> tuple[str, int]:
    """The text for one letter, class or group, and where it ends."""
    sign = pattern[at]
    if sign == "(":
        start = re.compile(r"\((?:\?:|\?P?<\w+>)?").match(pattern, at)
        if start is None or (start.end() == at + 1 and pattern.startswith("(?", at)):
            raise ValueError("looking around is not understood")
        text, end = _alternatives(pattern, start.end(), depth + 1)
        return text, end + 1
    if sign == "[":
        found = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]").match(pattern, at)
        if found is None:
            raise ValueError("a class without an end")
        one = re.compile(found.group())
        everything = _CANDIDATES + "".join(map(chr, range(32, 127)))
        return next(each for each in everything if one.fullmatch(each)), found.end()
    if sign == "\\":
        escaped = pattern[at + 1]
        return ("" if escaped in "bBAZ" else _CLASSES.get(escaped, escaped)), at + 2
    if sign in "^$":
        return "", at + 1
    return ("a" if sign == "." else sign), at + 1


def _repetition(pattern: str, at: int) -> tuple[int, int]:
    """How often the part before `at` is needed at least, and where that is said."""
    fewest, end = 1, at
    count = re.compile(r"\{(\d*)(?:,\d*)?\}").match(pattern, at)
    if count:
        fewest, end = min(int(count.group(1) or 0), MAX_REPEAT), count.end()
    elif pattern[at : at + 1] in ("*", "?", "+"):
        fewest, end = int(pattern[at] == "+"), at + 1
    if end > at and pattern[end : end + 1] in ("?", "+"):
        end += 1
    return fewest, end
