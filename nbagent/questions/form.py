"""A JSON schema as a short list of fields that a page or a terminal can ask for.

The schema is one of JSON Schema 2020-12 (https://json-schema.org/draft/2020-12), as pydantic's
`model_json_schema()` writes it or as given by hand. What no plain control can hold is asked for
as JSON.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast

from pydantic import BaseModel, ConfigDict

Schema: TypeAlias = dict[str, Any]
FieldKind: TypeAlias = Literal[
    "text",
    "long_text",
    "number",
    "integer",
    "yes_no",
    "choice",
    "choices",
    "date",
    "list",
    "json",
]

_LONG = 200
"""A text that may have more characters than this gets several lines."""

_LONG_FORMATS = ("textarea", "multiline", "markdown")
_MOST_CHOICES = 1_000
_DEEPEST = 5
"""So far alternatives within alternatives are followed; a schema may contain itself."""

_ANNOTATIONS = ("title", "description", "default")
# Keywords that make a schema more than its type says.
_COMBINING = ("allOf", "anyOf", "oneOf", "not", "if", "$ref")


class FormField(BaseModel, defer_build=True):
    """One field of a form: plain values, from which a control is made.

    Attributes:
        name: Names the field in `read_form()`; a nested one is dotted ("address.street").
        path: Where its value belongs in the object.
        label: What stands beside the control.
        description: What is meant, in a sentence; may be empty.
        kind: "text" and "long_text" (one line, several lines), "number", "integer", "yes_no",
            "choice" (one of `choices`), "choices" (any of `choices`), "date" (YYYY-MM-DD),
            "list" (texts, one a line), "json" (a text that holds JSON).
        required: Whether it must be filled in.
        nullable: Whether nothing filled in means null.
        default: What the control holds at first: a text; a bool for "yes_no"; texts for
            "choices" and "list"; None for nothing.
        choices: What can be chosen, as texts.
        values: The value of each choice.
        minimum: The least number allowed.
        maximum: The greatest number allowed.
        step: Numbers must be multiples of this.
        max_length: The most characters of a text.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    path: tuple[str, ...]
    label: str
    description: str = ""
    kind: FieldKind
    required: bool = False
    nullable: bool = False
    default: str | bool | tuple[str, ...] | None = None
    choices: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None
    step: int | float | None = None
    max_length: int | None = None


def form_fields(schema: Mapping[str, Any]) -> list[FormField]:
    """The fields of an object.

    Objects within it become fields of their own, one level deep.

    Args:
        schema: The JSON schema of an object. References are followed within it only.

    Returns:
        The fields, in the order of the properties.

    Raises:
        ValueError: The schema is not that of an object with properties, or a reference leads
            nowhere.
    """
    root = dict(schema)
    fields = _object_fields(root_object(root), root, (), "", None)
    if len({field.name for field in fields}) < len(fields):
        raise ValueError("two fields of the form have the same dotted name; rename a property.")
    return fields


def root_object(schema: Schema) -> Schema:
    """The schema with the properties of its object at the top.

    Raises:
        ValueError: The schema is not that of an object with properties.
    """
    whole = {**_resolved(schema, schema)}
    properties: Any = whole.get("properties")
    if whole.get("type", "object") != "object" or not isinstance(properties, dict):
        raise ValueError(
            "a form needs the JSON schema of an object with properties, such as "
            '{"type": "object", "properties": {"name": {"type": "string"}}}, not '
            f"{_shortened(schema)}."
        )
    if not properties:
        raise ValueError("the schema has no properties, so there is nothing to ask for.")
    if "$defs" in schema:
        whole["$defs"] = schema["$defs"]
    return whole


def _object_fields(
    schema: Schema, root: Schema, path: tuple[str, ...], above: str, values: Schema | None
) -> list[FormField]:
    required: Any = schema.get("required")
    if not isinstance(required, list):
        required = []
    fields: list[FormField] = []
    for name, part in cast("dict[str, Any]", schema["properties"]).items():
        own = dict(_as_schema(part))
        if values is not None and name in values:
            own["default"] = values[name]
        label = f"{above}{own.get('title') or _title(name)}"
        fields += _property_fields(own, root, (*path, name), label, name in required)
    return fields


