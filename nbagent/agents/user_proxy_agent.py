"""UserProxyAgent: a person as a participant."""

import builtins
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
from nbagent.questions import (
    InputRequest,
    Question,
    answer_of,
    check_text,
    check_timeout,
    put_question,
)

SyncInputFunc: TypeAlias = Callable[[str], str]
AsyncInputFunc: TypeAlias = Callable[[str, CancellationToken | None], Awaitable[str]]
InputFuncType: TypeAlias = SyncInputFunc | AsyncInputFunc


class UserProxyAgentConfig(BaseModel, defer_build=True):
    """Config of `UserProxyAgent`. An input function is no data and is not part of it."""

    name: str
    description: str = "A human user"
    prompt: str | None = None
    default: str | None = None
    timeout: float | None = None


class UserProxyAgent(BaseChatAgent, Component[UserProxyAgentConfig]):
    """Asks a person when it is its turn, and passes on what they say.

    Args:
        name: The person's name in the conversation; a valid Python identifier.
        description: What the person is there for; teams choose speakers by it.
        input_func: How to ask: `def ask(prompt) -> str`, which runs in a thread, or
            `async def ask(prompt, cancellation_token) -> str`. By default, or with Python's own
            `input`, whatever shows the run asks: the notebook's page or the terminal.
        prompt: The question; by default "Enter your response: ".
        default: The answer where nobody can be asked or answers in time; None for none.
        timeout: Seconds to wait for the answer; None waits until there is one.

    Raises:
        ValueError: The timeout is not above 0; or there is a default or a timeout beside an
            input function, which asks in its own way.
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
        prompt: str | None = None,
        default: str | None = None,
        timeout: float | None = None,
    ) -> None:
        super().__init__(name, description)
        # A running kernel puts an input() of its own here, made anew for each cell.
        if input_func == builtins.input:
            input_func = None
        if input_func is not None and not (default is None and timeout is None):
            raise ValueError(
                f"agent {name!r}: default and timeout are for questions that the display asks; "
                "leave them out, or leave out input_func."
            )
        check_timeout(timeout)
        self._input_func = input_func
        self._prompt = prompt
        self._default = None if default is None else check_text(default)
        self._timeout = timeout

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
            UserInputError: The input function failed; or nobody can be asked or answered in
                time, and there is no default.
        """
        handoff = messages[-1] if messages and isinstance(messages[-1], HandoffMessage) else None
        if handoff is not None and handoff.target != self.name:
            raise UserInputError(
                f"Handoff message target does not match agent name: {handoff.target!r} "
                f"is not {self.name!r}."
            )
        prompt = "Enter your response: " if self._prompt is None else self._prompt
        if handoff is not None:
            prompt = f"Handoff received from {handoff.source}. {prompt}"
        question = self._question(prompt)
        request_id = str(uuid.uuid4())
        event = UserInputRequestedEvent(request_id=request_id, source=self.name, question=question)
        yield event
        with UserProxyAgent.InputRequestContext.populate_context(request_id):
            try:
                if question is None:
                    said = await self._call_input_func(prompt, cancellation_token)
                else:
                    request = InputRequest(request_id, question, self.name, check_text)
                    said = (await put_question(request, cancellation_token)).value
            except Exception as error:
                raise UserInputError(f"Failed to get user input: {error}") from error
        message: BaseChatMessage
        if handoff is not None:
            message = HandoffMessage(content=said, target=handoff.source, source=self.name)
        else:
            message = TextMessage(content=said, source=self.name)
        yield Response(chat_message=message, inner_messages=[event])

    def _question(self, prompt: str) -> Question | None:
        """What the display asks; None where the input function does."""
        if self._input_func is not None:
            return None
        return Question(
            prompt=prompt,
            default=self._default,
            has_default=self._default is not None,
            timeout=self._timeout,
        )

    async def _call_input_func(self, prompt: str, cancellation_token: CancellationToken) -> str:
        if inspect.iscoroutinefunction(self._input_func):
            ask = cast(AsyncInputFunc, self._input_func)
            return await cancellation_token.wait(ask(prompt, cancellation_token))
        blocking = cast(SyncInputFunc, self._input_func)
        return str(await cancellation_token.wait(answer_of(blocking, prompt)))

    async def on_reset(self, cancellation_token: CancellationToken | None = None) -> None:
        """Nothing to forget."""

    def _to_config(self) -> UserProxyAgentConfig:
        if self._input_func is not None:
            raise ComponentError(
                f"agent {self.name!r} has an input_func, which is a function and cannot be dumped."
            )
        return UserProxyAgentConfig(
            name=self.name,
            description=self.description,
            prompt=self._prompt,
            default=self._default,
            timeout=self._timeout,
        )

    @classmethod
    def _from_config(cls, config: UserProxyAgentConfig) -> Self:
        return cls(
            config.name,
            description=config.description,
            prompt=config.prompt,
            default=config.default,
            timeout=config.timeout,
        )
