"""A tool call's arguments, which a model wrote: JSON where it kept to the protocol."""

import json
from typing import Any, cast

from nbagent.render.plain_text import one_line

_MAX_PARSED = 100_000


def pretty_arguments(arguments: str) -> str:
    """The arguments as indented JSON, or exactly as they came where that could mislead."""
    try:
        return json.dumps(_parse(arguments), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments


def arguments_apart(arguments: str) -> list[tuple[str, str]] | None:
    """The arguments one by one, where one of them is a text of several lines.

    Returns:
        Names and values: such a text as it is, all else as JSON. None where there is no such
        text, and `pretty_arguments()` reads well.
    """
    try:
        parsed = _parse(arguments)
    except (ValueError, RecursionError):
        return None
    pairs = cast("dict[str, Any]", parsed).items() if isinstance(parsed, dict) else ()
    if not any(_has_lines(value) for _, value in pairs):
        return None
    return [
        (name, value if _has_lines(value) else json.dumps(value, indent=2, ensure_ascii=False))
        for name, value in pairs
    ]


def _has_lines(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value.strip()


def arguments_preview(arguments: str, limit: int = 90) -> str:
    """The arguments in a line of at most `limit` characters, as Python writes keywords."""
    try:
        parsed = _parse(arguments)
        if isinstance(parsed, dict):
            pairs = cast("dict[str, Any]", parsed).items()
            arguments = ", ".join(
                f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in pairs
            )
    except (ValueError, RecursionError):
        pass  # not JSON: shown as it is
    return one_line(arguments, limit)


def _parse(arguments: str) -> Any:
    """The arguments as data.

    Raises:
        ValueError: They are no JSON, or too long to be worth parsing, or name a field twice,
            of which only one would be seen.
    """
    if len(arguments) > _MAX_PARSED:
        raise ValueError("too long")
    return json.loads(arguments, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is named twice")
    return fields
