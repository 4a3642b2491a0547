"""Fills a JSON schema: with values of the prompt where they fit, else with plain ones."""

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

from pydantic import AnyUrl, BaseModel, TypeAdapter, ValidationError

from nbagent.exceptions import ModelResponseError
from nbagent.models.demo.fill_arguments import fill_arguments
from nbagent.models.demo.find_values import find_names
from nbagent.models.demo.match_pattern import text_for_pattern
from nbagent.models.demo.parameters import Parameter, part_of, read_parameters, resolve

MAX_DEPTH = 24
"""How deeply a schema that contains itself is followed."""

_SAMPLES = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "12:00:00",
    "duration": "PT1H",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "demo@example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "binary": "demo",
}
_FORMATS: dict[Any, Any] = {
    "date": date,
    "date-time": datetime,
    "time": time,
    "duration": timedelta,
    "uuid": UUID,
    "uri": AnyUrl,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
}
_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties)\b(?: are)?:?\s+"
    r"([\"'`]?\w+[\"'`]?(?:\s*(?:,\s*and\b|,|\band\b)\s*[\"'`]?\w+[\"'`]?)*)",
    re.IGNORECASE,
)
_ANSWERS = frozenset(
    {"answer", "response", "reply", "summary", "explanation", "thought", "thoughts", "reasoning"}
    | {"reason", "result", "output", "comment", "feedback", "description", "content", "text"}
    | {"message", "rationale", "conclusion"}
)


def fill_model(model: type[BaseModel], prompt: str, answer: str) -> str:
    """JSON text that a pydantic model accepts.

    Args:
        model: The model.
        prompt: Where values are taken from.
        answer: What stands in fields such as "answer" and "summary".

    Raises:
        ModelResponseError: The model has rules beyond its JSON schema that no value made by
            rules keeps.
    """
    schema = model.model_json_schema()
    problem: ValidationError | None = None
    # Values of the prompt may break a rule that the schema does not show.
    for text in (prompt, ""):
        value = fill_schema(schema, text, answer)
        try:
            model.model_validate(value)
        except ValidationError as error:
            problem = error
        else:
            return json.dumps(value, ensure_ascii=False)
    raise ModelResponseError(
        f"the demo model cannot fill {model.__name__!r}, whose rules go beyond its JSON schema: "
        f"{problem}. Choose a language model for it, such as openai:gpt-5."
    ) from problem


def fill_schema(schema: Mapping[str, Any], prompt: str, answer: str) -> Any:
    """A value that fits a JSON schema."""
    definitions = schema.get("$defs", {})
    whole = Parameter("answer", resolve(dict(schema), definitions), True, False, ())
    return _value(whole, prompt, answer, 0)


def free_json(prompt: str, answer: str) -> str:
    """JSON text for a request that gives no schema: with the keys that the prompt names."""
    names = _KEYS.search(prompt)
    found = re.findall(r"(?!and\b)[A-Za-z_]\w*", names.group(1)) if names else []
    keys = list(dict.fromkeys(found))[:20]
    if not keys:
        return json.dumps({"answer": answer}, ensure_ascii=False)
    properties = {key: {"type": "string"} for key in keys}
    schema = {"type": "object", "properties": properties, "required": keys}
    return json.dumps(fill_schema(schema, prompt, answer), ensure_ascii=False)


def _object(parameter: Parameter, prompt: str, answer: str, depth: int) -> dict[str, Any]:
    schema = parameter.schema
    parameters = read_parameters(schema)
    # An answer is no part of the question, unless the question names it: "summary: ...".
    taken = [
        each
        for each in parameters
        if not _is_answer(each) or re.search(rf"\b{re.escape(each.name)}\s*[:=]", prompt)
    ]
    found = fill_arguments(taken, prompt).arguments if prompt else {}
    value: dict[str, Any] = {}
    for each in parameters:
        if each.type != "object" and each.name in found and _fits(found[each.name], each):
            value[each.name] = found[each.name]
        elif each.required:
            value[each.name] = _value(each, prompt, answer, depth + 1)
    fewest = int(schema.get("minProperties", 0))
    others: Any = schema.get("additionalProperties")
    for number in range(fewest - len(value)):
        part = part_of(parameter, others if isinstance(others, dict) else {"type": "string"})
        value[f"key{number + 1}"] = _value(part, prompt, answer, depth + 1)
    return value


def _is_answer(parameter: Parameter) -> bool:
    """Whether a field wants a text that a model would write itself."""
    own_words = parameter.type == "string" and not parameter.choices
    return (
        own_words and not parameter.schema.get("format") and bool(set(parameter.words) & _ANSWERS)
    )


