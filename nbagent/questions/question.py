"""What a question to a person is, and what an answer to it is: plain values."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from nbagent.code_executor import CodeBlock

QuestionKind: TypeAlias = Literal["text", "choice", "form", "approval"]
AnsweredBy: TypeAlias = Literal["user", "default", "nobody"]


class CallToApprove(BaseModel, defer_build=True):
    """A tool call that waits for a person's approval.

    Attributes:
        name: The tool's name.
        arguments: JSON of the arguments that the tool would get, with defaults filled in.
        call_id: The id that the model gave the call; empty where there is none.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    arguments: str
    call_id: str = ""


class Question(BaseModel, defer_build=True):
    """A question, as a display shows it.

    Attributes:
        kind: What is wanted: a text, one of `choices`, the fields of `form`, or an approval.
        prompt: The question itself, plain text; may be empty.
        choices: What can be chosen.
        form: JSON schema of an object, of which each property is a field.
        call: The tool call to approve.
        code: The code to approve.
        default: The answer that is taken where nobody gives one.
        has_default: Whether `default` counts; None may be one.
        timeout: Seconds after which nobody is waited for any more.
    """

    model_config = ConfigDict(frozen=True)

    kind: QuestionKind = "text"
    prompt: str = ""
    choices: tuple[str, ...] = ()
    form: dict[str, Any] | None = None
    call: CallToApprove | None = None
    code: tuple[CodeBlock, ...] = ()
    default: Any = None
    has_default: bool = False
    timeout: float | None = Field(default=None, gt=0)


@dataclass(frozen=True)
class Approval:
    """The answer to a question of kind "approval".

    Attributes:
        approved: Whether it may run.
        reason: Why not, for the model.
        for_run: Whether later calls of the same tool in this run may run unasked.
    """

    approved: bool
    reason: str = ""
    for_run: bool = False

    def __str__(self) -> str:
        if self.approved:
            return "approved for this run" if self.for_run else "approved"
        return f"denied: {self.reason}" if self.reason else "denied"


class InvalidAnswerError(ValueError):
    """An answer does not fit its question; the person is asked to mend it.

    Attributes:
        errors: What is wrong, by the name of the field; empty where it is the whole answer.
    """

    def __init__(self, message: str, errors: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or {}


@dataclass(frozen=True)
class InputRequest:
    """A question on its way to a person.

    Attributes:
        request_id: Identifies it; the answer comes back for it.
        question: What is asked.
        source: Who asks; empty where it is the notebook's own code.
        check: Turns what the person gave into the answer's value, or raises
            `InvalidAnswerError`. It gets a text; for a form, a dict of field names to texts,
            booleans and lists of texts; for an approval, a dict with `approved`, `reason` and
            `for_run`.
    """

    request_id: str
    question: Question
    source: str
    check: Callable[[Any], Any]


@dataclass(frozen=True)
class Answer:
    """What came back for a question.

    Attributes:
        value: The answer; what `InputRequest.check` gave, or the question's default.
        by: "user", or "default" where nobody answered.
        note: Why the default was taken; empty otherwise.
        at: When, in UTC.
    """

    value: Any
    by: AnsweredBy = "user"
    note: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def text(self) -> str:
        """The answer as a reader sees it."""
        if isinstance(self.value, bool):
            return "Yes" if self.value else "No"
        if isinstance(self.value, BaseModel):
            return self.value.model_dump_json()
        value: Any = self.value
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False)
        return str(self.value)