def _property_fields(
    own: Schema, root: Schema, path: tuple[str, ...], label: str, required: bool
) -> list[FormField]:
    """The field of one property, or the fields of the object in it."""
    schema, nullable = _without_null(_resolved(own, root), root)
    default: Any = schema.get("default")
    kind, details = _kind(schema, root)
    nested = schema.get("properties")
    given = cast(Schema, default) if isinstance(default, dict) else None
    if (
        kind == "json"
        and len(path) == 1
        and isinstance(nested, dict)
        and nested
        and not any(key in schema for key in _COMBINING)
        # One that may be left out is left out as a whole, which its fields could not say.
        and (given is not None or (required and not nullable))
    ):
        return _object_fields(schema, root, path, f"{label}: ", given)
    field = FormField(
        name=".".join(path),
        path=path,
        label=label,
        description=str(schema.get("description", "")),
        kind=kind,
        required=required and not nullable,
        nullable=nullable,
        **details,
    )
    if "default" not in schema or default is None:
        if kind == "choice" and required and len(field.choices) == 1:
            return [field.model_copy(update={"default": field.choices[0]})]
        return [field]
    return [field.model_copy(update={"default": control_value(field, default)})]


def control_value(field: FormField, value: Any) -> str | bool | tuple[str, ...] | None:
    """A value of the object as its control holds it; None where the control cannot hold it."""
    match field.kind:
        case "yes_no":
            return value if isinstance(value, bool) else None
        case "choice":
            return next((text for text, each in _pairs(field) if same_value(each, value)), None)
        case "choices":
            if not isinstance(value, list):
                return None
            chosen = cast("list[Any]", value)
            return tuple(
                text
                for text, each in _pairs(field)
                if any(same_value(each, other) for other in chosen)
            )
        case "list":
            if not isinstance(value, list):
                return None
            return tuple(each for each in cast("list[Any]", value) if isinstance(each, str))
        case "number" | "integer":
            return None if isinstance(value, bool | str) else json.dumps(value)
        case "json":
            return json.dumps(value, ensure_ascii=False, indent=2)
        case "text" | "long_text" | "date":
            return value if isinstance(value, str) else None