def _value(parameter: Parameter, prompt: str, answer: str, depth: int) -> Any:
    """A value for one parameter that the prompt gave none for."""
    schema = parameter.schema
    if parameter.nullable and not _is_answer(parameter):
        return None
    if depth > MAX_DEPTH:
        raise ModelResponseError(
            f"the demo model cannot fill {parameter.name!r}: its schema contains itself for ever."
        )
    if parameter.choices:
        return parameter.choices[0]
    if "default" in schema:
        return schema["default"]
    if parameter.type == "object":
        return _object(parameter, prompt, answer, depth)
    if parameter.type == "array":
        return _list(parameter, prompt, answer, depth)
    if parameter.type in ("integer", "number"):
        return _number(schema, whole=parameter.type == "integer")
    if parameter.type == "boolean":
        return False
    if parameter.type == "null":
        return None
    return _text(parameter, prompt, answer)


def _list(parameter: Parameter, prompt: str, answer: str, depth: int) -> list[Any]:
    schema = parameter.schema
    if "prefixItems" in schema:
        parts = [part_of(parameter, each) for each in schema["prefixItems"]]
        return [_value(each, prompt, answer, depth + 1) for each in parts]
    item = part_of(parameter, schema.get("items", {}))
    # One object shows what the list is for; texts and numbers are not made up.
    usual = 1 if item.type == "object" and depth <= 2 and schema.get("maxItems") != 0 else 0
    count = max(int(schema.get("minItems", 0)), usual)
    values = [_value(item, prompt, answer, depth + 1) for _ in range(count)]
    if schema.get("uniqueItems"):
        values = [_varied(value, number, item) for number, value in enumerate(values)]
    return values


def _varied(value: Any, number: int, item: Parameter) -> Any:
    """The value, made different from those of other positions."""
    if item.choices:
        return item.choices[number % len(item.choices)]
    if isinstance(value, bool):
        return bool(number)
    if isinstance(value, int | float):
        step = item.schema.get("multipleOf", 1)
        up, down = value + number * step, value - number * step
        return up if _fits(up, item) else down
    return f"{value}{number + 1}" if isinstance(value, str) and number else value


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    """The number nearest to 0 within the schema's limits."""
    step = schema.get("multipleOf") or (1 if whole else None)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -math.inf))
    high = schema.get("maximum", schema.get("exclusiveMaximum", math.inf))
    value: float = min(max(0, low), high)
    if step:
        value = math.ceil(value / step) * step if value == low else math.floor(value / step) * step
    gap = step or (min(1, (high - low) / 2) if high > low else 0)
    if value == schema.get("exclusiveMinimum"):
        value += gap
    elif value == schema.get("exclusiveMaximum"):
        value -= gap
    return int(value) if whole else value


def _text(parameter: Parameter, prompt: str, answer: str) -> str:
    schema = parameter.schema
    pattern = schema.get("pattern")
    if pattern is not None:
        words = prompt.split()
        fitting = [word.strip(".,;:!?\"'") for word in words]
        text = next((word for word in fitting if _fits(word, parameter)), None)
        return text or text_for_pattern(pattern) or "demo"
    if schema.get("format") in _SAMPLES:
        return _SAMPLES[schema["format"]]
    names = find_names(prompt)
    if _is_answer(parameter) or not parameter.words:
        text = answer
    elif parameter.kind in ("topic", "person", "place", "text") and names:
        text = str(names[0].value)
    else:
        text = "not given"
    fewest, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    return text.ljust(fewest, ".")[:most]


def _has_format(text: str, name: str | None) -> bool:
    """Whether a text is a date, a time or whatever the format says; true for unknown ones."""
    if name not in _FORMATS:
        return True
    try:
        TypeAdapter[Any](_FORMATS[name]).validate_json(json.dumps(text))
    except ValidationError:
        return False
    return True


def _fits(value: Any, parameter: Parameter) -> bool:
    """Whether a value keeps the limits of its schema."""
    schema = parameter.schema
    if parameter.choices and value not in parameter.choices:
        return False
    if isinstance(value, str):
        pattern = schema.get("pattern")
        if not _has_format(value, schema.get("format")):
            return False
        right_length = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", math.inf)
        return right_length and (pattern is None or re.search(pattern, value) is not None)
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        item = part_of(parameter, schema.get("items", {}))
        if "prefixItems" in schema:
            return False
        unique = not schema.get("uniqueItems") or all(items.count(each) == 1 for each in items)
        right_length = schema.get("minItems", 0) <= len(items) <= schema.get("maxItems", math.inf)
        return unique and right_length and all(_fits(each, item) for each in items)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    step = schema.get("multipleOf")
    return (
        schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
        and schema.get("exclusiveMinimum", -math.inf) < value
        and value < schema.get("exclusiveMaximum", math.inf)
        and (step is None or math.isclose(value / step, round(value / step)))
    )
