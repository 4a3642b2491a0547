"""Puts a question to whoever can be asked, with its default and its timeout."""

import asyncio
from typing import Any

from nbagent.cancellation import CancellationToken
from nbagent.exceptions import UserInputError
from nbagent.questions.announcing import announce_question
from nbagent.questions.asker import NobodyToAskError, current_asker
from nbagent.questions.question import Answer, InputRequest


async def put_question(
    request: InputRequest, cancellation_token: CancellationToken | None = None
) -> Answer:
    """Ask a person, and wait for the answer.

    Args:
        request: The question.
        cancellation_token: Withdraws the question when cancelled.

    Returns:
        The person's answer; the question's default where nobody can be asked, or nobody
        answered in time.

    Raises:
        UserInputError: Nobody can be asked, or nobody answered in time, and the question has
            no default.
        asyncio.CancelledError: The question was withdrawn.
    """
    announce_question(request)
    asker = current_asker()
    question = request.question
    answer: Answer | None = None
    try:
        reason = asker.unavailable()
        if reason is not None:
            answer = _default(request, reason)
            return answer
        asked = asyncio.ensure_future(asker.ask(request))
        try:
            waiting = asyncio.wait({asked}, timeout=question.timeout)
            await (cancellation_token or CancellationToken()).wait(waiting)
            if not asked.done():
                answer = _default(request, f"nobody answered within {question.timeout:g} s")
            else:
                try:
                    answer = Answer(asked.result())
                except NobodyToAskError as error:
                    answer = _default(request, str(error))
        finally:
            await _withdraw(asked)
        return answer
    finally:
        asker.settled(request, answer)


async def _withdraw(asked: "asyncio.Future[Any]") -> None:
    """Take the question back, if it is still open."""
    if not asked.done():
        asked.cancel()
        await asyncio.wait({asked})


def _default(request: InputRequest, reason: str) -> Answer:
    if request.question.has_default:
        return Answer(request.question.default, by="default", note=reason)
    asked = f" to {request.question.prompt!r}" if request.question.prompt else ""
    raise UserInputError(
        f"There is no answer{asked}: {reason}. Give the question a default, or an input_func."
    )
