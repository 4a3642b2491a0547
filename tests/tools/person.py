"""A person for tests: an `Asker` that gives what a test writes down, as a page would send it."""

import asyncio
from collections.abc import Callable
from typing import Any

from nbagent.questions import Answer, InputRequest, InvalidAnswerError

YES: dict[str, Any] = {"approved": True, "reason": "", "for_run": False}
NO: dict[str, Any] = {"approved": False, "reason": "too dear", "for_run": False}
FOR_RUN: dict[str, Any] = {"approved": True, "reason": "", "for_run": True}


class Person:
    """Answers each question with the next of `answers`, and is silent once there are none.

    Args:
        answers: Raw answers. One that does not fit is refused, and the next is tried.
        before: Called with each question before it is answered.
    """

    def __init__(
        self, *answers: object, before: Callable[[InputRequest], None] | None = None
    ) -> None:
        self._answers = list(answers)
        self._before = before
        self.asked: list[InputRequest] = []
        self.refused: list[InvalidAnswerError] = []
        self.settlements: list[tuple[str, Answer | None]] = []
        self.is_asked = asyncio.Event()

    def unavailable(self) -> str | None:
        """Someone is there."""
        return None

    async def ask(self, request: InputRequest) -> Any:
        """Give the next answer that fits."""
        self.asked.append(request)
        self.is_asked.set()
        await asyncio.sleep(0)
        if self._before is not None:
            self._before(request)
        while self._answers:
            try:
                return request.check(self._answers.pop(0))
            except InvalidAnswerError as error:
                self.refused.append(error)
        return await asyncio.Event().wait()

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Remember what became of the question."""
        self.settlements.append((request.request_id, answer))

    def shown(self, number: int = -1) -> str:
        """The arguments that were shown with a question, as JSON."""
        call = self.asked[number].question.call
        assert call is not None
        return call.arguments


class Nobody(Person):
    """Nobody is there."""

    def unavailable(self) -> str | None:
        """Why nobody can be asked."""
        return "nobody is there"
