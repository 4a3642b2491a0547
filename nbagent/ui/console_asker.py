"""Asks for a run that `Console` prints, so that its output and the questions do not mix."""

from typing import Any

from nbagent.questions import Answer, Asker, InputRequest
from nbagent.ui.console_printer import ConsolePrinter
from nbagent.ui.terminal import TerminalAsker


class ConsoleAsker:
    """Asks through whoever asks here anyway; an `Asker`.

    While somebody types in the terminal, the printer waits. What is asked elsewhere, such as in
    a box of the notebook, is printed with its answer.

    Args:
        asker: Who asks.
        printer: Prints the run.
    """

    def __init__(self, asker: Asker, printer: ConsolePrinter) -> None:
        self._asker = asker
        self._printer = printer
        self._on_terminal = isinstance(asker, TerminalAsker)

    def unavailable(self) -> str | None:
        """Why nobody can be asked; None where someone can."""
        return self._asker.unavailable()

    async def ask(self, request: InputRequest) -> Any:
        """Ask until there is an answer that fits."""
        if not self._on_terminal:
            return await self._asker.ask(request)
        self._printer.open_prompt()
        try:
            return await self._asker.ask(request)
        finally:
            self._printer.close_prompt()

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Print what became of the question, where that was not seen."""
        self._printer.finish_line()
        self._asker.settled(request, answer)
        if self._on_terminal:
            return
        if answer is None:
            self._printer.show_asked(request.question, request.source, "", "nobody", "")
        else:
            self._printer.show_asked(
                request.question, request.source, answer.text, answer.by, answer.note
            )
