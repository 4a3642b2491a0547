"""note(): says on an error where in a team it was raised."""


def note(error: Exception, text: str) -> None:
    """Add a line to an error, as `add_note()` does from Python 3.11 on.

    The place nearest to the error counts: where one is named already, nothing is added.

    Args:
        error: The error.
        text: Where it was raised; begins with "Raised ".
    """
    notes: list[str] = getattr(error, "__notes__", [])
    if not any(line.startswith("Raised ") for line in notes):
        error.__notes__ = [*notes, text]  # type: ignore[attr-defined]
