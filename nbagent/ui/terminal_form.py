"""A form as it is asked in a terminal: field by field."""

from collections.abc import Callable
from typing import Any

from nbagent.questions import FormField, InvalidAnswerError, Question, form_fields, read_form
from nbagent.ui.dialogue import Dialogue, numbered, picked, prompt_with_default, yes_or_no

_SEVERAL_LINES = {
    "list": "one a line; an empty line ends the list",
    "long_text": "several lines; an empty line ends the text",
    "json": "JSON; an empty line ends it",
}
_HINTS = {"number": "a number", "integer": "a whole number", "date": "YYYY-MM-DD"}


async def ask_form(dialogue: Dialogue, question: Question, check: Callable[[Any], Any]) -> Any:
    """Ask for each field, and again for those that do not fit.

    Returns:
        What `check` makes of them.
    """
    fields = form_fields(question.form or {})
    dialogue.say(dialogue.named(question.prompt or "Please fill in:"))
    raw = {field.name: await _ask_field(dialogue, field) for field in fields}
    while True:
        try:
            return check(raw)
        except InvalidAnswerError as error:
            wrong = [field for field in fields if field.name in error.errors]
            if not wrong:
                dialogue.say(str(error))
            for field in wrong or fields:
                if wrong:
                    dialogue.say(f"{field.label}: {error.errors[field.name]}")
                raw[field.name] = await _ask_field(dialogue, _holding(field, raw[field.name]))


def _holding(field: FormField, raw: Any) -> FormField:
    """The field with what was filled in before as its default."""
    return field.model_validate({**field.model_dump(), "default": raw})


async def _ask_field(dialogue: Dialogue, field: FormField) -> Any:
    """What a person fills in, asked again until the field can hold it."""
    while True:
        try:
            raw = await _fill_in(dialogue, field)
            read_form([field], {field.name: raw})
        except InvalidAnswerError as error:
            dialogue.say(error.errors.get(field.name, str(error)))
        else:
            return raw


async def _fill_in(dialogue: Dialogue, field: FormField) -> Any:
    if field.description:
        dialogue.say(f"  ({field.description})")
    nothing = list(field.default) if isinstance(field.default, tuple) else field.default
    if field.kind in _SEVERAL_LINES:
        return await _fill_in_lines(dialogue, field, nothing)
    if field.kind in ("choice", "choices"):
        return await _fill_in_choices(dialogue, field, nothing)
    if field.kind == "yes_no":
        keys = {None: "y/n", True: "Y/n", False: "y/N"}[
            field.default if isinstance(field.default, bool) else None
        ]
        line = await dialogue.line(prompt_with_default(f"{field.label}:", keys))
        return yes_or_no(line) if line.strip() else nothing
    default = field.default if isinstance(field.default, str) else None
    line = await dialogue.line(prompt_with_default(f"{_with_hint(field)}:", default or None))
    return line or ("" if nothing is None else nothing)


async def _fill_in_lines(dialogue: Dialogue, field: FormField, nothing: Any) -> Any:
    dialogue.say(f"{field.label} ({_SEVERAL_LINES[field.kind]}):")
    if nothing:
        shown: str = nothing if isinstance(nothing, str) else "\n".join(nothing)
        dialogue.say(f"[{shown}]")
    lines = await dialogue.lines()
    if not lines:
        return nothing if nothing else ([] if field.kind == "list" else "")
    return lines if field.kind == "list" else "\n".join(lines)


async def _fill_in_choices(dialogue: Dialogue, field: FormField, nothing: Any) -> Any:
    dialogue.say(f"{field.label}:")
    dialogue.say(numbered(field.choices))
    if field.kind == "choice":
        line = await dialogue.line(prompt_with_default("Number or text:", nothing or None))
        return picked(field.choices, line) if line.strip() else nothing
    default = ", ".join(nothing) if nothing else None
    line = await dialogue.line(prompt_with_default("Numbers or texts, with commas:", default))
    if not line.strip():
        return nothing or []
    try:
        return [picked(field.choices, line)]  # a choice may have commas of its own
    except InvalidAnswerError:
        return [picked(field.choices, part) for part in line.split(",") if part.strip()]


def _with_hint(field: FormField) -> str:
    hint = _HINTS.get(field.kind, "")
    if field.minimum is not None and field.maximum is not None:
        hint += f", {field.minimum:g} to {field.maximum:g}"
    elif field.minimum is not None:
        hint += f", at least {field.minimum:g}"
    elif field.maximum is not None:
        hint += f", at most {field.maximum:g}"
    if not field.required:
        hint = f"{hint}, optional" if hint else "optional"
    return f"{field.label} ({hint})" if hint else field.label
