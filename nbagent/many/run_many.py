"""run_many(): an agent or a team on a list of tasks."""

import importlib
import sys
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

from nbagent.base.task import Task, TaskRunner
from nbagent.cancellation import CancellationToken
from nbagent.many.copies import AgentFactory
from nbagent.many.many_run import ManyRun
from nbagent.many.result import ManyResult, TaskOutcome

# The displays stand above this room, so they are loaded by name.
_NOTEBOOK = "nbagent.notebook.many_tasks"
_TERMINAL = "nbagent.ui.many_tasks"


async def run_many(
    agent_or_team: TaskRunner | AgentFactory,
    tasks: Sequence[Task],
    *,
    concurrency: int = 4,
    record: str | Path | None = None,
    client: Any = None,
    retry_failed: bool = True,
    cancellation_token: CancellationToken | None = None,
) -> ManyResult:
    """Run many tasks, each on an agent or team of its own, and show how far they have come.

    In a notebook a table shows each task, with a Stop button; what has ended by then is kept.
    Elsewhere a line is printed as each task ends. `run_many_stream()` shows nothing.

    A task that fails fails alone: its outcome has the error and the traceback, and the others go
    on. `result.raise_failures()` raises, where that is wanted.

    Args:
        agent_or_team: What the tasks run on. Each one gets a copy, made with `dump_component()`
            and `load_component()`, that knows of no other task; keys come from the environment.
            What cannot be copied so is given as a function that makes a new one.
        tasks: What to do: each a text, a message or a list of messages.
        concurrency: How many tasks run at the same time.
        record: A file (JSON lines) in which each task is written down as it ends. A second call
            with the same file takes over what has ended and runs the rest. Tasks are recognised
            by what they say; a changed agent wants a new file.
        client: A `dask.distributed.Client`: the tasks run on its cluster, whose workers need
            nbagent, and the models' keys in their environment.
        retry_failed: Whether tasks that failed according to `record` run again.
        cancellation_token: Ends the work when cancelled.

    Raises:
        ComponentError: The agent cannot be copied; the message names the way out.
        TypeError: An argument is of a wrong kind.
        ValueError: `concurrency` is below 1, or a task is None or an empty list.
        RecordingError: `record` is something else than a record file, or is damaged.
        OSError: The record file cannot be written.
        ImportError: `client` is given, and dask is not installed.
        asyncio.CancelledError: The token, or the task that waits, was cancelled. All has ended
            then, and the record holds what was done.
    """
    run = ManyRun(
        agent_or_team,
        tasks,
        concurrency=concurrency,
        record=record,
        client=client,
        retry_failed=retry_failed,
        cancellation_token=cancellation_token,
    )
    display: Any = importlib.import_module(_NOTEBOOK if _in_notebook() else _TERMINAL)
    result: ManyResult = await display.show_many(run)
    return result


def run_many_stream(
    agent_or_team: TaskRunner | AgentFactory,
    tasks: Sequence[Task],
    *,
    concurrency: int = 4,
    record: str | Path | None = None,
    client: Any = None,
    retry_failed: bool = True,
    cancellation_token: CancellationToken | None = None,
) -> AsyncGenerator[TaskOutcome | ManyResult, None]:
    """Run many tasks: yields a `TaskOutcome` as each one ends, last the `ManyResult`.

    Leaving the loop early ends what still runs. What `record` knows is not yielded, as it does
    not run; the result has it. Arguments and errors are those of `run_many()`.
    """
    return ManyRun(
        agent_or_team,
        tasks,
        concurrency=concurrency,
        record=record,
        client=client,
        retry_failed=retry_failed,
        cancellation_token=cancellation_token,
    ).stream()


def _in_notebook() -> bool:
    """Whether IPython's kernel or marimo may run this code; the display looks closer."""
    return "ipykernel" in sys.modules or "marimo" in sys.modules
