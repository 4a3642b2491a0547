"""Functions that wait for a person, and block until there is an answer."""

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable
from typing import TypeVar

AskedT = TypeVar("AskedT")
AnswerT = TypeVar("AnswerT")


async def answer_of(ask: Callable[[AskedT], AnswerT], asked: AskedT) -> AnswerT:
    """What a function that blocks answers; it runs beside the event loop.

    A cancel ends the wait at once. The function then goes on unheard, as nothing can end it; it
    keeps neither the event loop nor the program from ending.

    Args:
        ask: The function.
        asked: Its argument.

    Raises:
        Exception: Whatever the function raises.
    """
    return await asyncio.wrap_future(begin_waiting(lambda: ask(asked)))


def begin_waiting(wait: Callable[[], AnswerT]) -> "concurrent.futures.Future[AnswerT]":
    """Call a function that blocks, in a thread of its own.

    Args:
        wait: The function; it has the caller's context variables.

    Returns:
        What it will return or raise. Cancelling this does not end the function.
    """
    answer: concurrent.futures.Future[AnswerT] = concurrent.futures.Future()
    answer.set_running_or_notify_cancel()  # a cancelled wait does not end it
    context = contextvars.copy_context()

    def work() -> None:
        try:
            answer.set_result(context.run(wait))
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            answer.set_exception(error)

    # A thread, because the function blocks; a daemon, because a program that was stopped would
    # wait for those of an executor, so perhaps for a person who has left.
    threading.Thread(target=work, daemon=True, name="nbagent input").start()
    return answer
