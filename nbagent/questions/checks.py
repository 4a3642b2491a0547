"""The checks of answers: what comes from a page or a terminal is not trusted."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from nbagent.questions.question import Approval, InvalidAnswerError

MAX_BYTES = 1_000_000
"""The longest text answer, in bytes of UTF-8."""

MAX_REASON = 4_000
"""The longest reason of a denial, in characters; the model reads all of it."""

YES_NO = ("Yes", "No")
"""The choices of a yes/no question."""


def check_text(raw: Any) -> str:
    """A text as it was given; only CR LF becomes LF.

    Raises:
        InvalidAnswerError: It is no text, or longer than `MAX_BYTES`.
    """
    if not isinstance(raw, str):
        raise InvalidAnswerError("This needs a text.")
    # One of n characters has at least n bytes: a flood is not even encoded.
    size = len(raw)
    if size <= MAX_BYTES:
        raw = raw.replace("\r\n", "\n")
        try:
            size = len(raw.encode())
        except UnicodeEncodeError as error:
            raise InvalidAnswerError(
                f"The text has half a character (a lone surrogate) at position {error.start}."
            ) from error
    if size > MAX_BYTES:
        raise too_long()
    return raw


def too_long() -> InvalidAnswerError:
    """The error for a text of more than `MAX_BYTES`."""
    return InvalidAnswerError(
        f"The text is longer than {MAX_BYTES:,} bytes. Shorten it, or give it as a file."
    )


def choice_check(choices: Sequence[str]) -> Callable[[Any], str]:
    """A check that takes one of `choices`."""

    def check(raw: Any) -> str:
        if not isinstance(raw, str) or raw not in choices:
            listed = ", ".join(choices)
            raise InvalidAnswerError(
                f"Choose one of: {listed if len(listed) <= 200 else f'{listed[:199]}…'}."
            )
        return raw

    return check


def check_yes_no(raw: Any) -> bool:
    """A check that takes one of `YES_NO`."""
    if not isinstance(raw, str) or raw not in YES_NO:
        raise InvalidAnswerError("Choose Yes or No.")
    return raw == YES_NO[0]


def check_approval(raw: Any) -> Approval:
    """A check that takes a dict with `approved`, `reason` and `for_run`; only True approves.

    Raises:
        InvalidAnswerError: It is no such dict, or the reason is longer than `MAX_REASON`.
    """
    given = cast("dict[object, object]", raw) if isinstance(raw, dict) else {}
    approved, for_run = given.get("approved"), given.get("for_run", False)
    known = given.keys() <= {"approved", "reason", "for_run"}
    if not known or not isinstance(approved, bool) or not isinstance(for_run, bool):
        raise InvalidAnswerError("An approval needs a decision: approve or deny.")
    reason = check_text(given.get("reason", ""))
    if len(reason) > MAX_REASON:
        too_long = f"At most {MAX_REASON:,} characters; these are {len(reason):,}."
        raise InvalidAnswerError("The reason is too long.", {"reason": too_long})
    if approved:
        return Approval(True, for_run=for_run)
    return Approval(False, reason.strip())
