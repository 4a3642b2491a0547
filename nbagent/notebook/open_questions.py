"""The questions that are open in a transcript on display, and the answers to them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from nbagent.cancellation import call_in_loop
from nbagent.messages import UserInputAnsweredEvent, UserInputRequestedEvent
from nbagent.questions import Answer, Approval, InputRequest, InvalidAnswerError


class Stage(Protocol):
    """Where questions are shown."""

    def refuse(self, request_id: str, error: InvalidAnswerError) -> None:
        """Tell the person that an answer does not fit."""
        ...


@dataclass(frozen=True)
class _Open:
    request: InputRequest
    answer: "asyncio.Future[Any]"


class OpenQuestions:
    """Asks the person in front of a transcript; an `Asker`.

    Several questions may be open; each has its own id. It asks in the event loop that it was
    made in. A tool that runs another loop in a thread of its own is served from there.

    Args:
        stage: Where the questions are shown.
        take: Takes the events of a question into the transcript.
    """

    def __init__(
        self,
        stage: Stage,
        take: Callable[[UserInputRequestedEvent | UserInputAnsweredEvent], None],
    ) -> None:
        self._stage = stage
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._open: dict[str, _Open] = {}

    def unavailable(self) -> None:
        """Someone can be asked: where nobody can, the page puts another asker before this one."""

    async def ask(self, request: InputRequest) -> Any:
        """Show the question, and wait for an answer that fits."""
        if asyncio.get_running_loop() is self._loop:
            return await self._ask(request)
        elsewhere = asyncio.run_coroutine_threadsafe(self._ask(request), self._loop)
        return await asyncio.wrap_future(elsewhere)

    async def _ask(self, request: InputRequest) -> Any:
        opened = _Open(request, self._loop.create_future())
        self._open[request.request_id] = opened
        self._take(_requested(request))
        try:
            return await opened.answer
        finally:
            del self._open[request.request_id]

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Note in the transcript what became of a question."""
        call_in_loop(self._loop, self._settle, request, answer)

    def _settle(self, request: InputRequest, answer: Answer | None) -> None:
        self._take(_requested(request))  # nothing new, unless it was never asked
        self._take(_answered(request, answer))

    def receive(self, request_id: str, value: object) -> None:
        """Take in what a person gave; called in the event loop.

        An answer to a question that is not open, or no longer, changes nothing.
        """
        opened = self._open.get(request_id)
        if opened is None or opened.answer.done():
            return
        try:
            opened.answer.set_result(opened.request.check(value))
        except InvalidAnswerError as error:
            self._stage.refuse(request_id, error)


def _requested(request: InputRequest) -> UserInputRequestedEvent:
    return UserInputRequestedEvent(
        request_id=request.request_id, question=request.question, source=request.source
    )


def _answered(request: InputRequest, answer: Answer | None) -> UserInputAnsweredEvent:
    if answer is None:
        return UserInputAnsweredEvent(
            request_id=request.request_id, source=request.source, content="", answered_by="nobody"
        )
    approved = answer.value.approved if isinstance(answer.value, Approval) else None
    return UserInputAnsweredEvent(
        request_id=request.request_id,
        source=request.source,
        content=answer.text,
        answered_by=answer.by,
        note=answer.note,
        approved=approved,
        created_at=answer.at,
    )
