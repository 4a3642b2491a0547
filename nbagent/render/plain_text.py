"""Hostile text made fit to be read: escape sequences go, what hides is shown, floods are cut.

For text that is not Markdown: tool results, arguments, names, errors. It is text in and text
out; whoever puts it into HTML still escapes it.
"""

import re
from dataclasses import dataclass

MAX_BYTES = 1_000_000
"""The most of one tool result, or the like, that a transcript keeps, in bytes of UTF-8."""

FOLD_LINES = 30
"""So many lines stand open; what is longer is folded."""

FOLD_CHARACTERS = 3_000
"""So many characters stand open."""

# Control sequences (colours, cursor moves), commands to the terminal such as its title, and
# the two-character escapes.
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
)
# Controls, bidirectional overrides, characters of no width, "tag" letters and variation
# selectors that carry hidden text, and half surrogates. Joiners and direction marks that
# scripts and emoji need are not among them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u202a-\u202e\u2028\u2029"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SLICE = 1 << 20


@dataclass(frozen=True)
class Folded:
    """Text in the parts that a reader meets.

    Attributes:
        beginning: What stands open.
        rest: What is folded away; empty where the text is short.
        lines: How many lines both have together.
        left_out: Says how much is not there at all; empty where nothing is missing.
    """

    beginning: str
    rest: str
    lines: int
    left_out: str


def visible(text: str) -> str:
    """`text` without escape sequences, and with every hidden character shown by its number."""
    if "\x1b" in text:
        text = _ESCAPE_SEQUENCE.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HIDDEN.sub(_shown, text)


def fold(text: str, *, whole: bool = False) -> Folded:
    """Cut `text` into what stands open, what is folded and what is left out.

    Args:
        text: The text.
        whole: Whether all of it is kept, however long it is.
    """
    kept, left_out = (text, "") if whole else cap(text)
    kept = visible(kept).rstrip("\n")
    end = _open_length(kept)
    return Folded(kept[:end], kept[end:], kept.count("\n") + 1, left_out)


def cap(text: str) -> tuple[str, str]:
    """The first `MAX_BYTES` of `text`, and a note on what was left out.

    What is left out is measured and not copied, so that a flood costs little.
    """
    if len(text) <= MAX_BYTES // 4 or _utf8_length(text) <= MAX_BYTES:
        return text, ""
    beginning = text[:MAX_BYTES].encode("utf-8", "surrogatepass")
    kept = beginning[:MAX_BYTES].decode("utf-8", "ignore")
    left_out = _utf8_length(text) - MAX_BYTES
    size = f"{left_out / 1e6:,.0f} MB" if left_out >= 1e6 else f"{left_out / 1e3:,.0f} kB"
    return kept, f"… {size} left out"


def one_line(text: str, limit: int = 80) -> str:
    """`text` as one line of at most `limit` characters, for summaries and names."""
    line = " ".join(visible(text[: 4 * limit]).split())
    if len(line) > limit or len(text) > 4 * limit:
        return line[: limit - 1].rstrip() + "…"
    return line


def is_prose(text: str) -> bool:
    """Whether text reads the same as lines without blanks at their edges, and is short.

    Code, tables and the like that people type or paste do not.
    """
    if len(text) > FOLD_CHARACTERS or text.count("\n") >= FOLD_LINES:
        return False
    return "\t" not in text and "  " not in text and "\n " not in text and text[:1] != " "


def duration_text(seconds: float) -> str:
    """A duration in seconds as people say it: "12 ms", "0.4 s", "3 min 5 s"."""
    if seconds < 0.0005:
        return "less than 1 ms"
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return f"⟨U+{code:04X}⟩"


def _open_length(text: str) -> int:
    """How many characters of `text` stand open: whole lines, where they are not too long."""
    window = text[:FOLD_CHARACTERS]
    if len(window) == len(text) and text.count("\n") < FOLD_LINES:
        return len(text)
    end = 0
    for _ in range(FOLD_LINES):
        newline = window.find("\n", end)
        if newline < 0:
            return end if end > FOLD_CHARACTERS // 2 else len(window)
        end = newline + 1
    return end


def _utf8_length(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        len(text[at : at + _SLICE].encode("utf-8", "surrogatepass"))
        for at in range(0, len(text), _SLICE)
    )
