"""Who asks the person: whatever shows the run, or the place where the program runs."""

import contextlib
import importlib
import sys
from collections.abc import Generator
from contextvars import ContextVar
from typing import Any, Protocol

from nbagent.exceptions import UserInputError
from nbagent.questions.question import Answer, InputRequest


class NobodyToAskError(UserInputError):
    """Only now it turned out that nobody can be asked, as the input has ended.

    The message is a clause without a full stop, as from `Asker.unavailable()`.
    """


class Asker(Protocol):
    """Can put a question to a person. Called in the event loop of whoever asks."""

    def unavailable(self) -> str | None:
        """Why nobody can be asked, as a clause without a full stop; None where someone can."""
        ...

    async def ask(self, request: InputRequest) -> Any:
        """Ask, and return what `request.check` gives for the person's answer.

        An answer that does not fit is refused and asked for again. When the task is cancelled,
        the question is withdrawn at once: an answer that comes later goes nowhere.

        Raises:
            NobodyToAskError: Nobody can be asked any more.
        """
        ...

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Say what became of a question: its answer, or None where it was withdrawn.

        Called once for each question, also for one that was never asked.
        """
        ...


_asker: ContextVar[Asker | None] = ContextVar("nbagent_asker", default=None)

# The rooms that ask stand above this one, so they are loaded by name.
_NOTEBOOK = "nbagent.notebook.asking"
_TERMINAL = "nbagent.ui.terminal"


@contextlib.contextmanager
def asking_through(asker: Asker) -> Generator[None]:
    """Within this block, and in tasks that begin in it, questions go to `asker`.

    A display enters it in the task that drives the stream: agents and their tools run in that
    task's context.
    """
    token = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(token)


def current_asker() -> Asker:
    """Who asks now: the display that shows the run, else the notebook, else the terminal."""
    asker = _asker.get()
    if asker is not None:
        return asker
    if "IPython" in sys.modules or "marimo" in sys.modules:
        in_notebook: Asker | None = importlib.import_module(_NOTEBOOK).notebook_asker()
        if in_notebook is not None:
            return in_notebook
    in_terminal: Asker = importlib.import_module(_TERMINAL).terminal_asker()
    return in_terminal
