"""The ways by which answers come, where they cannot come through the page."""

import asyncio
import contextlib
import functools
import signal
import sys
import threading
from collections.abc import Callable, Generator
from typing import Any

from nbagent.questions import Answer, Asker, InputRequest, NobodyToAskError
from nbagent.ui.terminal import TerminalAsker
from nbagent.ui.terminal_input import TerminalInput


class Unanswered:
    """No way: questions take their default, or fail at once; an `Asker`.

    Args:
        shown: Notes in the transcript what became of each.
        reason: Why nobody answers, as a clause.
    """

    def __init__(self, shown: Asker, reason: str) -> None:
        self._shown = shown
        self._reason = reason

    def unavailable(self) -> str | None:
        """Why nobody can be asked."""
        return self._reason

    async def ask(self, request: InputRequest) -> Any:
        """Nobody gives an answer.

        Raises:
            NobodyToAskError: Always.
        """
        raise NobodyToAskError(self._reason)

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Note what became of a question."""
        self._shown.settled(request, answer)


class KernelPrompt:
    """The kernel's own prompt, that of Python's `input()`, below the transcript; an `Asker`.

    For kernels that bring no message from the page while a cell runs. Questions come one after
    the other, and while one is open the cell does nothing else. The transcript shows them all.

    Args:
        shown: Shows a question in the transcript, and what became of it.
        send: Sends all that the page does not show yet.
    """

    def __init__(self, shown: Asker, send: Callable[[], None]) -> None:
        self._shown = shown
        self._send = send

    def unavailable(self) -> str | None:
        """Why nobody can be asked; None where someone can."""
        return _prompt().unavailable()

    async def ask(self, request: InputRequest) -> Any:
        """Ask until there is an answer that fits.

        Raises:
            NobodyToAskError: The kernel takes no input.
            asyncio.CancelledError: The kernel was interrupted.
        """
        in_page = asyncio.ensure_future(self._shown.ask(request))
        try:
            await asyncio.sleep(0)  # it begins
            self._send()
            return await _prompt().ask(request)
        finally:
            in_page.cancel()
            await asyncio.wait({in_page})

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Note what became of a question."""
        self._shown.settled(request, answer)


@functools.cache
def _prompt() -> TerminalAsker:
    """The one prompt of this kernel."""
    return TerminalAsker(_KernelInput())


class _KernelInput(TerminalInput):
    """Lines that the kernel asks its front end for, each with a box of its own."""

    def unavailable(self) -> str | None:
        return None

    def is_echoed(self) -> bool:
        return True

    def drop_typed(self) -> None:
        """The kernel does so before each line."""

    async def line(self) -> str:
        try:
            with _interruptible():
                return input()  # noqa: ASYNC250 - in a thread it would outlive an interrupt
        except (EOFError, NotImplementedError) as error:
            raise NobodyToAskError("this kernel takes no input") from error
        except KeyboardInterrupt:
            raise asyncio.CancelledError from None


@contextlib.contextmanager
def _interruptible() -> Generator[None]:
    """Let an interrupt end code that blocks: while a cell awaits, it only tells the event loop."""
    if sys.platform == "emscripten" or threading.current_thread() is not threading.main_thread():
        yield  # without signals, which Python has in the main thread only
        return
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
