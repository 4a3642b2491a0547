"""run_sync(): agents for code that cannot await."""

import asyncio
import importlib
import inspect
import sys
from collections.abc import AsyncGenerator, Awaitable, Coroutine
from typing import Any, TypeVar, overload

from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.ui.console import Console
from nbagent.ui.hand_over import hand_over
from nbagent.ui.interrupts import run_interruptible, serving_loop
from nbagent.ui.thread_loop import loop_of_this_thread

T = TypeVar("T")
ResultT = TypeVar("ResultT", bound=TaskResult | Response)


@overload
def run_sync(
    work: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
) -> ResultT | TaskResult: ...
@overload
def run_sync(work: Awaitable[T]) -> T: ...
def run_sync(work: Any) -> Any:
    """Run agents without `await`: in a script, a plain cell, or a function called from one.

    A script needs no event loop of its own: one is kept for all calls of a thread, so that
    clients stay connected, and closed when the process ends. In a notebook, whose loop is
    running already, the call nests in it; Stop and the answers to questions still arrive.

    Args:
        work: What `agent.run(task=...)`, `show(...)`, `Console(...)` or `ask(...)` gives, or
            any other coroutine. The stream of `run_stream()` is shown: in a notebook as
            `show()` does, elsewhere as `Console` does.

    Returns:
        The result of the coroutine, or of the run that was shown.

    Raises:
        TypeError: `work` is none of these.
        RuntimeError: It cannot run here; the message says what to write instead.
        KeyboardInterrupt: Ctrl+C or the notebook's Stop. The run has ended then.
    """
    _check(work)
    notebook = _in_notebook()
    if isinstance(work, AsyncGenerator):
        display: Any = Console
        if notebook:
            display = importlib.import_module("nbagent.notebook.show").show
        work = display(work)
    coroutine = work if inspect.iscoroutine(work) else _result_of(work)
    # By name: the rooms below a notebook must not import what only a notebook needs.
    run = importlib.import_module("nbagent.notebook.nesting").run_nested if notebook else _run
    return run(coroutine)


async def _result_of(work: Awaitable[T]) -> T:
    return await work


def _in_notebook() -> bool:
    """Whether IPython or marimo runs this code; they have an event loop of their own."""
    ipython, marimo = sys.modules.get("IPython"), sys.modules.get("marimo")
    return (ipython is not None and ipython.get_ipython() is not None) or (
        marimo is not None and marimo.running_in_notebook()
    )


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` in a process that is no notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:  # none is running, as it should be
        serving = serving_loop.get()
        if serving is not None and serving.is_running():  # a plain function as an agent's tool
            return hand_over(serving, coroutine)
        return run_interruptible(loop_of_this_thread(), coroutine)
    coroutine.close()
    raise RuntimeError(
        "nbagent.run_sync() cannot wait here, as an event loop is running in this thread: in an "
        "async function, write `await agent.run(task=...)`. A plain function that is called "
        "from one can be given to `await asyncio.to_thread(function)`."
    )


def _check(work: object) -> None:
    """Refuse what cannot be run, and say what was probably meant."""
    if inspect.isawaitable(work) or isinstance(work, AsyncGenerator):
        return
    kind = type(work).__name__
    if hasattr(work, "run_stream"):
        problem = f"got the {kind} itself"
        way_out = "nbagent.run_sync(agent.run(task=...)), or run_stream(task=...) to watch it"
    elif callable(work):
        name = getattr(work, "__name__", kind)
        owner = f"{type(work.__self__).__name__}." if inspect.ismethod(work) else ""
        problem = f"got {owner}{name} itself, which was not called"
        way_out = f"nbagent.run_sync(...{name}(...)), with the parentheses"
    elif isinstance(work, TaskResult | Response):
        problem = f"got a {kind}, which is a result already"
        way_out = "nbagent.run_sync(agent.run(task=...)), without await"
    else:
        problem = f"got a {kind}"
        way_out = "nbagent.run_sync(agent.run(task=...))"
    raise TypeError(f"run_sync() needs a coroutine or a stream, and {problem}: write {way_out}.")
