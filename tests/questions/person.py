"""A person who gives the answers that a test wrote down, through the wire that a display uses."""

import asyncio
from typing import Any

from nbagent.questions import Answer, InputRequest, InvalidAnswerError, NobodyToAskError

NEVER = object()
"""The person does not answer."""

GONE = object()
"""The person has gone, as it turns out when they are asked."""


class Person:
    """An `Asker`: each answer goes through the check, until one fits.

    Args:
        answers: What the person gives, in turn.
        unavailable: Why nobody can be asked.
    """

    def __init__(self, *answers: Any, unavailable: str | None = None) -> None:
        self._answers = list(answers)
        self._unavailable = unavailable
        self.requests: list[InputRequest] = []
        self.refused: list[InvalidAnswerError] = []
        self.settlements: list[tuple[str, Answer | None]] = []
        self.asked = asyncio.Event()
        self.withdrawn = 0

    def unavailable(self) -> str | None:
        return self._unavailable

    async def ask(self, request: InputRequest) -> Any:
        self.requests.append(request)
        self.asked.set()
        while True:
            answer = self._answers.pop(0)
            if answer is GONE:
                raise NobodyToAskError("the person has left")
            try:
                if answer is NEVER:
                    await asyncio.Event().wait()
                return request.check(answer)
            except InvalidAnswerError as error:
                self.refused.append(error)
            except asyncio.CancelledError:
                self.withdrawn += 1
                raise

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        self.settlements.append((request.request_id, answer))
