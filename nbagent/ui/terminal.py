"""Asks the person in front of the terminal."""

import functools
import sys
from typing import Any

from nbagent.questions import Answer, InputRequest, InvalidAnswerError
from nbagent.render.plain_text import one_line
from nbagent.ui.dialogue import Dialogue
from nbagent.ui.output import write
from nbagent.ui.terminal_form import ask_form
from nbagent.ui.terminal_input import TerminalInput
from nbagent.ui.terminal_prompts import ask_approval, ask_choice, ask_text
from nbagent.ui.turns import Turns


@functools.cache
def terminal_asker() -> "TerminalAsker":
    """The one asker of this process's terminal."""
    return TerminalAsker()


class TerminalAsker:
    """Asks on the standard output and reads the standard input; an `Asker`.

    Several questions at once are asked one after the other.

    Args:
        lines: What is read instead of the standard input.
    """

    def __init__(self, lines: TerminalInput | None = None) -> None:
        self._input = lines or TerminalInput()
        self._turns = Turns()

    def unavailable(self) -> str | None:
        """Why nobody can be asked; None where someone can, as far as is known."""
        if not _can_write():
            return "the program has no standard output"
        return self._input.unavailable()

    async def ask(self, request: InputRequest) -> Any:
        """Ask until there is an answer that fits.

        Raises:
            NobodyToAskError: The standard input has ended.
        """
        async with self._turns:
            dialogue = Dialogue(self._input, request.source)
            try:
                while True:
                    try:
                        return await _ask_once(dialogue, request)
                    except InvalidAnswerError as error:
                        dialogue.say(str(error))
            finally:
                dialogue.end()

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Say on the terminal where a default was taken; the rest was seen there."""
        if answer is not None and answer.by == "default" and _can_write():
            prompt = one_line(request.question.prompt) or "the question"
            note = one_line(answer.note, 200)
            write(f"[{prompt}: {note}; taken instead: {one_line(answer.text, 200)}]\n")


async def _ask_once(dialogue: Dialogue, request: InputRequest) -> Any:
    question = request.question
    raw: Any
    match question.kind:
        case "form":
            return await ask_form(dialogue, question, request.check)
        case "approval":
            raw = await ask_approval(dialogue, question)
        case "choice":
            raw = await ask_choice(dialogue, question)
        case "text":
            raw = await ask_text(dialogue, question)
    return question.default if raw is None else request.check(raw)


def _can_write() -> bool:
    stdout = sys.stdout
    # None under pythonw, whatever the types say.
    return stdout is not None and not stdout.closed  # pyright: ignore[reportUnnecessaryComparison]
