"""Asking for JSON: the `response_format` of a request."""

from typing import Any, cast

from pydantic import BaseModel

# Refused by the strict mode, or without use in it, as every field must be present.
_DROPPED = ("default", "title", "discriminator")


def response_format(json_output: bool | type[BaseModel]) -> dict[str, Any]:
    """The `response_format` that asks for text, JSON, or JSON of a schema.

    Args:
        json_output: False for text, True for JSON, a pydantic model for JSON of its schema.
            The schema is strict where it can be: a model with open dictionaries or fields of
            any type cannot be held to exactly.
    """
    if json_output is True:
        return {"type": "json_object"}
    if json_output is False:
        return {"type": "text"}
    schema = json_output.model_json_schema()
    closed = cast(dict[str, Any], _closed(schema))
    strict = _can_be_strict(closed)
    return {
        "type": "json_schema",
        "json_schema": {
            "name": _schema_name(json_output),
            "schema": closed if strict else schema,
            "strict": strict,
        },
    }


def _schema_name(model: type[BaseModel]) -> str:
    """The model's name in the characters that the API takes; generic models hold brackets."""
    name = "".join(
        letter if letter.isascii() and letter.isalnum() else "_" for letter in model.__name__
    )
    return name[:64]


def _closed(schema: Any) -> Any:
    """The schema with every object closed and every field required.

    The rules are those of OpenAI's structured outputs,
    https://platform.openai.com/docs/guides/structured-outputs
    """
    if isinstance(schema, list):
        return [_closed(part) for part in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    parts = cast(dict[str, Any], schema)
    if "$ref" in parts:
        reference = {"$ref": parts["$ref"]}
        if "description" not in parts:
            return reference
        return {"anyOf": [reference], "description": parts["description"]}
    result: dict[str, Any] = {}
    for key, value in parts.items():
        if key in ("properties", "$defs"):
            # The names below are the user's own, also where they read like keywords.
            result[key] = {name: _closed(part) for name, part in value.items()}
        elif key == "oneOf":
            result["anyOf"] = _closed(value)
        elif key in ("enum", "const", "examples"):
            result[key] = value
        elif key not in _DROPPED:
            result[key] = _closed(value)
    if len(result.get("allOf", ())) == 1:
        result.update(result.pop("allOf")[0])
    open_values = isinstance(parts.get("additionalProperties"), dict)
    if "properties" in result and not open_values:
        result["additionalProperties"] = False
        result["required"] = list(result["properties"])
    return result


def _can_be_strict(schema: Any) -> bool:
    """Whether every object in a closed schema is closed, and every value has a type."""
    if isinstance(schema, list):
        return all(_can_be_strict(part) for part in cast(list[Any], schema))
    if not isinstance(schema, dict):
        return True
    parts = cast(dict[str, Any], schema)
    if not any(key in parts for key in ("type", "$ref", "anyOf", "enum", "const")):
        return False
    if parts.get("type") == "object" and parts.get("additionalProperties") is not False:
        return False
    nested = [*parts.get("properties", {}).values(), *parts.get("$defs", {}).values()]
    nested += [parts["items"]] if "items" in parts else []
    nested += parts.get("anyOf", [])
    return all(_can_be_strict(part) for part in nested)
