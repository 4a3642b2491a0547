"""Console: a run as text in a terminal, while it happens."""

import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar, cast

from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    UserInputRequestedEvent,
)
from nbagent.models.types import RequestUsage
from nbagent.ui.user_input_manager import UserInputManager

ResultT = TypeVar("ResultT", bound=TaskResult | Response)

# Colours that are readable on dark and light terminals alike.
_COLOURS = ("36", "35", "32", "33", "34", "31")


async def Console(  # noqa: N802 - AgentChat's own name
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
    *,
    no_inline_images: bool = False,
    output_stats: bool = False,
    user_input_manager: UserInputManager | None = None,
) -> ResultT:
    """Print a run while it happens, and return its result.

    Args:
        stream: What `run_stream()` or `on_messages_stream()` gives.
        no_inline_images: Never draw pictures, even in a terminal that can (iTerm2).
        output_stats: Print tokens and time at the end.
        user_input_manager: Is told of each request for input after it was printed.

    Returns:
        The last item of the stream: a `TaskResult` or a `Response`.

    Raises:
        ValueError: The stream ended without a result.
    """
    printer = _Printer(iterm=not no_inline_images and os.environ.get("TERM_PROGRAM") == "iTerm.app")
    result: ResultT | None = None
    async with aclosing(stream):
        async for item in stream:
            if isinstance(item, TaskResult | Response):
                result = cast(ResultT, item)
                if isinstance(item, Response):
                    printer.show(item.chat_message)
            else:
                printer.show(item)
                if isinstance(item, UserInputRequestedEvent) and user_input_manager is not None:
                    user_input_manager.notify_event_received(item.request_id)
    printer.end(result, stats=output_stats)
    if result is None:
        raise ValueError("No TaskResult or Response was processed.")
    return result


class _Printer:
    """Prints messages, each under a header with its source."""

    def __init__(self, *, iterm: bool) -> None:
        self._iterm = iterm
        self._start = time.monotonic()
        self._usage = RequestUsage(0, 0)
        self._count = 0
        self._streamed: str | None = None
        self._notices: list[str] = []
        self._colours: dict[str, str] = {}

    def show(self, message: BaseAgentEvent | BaseChatMessage) -> None:
        """Print a message, or the next piece of one."""
        notice = message.metadata.get("notice")
        if notice and notice not in self._notices:
            self._notices.append(notice)
        if isinstance(message, ModelClientStreamingChunkEvent):
            if self._streamed != message.source:
                self._finish_stream()
                self._header(message.source)
                self._streamed = message.source
            self._write(message.content)
            return
        self._count += 1
        if message.models_usage:
            self._usage = self._usage + message.models_usage
        if isinstance(message, UserInputRequestedEvent):
            return
        said_by_stream = isinstance(message, BaseChatMessage) and self._streamed == message.source
        self._finish_stream()
        if said_by_stream:
            return
        kind = "" if isinstance(message, BaseChatMessage) else f" ({type(message).__name__})"
        self._header(message.source, kind)
        text = (
            message.to_text(iterm=self._iterm)
            if isinstance(message, MultiModalMessage)
            else message.to_text()
        )
        self._write(text + "\n")

    def end(self, result: TaskResult | Response | None, *, stats: bool) -> None:
        """Print what a reader must be told, and the numbers if they are wanted."""
        self._finish_stream()
        for notice in self._notices:
            self._write(f"\n[{notice}]\n")
        if stats:
            reason = result.stop_reason if isinstance(result, TaskResult) else None
            self._write(
                "---------- Summary ----------\n"
                f"Number of messages: {self._count}\n"
                f"Finish reason: {reason}\n"
                f"Total prompt tokens: {self._usage.prompt_tokens}\n"
                f"Total completion tokens: {self._usage.completion_tokens}\n"
                f"Duration: {time.monotonic() - self._start:.2f} seconds\n"
            )

    def _finish_stream(self) -> None:
        if self._streamed is not None:
            self._write("\n")
            self._streamed = None

    def _header(self, source: str, kind: str = "") -> None:
        line = f"---------- {source}{kind} ----------"
        if sys.stdout.isatty():
            colour = self._colours.setdefault(source, _COLOURS[len(self._colours) % len(_COLOURS)])
            line = f"\033[1;{colour}m{line}\033[0m"
        self._write(line + "\n")

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()
