"""Pydantic models from JSON schemas: they accept and describe the same data."""

import datetime
import decimal
import enum
import importlib.util
import json
import uuid
from typing import Annotated, Any, Literal, Optional, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, RootModel, ValidationError

from nbagent.structured_schema import schema_to_pydantic_model


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Point(BaseModel):
    """A point."""

    x: int = Field(ge=0, lt=10, description="to the right")
    y: float = 2.5


class Node(BaseModel):
    value: int
    next: Optional["Node"] = None
    children: list["Node"] = []
    by_name: dict[str, "Node"] = {}


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool = True


class Everything(BaseModel):
    model_config = ConfigDict(extra="forbid")

    point: Point
    points: list[Point] = Field(min_length=1, max_length=3)
    colour: Colour
    literal: Literal[1, "a", None]
    by_name: dict[str, Point]
    maybe: int | None = None
    either: int | str
    pair: tuple[int, str]
    when: datetime.datetime
    day: datetime.date
    at: datetime.time
    lasts: datetime.timedelta
    id: uuid.UUID
    url: AnyUrl
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    anything: Any = None
    node: Node
    precise: decimal.Decimal
    text: str = Field(pattern="^a+$", min_length=2)
    dashed: int = Field(alias="first-name")
    copied: str = Field(alias="copy")
    counts: dict[str, int] = Field(default={}, max_length=2)
    colours: list[Colour] = Field(default=[Colour.RED])
    step: int = Field(multiple_of=5)


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


VALUES: dict[str, Any] = {
    "point": {"x": 3, "y": 1.5},
    "points": [{"x": 1, "y": 2.5}],
    "colour": "red",
    "literal": "a",
    "by_name": {"a": {"x": 0, "y": 0.0}},
    "maybe": None,
    "either": "x",
    "pair": [1, "b"],
    "when": "2026-05-03T10:00:00Z",
    "day": "2026-05-03",
    "at": "10:00:00",
    "lasts": "PT1H",
    "id": "00000000-0000-4000-8000-000000000000",
    "url": "https://example.com/",
    "pet": {"kind": "dog", "good": False},
    "anything": [1, None],
    "node": {"value": 1, "next": {"value": 2}, "children": [{"value": 3}]},
    "precise": "1.50",
    "text": "aaa",
    "first-name": 4,
    "copy": "c",
    "counts": {"a": 1},
    "colours": ["blue"],
    "step": 10,
}


