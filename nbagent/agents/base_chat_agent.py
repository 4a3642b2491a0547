"""BaseChatAgent: the base for agents, including your own."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from nbagent.agents.one_run import OneRun
from nbagent.base.chat_agent import ChatAgent, Response
from nbagent.base.task import Task, TaskResult, task_messages
from nbagent.cancellation import CancellationToken
from nbagent.messages import BaseAgentEvent, BaseChatMessage, ModelClientStreamingChunkEvent
from nbagent.state import BaseState
from nbagent.tools.run_approvals import in_one_run


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
        self._one_run = OneRun(
            f"agent {name!r} is already running. It keeps one conversation, so it runs "
            "one task at a time: await the first run, or make a second agent."
        )

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
        stream = self.run_stream(
            task=task,
            cancellation_token=cancellation_token,
            output_task_messages=output_task_messages,
        )
        async with aclosing(stream):
            async for item in stream:
                if isinstance(item, TaskResult):
                    result = item
        assert result is not None, f"{type(self).__name__} ended without a Response"
        return result

    async def run_stream(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """Run a task, yielding what happens; the last item is the `TaskResult`.

        Arguments and errors are those of `run()`. Leaving the loop early ends the run.
        """
        new_messages = task_messages(task)
        token = cancellation_token or CancellationToken()
        output: list[BaseAgentEvent | BaseChatMessage] = []
        async with (
            self._one_run as one_run,
            aclosing(in_one_run(self.on_messages_stream(new_messages, token))) as stream,
        ):
            try:
                if output_task_messages:
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
            except (GeneratorExit, asyncio.CancelledError):
                one_run.leave()
                raise

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
