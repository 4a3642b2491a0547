"""What a transcript consists of: items, each a plain value.

An item is never changed in place; the reducer puts a newer one where it stood. Times are those
of the events, so that a recorded run folds into the same transcript again.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from nbagent.base.ledger import ProgressReport, TaskLedger
from nbagent.base.progress import TaskProgress
from nbagent.base.team_shape import TeamShape
from nbagent.code_executor import CodeBlock
from nbagent.image import Image
from nbagent.models.types import RequestUsage
from nbagent.questions.question import AnsweredBy, Question

CallState: TypeAlias = Literal["waiting", "running", "done", "failed", "denied", "cancelled"]
QuestionState: TypeAlias = Literal["open", "answered", "cancelled"]
TextState: TypeAlias = Literal["streaming", "done", "interrupted"]
RunState: TypeAlias = Literal["running", "done", "failed", "stopped"]


class BaseItem(BaseModel):
    """What all items have.

    Attributes:
        id: Unique in the transcript, and the same for all versions of the item.
        source: The participant that it belongs to.
        at: When it began.
        call: The `id` of the tool call in which it happened, as when a tool runs an agent; None
            outside of any. Calls in calls each name the one they are in.
        team: The inner team in which it happened; "outer/inner" for one in another, empty where
            it is the run's own.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    source: str
    at: datetime | None = None
    call: str | None = None
    team: str = ""


class MessageItem(BaseItem):
    """Something said: text and pictures, in order.

    Attributes:
        parts: The content; a message that streams has one part, its text so far.
        state: "streaming" while it grows, "interrupted" where the run ended before it did.
        usage: Tokens spent on it.
        message_type: The name of the message's type.
    """

    kind: Literal["message"] = "message"
    parts: tuple[str | Image, ...]
    state: TextState = "done"
    usage: RequestUsage | None = None
    message_type: str = "TextMessage"

    @property
    def text(self) -> str:
        """All text of the message."""
        return "\n\n".join(part for part in self.parts if isinstance(part, str))


class StructuredItem(BaseItem):
    """A message whose content is data.

    Attributes:
        data: The content.
        type_name: The name of the content's type.
        text: The content as the message formats it.
        usage: Tokens spent on it.
    """

    kind: Literal["structured"] = "structured"
    data: dict[str, Any]
    type_name: str
    text: str
    usage: RequestUsage | None = None


class ThoughtItem(BaseItem):
    """A model's reasoning."""

    kind: Literal["thought"] = "thought"
    text: str


class AskedApproval(BaseModel):
    """The question whether a tool call may run, and what became of it.

    Attributes:
        request_id: Identifies the question; the answer carries it.
        question: What is asked, with the exact call.
        asked_at: When.
        state: "open" while it waits, "answered", or "cancelled".
        approved: Whether the call may run; None while it is not decided.
        answer: What was said, as text; the reason of a denial is part of it.
        answered_by: "user", or "default" where nobody answered.
        answered_at: When.
        note: Why nobody answered; empty otherwise.
    """

    model_config = ConfigDict(frozen=True)

    request_id: str
    question: Question
    asked_at: datetime | None = None
    state: QuestionState = "open"
    approved: bool | None = None
    answer: str | None = None
    answered_by: AnsweredBy = "nobody"
    answered_at: datetime | None = None
    note: str = ""


class ToolCallItem(BaseItem):
    """A tool call with its result.

    Attributes:
        call_id: The call's id, as the model gave it; unique among the open calls only.
        name: The tool's name.
        arguments: The arguments as the model wrote them; JSON where it kept to the protocol.
        result: What the tool gave, as text; None while there is nothing.
        state: "waiting" for a person's approval, "running", "done", "failed", "denied" by a
            person, or "cancelled".
        duration: Seconds the call took, once it has ended.
        approval: Who allowed or denied the call, where somebody was asked.
        images: The pictures that the tool returned.
    """

    kind: Literal["tool_call"] = "tool_call"
    call_id: str
    name: str
    arguments: str
    result: str | None = None
    state: CallState = "running"
    duration: float | None = None
    approval: AskedApproval | None = None
    images: tuple[Image, ...] = ()


class HandoffItem(BaseItem):
    """One agent passes the conversation to another."""

    kind: Literal["handoff"] = "handoff"
    target: str
    text: str


