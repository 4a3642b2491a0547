"""Reading the arguments of a tool call: JSON as a model wrote it, which may be anything."""

import json
from typing import Any, cast


def read_json(text: str) -> Any:
    """Read JSON exactly as RFC 8259 defines it.

    Python's own reader also takes NaN and Infinity, which are no JSON.

    Raises:
        ValueError: The text is no JSON, or is nested too deeply to be read.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(f"not valid Unicode at position {error.start}") from error
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_arguments(text: str) -> dict[str, Any]:
    """Read a call's arguments: a JSON object; nothing at all counts as an empty one.

    Raises:
        ValueError: The text is no JSON object. The message is made for the model.
    """
    try:
        value: Any = read_json(text) if text.strip() else {}
    except ValueError as error:
        raise ValueError(f"the arguments are not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"the arguments must be a JSON object, not {text[:80]}")
    return cast("dict[str, Any]", value)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")
