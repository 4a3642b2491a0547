"""Messages as text under headers, as `Console` prints them."""

import sys
import time

from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    UserInputAnsweredEvent,
    UserInputRequestedEvent,
)
from nbagent.models.types import RequestUsage
from nbagent.questions import AnsweredBy, Question
from nbagent.render.arguments import arguments_preview
from nbagent.render.plain_text import one_line, visible
from nbagent.ui.output import write

# Colours that are readable on dark and light terminals alike.
_COLOURS = ("36", "35", "32", "33", "34", "31")


class ConsolePrinter:
    """Prints messages, each under a header with its source.

    Nothing that a message says acts on the terminal.

    Args:
        iterm: Whether pictures are drawn with the escape sequence that iTerm2 understands.
    """

    def __init__(self, *, iterm: bool) -> None:
        self._iterm = iterm
        self._start = time.monotonic()
        self._usage = RequestUsage(0, 0)
        self._count = 0
        self._streamed: str | None = None
        self._notices: list[str] = []
        self._colours: dict[str, str] = {}
        self._prompts = 0
        self._held: list[BaseAgentEvent | BaseChatMessage] = []
        self._requests: dict[str, UserInputRequestedEvent] = {}

    def show(self, message: BaseAgentEvent | BaseChatMessage) -> None:
        """Print a message, or the next piece of one; later, where a prompt is open."""
        if self._prompts:
            self._held.append(message)
            return
        notice = message.metadata.get("notice")
        if notice and notice not in self._notices:
            self._notices.append(notice)
        if isinstance(message, ModelClientStreamingChunkEvent):
            if self._streamed != message.source:
                self.finish_line()
                self._header(message.source)
                self._streamed = message.source
            write(visible(message.content))
            return
        self._count += 1
        if message.models_usage:
            self._usage = self._usage + message.models_usage
        if isinstance(message, UserInputRequestedEvent):
            self._requests[message.request_id] = message
            return
        if isinstance(message, UserInputAnsweredEvent):
            self._show_answer(message)
            return
        said_by_stream = isinstance(message, BaseChatMessage) and self._streamed == message.source
        self.finish_line()
        if said_by_stream:
            return
        kind = "" if isinstance(message, BaseChatMessage) else f" ({type(message).__name__})"
        self._header(message.source, kind)
        write(f"{self._text(message)}\n")

    def open_prompt(self) -> None:
        """Print nothing more until `close_prompt()`: somebody types on this line."""
        self.finish_line()
        self._prompts += 1

    def close_prompt(self) -> None:
        """Print what came in the meantime."""
        self._prompts -= 1
        if not self._prompts:
            held, self._held = self._held, []
            for message in held:
                self.show(message)

    def finish_line(self) -> None:
        """End the line of a message that is being streamed."""
        if self._streamed is not None:
            write("\n")
            self._streamed = None

    def show_asked(
        self, question: Question | None, source: str, answer: str, by: AnsweredBy, note: str
    ) -> None:
        """Print a question that was asked elsewhere, and what became of it."""
        self.finish_line()
        self._header(source or "question", " (UserInputRequestedEvent)" if source else "")
        if question is not None and question.prompt:
            write(f"{visible(question.prompt).rstrip()}\n")
        if question is not None and question.call is not None:
            call = question.call
            write(f"{one_line(call.name)}({arguments_preview(call.arguments, 200)})\n")
        said = "(withdrawn)" if by == "nobody" else visible(answer)
        if by == "default":
            said += f" (default: {one_line(note, 200)})" if note else " (default)"
        write(f"> {said}\n")

    def end(self, result: TaskResult | Response | None, *, stats: bool) -> None:
        """Print what a reader must be told, and the numbers if they are wanted."""
        self.finish_line()
        for notice in self._notices:
            write(f"\n[{notice}]\n")
        if stats:
            reason = result.stop_reason if isinstance(result, TaskResult) else None
            write(
                "---------- Summary ----------\n"
                f"Number of messages: {self._count}\n"
                f"Finish reason: {reason}\n"
                f"Total prompt tokens: {self._usage.prompt_tokens}\n"
                f"Total completion tokens: {self._usage.completion_tokens}\n"
                f"Duration: {time.monotonic() - self._start:.2f} seconds\n"
            )

    def _show_answer(self, event: UserInputAnsweredEvent) -> None:
        request = self._requests.get(event.request_id)
        question = request.question if request is not None else None
        self.show_asked(question, event.source, event.content, event.answered_by, event.note)

    def _text(self, message: BaseAgentEvent | BaseChatMessage) -> str:
        if not isinstance(message, MultiModalMessage):
            return visible(message.to_text())
        content = [visible(part) if isinstance(part, str) else part for part in message.content]
        return message.model_copy(update={"content": content}).to_text(iterm=self._iterm)

    def _header(self, source: str, kind: str = "") -> None:
        line = f"---------- {one_line(source)}{kind} ----------"
        if sys.stdout.isatty():
            colour = self._colours.setdefault(source, _COLOURS[len(self._colours) % len(_COLOURS)])
            line = f"\033[1;{colour}m{line}\033[0m"
        write(line + "\n")
