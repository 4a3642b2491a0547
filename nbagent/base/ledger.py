"""Ledgers: what an orchestrator writes down of a task and of its progress.

A message that stands for a ledger carries it in its metadata, so that a display can show its
parts; see `ledger_metadata` and `read_ledger`.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel, model_validator

from nbagent.messages import BaseAgentEvent, BaseChatMessage


class LedgerAnswer(BaseModel, defer_build=True):
    """Yes or no, with the reason."""

    reason: str
    answer: bool


class LedgerText(BaseModel, defer_build=True):
    """An answer in words, with the reason."""

    reason: str
    answer: str


class ProgressLedger(BaseModel, defer_build=True):
    """How far a task has come, and what is next.

    Attributes:
        is_request_satisfied: Whether the task is done.
        is_in_loop: Whether the same is done again and again.
        is_progress_being_made: Whether the last steps brought the task forward.
        next_speaker: The name of the participant who speaks next.
        instruction_or_question: What that participant is told.
    """

    is_request_satisfied: LedgerAnswer
    is_in_loop: LedgerAnswer
    is_progress_being_made: LedgerAnswer
    next_speaker: LedgerText
    instruction_or_question: LedgerText

    @model_validator(mode="before")
    @classmethod
    def _complete_answers(cls, data: Any) -> Any:
        """Take answers without a reason, as smaller models give them."""
        if not isinstance(data, Mapping):
            return data
        answers = cast("Mapping[str, Any]", data)
        return {key: _with_reason(value) for key, value in answers.items()}


class TaskLedger(BaseModel, defer_build=True):
    """What is known of a task, and the plan.

    Attributes:
        task: The task.
        facts: What is known, is to be looked up, to be worked out, or guessed.
        plan: Who does what.
        version: 1 for the first plan; one more each time the work stalled.
    """

    task: str
    facts: str
    plan: str
    version: int = 1


class ProgressReport(BaseModel, defer_build=True):
    """A progress ledger, and how the run stands by it.

    Attributes:
        ledger: The ledger.
        round: Its number in the task, from 1.
        max_rounds: How many there may be; None for any number.
        stalls: How often of late no progress was found.
        max_stalls: So many lead to a new plan.
    """

    ledger: ProgressLedger
    round: int = 1
    max_rounds: int | None = None
    stalls: int = 0
    max_stalls: int = 0


def ledger_metadata(ledger: TaskLedger | ProgressReport) -> dict[str, str]:
    """The metadata of a message that stands for `ledger`.

    Returns:
        "ledger": "task" or "progress"; "ledger_content": the ledger as JSON.
    """
    kind = "task" if isinstance(ledger, TaskLedger) else "progress"
    return {"ledger": kind, "ledger_content": json.dumps(ledger.model_dump())}


def read_ledger(event: BaseAgentEvent | BaseChatMessage) -> TaskLedger | ProgressReport | None:
    """The ledger that a message stands for; None where it stands for none, or for a broken one."""
    kinds = {"task": TaskLedger, "progress": ProgressReport}
    kind = kinds.get(event.metadata.get("ledger", ""))
    if kind is None:
        return None
    try:
        return kind.model_validate(json.loads(event.metadata.get("ledger_content", "")))
    except (ValueError, RecursionError):
        return None


def _with_reason(value: Any) -> Any:
    if isinstance(value, LedgerAnswer | LedgerText):
        return value
    if isinstance(value, Mapping):
        return {"reason": "", **cast("Mapping[str, Any]", value)}
    return {"reason": "", "answer": value}
