"""BaseChatAgent: the base for agents, including your own."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias

from nbagent.agents.one_run import OneRun, alone
from nbagent.base.chat_agent import ChatAgent, Response
from nbagent.base.heartbeat import heartbeat
from nbagent.base.task import Task, TaskResult, task_messages
from nbagent.cancellation import CancellationToken
from nbagent.messages import BaseAgentEvent, BaseChatMessage, ModelClientStreamingChunkEvent
from nbagent.state import BaseState
from nbagent.tools.run_approvals import in_one_run

TakeTurn: TypeAlias = Callable[
    [Sequence[BaseChatMessage], CancellationToken],
    AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None],
]


async def response_of(
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None],
) -> Response:
    """The `Response` at the end of what `on_messages_stream()` yields."""
    response: Response | None = None
    async with aclosing(stream):
        async for item in stream:
            if isinstance(item, Response):
                response = item
    assert response is not None, "the stream ended without a Response"
    return response


class BaseChatAgent(ChatAgent, ABC):
    """Base of agents: override `on_messages()`, or `on_messages_stream()` too, and `on_reset()`.

    An agent keeps its conversation: hand it only what is new. It runs one task at a time.

    Args:
        name: Unique in a team, and a valid Python identifier.
        description: What the agent is good for; teams choose speakers by it.

    Raises:
        ValueError: The name is no identifier.
    """

    def __init__(self, name: str, description: str) -> None:
        if not isinstance(name, str) or not name.isidentifier():  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(
                "The agent name must be a valid Python identifier. "
                f"{name!r} is none: use letters, digits and '_', and no digit at the start."
            )
        self._name = name
        self._description = description
        refusal = (
            f"agent {name!r} is already running. It keeps one conversation, so it runs "
            "one task at a time: await the first run, or make a second agent."
        )
        self._one_run = OneRun(refusal)
        # Apart from the run, as a team has its agents take turns without runs of their own.
        self._one_turn = OneRun(refusal)

    @property
    def name(self) -> str:
        """The agent's name."""
        return self._name

    @property
    def description(self) -> str:
        """What the agent is good for."""
        return self._description

    @property
    @abstractmethod
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """The kinds of message that the agent may answer with."""

    @abstractmethod
    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Take up new messages and answer.

        Args:
            messages: What is new since the last call; the agent knows the rest.
            cancellation_token: Ends the work when cancelled.
        """

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """Take up new messages; yield what happens, and last the `Response`."""
        response = await self.on_messages(messages, cancellation_token)
        for message in response.inner_messages or []:
            yield message
        yield response

    def _turn(
        self, stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """A turn of an agent that keeps a conversation: refused while it has another one.

        Raises:
            AlreadyRunningError: At the first item, before `stream` begins.
        """
        return in_one_run(alone(self._one_turn, stream))

    async def run(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> TaskResult:
        """Run a task to its end.

        Args:
            task: What to do: a text, a message or several; None goes on with what is there.
            cancellation_token: Ends the run when cancelled.
            output_task_messages: Whether the result begins with the task's own messages.

        Raises:
            ValueError: The task is an empty list or holds something that is no message.
            AlreadyRunningError: A run of this agent is still going on.
        """
        result: TaskResult | None = None
        run = self._run(self._whole_turn, task, cancellation_token, output_task_messages)
        async with aclosing(alone(self._one_run, run)) as stream:
            async for item in stream:
                if isinstance(item, TaskResult):
                    result = item
        assert result is not None, f"{type(self).__name__} ended without a Response"
        return result

    def run_stream(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """Run a task, yielding what happens; the last item is the `TaskResult`.

        Arguments and errors are those of `run()`. Leaving the loop early ends the run.
        """
        run = self._run(self.on_messages_stream, task, cancellation_token, output_task_messages)
        return alone(self._one_run, run)

    def _whole_turn(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """A turn that nobody watches: by `on_messages()` where a subclass has changed that alone.

        As in AgentChat, whose `run()` calls `on_messages()` and whose `run_stream()` the other.
        """
        for kind in type(self).__mro__:
            if "on_messages_stream" in vars(kind):
                break
            if "on_messages" in vars(kind):
                return BaseChatAgent.on_messages_stream(self, messages, cancellation_token)
        return self.on_messages_stream(messages, cancellation_token)

    async def _run(
        self,
        take_turn: TakeTurn,
        task: Task,
        cancellation_token: CancellationToken | None,
        shows_task: bool,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        new_messages = task_messages(task)
        token = cancellation_token or CancellationToken()
        output: list[BaseAgentEvent | BaseChatMessage] = []
        with heartbeat():
            async with aclosing(in_one_run(take_turn(new_messages, token))) as stream:
                if shows_task:
                    for message in new_messages:
                        output.append(message)
                        yield message
                async for item in stream:
                    if isinstance(item, Response):
                        output.append(item.chat_message)
                        yield item.chat_message
                        yield TaskResult(messages=output)
                    else:
                        if not isinstance(item, ModelClientStreamingChunkEvent):
                            output.append(item)
                        yield item

    @abstractmethod
    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Forget the conversation."""

    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        """Called when the team is paused; does nothing by default."""

    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        """Called when the team goes on; does nothing by default."""

    async def save_state(self) -> Mapping[str, Any]:
        """What the agent remembers; nothing by default."""
        return BaseState().model_dump()

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""
        BaseState.read(state)

    async def close(self) -> None:
        """Release what the agent uses; nothing by default."""