def written_out(schema: Any, definitions: dict[str, Any] | None = None, seen: Any = ()) -> Any:
    """A schema with references replaced, and without titles, for comparing."""
    if isinstance(schema, list):
        return [written_out(part, definitions, seen) for part in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    parts = cast(dict[str, Any], schema)
    if definitions is None:
        definitions = cast(dict[str, Any], parts.get("$defs", {}))
        parts = {key: value for key, value in parts.items() if key != "$defs"}
    if "$ref" in parts:
        name = parts["$ref"].rsplit("/", 1)[-1]
        if name in seen:
            return {"$ref": name}
        rest = {key: value for key, value in parts.items() if key != "$ref"}
        return written_out({**definitions[name], **rest}, definitions, (*seen, name))
    return {
        key: written_out(value, definitions, seen)
        for key, value in parts.items()
        if not (key == "title" and isinstance(value, str)) and key != "mapping"
    }


@pytest.mark.parametrize("model", [Point, Node, Cat, Everything, Open, RootModel[list[int]]])
def test_a_model_comes_back_from_its_schema(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    again = schema_to_pydantic_model(schema, model.__name__.split("[")[0])
    assert written_out(again.model_json_schema()) == written_out(schema)


def test_values_go_in_and_come_out() -> None:
    made = schema_to_pydantic_model(Everything.model_json_schema(), "Everything")
    value = made.model_validate(VALUES)
    dumped = json.loads(value.model_dump_json(exclude_unset=True))
    assert dumped == {**VALUES, "precise": dumped["precise"]}
    assert isinstance(value.model_dump()["when"], datetime.datetime)
    assert made.model_validate(value.model_dump()) == value
    assert Everything.model_validate(dumped).model_dump(mode="json")["text"] == "aaa"


WRONG: list[tuple[str, Any]] = [
    ("point", {"x": 10}),
    ("points", []),
    ("colour", "green"),
    ("literal", 2),
    ("by_name", {"a": {}}),
    ("either", []),
    ("pair", [1]),
    ("when", "yesterday"),
    ("id", "x"),
    ("url", "no url"),
    ("pet", {"kind": "cow"}),
    ("node", {"value": 1, "children": [{}]}),
    ("text", "ab"),
    ("text", "a"),
    ("counts", {"a": 1, "b": 2, "c": 3}),
    ("step", 3),
    ("unknown", 1),
]


@pytest.mark.parametrize(("key", "wrong"), WRONG)
def test_what_does_not_fit_is_refused(key: str, wrong: Any) -> None:
    made = schema_to_pydantic_model(Everything.model_json_schema())
    with pytest.raises(ValidationError):
        made.model_validate({**VALUES, key: wrong})


@pytest.mark.parametrize("key", ["point", "colour", "first-name", "node"])
def test_what_is_required_may_not_be_left_out(key: str) -> None:
    made = schema_to_pydantic_model(Everything.model_json_schema())
    with pytest.raises(ValidationError, match=key):
        made.model_validate({name: value for name, value in VALUES.items() if name != key})


def obj(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), **more}


# A schema, values that fit it, and values that do not.
TABLE: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    (obj({"a": {"type": ["string", "null"]}}), [{"a": "x"}, {"a": None}], [{"a": 1}, {}]),
    (obj({"a": {"type": "string", "nullable": True}}), [{"a": None}], [{"a": []}]),
    (obj({"a": {"const": "x"}}), [{"a": "x"}], [{"a": "y"}]),
    (obj({"a": {"const": 1.5}}), [{"a": 1.5}], [{"a": 2.5}]),
    (obj({"a": {"enum": [1, "x", None, 2.5, [1]]}}), [{"a": [1]}, {"a": None}], [{"a": 3}]),
    (obj({"a": {"enum": [1.5, 1]}}), [{"a": 1}], [{"a": True}]),
    (obj({"a": True}), [{"a": [1]}], [{}]),
    (obj({"a": {}}), [{"a": None}], []),
    (obj({"a": {"type": "array", "uniqueItems": True}}), [{"a": [1, "1", True]}], [{"a": [1, 1]}]),
    (obj({"a": {"minLength": 2}}), [{"a": "xy"}], [{"a": "x"}]),
    (obj({"a": {"minimum": 2}}), [{"a": 2.5}], [{"a": 1}]),
    (obj({"a": {"items": {"type": "integer"}}}), [{"a": [1]}], [{"a": ["x"]}]),
    (obj({"a": {"exclusiveMinimum": 0, "type": "number"}}), [{"a": 0.1}], [{"a": 0}]),
    (obj({"a": {"type": "string", "pattern": "^(?!x)."}}), [{"a": "y"}], [{"a": "x"}]),
    (obj({"class": {"type": "string"}, "_a": {"type": "integer"}, "": {"type": "integer"}}),
     [{"class": "x", "_a": 1, "": 2}], [{"class": "x"}]),
    (obj({"a b": {"type": "integer"}, "a-b": {"type": "integer"}}), [{"a b": 1, "a-b": 2}], [{}]),
    (obj({"schema": {"type": "string"}, "model_config": {"type": "string"}}),
     [{"schema": "x", "model_config": "y"}], [{"schema": "x"}]),
    (obj({}, additionalProperties=False), [{}], [{"a": 1}]),
    (obj({}, additionalProperties={"type": "integer"}), [{"a": 1}], [{"a": "x"}]),
    (obj({"n": {"type": "integer"}}, additionalProperties={"type": "string"}),
     [{"n": 1, "a": "x"}], [{"n": 1, "a": []}]),
    ({"required": ["a"]}, [{"a": 5}], [{}]),
    ({"type": "object", "patternProperties": {"^x": {"type": "integer"}}}, [{"x1": 1}], [{"y": 1}]),
    ({"type": "object", "propertyNames": {"enum": ["a"]}}, [{"a": 1}], [{"b": 1}]),
    ({"type": "object", "minProperties": 1}, [{"a": 1}], [{}]),
    ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, [[1, 2]], [[1, 2, 3], ["x"]]),
    ({"type": "string"}, ["x"], [1]),
    ({"type": "null"}, [None], [1]),
    ({"anyOf": [{"type": "integer"}, obj({"a": {"type": "string"}})]}, [1, {"a": "x"}], ["x", {}]),
    ({"oneOf": [obj({"a": {"type": "string"}}), obj({"b": {"type": "string"}})]},
     [{"a": "x"}, {"b": "y"}], [{"c": 1}]),
    ({"anyOf": [{"minimum": 3}, {"maximum": 0}], "type": "integer"}, [5, -1], [1]),
    ({"allOf": [obj({"a": {"type": "integer", "minimum": 1}}), obj({"b": {"type": "string"}}),
                {"properties": {"a": {"maximum": 5}}}]},
     [{"a": 3, "b": "x"}], [{"a": 9, "b": "x"}, {"a": 0, "b": "x"}, {"a": 3}]),
    ({"allOf": [{"$ref": "#/$defs/Base"}, obj({"b": {"type": "string"}})],
      "$defs": {"Base": obj({"a": {"type": "integer"}})}}, [{"a": 1, "b": "x"}], [{"b": "x"}]),
    (obj({"a": {"allOf": [{"$ref": "#/definitions/A"}], "description": "old style"}},
         definitions={"A": obj({"x": {"type": "integer"}})}), [{"a": {"x": 1}}], [{"a": {}}]),
    ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, ["b"], ["a", "c"]),
    ({"allOf": [{"type": "number"}, {"type": "integer"}]}, [1], [1.5]),
    (obj({"a": {"$ref": "#/properties/b"}, "b": obj({"x": {"type": "integer"}})}),
     [{"a": {"x": 1}, "b": {"x": 2}}], [{"a": {}, "b": {"x": 2}}]),
    (obj({"x": {"type": "integer"}, "more": {"type": "array", "items": {"$ref": "#"}}}),
     [{"x": 1, "more": [{"x": 2, "more": []}]}], [{"x": 1, "more": [{"x": 2}]}]),
    ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": obj({"x": {"type": "integer"}})}},
     [{"x": 1}], [{}]),
    ({"$ref": "#/$defs/A", "$defs": {"A": obj({"b": {"$ref": "#/$defs/B"}}),
      "B": {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#/$defs/A"},
                                                             {"type": "null"}]}}}}},
     [{"b": {}}, {"b": {"a": {"b": {"a": None}}}}], [{"b": {"a": {}}}]),
    (obj({"a": obj({"x": {"type": "integer"}}, title="Same"),
          "b": obj({"y": {"type": "integer"}}, title="Same")}),
     [{"a": {"x": 1}, "b": {"y": 1}}], [{"a": {"y": 1}, "b": {"x": 1}}]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "right", "wrong"), TABLE)