def same_value(one: Any, other: Any) -> bool:
    """Equality as in JSON, where true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _pairs(field: FormField) -> list[tuple[str, Any]]:
    return list(zip(field.choices, field.values, strict=True))


def _kind(schema: Schema, root: Schema) -> tuple[FieldKind, dict[str, Any]]:
    """The control for a schema, and what `FormField` is told besides."""
    choices = _choices(schema, root)
    if choices is not None:
        return "choice", choices
    if any(key in schema for key in _COMBINING):
        return "json", {}
    match schema.get("type"):
        case "boolean":
            return "yes_no", {}
        case "integer":
            return "integer", _limits(schema, whole_numbers=True)
        case "number":
            return "number", _limits(schema, whole_numbers=False)
        case "string":
            return _text_kind(schema)
        case "array" if "prefixItems" not in schema:
            items = _resolved(_as_schema(schema.get("items")), root)
            many = _choices(items, root)
            if many is not None:
                return "choices", many
            plain = items.get("type") == "string" and not any(key in items for key in _COMBINING)
            return ("list" if plain else "json"), {}
        case _:
            return "json", {}


def _text_kind(schema: Schema) -> tuple[FieldKind, dict[str, Any]]:
    if schema.get("format") == "date":
        return "date", {}
    longest: Any = schema.get("maxLength")
    if not isinstance(longest, int):
        longest = None
    is_long = schema.get("format") in _LONG_FORMATS or (longest or 0) > _LONG
    return ("long_text" if is_long else "text"), {"max_length": longest}


def _limits(schema: Schema, *, whole_numbers: bool) -> dict[str, Any]:
    limits: dict[str, Any] = {
        "minimum": schema.get("minimum"),
        "maximum": schema.get("maximum"),
        "step": schema.get("multipleOf"),
    }
    numbers: dict[str, int | float] = {
        name: value
        for name, value in limits.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    if whole_numbers:
        above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
        if isinstance(above, int):
            numbers["minimum"] = max(above + 1, numbers.get("minimum", above + 1))
        if isinstance(below, int):
            numbers["maximum"] = min(below - 1, numbers.get("maximum", below - 1))
    return numbers


def _choices(schema: Schema, root: Schema) -> dict[str, Any] | None:
    """The choices of a schema that allows fixed values only; None for any other."""
    labelled = _fixed_values(schema, root)
    if not labelled:
        return None
    texts = [label for label, _ in labelled]
    if len(set(texts)) < len(texts):
        return None
    return {"choices": tuple(texts), "values": tuple(value for _, value in labelled)}


def _fixed_values(schema: Schema, root: Schema, depth: int = 0) -> list[tuple[str, Any]] | None:
    """The values that are allowed, each with its label; None where others are too."""
    if depth > _DEEPEST:
        return None
    if "const" in schema:
        value = schema["const"]
        # The title of an alternative names it; that of a property is the field's label.
        return [(_choice_text(value), value)]
    if isinstance(schema.get("enum"), list):
        return [(_choice_text(value), value) for value in schema["enum"]]
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            found: list[tuple[str, Any]] = []
            for part in cast("list[Any]", schema[key]):
                alternative = _resolved(_as_schema(part), root)
                values = _fixed_values(alternative, root, depth + 1)
                if not values or len(found) > _MOST_CHOICES:
                    return None
                if "const" in alternative and isinstance(alternative.get("title"), str):
                    values = [(alternative["title"], alternative["const"])]
                found += values
            return found
    return None


def _choice_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _without_null(schema: Schema, root: Schema, depth: int = 0) -> tuple[Schema, bool]:
    """The schema of the values that are not null, and whether null is allowed too."""
    kinds: Any = schema.get("type")
    if isinstance(kinds, list) and "null" in kinds:
        others = [kind for kind in cast("list[str]", kinds) if kind != "null"]
        schema = {**schema, "type": others[0] if len(others) == 1 else others}
        values: Any = schema.get("enum")
        if isinstance(values, list):
            schema["enum"] = [each for each in cast("list[Any]", values) if each is not None]
        return schema, True
    values = schema.get("enum")
    if isinstance(values, list) and None in values:
        others_only = [value for value in cast("list[Any]", values) if value is not None]
        return {**schema, "enum": others_only}, True
    for key in ("anyOf", "oneOf"):
        parts: Any = schema.get(key)
        if not isinstance(parts, list):
            continue
        alternatives = [_resolved(_as_schema(part), root) for part in cast("list[Any]", parts)]
        kept = [part for part in alternatives if part.get("type") != "null"]
        nullable = len(kept) < len(alternatives)
        if len(kept) == 1 and depth < _DEEPEST:
            outer = {name: schema[name] for name in _ANNOTATIONS if name in schema}
            inner, inner_nullable = _without_null(kept[0], root, depth + 1)
            return {**inner, **outer}, nullable or inner_nullable
        return {**schema, key: kept}, nullable
    return schema, False


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema with its reference followed, and what stands beside the reference kept."""
    seen: set[str] = set()
    while True:
        parts: Any = schema.get("allOf")
        if isinstance(parts, list) and len(cast("list[Any]", parts)) == 1:
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            schema = {**_as_schema(cast("list[Any]", parts)[0]), **rest}
        elif isinstance(schema.get("$ref"), str):
            pointer: str = schema["$ref"]
            if pointer in seen:
                raise ValueError(f"reference {pointer!r} leads back to itself.")
            seen.add(pointer)
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**_lookup(pointer, root), **rest}
        else:
            return schema


def _as_schema(part: Any) -> Schema:
    """A part of a schema; True, and what is no schema, restrict nothing."""
    return cast(Schema, part) if isinstance(part, dict) else {}


def _lookup(pointer: str, root: Schema) -> Schema:
    """The schema at a JSON pointer (RFC 6901) of the whole schema."""
    found: Any = root if pointer.startswith("#") else None
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = cast(Schema, found).get(key) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"reference {pointer!r} leads to no schema within the schema.")
    return cast(Schema, found)


def _title(name: str) -> str:
    """A label for a property without a title, as pydantic makes one."""
    return name.replace("_", " ").strip().title() if name.isidentifier() else name


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
