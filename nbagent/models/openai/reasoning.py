"""Telling reasoning from answer where a model writes both into one text."""

_OPEN = "<think>"
_CLOSE = "</think>"


class ReasoningSplitter:
    """Splits a streamed text that may start with `<think>...</think>`.

    Only a tag at the very start of the text counts (after white space), so an answer that
    writes about such tags stays whole. White space around the reasoning belongs to neither
    part. Tags may arrive in pieces of any size.

    Attributes:
        open: False once all the rest of the text is known to be answer.
    """

    def __init__(self) -> None:
        self.open = True
        self._inside = False
        self._ended = False
        self._held = ""

    def feed(self, piece: str) -> tuple[str, str]:
        """Take the next piece of the text.

        Returns:
            The reasoning and the answer that are certain now. Characters that may belong to
            a tag are held back until it is clear.
        """
        if not self.open:
            return "", piece
        text = self._held + piece
        self._held = ""
        if self._ended:
            return "", self._after_tag(text)
        if self._inside:
            return self._within(text)
        start = text.lstrip()
        if start.startswith(_OPEN):
            self._inside = True
            return self._within(start[len(_OPEN) :])
        if _OPEN.startswith(start):
            self._held = text
            return "", ""
        self.open = False
        return "", text

    def finish(self) -> tuple[str, str]:
        """The text has ended: the reasoning and the answer that were still held back."""
        held, self._held = self._held, ""
        return (held, "") if self._inside and not self._ended else ("", held)

    def _within(self, text: str) -> tuple[str, str]:
        end = text.find(_CLOSE)
        if end >= 0:
            self._ended = True
            return text[:end], self._after_tag(text[end + len(_CLOSE) :])
        kept = _overlap(text)
        self._held = text[len(text) - kept :]
        return text[: len(text) - kept], ""

    def _after_tag(self, text: str) -> str:
        answer = text.lstrip()
        if answer:
            self.open = False
        return answer


def _overlap(text: str) -> int:
    """How many characters at the end of `text` may be the start of a closing tag."""
    for length in range(min(len(text), len(_CLOSE) - 1), 0, -1):
        if text.endswith(_CLOSE[:length]):
            return length
    return 0
