"""How far many tasks have come, as plain data: whoever runs them describes, a display draws."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nbagent.models.types import RequestUsage

TaskState: TypeAlias = Literal["waiting", "running", "done", "failed", "stopped"]
"""Where a task stands; "stopped" where the work ended before it did."""


@dataclass(frozen=True)
class TaskProgress:
    """One of many tasks.

    Attributes:
        task: What is to be done, as a short text.
        state: Where it stands.
        seconds: How long it has run so far, or ran; None before it begins.
        usage: Tokens spent so far.
        words: What was said last, shortened.
        error: Of a failed task, the name of the exception's class and what it says, in a line.
        traceback: Of a failed task, Python's traceback.
        recorded: Whether this is known from a record file, and was not run again.
    """

    task: str
    state: TaskState = "waiting"
    seconds: float | None = None
    usage: RequestUsage = field(default_factory=lambda: RequestUsage(0, 0))
    words: str = ""
    error: str = ""
    traceback: str = ""
    recorded: bool = False


def count_states(rows: Sequence[TaskProgress]) -> dict[TaskState, int]:
    """How many tasks there are of each state, those with none left out, as a reader wants them."""
    order: tuple[TaskState, ...] = ("done", "failed", "running", "waiting", "stopped")
    counts = dict.fromkeys(order, 0)
    for row in rows:
        counts[row.state] += 1
    return {state: count for state, count in counts.items() if count}
