"""Reads a short text as the value of one parameter."""

import re
from typing import Any

from nbagent.models.demo.find_values import find_numbers
from nbagent.models.demo.parameters import Parameter, part_of


def read_value(parameter: Parameter, text: str) -> Any:
    """A short text as the value of one parameter; None where it cannot be one."""
    text = text.strip().strip("\"'`“”").rstrip(".!?")
    if parameter.choices:
        return next((each for each in parameter.choices if str(each).lower() == text.lower()), None)
    if parameter.type in ("integer", "number"):
        numbers = find_numbers(text)
        return as_number(parameter, numbers[0].value) if numbers else None
    if parameter.type == "boolean":
        return {
            "true": True,
            "yes": True,
            "on": True,
            "false": False,
            "no": False,
            "off": False,
        }.get(text.lower())
    if parameter.type == "array":
        item = part_of(parameter, parameter.schema.get("items", {}))
        items = [read_value(item, part) for part in re.split(r",\s*|\s+and\s+", text)]
        return items if text and None not in items else None
    return text if parameter.type == "string" and text else None


def as_number(parameter: Parameter, value: int | float) -> int | float | None:
    """A number as the parameter takes it; None for a fraction where it wants a whole one."""
    if parameter.type == "integer" and not float(value).is_integer():
        return None
    return int(value) if parameter.type == "integer" else value