class SpeakerItem(BaseItem):
    """A team chooses who speaks next.

    Attributes:
        speakers: Those who speak; empty where what a model said has not led to a choice.
        text: What the model said that chose, where one did.
    """

    kind: Literal["speaker"] = "speaker"
    speakers: tuple[str, ...]
    text: str = ""

    @property
    def reason(self) -> str:
        """What the model said, if it is more than the name."""
        said = self.text.strip()
        return "" if said.strip("\"'`*.") in self.speakers else said


class MemoryItem(BaseItem):
    """What a memory found, each as text or picture."""

    kind: Literal["memory"] = "memory"
    contents: tuple[str | Image, ...]


class QuestionItem(BaseItem):
    """A question to the human.

    Attributes:
        request_id: Identifies the question; the answer carries it.
        question: What is asked, where whoever shows the run asks it; None where an input
            function does.
        state: "open" while it waits, "answered", or "cancelled".
        answer: What was said, as text.
        answered_by: "user", or "default" where nobody answered.
        answered_at: When.
        note: Why nobody answered; empty otherwise.
    """

    kind: Literal["question"] = "question"
    request_id: str
    question: Question | None = None
    state: QuestionState = "open"
    answer: str | None = None
    answered_by: AnsweredBy = "nobody"
    answered_at: datetime | None = None
    note: str = ""

    @property
    def prompt(self) -> str:
        """The question as text; empty where none was given."""
        return self.question.prompt if self.question is not None else ""


class CodeItem(BaseItem):
    """Code that an agent runs, and what it printed.

    Attributes:
        blocks: The code.
        output: What it printed; None while it runs.
        exit_code: 0 where it succeeded; None while it runs.
        state: "running" until the output is there.
        retry_attempt: 0 for the first try.
    """

    kind: Literal["code"] = "code"
    blocks: tuple[CodeBlock, ...]
    output: str | None = None
    exit_code: int | None = None
    state: CallState = "running"
    retry_attempt: int = 0


class ErrorItem(BaseItem):
    """Why the run failed.

    Attributes:
        error_type: The name of the exception's class.
        message: What it says.
    """

    kind: Literal["error"] = "error"
    error_type: str
    message: str


class LedgerItem(BaseItem):
    """What an orchestrator wrote down of a task, or of its progress.

    Attributes:
        ledger: The ledger.
        text: What was said with it.
        usage: Tokens spent on it.
    """

    kind: Literal["ledger"] = "ledger"
    ledger: TaskLedger | ProgressReport
    text: str = ""
    usage: RequestUsage | None = None


class ProgressItem(BaseItem):
    """How far many tasks have come.

    Attributes:
        rows: The tasks, in order.
    """

    kind: Literal["progress"] = "progress"
    rows: tuple[TaskProgress, ...]


class OtherItem(BaseItem):
    """A message or event of a type that nbagent does not know, as text."""

    kind: Literal["other"] = "other"
    message_type: str
    text: str


Item: TypeAlias = Annotated[
    MessageItem
    | StructuredItem
    | ThoughtItem
    | ToolCallItem
    | HandoffItem
    | SpeakerItem
    | MemoryItem
    | QuestionItem
    | CodeItem
    | LedgerItem
    | ProgressItem
    | ErrorItem
    | OtherItem,
    Field(discriminator="kind"),
]


class TeamAtWork(BaseModel):
    """A team of a run that goes on.

    Attributes:
        team: The team, as a picture shows it.
        working: Those whose turn it is now.
    """

    model_config = ConfigDict(frozen=True)

    team: TeamShape
    working: tuple[str, ...] = ()


class Transcript(BaseModel):
    """A run as a reader sees it. Changed only by `reduce` and `run_state`.

    Attributes:
        items: What happened, in order.
        state: "running" until the run ends; "stopped" where a person or a cancel ended it.
        stop_reason: Why the run ended, where it said so.
        started_at: The time of the first event.
        last_at: The time of the newest event.
        ended_at: The time at which the run ended.
        usage: Tokens spent in all.
        usage_by_source: Tokens spent by each participant, by name.
        notices: What a reader must be told, such as that the model is a demo; each once.
        teams: Who is at work while a team runs, outer teams first; empty when the run has ended.
    """

    items: list[Item] = Field(default_factory=list[Item])
    state: RunState = "running"
    stop_reason: str | None = None
    started_at: datetime | None = None
    last_at: datetime | None = None
    ended_at: datetime | None = None
    usage: RequestUsage = Field(default_factory=lambda: RequestUsage(0, 0))
    usage_by_source: dict[str, RequestUsage] = Field(default_factory=dict[str, RequestUsage])
    notices: list[str] = Field(default_factory=list[str])
    teams: list[TeamAtWork] = Field(default_factory=list[TeamAtWork])
