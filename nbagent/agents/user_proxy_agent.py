"""UserProxyAgent: a person as a participant."""

import asyncio
import inspect
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ClassVar, TypeAlias, cast

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.agents.base_chat_agent import BaseChatAgent, response_of
from nbagent.base.chat_agent import Response
from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.exceptions import ComponentError, UserInputError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    TextMessage,
    UserInputRequestedEvent,
)

SyncInputFunc: TypeAlias = Callable[[str], str]
AsyncInputFunc: TypeAlias = Callable[[str, CancellationToken | None], Awaitable[str]]
InputFuncType: TypeAlias = SyncInputFunc | AsyncInputFunc


class UserProxyAgentConfig(BaseModel, defer_build=True):
    """Config of `UserProxyAgent`. An input function is no data and is not part of it."""

    name: str
    description: str = "A human user"


class UserProxyAgent(BaseChatAgent, Component[UserProxyAgentConfig]):
    """Asks a person when it is its turn, and passes on what they say.

    Args:
        name: The person's name in the conversation; a valid Python identifier.
        description: What the person is there for; teams choose speakers by it.
        input_func: How to ask: `def ask(prompt) -> str`, which runs in a thread, or
            `async def ask(prompt, cancellation_token) -> str`. By default Python's `input`.
    """

    component_provider_override = "nbagent.agents.UserProxyAgent"
    component_config_schema = UserProxyAgentConfig

    class InputRequestContext:
        """Within an input function, tells which question is being asked."""

        _request_id: ClassVar[ContextVar[str]] = ContextVar("nbagent_input_request")

        @classmethod
        @contextmanager
        def populate_context(cls, request_id: str) -> Generator[None]:
            """Within this block, `request_id()` gives `request_id`."""
            token = cls._request_id.set(request_id)
            try:
                yield
            finally:
                cls._request_id.reset(token)

        @classmethod
        def request_id(cls) -> str:
            """The id of the question, as in its `UserInputRequestedEvent`.

            Raises:
                RuntimeError: Called outside of an input function.
            """
            try:
                return cls._request_id.get()
            except LookupError as error:
                raise RuntimeError(
                    "InputRequestContext.request_id() works only inside an input function."
                ) from error

    def __init__(
        self,
        name: str,
        *,
        description: str = "A human user",
        input_func: InputFuncType | None = None,
    ) -> None:
        super().__init__(name, description)
        self._input_func: InputFuncType = input_func or input
        self._has_default_input = input_func is None
        self._is_async = inspect.iscoroutinefunction(self._input_func)

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """Text, or a hand-over back to whoever handed over."""
        return (TextMessage, HandoffMessage)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Ask, and answer with what the person says."""
        return await response_of(self.on_messages_stream(messages, cancellation_token))

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """Yield the request for input, then what the person says.

        Raises:
            UserInputError: The input function failed.
        """
        handoff = messages[-1] if messages and isinstance(messages[-1], HandoffMessage) else None
        if handoff is not None and handoff.target != self.name:
            raise UserInputError(
                f"Handoff message target does not match agent name: {handoff.target!r} "
                f"is not {self.name!r}."
            )
        prompt = (
            f"Handoff received from {handoff.source}. Enter your response: "
            if handoff is not None
            else "Enter your response: "
        )
        request_id = str(uuid.uuid4())
        event = UserInputRequestedEvent(request_id=request_id, source=self.name)
        yield event
        with UserProxyAgent.InputRequestContext.populate_context(request_id):
            said = await self._ask(prompt, cancellation_token)
        message: BaseChatMessage
        if handoff is not None:
            message = HandoffMessage(content=said, target=handoff.source, source=self.name)
        else:
            message = TextMessage(content=said, source=self.name)
        yield Response(chat_message=message, inner_messages=[event])

    async def _ask(self, prompt: str, cancellation_token: CancellationToken) -> str:
        try:
            if self._is_async:
                ask = cast(AsyncInputFunc, self._input_func)
                return await cancellation_token.wait(ask(prompt, cancellation_token))
            # A thread, because the function blocks until the person has answered.
            ask_in_thread = cast(SyncInputFunc, self._input_func)
            return str(await cancellation_token.wait(asyncio.to_thread(ask_in_thread, prompt)))
        except Exception as error:
            raise UserInputError(f"Failed to get user input: {error}") from error

    async def on_reset(self, cancellation_token: CancellationToken | None = None) -> None:
        """Nothing to forget."""

    def _to_config(self) -> UserProxyAgentConfig:
        if not self._has_default_input:
            raise ComponentError(
                f"agent {self.name!r} has an input_func, which is a function and cannot be dumped."
            )
        return UserProxyAgentConfig(name=self.name, description=self.description)

    @classmethod
    def _from_config(cls, config: UserProxyAgentConfig) -> Self:
        return cls(config.name, description=config.description)
