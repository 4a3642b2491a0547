"""ask() and put_question(): from the question to the checked answer."""

import asyncio
import datetime
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.exceptions import UserInputError
from nbagent.messages import UserInputRequestedEvent
from nbagent.questions import ask, asking_through
from tests.questions.person import GONE, NEVER, Person


class Trip(BaseModel):
    model_config = ConfigDict(strict=True)

    to: str
    days: int = Field(default=3, ge=1)
    start: datetime.date = datetime.date(2026, 5, 1)

    @field_validator("to")
    @classmethod
    def _known(cls, value: str) -> str:
        if value == "Atlantis":
            raise ValueError("nobody has found it")
        if value == "Bug":
            raise KeyError("bug")
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.to == "Moon" and self.days < 5:
            raise ValueError("that is too short")
        return self


class Empty(BaseModel):
    pass


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "pattern": "^[A-Z]+$"},
        "count": {"type": "integer", "default": 2},
    },
    "required": ["code"],
}


async def test_a_text_stays_whole() -> None:
    text = "  Zoë\t👩‍🚀\r\n\r\nline\n"
    with asking_through(Person(text)):
        assert await ask("What?") == text.replace("\r\n", "\n")


@pytest.mark.parametrize("raw", [None, 3, True, ["x"], {"a": 1}, b"x", "x" * 1_000_001, "\udc00"])
async def test_what_is_no_text_is_refused(raw: Any) -> None:
    person = Person(raw, "then this")
    with asking_through(person):
        assert await ask("What?") == "then this"
    assert len(person.refused) == 1


async def test_a_megabyte_is_counted_in_bytes() -> None:
    person = Person("é" * 500_001, "é" * 500_000)
    with asking_through(person):
        assert len(await ask("What?")) == 500_000
    assert "1,000,000 bytes" in str(person.refused[0])


async def test_choices() -> None:
    person = Person("green", 0, "blue")
    with asking_through(person):
        assert await ask("Which?", choices=["red", "blue"]) == "blue"
    assert len(person.refused) == 2
    assert person.requests[0].question.choices == ("red", "blue")


async def test_yes_and_no() -> None:
    person = Person("yes", True, "Yes", "No")
    with asking_through(person):
        assert await ask("Sure?", bool) is True
        assert await ask("Sure?", bool) is False
    assert len(person.refused) == 2


async def test_a_model_is_filled_in_and_validated() -> None:
    person = Person(
        {"to": "", "days": "0"},
        {"to": "Atlantis", "days": "4"},
        {"to": "Moon", "days": "4"},
        {"to": "Bug", "days": "4"},
        {"to": "Lima", "days": "4", "start": "2026-06-01"},
    )
    with asking_through(person):
        trip = await ask("Where to?", Trip)
    assert trip == Trip(to="Lima", days=4, start=datetime.date(2026, 6, 1))
    told = [sorted(error.errors) for error in person.refused]
    assert told == [["days", "to"], ["to"], [], []]
    assert person.refused[1].errors["to"] == "nobody has found it"
    assert str(person.refused[2]) == "that is too short"
    assert "KeyError" in str(person.refused[3])


async def test_a_schema_gives_a_dict() -> None:
    person = Person({"code": "abc"}, {"code": "ABC", "count": ""})
    with asking_through(person):
        assert await ask("Code?", SCHEMA) == {"code": "ABC", "count": 2}
    assert list(person.refused[0].errors) == ["code"]
    answer = person.settlements[0][1]
    assert answer is not None
    assert answer.text == '{"code": "ABC", "count": 2}'


async def test_a_default_is_filled_in_and_taken_when_nobody_is_there() -> None:
    trip = Trip(to="Rome", days=9)
    person = Person(unavailable="nobody is here")
    with asking_through(person):
        assert await ask("Where to?", Trip, default=trip) is trip
        assert await ask("Code?", SCHEMA, default={"code": "X"}) == {"code": "X"}
        assert await ask("Sure?", bool, default=False) is False
        assert await ask("Which?", choices=["a", "b"], default="b") == "b"
        assert await ask("What?", default="") == ""
    notes = [answer and (answer.by, answer.note) for _, answer in person.settlements]
    assert notes == [("default", "nobody is here")] * 5
    shown = Person(NEVER)
    with asking_through(shown):
        assert await ask("Where to?", Trip, default={"to": "Rome"}, timeout=0.01) == Trip(to="Rome")
    form = shown.requests[0].question.form
    assert form is not None
    assert form["properties"]["to"]["default"] == "Rome"


