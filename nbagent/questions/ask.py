"""ask(): a question to a person, from anywhere in a program, a tool or an agent."""

import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, TypeVar, cast, overload

from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema

from nbagent.cancellation import CancellationToken
from nbagent.questions.announcing import asking_source
from nbagent.questions.checks import YES_NO, check_text, check_yes_no, choice_check
from nbagent.questions.form import FormField, Schema, form_fields, root_object
from nbagent.questions.put import put_question
from nbagent.questions.question import InputRequest, InvalidAnswerError, Question
from nbagent.questions.read_form import read_form, wrong_fields

ModelT = TypeVar("ModelT", bound=BaseModel)


class _NoDefault(Enum):
    NO_DEFAULT = "no default"


NO_DEFAULT = _NoDefault.NO_DEFAULT
"""Stands for no default, as every value may be one."""

NoDefault = Literal[_NoDefault.NO_DEFAULT]


@overload
async def ask(
    prompt: str,
    answer: type[str] = str,
    *,
    choices: Sequence[str] | None = None,
    default: str | NoDefault = NO_DEFAULT,
    timeout: float | None = None,
    cancellation_token: CancellationToken | None = None,
) -> str: ...
@overload
async def ask(
    prompt: str,
    answer: type[bool],
    *,
    default: bool | NoDefault = NO_DEFAULT,
    timeout: float | None = None,
    cancellation_token: CancellationToken | None = None,
) -> bool: ...
@overload
async def ask(
    prompt: str,
    answer: type[ModelT],
    *,
    default: ModelT | Mapping[str, Any] | NoDefault = NO_DEFAULT,
    timeout: float | None = None,
    cancellation_token: CancellationToken | None = None,
) -> ModelT: ...
@overload
async def ask(
    prompt: str,
    answer: Mapping[str, Any],
    *,
    default: Mapping[str, Any] | NoDefault = NO_DEFAULT,
    timeout: float | None = None,
    cancellation_token: CancellationToken | None = None,
) -> dict[str, Any]: ...
async def ask(
    prompt: str,
    answer: Any = str,
    *,
    choices: Sequence[str] | None = None,
    default: Any = NO_DEFAULT,
    timeout: float | None = None,
    cancellation_token: CancellationToken | None = None,
) -> Any:
    """Ask a person, where the run is shown: in the notebook's page, or in the terminal.

    It works alone and inside tools and agents.

    Args:
        prompt: The question, plain text.
        answer: What is wanted: `str` (a text), `bool` (yes or no), a pydantic model class (a
            form; the answer is an instance), or the JSON schema of an object (a form; the
            answer is a dict).
        choices: The texts to choose from; the answer is one of them.
        default: The answer where nobody can be asked, or nobody answers in time; it fits what
            is wanted. A person finds it filled in.
        timeout: Seconds to wait for the answer; None waits until there is one.
        cancellation_token: Withdraws the question when cancelled.

    Returns:
        The answer, checked.

    Raises:
        UserInputError: Nobody can be asked or answered in time, and there is no default.
        TypeError, ValueError: An argument is wrong.
        asyncio.CancelledError: The question was withdrawn.
    """
    if not isinstance(prompt, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"prompt must be a text, not {prompt!r}.")
    check_timeout(timeout)
    question, check = _question(answer, choices, default)
    question = question.model_copy(update={"prompt": prompt, "timeout": timeout})
    request = InputRequest(str(uuid.uuid4()), question, asking_source(), check)
    return (await put_question(request, cancellation_token)).value


def check_timeout(timeout: object) -> None:
    """Refuse what is no number of seconds.

    Raises:
        ValueError: It is neither None nor a finite number above 0.
    """
    if timeout is None:
        return
    if (
        not isinstance(timeout, int | float)
        or isinstance(timeout, bool)
        or not math.isfinite(timeout)
        or timeout <= 0
    ):
        raise ValueError(
            f"timeout must be a number of seconds above 0, or None to wait on; not {timeout!r}."
        )


def _question(
    answer: Any, choices: Sequence[str] | None, default: Any
) -> tuple[Question, Callable[[Any], Any]]:
    """The question without its prompt, and the check of its answer."""
    if choices is not None:
        if answer is not str:
            raise ValueError(f"choices are texts; they cannot stand beside answer={answer!r}.")
        return _choice_question(choices, default)
    if answer is str:
        question = Question(**_default(default, check_text, "a text"))
        return question, check_text
    if answer is bool:
        if default is not NO_DEFAULT and not isinstance(default, bool):
            raise ValueError(f"the default of a yes/no question is True or False, not {default!r}.")
        given: dict[str, Any] = {}
        if default is not NO_DEFAULT:
            given = {"default": default, "has_default": True}
        return Question(kind="choice", choices=YES_NO, **given), check_yes_no
    if isinstance(answer, type) and issubclass(answer, BaseModel):
        return _model_question(answer, default)
    if isinstance(answer, Mapping):
        return _schema_question(cast("Mapping[str, Any]", answer), default)
    raise TypeError(
        "answer must be str, bool, a pydantic model class or the JSON schema of an object, "
        f"not {answer!r}."
    )


