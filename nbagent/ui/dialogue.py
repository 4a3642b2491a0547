"""One question's dialogue in the terminal: lines out, lines in."""

from nbagent.questions import InvalidAnswerError
from nbagent.render.exact_text import exact
from nbagent.render.plain_text import one_line, visible
from nbagent.ui.output import write
from nbagent.ui.terminal_input import TerminalInput


class Dialogue:
    """Says things and reads lines, and leaves the terminal at the beginning of a line.

    Nothing that is said acts on the terminal: escape sequences are taken out, or shown.

    Args:
        lines: What is read.
        source: Who asks; empty for the program itself.
    """

    def __init__(self, lines: TerminalInput, source: str) -> None:
        self._lines = lines
        self._source = one_line(source)
        self._within_line = False

    def say(self, text: str) -> None:
        """Write lines."""
        self.end()
        write(f"{visible(text)}\n")

    def show_exactly(self, text: str) -> None:
        """Write text with each of its characters seen, set off so that it can pose as nothing."""
        self.end()
        write("".join(f"  │ {line}\n" for line in exact(text).split("\n")))

    def named(self, prompt: str) -> str:
        """A prompt with the name of who asks in front."""
        return f"[{self._source}] {prompt}" if self._source else prompt

    async def line(self, prompt: str) -> str:
        """Ask for one line.

        Raises:
            NobodyToAskError: The input has ended.
            InvalidAnswerError: The line is no text.
        """
        write(visible(prompt))
        self._within_line = True
        echoed = self._lines.is_echoed()
        try:
            line = await self._lines.line()
        except InvalidAnswerError:
            self._within_line = not echoed
            raise
        if not echoed:  # so that what a pipe or a file gave is seen like what is typed
            write(f"{visible(line)}\n")
        self._within_line = False
        return line

    async def lines(self) -> list[str]:
        """Ask for lines up to an empty one."""
        lines: list[str] = []
        while line := await self.line("> "):
            lines.append(line)
        return lines

    def drop_typed(self) -> None:
        """Forget what was typed before the question could be seen."""
        self._lines.drop_typed()

    def end(self) -> None:
        """Go to the beginning of a line."""
        if self._within_line:
            write("\n")
            self._within_line = False


def prompt_with_default(prompt: str, default: str | None) -> str:
    """A prompt that ends with a space, and tells what an empty line stands for."""
    if default is None:
        return prompt if prompt[-1:].isspace() else f"{prompt} "
    prompt = prompt.rstrip()
    shown = f"[{one_line(default)}]"
    if prompt.endswith(":"):
        return f"{prompt[:-1].rstrip()} {shown}: "
    return f"{prompt} {shown} "


def numbered(choices: tuple[str, ...]) -> str:
    """Choices as a numbered list."""
    return "\n".join(f"  {number}. {one_line(c, 200)}" for number, c in enumerate(choices, 1))


def picked(choices: tuple[str, ...], typed: str) -> str:
    """The choice that was meant, by its text or its number.

    Raises:
        InvalidAnswerError: There is none.
    """
    typed = typed.strip()
    if typed in choices:
        return typed
    alike = [choice for choice in choices if choice.strip().casefold() == typed.casefold()]
    if len(alike) == 1:
        return alike[0]
    if typed.isascii() and typed.isdecimal() and len(typed) < 10 and 0 < int(typed) <= len(choices):
        return choices[int(typed) - 1]
    raise InvalidAnswerError(f"{one_line(typed)!r} is none of the choices.")


def yes_or_no(typed: str) -> bool:
    """What "y" or "no" mean.

    Raises:
        InvalidAnswerError: It is neither.
    """
    match typed.strip().casefold():
        case "y" | "yes":
            return True
        case "n" | "no":
            return False
        case _:
            raise InvalidAnswerError("Please type y or n.")
