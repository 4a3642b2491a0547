"""What every agent offers."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from nbagent.base.task import Task, TaskResult
from nbagent.cancellation import CancellationToken
from nbagent.component import ComponentBase
from nbagent.messages import BaseAgentEvent, BaseChatMessage


@dataclass(kw_only=True)
class Response:
    """An agent's answer to the messages it was given.

    Attributes:
        chat_message: What it says to the others.
        inner_messages: What it did on the way, without streaming chunks.
    """

    chat_message: BaseChatMessage
    inner_messages: Sequence[BaseAgentEvent | BaseChatMessage] | None = None


class ChatAgent(ComponentBase[BaseModel], ABC):
    """A participant in a conversation; it keeps its own memory of it."""

    component_type = "agent"

    @property
    @abstractmethod
    def name(self) -> str:
        """The agent's name, unique in its team."""

    @property
    @abstractmethod
    def description(self) -> str:
        """What the agent is good for; teams choose speakers by it."""

    @property
    @abstractmethod
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """The kinds of message that the agent may answer with."""

    @property
    def handoff_targets(self) -> Sequence[str]:
        """The names of those to whom the agent can hand over, as far as it is known."""
        return ()

    @property
    def remembers_messages(self) -> bool:
        """Whether the agent keeps what it is handed at once, before it first waits.

        If its turn is cut short by a cancel or an error, a team hands the same messages over
        again in the next turn, but not to an agent that remembers them.
        """
        return False

    @abstractmethod
    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Take up new messages and answer."""

    @abstractmethod
    def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """Take up new messages; yield what happens, and last the `Response`."""

    @abstractmethod
    async def run(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> TaskResult:
        """Run a task; see `TaskRunner.run`."""

    @abstractmethod
    def run_stream(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """Run a task; see `TaskRunner.run_stream`."""

    @abstractmethod
    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Forget the conversation."""

    @abstractmethod
    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        """Called when the team is paused."""

    @abstractmethod
    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        """Called when the team goes on."""

    @abstractmethod
    async def save_state(self) -> Mapping[str, Any]:
        """What the agent remembers, as plain data."""

    @abstractmethod
    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""

    @abstractmethod
    async def close(self) -> None:
        """Release what the agent uses."""
