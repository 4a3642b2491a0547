"""Forms: a schema becomes fields, and what is filled in becomes the object."""

import datetime
import json
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from nbagent.questions import FormField, InvalidAnswerError, form_fields, read_form


class Colour(Enum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    street: str
    zip_code: str = "1000"


class Order(BaseModel):
    """An order."""

    name: str = Field(description="Who orders.", max_length=40)
    amount: int = Field(gt=0, le=10)
    price: float = Field(default=1.5, ge=0, multiple_of=0.5)
    gift: bool = False
    colour: Colour = Colour.BLUE
    size: Literal[1, "large"] = 1
    extras: list[Literal["card", "ribbon"]] = ["card"]
    tags: list[str] = []
    on: datetime.date = datetime.date(2026, 3, 31)
    remark: str | None = None
    story: str = Field(default="", max_length=5000)
    address: Address
    home: Address = Address(street="Main")
    other: Address | None = None
    numbers: dict[str, int] = {}
    exact: Decimal = Decimal("0.1")
    sure: bool | None = None


def by_name(schema: dict[str, Any]) -> dict[str, FormField]:
    return {field.name: field for field in form_fields(schema)}


def test_a_models_fields() -> None:
    fields = by_name(Order.model_json_schema())
    assert {name: field.kind for name, field in fields.items()} == {
        "name": "text",
        "amount": "integer",
        "price": "number",
        "gift": "yes_no",
        "colour": "choice",
        "size": "choice",
        "extras": "choices",
        "tags": "list",
        "on": "date",
        "remark": "text",
        "story": "long_text",
        "address.street": "text",
        "address.zip_code": "text",
        "home.street": "text",
        "home.zip_code": "text",
        "other": "json",
        "numbers": "json",
        "exact": "json",
        "sure": "yes_no",
    }
    assert {name for name, field in fields.items() if field.required} == {
        "name",
        "amount",
        "address.street",
        "home.street",
    }
    assert {name for name, field in fields.items() if field.nullable} == {
        "remark",
        "other",
        "sure",
    }
    name, amount, price = fields["name"], fields["amount"], fields["price"]
    assert (name.label, name.description, name.max_length) == ("Name", "Who orders.", 40)
    assert (amount.minimum, amount.maximum, amount.default) == (1, 10, None)
    assert (price.minimum, price.step, price.default) == (0, 0.5, "1.5")
    assert (fields["colour"].label, fields["colour"].default) == ("Colour", "blue")
    assert fields["size"].choices == ("1", "large")
    assert fields["extras"].default == ("card",)
    assert fields["on"].default == "2026-03-31"
    assert fields["gift"].default is False
    assert fields["sure"].default is None
    assert fields["address.street"].label == "Address: Street"
    assert (fields["home.street"].default, fields["home.zip_code"].default) == ("Main", "1000")


def test_fields_are_plain_values() -> None:
    for field in form_fields(Order.model_json_schema()):
        assert FormField.model_validate(json.loads(field.model_dump_json())) == field


def test_what_the_controls_hold_at_first_gives_the_defaults() -> None:
    fields = form_fields(Order.model_json_schema())
    raw: dict[str, Any] = {
        field.name: list(field.default) if isinstance(field.default, tuple) else field.default
        for field in fields
    }
    raw |= {"name": "Zoë", "amount": " 3 ", "address.street": "Rue 1"}
    expected = Order(name="Zoë", amount=3, address=Address(street="Rue 1"))
    assert Order.model_validate(read_form(fields, raw)) == expected


def test_every_kind_is_read() -> None:
    fields = form_fields(Order.model_json_schema())
    read = read_form(
        fields,
        {
            "name": "Ann",
            "amount": "+7",
            "price": ".5",
            "gift": True,
            "colour": "red",
            "size": "1",
            "extras": ["ribbon", "card"],
            "tags": "one\r\n\r\ntwo, three\n",
            "on": "2026-04-01",
            "remark": "",
            "story": "Once\r\n\r\nupon",
            "address.street": "Rue 1",
            "address.zip_code": "",
            "home.street": "Rue 2",
            "other": '{"street": "x"}',
            "numbers": '{"a": 1}',
        },
    )
    assert read == {
        "name": "Ann",
        "amount": 7,
        "price": 0.5,
        "gift": True,
        "colour": "red",
        "size": 1,
        "extras": ["card", "ribbon"],
        "tags": ["one", "two, three"],
        "on": "2026-04-01",
        "remark": None,
        "story": "Once\n\nupon",
        "address": {"street": "Rue 1", "zip_code": ""},
        "home": {"street": "Rue 2", "zip_code": "1000"},
        "other": {"street": "x"},
        "numbers": {"a": 1},
        "exact": "0.1",
        "sure": None,
    }


@pytest.mark.parametrize(
    ("name", "raw", "told"),
    [
        ("name", "", "fill this in"),
        ("name", None, "fill this in"),
        ("name", 3, "needs a text"),
        ("name", "x" * 41, "at most 40"),
        ("name", "\ud800", "half a character"),
        ("amount", "", "fill this in"),
        ("amount", "1.5", "whole number"),
        ("amount", "1_0", "whole number"),
        ("amount", "٣", "whole number"),
        ("amount", "9" * 5000, "whole number"),
        ("amount", "0", "at least 1"),
        ("amount", "11", "at most 10"),
        ("amount", 3, "needs a text"),
        ("price", "1,5", "with a point"),
        ("price", "nan", "needs a number"),
        ("price", "1e999", "too large"),
        ("gift", "yes", "yes or no"),
        ("gift", 1, "yes or no"),
        ("colour", "green", "Choose one of: red, blue"),
        ("colour", ["red"], "Choose one of"),
        ("extras", ["card", "x"], "Choose from"),
        ("extras", {"card": 1}, "Choose from"),
        ("extras", [["card"]], "Choose from"),
        ("tags", [1], "needs a text"),
        ("tags", ["x"] * 10_001, "10,000 lines"),
        ("on", "31.3.2026", "date"),
        ("numbers", "{", "no JSON"),
        ("numbers", "NaN", "no number of JSON"),
        ("numbers", "[" * 100_000, "nested too deeply"),
        ("numbers", "9" * 5000, "digits"),
        ("story", "x" * 1_000_001, "1,000,000 bytes"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(name: str, raw: Any, told: str) -> None:
    fields = form_fields(Order.model_json_schema())
    good = {"name": "Ann", "amount": "1", "address.street": "Rue", "home.street": "Rue"}
    with pytest.raises(InvalidAnswerError) as caught:
        read_form(fields, {**good, name: raw})
    assert list(caught.value.errors) == [name]
    assert told in caught.value.errors[name]
    assert told in str(caught.value)


@pytest.mark.parametrize("raw", [None, "text", [("name", "x")], {"unknown": "x"}, {3: "x"}])
def test_what_is_no_answer_to_the_form_is_refused(raw: Any) -> None:
    with pytest.raises(InvalidAnswerError):
        read_form(form_fields(Address.model_json_schema()), raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ORDER_FIELDS = form_fields(Order.model_json_schema())


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([field.name for field in ORDER_FIELDS]), json_values))
def test_whatever_a_page_sends_is_read_or_refused(raw: dict[str, Any]) -> None:
    try:
        read = read_form(ORDER_FIELDS, raw)
    except InvalidAnswerError as error:
        assert str(error)
    else:
        json.dumps(read, allow_nan=False)


def test_a_schema_written_by_hand() -> None:
    schema = {
        "type": "object",
        "$defs": {"level": {"title": "Level", "enum": ["low", "high"]}},
        "properties": {
            "first-name": {"type": "string"},
            "level": {"allOf": [{"$ref": "#/$defs/level"}], "default": "high"},
            "how": {"oneOf": [{"const": 1, "title": "By train"}, {"const": 2, "title": "By ship"}]},
            "age": {"type": ["integer", "null"], "exclusiveMinimum": 17},
            "note": {"type": "string", "format": "textarea"},
            "only": {"const": "x"},
            "mixed": {"enum": ["1", 1]},
            "pairs": {"type": "array", "items": {"type": "array"}},
            "maybe": {"enum": ["a", None]},
            "anything": True,
        },
        "required": ["first-name", "only"],
    }
    fields = by_name(schema)
    assert fields["first-name"].label == "first-name"
    assert (fields["level"].choices, fields["level"].default) == (("low", "high"), "high")
    assert fields["how"].choices == ("By train", "By ship")
    age = fields["age"]
    assert (age.kind, age.nullable, age.minimum) == ("integer", True, 18)
    assert fields["note"].kind == "long_text"
    assert fields["only"].default == "x"
    assert [fields[name].kind for name in ("mixed", "pairs", "anything")] == ["json"] * 3
    assert (fields["maybe"].choices, fields["maybe"].nullable) == (("a",), True)
    raw = {"first-name": "A", "only": "x", "how": "By ship", "age": ""}
    assert read_form(list(fields.values()), raw) == {
        "first-name": "A",
        "only": "x",
        "level": "high",
        "how": 2,
        "age": None,
        "maybe": None,
    }


class Node(BaseModel):
    name: str
    next: "Node | None" = None


def test_a_model_that_contains_itself() -> None:
    assert [field.kind for field in form_fields(Node.model_json_schema())] == ["text", "json"]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "string"}, "object with properties"),
        ({}, "object with properties"),
        ({"type": "object"}, "object with properties"),
        ({"type": "object", "properties": {}}, "nothing to ask"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}}, "no schema"),
        ({"type": "object", "properties": {"a": {"$ref": "http://x/y"}}}, "no schema"),
        ({"$ref": "#"}, "leads back to itself"),
        (
            {
                "properties": {
                    "a.b": {"type": "string"},
                    "a": {"properties": {"b": {"type": "string"}}},
                },
                "required": ["a"],
            },
            "same dotted name",
        ),
    ],
)
def test_what_is_no_form(schema: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        form_fields(schema)


KEYWORDS = (
    *("type", "properties", "required", "items", "enum", "const", "anyOf", "oneOf", "allOf"),
    *("$ref", "$defs", "title", "description", "default", "minimum", "exclusiveMinimum"),
    *("maxLength", "format", "multipleOf", "prefixItems", "a", "b"),
)
WORDS = (
    *("string", "integer", "number", "boolean", "array", "object", "null", "date"),
    *("#", "#/$defs/a", "#/properties/a", "x"),
)
keywords = st.sampled_from(KEYWORDS)
words = st.sampled_from(WORDS)
schemas = st.dictionaries(
    keywords,
    st.recursive(
        words | st.none() | st.booleans() | st.integers() | st.floats(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keywords, inner, max_size=4),
        max_leaves=15,
    ),
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(st.sampled_from("abc"), schemas, min_size=1), schemas)
def test_any_schema_becomes_fields_or_a_clear_error(
    properties: dict[str, Any], definition: dict[str, Any]
) -> None:
    schema = {"type": "object", "properties": properties, "$defs": {"a": definition}}
    try:
        fields = form_fields(schema)
    except ValueError as error:
        assert not isinstance(error, json.JSONDecodeError)
        return
    for field in fields:
        FormField.model_validate_json(field.model_dump_json())


def test_alternatives_that_contain_themselves_end() -> None:
    many = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 50} for n in range(50)}
    schema = {
        "properties": {"a": {"$ref": "#/$defs/self"}, "b": {"$ref": "#/$defs/d0"}},
        "$defs": {"self": {"anyOf": [{"$ref": "#/$defs/self"}]}, **many, "d50": {"const": 1}},
    }
    assert [field.kind for field in form_fields(schema)] == ["json", "json"]
