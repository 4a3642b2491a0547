"""Many tasks in a terminal: a line as each one ends."""

from contextlib import aclosing

from nbagent.many.many_run import ManyRun
from nbagent.many.result import ManyResult
from nbagent.render.progress_table import task_line
from nbagent.ui.output import write


async def show_many(run: ManyRun) -> ManyResult:
    """Run the tasks, and print a line as each one ends.

    Raises:
        Exception: What `ManyRun.stream()` raises.
    """
    result: ManyResult | None = None
    async with aclosing(run.stream()) as stream:
        async for item in stream:
            if isinstance(item, ManyResult):
                result = item
            else:
                write(f"{task_line(item.index, run.progress()[item.index])}\n")
    assert result is not None
    write(f"{result!r}\n")
    return result
