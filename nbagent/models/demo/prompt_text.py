"""A prompt while values are taken out of it."""

import re

from nbagent.models.demo.find_values import Found, find_names, find_numbers, find_quotes

_END_OF_PHRASE = re.compile(r"[?!;\n]|\.(?=\s|$)|,? (?:please|saying|that says)\b")
# What leads on to the next part of a sentence belongs to that part.
_LEADING_ON = re.compile(r"(?:\s+(?:and|in|into|to|on|from|with|for|at|of|by|as|the|a))+$")
# How long an answer shall be is no part of its topic.
_EXTENT = re.compile(
    r",?\s+(?:briefly|to me|in (?:an? |\w+ )?"
    r"(?:sentences?|words?|lines?|detail|short|brief|depth|nutshell))$",
    re.IGNORECASE,
)


class PromptText:
    """The text of a prompt, and which parts of it have been used for an argument already.

    Args:
        text: The prompt, or the part of it that one call is filled from.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.quotes = find_quotes(text)
        self.numbers = _in_spoken_order(text, find_numbers(text))
        self.names = find_names(text)
        self._used: list[tuple[int, int]] = []

    def is_free(self, found: Found) -> bool:
        """Whether no part of `found` has been used."""
        return all(found.end <= start or found.start >= end for start, end in self._used)

    def use(self, found: Found) -> None:
        """Mark `found` as used."""
        self._used.append((found.start, found.end))

    def search(self, pattern: str, group: int | str = 0) -> Found | None:
        """The first free match of a pattern, in any case."""
        for match in re.finditer(pattern, self.text, re.IGNORECASE):
            found = Found(match.group(group), match.start(group), match.end(group))
            if found.value and self.is_free(found):
                return found
        return None

    def first_free(self, candidates: "list[Found]") -> Found | None:
        """The first candidate that is free."""
        return next((found for found in candidates if self.is_free(found)), None)

    def after_used(self, position: int) -> int:
        """The position itself, or the end of the used part that it lies in."""
        return max([position, *(end for start, end in self._used if start <= position < end)])

    def before(self, position: int) -> str:
        """The few words before a position."""
        return self.text[max(0, position - 60) : position]

    def rest_from(self, start: int) -> Found | None:
        """The text from `start` to the end of the sentence, or to what has been used."""
        stop = _END_OF_PHRASE.search(self.text, start)
        end = stop.start() if stop else len(self.text)
        end = min([end, *(used for used, _ in self._used if used >= start)])
        value = self.text[start:end]
        start += len(value) - len(value.lstrip(" ,:"))
        value = value.strip(" ,:")
        value = _EXTENT.sub("", _LEADING_ON.sub("", value))
        return Found(value, start, start + len(value)) if value else None


def _in_spoken_order(text: str, numbers: list[Found]) -> list[Found]:
    """The numbers, in the order that a function takes them: "subtract 3 from 10" is 10, 3."""
    match = re.search(r"\b(?:subtract|take|deduct)\b(.*?)\bfrom\b", text, re.IGNORECASE)
    if match and len(numbers) == 2 and numbers[0].end <= match.end(1) <= numbers[1].start:
        return [numbers[1], numbers[0]]
    return numbers
