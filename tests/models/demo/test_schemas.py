"""The demo model fills a requested schema, and what it gives is valid."""

import datetime
import enum
import json
import uuid
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator

from nbagent.exceptions import ModelResponseError
from nbagent.models.demo.fill_schema import fill_schema
from nbagent.models.demo.match_pattern import text_for_pattern
from nbagent.structured_schema import schema_to_pydantic_model
from tests.models.demo.conversing import text_of


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    city: str
    code: str = Field(pattern=r"^\d{5}(-\d{4})?$")


class Node(BaseModel):
    value: int = Field(gt=3, lt=5)
    next: "Node | None"
    children: list["Node"]


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Person(BaseModel):
    name: str
    age: int = Field(ge=18)
    colour: Colour
    address: Address
    born: datetime.date
    tags: list[str] = Field(min_length=2)
    email: str | None = None
    nickname: str | None


class Limits(BaseModel):
    sevens: int = Field(multiple_of=7, gt=10)
    half: float = Field(gt=0, lt=1)
    negative: int = Field(lt=0)
    short: str = Field(min_length=3, max_length=4)
    three: set[int] = Field(min_length=3)
    pair: tuple[int, str]
    scores: dict[str, float] = Field(min_length=1)
    colours: list[Colour]
    flag: bool
    when: datetime.datetime
    at: datetime.time
    lasts: datetime.timedelta
    id: uuid.UUID
    nothing: None
    anything: Any
    pet: Cat | Dog = Field(discriminator="kind")
    plate: str = Field(pattern=r"^[A-Z]{2,3}-(?:\d+|x)\s?[^a-c]$")


class Thinking(BaseModel):
    thoughts: str
    response: Literal["happy", "sad", "neutral"]


PERSON = (
    "Ada is 36 years old, likes blue and lives in London 12345, born 1990-02-03, "
    "tags: maths, engines"
)


async def test_values_come_from_the_prompt_where_they_fit() -> None:
    person = Person.model_validate_json(await text_of(PERSON, json_output=Person))
    assert (person.name, person.age, person.colour) == ("Ada", 36, Colour.BLUE)
    assert person.address == Address(city="London", code="12345")
    assert person.born == datetime.date(1990, 2, 3)
    assert person.tags == ["maths", "engines"]
    assert (person.email, person.nickname) == (None, None)


async def test_values_that_break_a_limit_are_not_taken() -> None:
    person = Person.model_validate_json(await text_of("Ada is 7 years old", json_output=Person))
    assert person.age == 18


@pytest.mark.parametrize("model", [Person, Limits, Node, Address, Thinking, Cat])
@pytest.mark.parametrize("prompt", ["", PERSON, "I feel happy", "1 2 3 'x'", "half: 7, flag"])
async def test_the_result_is_valid(model: type[BaseModel], prompt: str) -> None:
    model.model_validate_json(await text_of(prompt, json_output=model))


async def test_words_of_the_prompt_choose_an_enum_value() -> None:
    thinking = Thinking.model_validate_json(await text_of("I am so sad", json_output=Thinking))
    assert thinking.response == "sad"
    assert "demo model" in thinking.thoughts


async def test_rules_beyond_the_schema_are_told() -> None:
    class Even(BaseModel):
        number: int

        @field_validator("number")
        @classmethod
        def check(cls, value: int) -> int:
            if value != 424242:
                raise ValueError("must be 424242")
            return value

    assert json.loads(await text_of("take 424242", json_output=Even)) == {"number": 424242}
    with pytest.raises(ModelResponseError, match=r"(?s)'Even'.*424242.*openai:gpt-5"):
        await text_of("take 5", json_output=Even)


async def test_json_without_a_schema() -> None:
    named = await text_of("Give me JSON with keys name, city for Ada in London", json_output=True)
    assert json.loads(named) == {"name": "Ada", "city": "London"}
    assert "demo model" in json.loads(await text_of("Hello", json_output=True))["answer"]


@pytest.mark.parametrize(
    "pattern",
    [r"^\d{3}-\d{4}$", r"[a-f]+x?", r"(ab|cd){2}", r"^\w+@\w+\.com$", r"[^a-zA-Z0-9]{3}", r"\.\*",
     r"^(?P<year>\d{4})$", r"a{2,}b{,3}", r"[\]\\-]", r"^$", r"(?:x(?:y(?:z)?)+)*w"],
)  # fmt: skip
def test_texts_are_made_for_patterns(pattern: str) -> None:
    assert text_for_pattern(pattern) is not None


@pytest.mark.parametrize("pattern", ["(", "[", "(?=a)b", "a{5000}", "(" * 200 + ")" * 200, "\\"])
def test_patterns_beyond_it_give_nothing(pattern: str) -> None:
    assert text_for_pattern(pattern) is None


def numbers(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(st.integers(-50, 50), st.integers(0, 50)).map(
        lambda limits: {"type": kind, "minimum": limits[0], "maximum": limits[0] + limits[1]}
    )


LEAVES = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.sampled_from(["date", "date-time", "uuid", "time"]).map(
        lambda name: {"type": "string", "format": name}
    ),
    st.integers(0, 30).map(lambda size: {"type": "string", "minLength": size, "maxLength": size}),
    st.lists(st.sampled_from(["red", "in", "a b"]), min_size=1, unique=True).map(
        lambda values: {"enum": values}
    ),
    numbers("integer"),
    numbers("number"),
)


def nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["name", "city", "count", "tags", "answer", "on", "day"])
    objects = st.dictionaries(names, inner, max_size=4).flatmap(
        lambda properties: st.sets(st.sampled_from(sorted(properties) or ["name"])).map(
            lambda required: {
                "type": "object",
                "properties": properties,
                "required": sorted(required & properties.keys()),
            }
        )
    )
    lists = st.tuples(inner, st.integers(0, 3)).map(
        lambda pair: {"type": "array", "items": pair[0], "minItems": pair[1]}
    )
    choices = st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts})
    return objects | lists | choices


@settings(max_examples=150, deadline=None)
@given(
    schema=st.recursive(LEAVES, nested, max_leaves=8),
    prompt=st.sampled_from(["", PERSON, "on 2026-05-03 in Oslo: 3, 4 and red, 'a b'"]),
)
def test_any_schema_is_filled_validly(schema: dict[str, Any], prompt: str) -> None:
    value = fill_schema(schema, prompt, "an answer")
    schema_to_pydantic_model(schema).model_validate(json.loads(json.dumps(value)))