def test_each_keyword_does_what_it_says(
    schema: dict[str, Any], right: list[Any], wrong: list[Any]
) -> None:
    made = schema_to_pydantic_model(schema, "Made")
    for value in right:
        dumped = made.model_validate(value).model_dump_json(exclude_unset=True)
        assert json.loads(dumped) == value
    for value in wrong:
        with pytest.raises(ValidationError):
            made.model_validate(value)
    again = schema_to_pydantic_model(made.model_json_schema(), "Made")
    assert written_out(again.model_json_schema()) == written_out(made.model_json_schema())


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "objct"}, "unknown type 'objct' at '#'"),
        (obj({"a": {"type": "text"}}), "unknown type 'text' at '#/properties/a'"),
        (obj({"a": {"$ref": "#/$defs/Nope"}}), "leads nowhere: there is no '\\$defs'"),
        (obj({"a": {"$ref": "other.json"}}), "leads out of the schema"),
        ({"$ref": "#"}, "contains itself"),
        ({"$ref": "#/$defs/J", "$defs": {"J": {"type": "array", "items": {"$ref": "#/$defs/J"}}}},
         "contains itself"),
        ({"$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}, {"minimum": 1}]}}, "$ref": "#/$defs/A"},
         "contains itself"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "'string' and 'integer' at once"),
        (obj({"a": {"not": {"type": "string"}}}), "keyword 'not' at '#/properties/a'"),
        ({"if": {}, "then": {}}, "keyword 'if'"),
        (obj({"a": {"type": "string", "pattern": "(("}}), "cannot become a pydantic model"),
        (obj({"a": False}), "no schema that any value fits"),
        (obj({"a": {"enum": []}}), "at least one value"),
        (obj({"a": {"anyOf": []}}), "at least one entry"),
        (obj({"a": {"type": "array", "prefixItems": [{}]}}), "fixed length"),
        ({"type": "object", "properties": 5}, "cannot become a pydantic model"),
        ({"allOf": 5}, "cannot become a pydantic model"),
    ],
)  # fmt: skip
def test_what_cannot_be_expressed_is_told(schema: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        schema_to_pydantic_model(schema)


def test_a_very_deep_schema_and_no_schema() -> None:
    deep: dict[str, Any] = {"type": "integer"}
    for _ in range(2000):
        deep = {"type": "array", "items": deep}
    with pytest.raises(ValueError, match="100 levels deep"):
        schema_to_pydantic_model(deep)
    with pytest.raises(ValueError, match="is a dict, not 'x'"):
        schema_to_pydantic_model("x")  # type: ignore[arg-type]


def test_names_descriptions_and_defaults_are_kept() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "description": "A thing.",
        "properties": {
            "size": {"type": "integer", "default": 3, "title": "Size!", "examples": [4]},
            "inner": {**obj({"x": {"type": "integer"}}), "default": {"x": 1}},
        },
    }
    made = schema_to_pydantic_model(schema, "Thing")
    assert (made.__name__, made.__doc__) == ("Thing", "A thing.")
    assert schema_to_pydantic_model(schema).__name__ == "GeneratedModel"
    value: Any = made()
    assert (value.size, value.inner.x) == (3, 1)
    described = made.model_json_schema()
    assert described["properties"]["size"] == schema["properties"]["size"]
    assert described["properties"]["inner"]["default"] == {"x": 1}
    another: Any = made()
    another.inner.x = 9
    assert value.inner.x == 1


