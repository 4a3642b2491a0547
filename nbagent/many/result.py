"""What many tasks gave: a result or a failure for each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nbagent.base.task import Task, TaskResult
from nbagent.exceptions import TasksFailedError
from nbagent.models.types import RequestUsage

OutcomeState: TypeAlias = Literal["done", "failed", "stopped"]
"""How a task ended; "stopped" where the work ended before the task did."""

_NAMED = 3
"""So many failures are named in an error's message."""


@dataclass(frozen=True)
class TaskFailure:
    """Why a task failed.

    Attributes:
        type: The name of the exception's class.
        message: What it says.
        traceback: Python's traceback, with causes and notes; empty where there is none.
    """

    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True)
class TaskOutcome:
    """What became of one task.

    Attributes:
        index: Its place among the tasks, from 0.
        task: What was to be done.
        result: What the agent or team gave; None where it failed or was stopped.
        error: Why it failed; None where it did not.
        seconds: How long it ran.
        usage: Tokens spent, also by a task that failed.
        recorded: Whether the record file knew it, so that it was not run again.
    """

    index: int
    task: Task
    result: TaskResult | None = None
    error: TaskFailure | None = None
    seconds: float = 0.0
    usage: RequestUsage = field(default_factory=lambda: RequestUsage(0, 0))
    recorded: bool = False

    @property
    def state(self) -> OutcomeState:
        """How it ended."""
        if self.error is not None:
            return "failed"
        return "stopped" if self.result is None else "done"


@dataclass(frozen=True, repr=False)
class ManyResult:
    """What became of all tasks.

    Attributes:
        results: One outcome for each task, in the order of the tasks.
        seconds: How long it took in all; tasks ran side by side.
        stop_reason: Why the work ended before the tasks did; None where they all ended.
    """

    results: Sequence[TaskOutcome]
    seconds: float
    stop_reason: str | None = None

    @property
    def done(self) -> list[TaskOutcome]:
        """Those that have a result."""
        return [outcome for outcome in self.results if outcome.state == "done"]

    @property
    def failed(self) -> list[TaskOutcome]:
        """Those that failed."""
        return [outcome for outcome in self.results if outcome.state == "failed"]

    @property
    def usage(self) -> RequestUsage:
        """Tokens spent on all tasks, those of earlier calls with the same record included."""
        return sum((outcome.usage for outcome in self.results), RequestUsage(0, 0))

    def raise_failures(self) -> None:
        """Raise an error if a task failed.

        Raises:
            TasksFailedError: It names the first failures.
        """
        failed = self.failed
        if not failed:
            return
        named = [
            f"task {outcome.index}: {outcome.error.type}: {outcome.error.message}"
            for outcome in failed[:_NAMED]
            if outcome.error is not None
        ]
        more = f" And {len(failed) - _NAMED} more." if len(failed) > _NAMED else ""
        raise TasksFailedError(
            f"{len(failed)} of {len(self.results)} tasks failed. {'; '.join(named)}.{more} "
            "Each one's .error has the traceback."
        )

    def __repr__(self) -> str:
        counts = [f"{len(self.done)} done"]
        for state in ("failed", "stopped"):
            count = sum(outcome.state == state for outcome in self.results)
            counts += [f"{count} {state}"] if count else []
        text = f"{len(self.results)} tasks: {', '.join(counts)}, in {self.seconds:.1f} s"
        usage = self.usage
        if usage.prompt_tokens or usage.completion_tokens:
            text += f", {usage.prompt_tokens:,} tokens in, {usage.completion_tokens:,} out"
        if self.stop_reason is not None:
            text += f", stop_reason={self.stop_reason!r}"
        return f"<ManyResult of {text}>"
