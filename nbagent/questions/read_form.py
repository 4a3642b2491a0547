"""What a person filled in becomes an object; whatever a field cannot take is refused."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from nbagent.questions.checks import check_text
from nbagent.questions.form import FormField
from nbagent.questions.question import InvalidAnswerError

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST_DIGITS = 400
_MOST_LINES = 10_000
_NOTHING = object()


def read_form(fields: Sequence[FormField], raw: object) -> dict[str, Any]:
    """Make the object that a form asks for.

    Nothing about `raw` is taken for granted. Types, limits and choices of each field are
    checked; rules that bind several fields, patterns and formats are the caller's.

    Args:
        fields: What was asked, from `form_fields()`.
        raw: What was filled in, by the fields' names: a text; a bool (or None) for "yes_no"; a
            list of texts for "choices"; for "list" a list of texts, or one text with a line
            for each. A name that is missing counts as not filled in.

    Returns:
        The object, of JSON values. An optional field without content is null where null is
        allowed, else its default, else left out.

    Raises:
        InvalidAnswerError: Some fields do not fit; `errors` says which and why.
    """
    if not isinstance(raw, Mapping):
        raise InvalidAnswerError("The answer to a form has a value for each field.")
    given = cast("Mapping[object, Any]", raw)
    names = {field.name for field in fields}
    if unknown := [name for name in given if name not in names]:
        raise InvalidAnswerError(f"The form has no field {str(unknown[0])[:80]!r}.")
    result: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in fields:
        try:
            value = _value(field, given.get(field.name))
        except InvalidAnswerError as error:
            errors[field.name] = str(error)
            continue
        if value is not _NOTHING:
            _put(result, field.path, value)
    if errors:
        raise wrong_fields(fields, errors)
    return result


def wrong_fields(fields: Sequence[FormField], errors: Mapping[str, str]) -> InvalidAnswerError:
    """The error that tells, field by field, what is wrong."""
    labels = {field.name: field.label for field in fields}
    message = "; ".join(f"{labels[name]}: {text}" for name, text in errors.items())
    return InvalidAnswerError(message, dict(errors))


def _put(result: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for part in path[:-1]:
        result = result.setdefault(part, {})
    result[path[-1]] = value


def _value(field: FormField, raw: Any) -> Any:
    """The value of one field; `_NOTHING` where it is left out."""
    if raw is None or (isinstance(raw, str) and not raw.strip() and field.kind not in _TEXTS):
        return _left_out(field)
    if raw in ("", []):
        if field.required and field.kind not in _MANY:
            raise InvalidAnswerError("Please fill this in.")
        if field.nullable:
            return None
        if field.kind in _MANY:
            return []
        # A text that was there before has been taken away on purpose.
        return "" if field.default is not None else _left_out(field)
    return _READERS[field.kind](field, raw)


def _left_out(field: FormField) -> Any:
    if field.required:
        raise InvalidAnswerError("Please fill this in.")
    if field.nullable:
        return None
    if field.default is None:
        return _NOTHING
    default = list(field.default) if isinstance(field.default, tuple) else field.default
    return _READERS[field.kind](field, default)


def _text(field: FormField, raw: Any) -> str:
    text = check_text(raw)
    if field.max_length is not None and len(text) > field.max_length:
        raise InvalidAnswerError(
            f"This has {len(text):,} characters; at most {field.max_length:,} are taken."
        )
    return text


def _integer(field: FormField, raw: Any) -> int:
    text = check_text(raw).strip()
    if not _INTEGER.fullmatch(text) or len(text) > _MOST_DIGITS:
        raise InvalidAnswerError("This needs a whole number, such as 12.")
    return _within(field, int(text))


def _number(field: FormField, raw: Any) -> int | float:
    text = check_text(raw).strip()
    if not _NUMBER.fullmatch(text) or len(text) > _MOST_DIGITS:
        raise InvalidAnswerError("This needs a number, such as 12 or 0.5 (with a point).")
    number = int(text) if _INTEGER.fullmatch(text) else float(text)
    if not math.isfinite(number):
        raise InvalidAnswerError("This number is too large.")
    return _within(field, number)


def _within(field: FormField, number: Any) -> Any:
    if field.minimum is not None and number < field.minimum:
        raise InvalidAnswerError(f"This must be at least {field.minimum:g}.")
    if field.maximum is not None and number > field.maximum:
        raise InvalidAnswerError(f"This must be at most {field.maximum:g}.")
    return number


def _yes_no(field: FormField, raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise InvalidAnswerError("Choose yes or no.")
    return raw


def _choice(field: FormField, raw: Any) -> Any:
    if not isinstance(raw, str) or raw not in field.choices:
        raise InvalidAnswerError(f"Choose one of: {_listed(field)}.")
    return field.values[field.choices.index(raw)]


def _choices(field: FormField, raw: Any) -> list[Any]:
    chosen = cast("list[Any]", raw) if isinstance(raw, list) else [raw]
    if not all(isinstance(each, str) and each in field.choices for each in chosen):
        raise InvalidAnswerError(f"Choose from: {_listed(field)}.")
    return [
        value for text, value in zip(field.choices, field.values, strict=True) if text in chosen
    ]


def _date(field: FormField, raw: Any) -> str:
    try:
        return date.fromisoformat(check_text(raw).strip()).isoformat()
    except ValueError as error:
        raise InvalidAnswerError("This needs a date, such as 2026-03-31.") from error


def _list(field: FormField, raw: Any) -> list[str]:
    if isinstance(raw, list):
        lines = cast("list[Any]", raw)
        if len(lines) > _MOST_LINES:
            raise InvalidAnswerError(f"At most {_MOST_LINES:,} lines are taken.")
        text = "\n".join(check_text(line) for line in lines)
    else:
        text = raw
    return [line for line in check_text(text).split("\n") if line.strip()]


def _json(field: FormField, raw: Any) -> Any:
    try:
        return json.loads(check_text(raw), parse_constant=_no_constant)
    except RecursionError as error:
        raise InvalidAnswerError("This JSON is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise InvalidAnswerError(
            f"This is no JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from error
    except ValueError as error:
        raise InvalidAnswerError(str(error)) from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON.")


def _listed(field: FormField) -> str:
    text = ", ".join(field.choices)
    return text if len(text) <= 200 else f"{text[:199]}…"


_TEXTS = ("text", "long_text", "choice")
_MANY = ("choices", "list")
_READERS: dict[str, Callable[[FormField, Any], Any]] = {
    "text": _text,
    "long_text": _text,
    "number": _number,
    "integer": _integer,
    "yes_no": _yes_no,
    "choice": _choice,
    "choices": _choices,
    "date": _date,
    "list": _list,
    "json": _json,
}