def test_e_mail_addresses_are_text_where_nothing_can_check_them() -> None:
    made = schema_to_pydantic_model(obj({"a": {"type": "string", "format": "email"}}))
    assert made.model_json_schema()["properties"]["a"]["format"] == "email"
    value: Any = made(a="ada@example.com")
    assert value.a == "ada@example.com"
    if importlib.util.find_spec("email_validator") is None:
        assert made(a="no address")


LEAVES: list[tuple[dict[str, Any], st.SearchStrategy[Any]]] = [
    ({"type": "integer"}, st.integers(-(2**53), 2**53)),
    ({"type": "integer", "minimum": 0, "maximum": 9}, st.integers(0, 9)),
    ({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False)),
    ({"type": "boolean"}, st.booleans()),
    ({"type": "null"}, st.none()),
    ({"type": "string", "minLength": 1}, st.text(st.characters(codec="utf-8"), min_size=1)),
    ({"enum": ["a", 1, None]}, st.sampled_from(["a", 1, None])),
    ({"type": ["string", "null"]}, st.none() | st.text(st.characters(codec="utf-8"))),
]


@st.composite
def schemas_with_values(draw: st.DrawFn, depth: int = 0) -> tuple[dict[str, Any], Any]:
    kind = draw(st.sampled_from(["leaf"] if depth > 2 else ["leaf", "object", "list", "map"]))
    if kind == "leaf":
        schema, values = draw(st.sampled_from(LEAVES))
        return schema, draw(values)
    if kind == "list":
        schema, value = draw(schemas_with_values(depth=depth + 1))
        return {"type": "array", "items": schema}, [value] * draw(st.integers(0, 3))
    if kind == "map":
        schema, value = draw(schemas_with_values(depth=depth + 1))
        keys = draw(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=2))
        return {"type": "object", "additionalProperties": schema}, dict.fromkeys(keys, value)
    names = draw(
        st.lists(
            st.text(st.characters(codec="utf-8"), max_size=6)
            | st.sampled_from(["copy", "_x", "if"]),
            unique=True,
            max_size=4,
        )
    )
    parts = {name: draw(schemas_with_values(depth=depth + 1)) for name in names}
    required = [name for name in names if draw(st.booleans())]
    kept = [name for name in names if name in required or draw(st.booleans())]
    schema = {
        "type": "object",
        "properties": {name: part for name, (part, _) in parts.items()},
        "required": required,
    }
    return schema, {name: parts[name][1] for name in kept}


def test_similar_names_of_properties_are_kept_apart() -> None:
    number = {"type": "integer"}
    names = ["", ":A", "A", "a b", "a_b", "class", "field_class"]
    schema = {"type": "object", "properties": dict.fromkeys(names, number), "required": ["A"]}
    model = schema_to_pydantic_model(schema)
    for number, name in enumerate(names):
        value = {"A": -1} | {name: number}
        filled = model.model_validate(value)
        assert filled.model_dump(exclude_unset=True) == value


@settings(max_examples=150, deadline=None)
@given(schemas_with_values())
def test_any_value_survives_its_schema(pair: tuple[dict[str, Any], Any]) -> None:
    schema, value = pair
    made = schema_to_pydantic_model(schema)
    kept = made.model_validate(value).model_dump(mode="json", exclude_unset=True)
    assert kept == value
    again = schema_to_pydantic_model(made.model_json_schema())
    assert again.model_validate(value).model_dump(mode="json", exclude_unset=True) == value