async def test_nobody_there_and_no_default_is_an_error() -> None:
    for person in (Person(unavailable="nobody is here"), Person(GONE)):
        with asking_through(person), pytest.raises(UserInputError, match=r"'What\?': (nobody|the)"):
            await ask("What?")
        assert [answer for _, answer in person.settlements] == [None]


async def test_whoever_leaves_is_answered_for_by_the_default() -> None:
    person = Person(GONE)
    with asking_through(person):
        assert await ask("What?", default="this") == "this"
    answer = person.settlements[0][1]
    assert answer is not None
    assert (answer.by, answer.note) == ("default", "the person has left")


async def test_timeout_withdraws_the_question() -> None:
    person = Person(NEVER, NEVER)
    with asking_through(person):
        assert await ask("What?", timeout=0.01, default="x") == "x"
        with pytest.raises(UserInputError, match=r"nobody answered within 0\.01 s"):
            await ask("What?", timeout=0.01)
    assert person.withdrawn == 2


@pytest.mark.parametrize("by_token", [True, False])
async def test_cancelling_withdraws_the_question(by_token: bool) -> None:
    person = Person(NEVER)
    token = CancellationToken()
    with asking_through(person):
        task = asyncio.create_task(ask("What?", default="x", cancellation_token=token))
        await person.asked.wait()
        if by_token:
            token.cancel()
        else:
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert person.withdrawn == 1
    assert [answer for _, answer in person.settlements] == [None]


async def test_the_question_can_be_recorded() -> None:
    person = Person(NEVER)
    with asking_through(person):
        await ask("Where to?", Trip, default=Trip(to="Rome"), timeout=0.01)
    question = person.requests[0].question
    event = UserInputRequestedEvent(request_id="1", source="a", question=question)
    loaded = UserInputRequestedEvent.model_validate_json(event.model_dump_json())
    assert loaded.question is not None
    assert loaded.question.default == {"to": "Rome", "days": 3, "start": "2026-05-01"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"choices": []}, "must not be empty"),
        ({"choices": ["a", " "]}, "must not be empty"),
        ({"choices": ["a", "b", "a"]}, "'a' twice"),
        ({"choices": "abc"}, "list of texts"),
        ({"choices": [1]}, "list of texts"),
        ({"choices": ["a"], "answer": Trip}, "cannot stand beside"),
        ({"choices": ["a"], "default": "b"}, "one of the choices"),
        ({"default": 3}, "must be a text, not 3"),
        ({"default": None}, "must be a text, not None"),
        ({"answer": bool, "default": "yes"}, "True or False"),
        ({"answer": Trip, "default": {"to": 3}}, "does not fit Trip"),
        ({"answer": Trip, "default": "Rome"}, "does not fit Trip"),
        ({"answer": SCHEMA, "default": {"code": "abc"}}, "does not fit the JSON schema"),
        ({"answer": SCHEMA, "default": [1]}, "does not fit the JSON schema"),
        ({"answer": {"type": "string"}}, "object with properties"),
        ({"answer": {"x": object()}}, "no JSON"),
        ({"answer": {"properties": {"a": {"not": {}}}}}, "not supported"),
        ({"answer": Empty}, "nothing to ask"),
        ({"answer": int}, "must be str, bool"),
        ({"timeout": 0}, "above 0"),
        ({"timeout": -1}, "above 0"),
        ({"timeout": float("inf")}, "above 0"),
        ({"timeout": "3"}, "above 0"),
        ({"prompt": 3}, "prompt must be a text"),
    ],
)
async def test_wrong_arguments_are_told_before_anybody_is_asked(
    arguments: dict[str, Any], told: str
) -> None:
    person = Person()
    anything: Any = ask
    with asking_through(person), pytest.raises((ValueError, TypeError), match=told):
        await anything(**{"prompt": "What?", **arguments})
    assert not person.requests
