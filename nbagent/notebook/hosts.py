"""Where a notebook runs: who is there, and how a cell's output is shown and replaced.

| host | while a cell runs | when it has ended, a background run |
|---|---|---|
| a Jupyter front end | sees it live, can answer | the same |
| nbclient, nbconvert, papermill | nobody is there | nobody is there |
| Voila | nobody sees it before it ends | sees it live, can answer |
| marimo | sees no more than that it runs | sees it live, can answer |
"""

import importlib
import inspect
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from IPython.display import (
    display,  # pyright: ignore[reportUnknownVariableType]
    update_display,  # pyright: ignore[reportUnknownVariableType]
)

from nbagent.notebook.front_end import FrontEnd, front_end
from nbagent.notebook.kernel import can_deliver
from nbagent.notebook.view import TranscriptView

BACKGROUND = "show(stream, background=True)"

_NOBODY = "nobody follows this notebook while it runs"
_RUNNING = "The run is still going on, or its page was closed before it ended."
_UNSEEN = (
    "The run went on in the background, and nobody followed this notebook. For its transcript "
    "here, await it in a later cell: run = show(..., background=True), then await run."
)
_NO_WAITING = (
    "In {host} a cell cannot wait for a run that goes on in the background: whoever reads the "
    "page can answer only when the cell has ended. Await the run in a task: "
    "asyncio.create_task(use(run)), where `async def use(run)` begins with `result = await run`."
)


class Output(Protocol):
    """The place in a cell's output where a transcript is shown."""

    def show(self, view: TranscriptView | None) -> None:
        """Show the live view, or, where nobody would see it, that a run goes on."""
        ...

    def replace(self, bundle: dict[str, str]) -> None:
        """Put the static form there, by media type, where the host can still do that."""
        ...


class Host(Protocol):
    """Where a notebook runs."""

    view_lasts: bool
    """Whether a live view stays in the page, as the static form cannot take its place."""

    def nobody_answers(self, *, background: bool) -> str | None:
        """Why nobody sees a run and can answer it, as a clause; None where someone can.

        Args:
            background: Whether the run goes on when its cell has ended.
        """
        ...

    def asks_by_prompt(self) -> bool:
        """Whether a running cell gets answers only by the prompt of Python's `input()`."""
        ...

    def cannot_wait(self) -> str | None:
        """Why the code that calls must not wait for a run in the background, as a sentence.

        None where it may. It must not where a person is to answer, and can do so only when the
        cell that waits has ended.
        """
        ...

    def output(self, *, background: bool) -> Output:
        """A new place in the output of the cell that runs."""
        ...


def current_host() -> Host | None:
    """Where the code that runs now is shown; None outside of a notebook."""
    here = front_end()
    if here is FrontEnd.NONE:
        return None
    if here is FrontEnd.MARIMO:
        return MarimoHost()
    if here is FrontEnd.VOILA:
        return VoilaHost()
    return JupyterHost(followed=here is not FrontEnd.NOBODY)


class JupyterHost:
    """A Jupyter kernel.

    Args:
        followed: Whether a front end with a person in front follows the cells.
    """

    view_lasts = False

    def __init__(self, *, followed: bool) -> None:
        self._followed = followed

    def nobody_answers(self, *, background: bool) -> str | None:
        """The same in the background: whoever runs a notebook unattended reads no answers."""
        return None if self._followed else _NOBODY

    def asks_by_prompt(self) -> bool:
        """So it is in a kernel that nbagent does not know well enough."""
        return not can_deliver()

    def cannot_wait(self) -> str | None:
        """A cell may wait: answers arrive meanwhile."""
        return None

    def output(self, *, background: bool) -> Output:
        """An output with an id, by which it is replaced, also when the cell has ended."""
        return _JupyterOutput(_UNSEEN if background else _RUNNING)


class VoilaHost:
    """Voila: it runs the cells unattended, and then serves what they have put out.

    A view that is in an output by then fetches its state from the kernel. The page has no
    outputs that could be replaced.
    """

    view_lasts = True

    def nobody_answers(self, *, background: bool) -> str | None:
        """Somebody is there once the page has been served."""
        if background:
            return None
        return f"Voila shows a cell only when it has ended; {BACKGROUND} asks in its page"

    def asks_by_prompt(self) -> bool:
        """A running cell gets none at all."""
        return False

    def cannot_wait(self) -> str | None:
        """No cell may wait: without its end there is no page."""
        return _cannot_wait("Voila", "IPython.core.interactiveshell")

    def output(self, *, background: bool) -> Output:
        """An output like any other's; Voila takes from it what is there in time."""
        return _JupyterOutput(_RUNNING)


class _JupyterOutput:
    def __init__(self, placeholder: str) -> None:
        self._placeholder = placeholder
        self._display_id = f"nbagent-{uuid.uuid4().hex}"

    def show(self, view: TranscriptView | None) -> None:
        bundle = {} if view is None else view.mimebundle()
        bundle["text/plain"] = _RUNNING if view is not None else self._placeholder
        display(bundle, raw=True, display_id=self._display_id)

    def replace(self, bundle: dict[str, str]) -> None:
        update_display(bundle, raw=True, display_id=self._display_id)


class MarimoHost:
    """marimo: what a page says waits in a queue until the running cell has ended."""

    view_lasts = True

    def __init__(self) -> None:
        self._marimo: Any = importlib.import_module("marimo")

    def nobody_answers(self, *, background: bool) -> str | None:
        """Somebody is there in an editor or an app, once the cell has ended."""
        if self._marimo.app_meta().mode not in ("edit", "run"):
            return _NOBODY
        if background:
            return None
        return f"marimo brings answers only when the cell has ended; {BACKGROUND} gets them"

    def asks_by_prompt(self) -> bool:
        """A running cell gets none at all."""
        return False

    def cannot_wait(self) -> str | None:
        """No cell may wait: until its end answers stay in the queue."""
        return _cannot_wait("marimo", "marimo._runtime.executor")

    def output(self, *, background: bool) -> Output:
        """A place among what the cell has put out."""
        return _MarimoOutput(self._marimo)


class _MarimoOutput:
    """In marimo a cell's output can be set only while the cell runs: a view stays.

    A cell runs again whenever what it depends on changes; a run of its last time ends then.
    """

    def __init__(self, marimo: Any) -> None:
        self._marimo = marimo
        self._spinner: Any = None

    def show(self, view: TranscriptView | None) -> None:
        if view is not None:
            self._marimo.output.append(view)
            _when_closed(view.comm, view.removed)
            return
        self._spinner = self._marimo.status.spinner(
            title="The run goes on",
            subtitle=f"Here it is shown when it has ended; {BACKGROUND} shows it live.",
            remove_on_exit=True,
        )
        self._spinner.__enter__()

    def replace(self, bundle: dict[str, str]) -> None:
        if self._spinner is not None:
            self._spinner.__exit__(None, None, None)
            self._marimo.output.append(self._marimo.Html(bundle["text/html"]))


def _when_closed(comm: Any, tell: Callable[[], None]) -> None:
    """Tell when marimo closes a widget's comm, as it does when the cell runs again or goes.

    A widget itself hears nothing of that.
    """
    close = comm.close

    def close_and_tell(*values: Any, **options: Any) -> None:
        close(*values, **options)
        tell()

    comm.close = close_and_tell


def _cannot_wait(host: str, runner: str) -> str | None:
    """Why a cell must not wait, where a cell calls: modules named so run it up the stack.

    A task that a cell has only started has none of them above it.
    """
    frame = inspect.currentframe()
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith(runner):
            return _NO_WAITING.format(host=host)
        frame = frame.f_back
    return None
