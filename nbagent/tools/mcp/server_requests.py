"""What an MCP server may ask for while a call of it is going on: a person, or a model.

A server that asks although no call is going on is refused, so that it cannot put questions to
a person whenever it likes.
"""

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import mcp.types as types

from nbagent.cancellation import CancellationToken

ResultT = TypeVar("ResultT")

MOST_AT_ONCE = 8
"""So many questions of one server may be open at the same time."""

MOST_PER_CALL = 50
"""So many questions a server may ask during one call."""


@dataclass(eq=False)
class CallInProgress:
    """A request to the server that has no answer yet.

    Attributes:
        cancellation_token: Ends the request when cancelled.
        context: The context of the code that made the request; questions are asked in it, as
            it says who is to be asked and in whose name.
        asked: How many questions the server has asked meanwhile.
    """

    cancellation_token: CancellationToken
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    asked: int = 0
    _questions: "set[asyncio.Future[Any]]" = field(default_factory=set["asyncio.Future[Any]"])

    def end(self) -> None:
        """The request is over: what the server still asks of it has no meaning any more."""
        for question in self._questions:
            question.cancel()

    async def answer(self, answering: Coroutine[Any, Any, ResultT]) -> ResultT | None:
        """Answer a question in the request's own context; None where the request ended first."""
        task = self.context.copy().run(asyncio.ensure_future, answering)
        self._questions.add(task)
        try:
            await asyncio.wait({task})
        finally:
            self._questions.discard(task)
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        return None if task.cancelled() else task.result()


_current: contextvars.ContextVar[CallInProgress | None] = contextvars.ContextVar(
    "nbagent_mcp_call", default=None
)


class CallsInProgress:
    """The requests to one server that have no answer yet, and what the server asks in them."""

    def __init__(self) -> None:
        self._calls: list[CallInProgress] = []
        self._open = 0
        self._opened_at = 0.0
        self._asking_before = 0.0

    @property
    def seconds_asking(self) -> float:
        """For how long there was an open question so far."""
        now = time.monotonic() - self._opened_at if self._open else 0.0
        return self._asking_before + now

    def begin(self, call: CallInProgress) -> None:
        """A request goes to the server."""
        self._calls.append(call)

    def end(self, call: CallInProgress) -> None:
        """A request was answered, failed or was given up."""
        self._calls.remove(call)
        call.end()

    async def run(self, call: CallInProgress, request: Awaitable[ResultT]) -> ResultT:
        """Make a request in a way that tells its questions from those of others."""
        _current.set(call)
        return await request

    async def answer(
        self, answering: Callable[[CallInProgress], Coroutine[Any, Any, ResultT]]
    ) -> ResultT | types.ErrorData:
        """Answer what the server asks, in the request that it belongs to."""
        call = _current.get()
        if call not in self._calls:
            # Over stdio nothing says which of several requests a question belongs to.
            call = self._calls[-1] if self._calls else None
        if call is None:
            return _refusal("Nothing may be asked while no request is in progress.")
        call.asked += 1
        if self._open >= MOST_AT_ONCE or call.asked > MOST_PER_CALL:
            return _refusal("Too many questions.")
        if not self._open:
            self._opened_at = time.monotonic()
        self._open += 1
        try:
            answer = await call.answer(answering(call))
        finally:
            self._open -= 1
            if not self._open:
                self._asking_before += time.monotonic() - self._opened_at
        return _refusal("The request has ended.") if answer is None else answer


def _refusal(message: str) -> types.ErrorData:
    return types.ErrorData(code=types.INVALID_REQUEST, message=message)
