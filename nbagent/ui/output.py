"""Writes to the standard output."""

import sys


def write(text: str) -> None:
    """Write and flush; what the output's encoding has no sign for is written as its number."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()
