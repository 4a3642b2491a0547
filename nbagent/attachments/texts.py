"""Text files: which bytes are text, and what a model may see of it."""

import codecs
import re

# What text files are full of, or at times have in them: tabs, line ends, form feeds, the
# bells, backspaces and escape sequences of terminals, and the end mark of DOS.
_BINARY = re.compile("[\x00-\x06\x0e-\x19\x1c-\x1f\x7f]")
_ESCAPE_SEQUENCE = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)|\x1b[ -/]*[0-~]"
    "|[\x07\x08\x0b\x1a\x1b]"
)
# Bidirectional overrides, "tag" letters and further characters that hide text from people
# and not from a model.
_HIDDEN = re.compile(
    "[\x80-\x9f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_SAMPLE = 4096


class NotText(ValueError):
    """Bytes are not text; the message says why."""


def read_text(data: bytes) -> tuple[str, tuple[str, ...]]:
    r"""Decode a text file.

    Args:
        data: UTF-8, with or without a byte order mark, or UTF-16 with one.

    Returns:
        The text as a model may see it: lines end with "\n", terminal sequences are left out
        and hidden characters are shown by their numbers; and what was done, as sentences
        without a subject.

    Raises:
        NotText: It has another encoding, or control characters that text has not.
    """
    text = _checked(data, final=True)
    notes: list[str] = []
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text, sequences = _ESCAPE_SEQUENCE.subn("", text)
    if sequences:
        notes.append("terminal control sequences removed")
    text, hidden = _HIDDEN.subn(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)
    if hidden:
        notes.append(f"{hidden:,} hidden characters made visible, such as ⟨U+202E⟩")
    return text, tuple(notes)


def check_beginning(data: bytes) -> None:
    """See whether a file begins like text, which is quick however large it is.

    Raises:
        NotText: It does not.
    """
    _checked(data[:_SAMPLE], final=len(data) <= _SAMPLE)


def _checked(data: bytes, *, final: bool) -> str:
    mark = next((mark for mark in _BYTE_ORDER_MARKS if data.startswith(mark)), b"")
    encoding = _BYTE_ORDER_MARKS.get(mark, "utf-8")
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data[len(mark) :], final)
    except UnicodeDecodeError as error:
        raise NotText(
            f"it is not valid {encoding[:6].upper()} at byte {len(mark) + error.start:,}"
        ) from error
    control = _BINARY.search(text)
    if control:
        raise NotText(
            f"it has the control character U+{ord(control[0]):04X} "
            f"at position {control.start():,}, which text has not"
        )
    return text
