"""Tells the results of tool calls as readable Markdown."""

import json
import re
from typing import Any, cast

from nbagent.models.demo.conversation import read_arguments
from nbagent.models.types import FunctionCall, FunctionExecutionResult

MAX_CHARACTERS = 2_000
"""How much of one result is repeated, in characters."""

MAX_ROWS = 20
"""How many rows or entries of one result are repeated."""

_PICTURE = "[image]"
"""What stands in a result's text for each of its pictures."""

_MARKDOWN = re.compile(r"(?:#{1,6} |[-*] |\d+\. |\||>|```)")


def tell_results(results: list[tuple[FunctionCall, FunctionExecutionResult]]) -> str:
    """What tools gave, one after another.

    Args:
        results: The calls with their results; at least one.
    """
    parts = [_tell(call, result) for call, result in results]
    if len(parts) == 1:
        return parts[0]
    if all("\n" not in part for part in parts):
        return "Here is what the tools say:\n\n" + "\n".join(f"- {part}" for part in parts)
    return "\n\n".join(parts)


def result_as_text(results: list[tuple[FunctionCall, FunctionExecutionResult]]) -> str:
    """The results alone, as plain text."""
    return "\n".join(result.content for _, result in results)[:MAX_CHARACTERS]


def _tell(call: FunctionCall, result: FunctionExecutionResult) -> str:
    called = _in_code(f"{result.name}({_short_arguments(call)})")
    text = result.content.strip()
    if result.images and not text.replace(_PICTURE, "").strip():
        count = len(result.images)
        return f"{called} returned {'a picture' if count == 1 else f'{count} pictures'}."
    if result.is_error:
        return f"{called} failed: {_in_line(text) or 'it gave no reason'}. I have no result to use."
    if not text or text == "None":
        return f"{called} ran and returned nothing."
    data = _data(text)
    if data is not None:
        return f"{called} returned:\n\n{data}"
    if len(text) > MAX_CHARACTERS:
        cut = f"\n\n(the first {MAX_CHARACTERS:,} of {len(text):,} characters)"
        return f"{called} returned:\n\n{_fenced(text[:MAX_CHARACTERS])}{cut}"
    if _MARKDOWN.match(text):
        return f"{called} returned:\n\n{text}"
    if "\n" in text:
        return f"{called} returned:\n\n{_fenced(text)}"
    if len(text) <= 40:
        return f"{called} returned **{_escaped(text)}**."
    return f"{called} says:\n\n> {_escaped(text)}"


def _short_arguments(call: FunctionCall) -> str:
    shown = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}"
        for name, value in read_arguments(call).items()
    )
    return shown if len(shown) <= 80 else shown[:79] + "…"


def _data(text: str) -> str | None:
    """JSON data as a table or a list; None where the text is none, or is a single value."""
    if not text.startswith(("{", "[")):
        return None
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if data and _is_record(data):
        entries = list(cast(dict[str, Any], data).items())
        lines = [f"- **{_cell(key)}**: {_cell(value)}" for key, value in entries[:MAX_ROWS]]
        return "\n".join([*lines, *_more(len(entries))])
    if isinstance(data, list) and data:
        rows = cast(list[Any], data)
        if all(map(_is_record, rows)):
            return _table(rows)
    if len(text) > MAX_CHARACTERS:
        return None
    return _fenced(json.dumps(data, ensure_ascii=False, indent=2), "json")


def _table(rows: list[dict[str, Any]]) -> str | None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if not 0 < len(columns) <= 12:
        return None
    lines = [
        "| " + " | ".join(map(_cell, columns)) + " |",
        "|" + " --- |" * len(columns),
    ]
    for row in rows[:MAX_ROWS]:
        lines.append("| " + " | ".join(_cell(row.get(key, "")) for key in columns) + " |")
    more = _more(len(rows))
    return "\n".join([*lines, *(["", *more] if more else [])])


def _more(count: int) -> list[str]:
    return [f"(the first {MAX_ROWS} of {count})"] if count > MAX_ROWS else []


def _is_record(value: Any) -> bool:
    """Whether a value is an object with nothing nested in it."""
    return isinstance(value, dict) and all(map(_is_plain, cast(dict[str, Any], value).values()))


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return _escaped(_in_line(text)[:200])


def _in_line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")


def _escaped(text: str) -> str:
    """Text that means no Markdown."""
    # Not "[" itself: a backslash before it would begin a formula.
    return re.sub(r"([\\`*_{}\]<>|$~#])", r"\\\1", text)


def _in_code(text: str) -> str:
    ticks = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks} {text} {ticks}" if len(ticks) > 1 else f"`{text}`"


def _fenced(text: str, language: str = "text") -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