def _choice_question(choices: Sequence[str], default: Any) -> tuple[Question, Callable[[Any], Any]]:
    texts = tuple(choices)
    if isinstance(choices, str) or not all(isinstance(text, str) for text in texts):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"choices must be a list of texts, not {choices!r}.")
    if not texts or not all(text.strip() for text in texts):
        raise ValueError(f"choices must not be empty, and no choice may be: {list(texts)!r}.")
    if len(set(texts)) < len(texts):
        twice = next(text for text in texts if texts.count(text) > 1)
        raise ValueError(f"choices has {twice!r} twice; nobody could tell one from the other.")
    check = choice_check(texts)
    given = _default(default, check, f"one of the choices {list(texts)!r}")
    return Question(kind="choice", choices=texts, **given), check


def _model_question(model: type[BaseModel], default: Any) -> tuple[Question, Callable[[Any], Any]]:
    try:
        schema = model.model_json_schema()
        fields = form_fields(schema)
    except (PydanticInvalidForJsonSchema, ValueError) as error:
        raise ValueError(f"{model.__name__} cannot be asked for as a form: {error}") from error
    value: BaseModel | None = None
    if default is not NO_DEFAULT:
        try:
            value = default if isinstance(default, model) else model.model_validate(default)
        except ValidationError as error:
            raise ValueError(f"the default does not fit {model.__name__}: {error}") from error
    shown = None if value is None else value.model_dump(mode="json", by_alias=True)
    check = _form_check(fields, model, lambda instance, _: instance)
    return _form_question(schema, shown, value), check


def _schema_question(
    schema: Mapping[str, Any], default: Any
) -> tuple[Question, Callable[[Any], Any]]:
    try:
        plain: Schema = json.loads(json.dumps(dict(schema)))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the JSON schema holds something that is no JSON: {error}") from error
    fields = form_fields(plain)
    # It costs every import of an agent otherwise; few forms are asked by a schema.
    from nbagent.structured_schema import schema_to_pydantic_model

    model = schema_to_pydantic_model(plain, "Form")
    value: dict[str, Any] | None = None
    if default is not NO_DEFAULT:
        try:
            model.model_validate_json(json.dumps(default))
        except (TypeError, ValueError) as error:
            raise ValueError(f"the default does not fit the JSON schema: {error}") from error
        value = dict(default)
    check = _form_check(fields, model, lambda _, values: values)
    return _form_question(plain, value, value), check


def _form_question(schema: Schema, shown: dict[str, Any] | None, value: Any) -> Question:
    """The question for a form whose controls hold `shown` at first."""
    form = root_object(schema)
    if shown is None:
        return Question(kind="form", form=form)
    properties = cast("dict[str, Any]", form["properties"])
    form["properties"] = {
        name: {**part, "default": shown[name]} if isinstance(part, dict) and name in shown else part
        for name, part in properties.items()
    }
    return Question(kind="form", form=form, default=value, has_default=True)


def _form_check(
    fields: Sequence[FormField],
    model: type[BaseModel],
    result: Callable[[BaseModel, dict[str, Any]], Any],
) -> Callable[[Any], Any]:
    def check(raw: Any) -> Any:
        values = read_form(fields, raw)
        try:
            # As JSON, so that strict models take dates and the like from their texts.
            return result(model.model_validate_json(json.dumps(values)), values)
        except ValidationError as error:
            raise _misfit(fields, error) from error
        except Exception as error:
            # A validator of the model may raise anything; the person is to hear of it, and the
            # question stays open.
            raise InvalidAnswerError(
                f"The answer could not be checked: {type(error).__name__}: {error}"
            ) from error

    return check


def _misfit(fields: Sequence[FormField], error: ValidationError) -> InvalidAnswerError:
    """What pydantic found wrong, by field."""
    errors: dict[str, str] = {}
    whole: list[str] = []
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        place = tuple(str(part) for part in detail["loc"])
        text = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        field = next((field for field in fields if place[: len(field.path)] == field.path), None)
        if field is None:
            whole.append(text)
        else:
            errors.setdefault(field.name, text)
    if not errors:
        return InvalidAnswerError("; ".join(whole))
    misfit = wrong_fields(fields, errors)
    return InvalidAnswerError("; ".join([*whole, str(misfit)]), misfit.errors)


def _default(default: Any, check: Callable[[Any], Any], wanted: str) -> dict[str, Any]:
    """What `Question` is told of a default that must pass the same check as an answer."""
    if default is NO_DEFAULT:
        return {}
    try:
        return {"default": check(default), "has_default": True}
    except InvalidAnswerError as error:
        raise ValueError(f"the default must be {wanted}, not {default!r}: {error}") from error
