"""UserInputManager: keeps a question from being asked before its request was shown."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import cast

from nbagent.agents.user_proxy_agent import AsyncInputFunc, InputFuncType, UserProxyAgent
from nbagent.cancellation import CancellationToken
from nbagent.questions import answer_of


class UserInputManager:
    """Wraps an input function so that it is called after the display showed the request.

    Args:
        callback: `def ask(prompt) -> str`, or `async def ask(prompt, cancellation_token) -> str`.
    """

    def __init__(self, callback: InputFuncType) -> None:
        self._callback = callback
        self._shown: dict[str, asyncio.Event] = {}

    def get_wrapped_callback(self) -> AsyncInputFunc:
        """The input function to give to a `UserProxyAgent`."""

        async def ask(prompt: str, cancellation_token: CancellationToken | None) -> str:
            request_id = UserProxyAgent.InputRequestContext.request_id()
            event = self._shown.setdefault(request_id, asyncio.Event())
            try:
                await event.wait()
            finally:
                self._shown.pop(request_id, None)
            if inspect.iscoroutinefunction(self._callback):
                asked = cast("Callable[..., Awaitable[str]]", self._callback)
                return await asked(prompt, cancellation_token)
            blocking = cast("Callable[[str], str]", self._callback)
            return await answer_of(blocking, prompt)

        return ask

    def notify_event_received(self, request_id: str) -> None:
        """Say that the request was shown, so that the question may be asked."""
        self._shown.setdefault(request_id, asyncio.Event()).set()
