"""What every team offers."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from pydantic import BaseModel

from nbagent.base.task import Task, TaskResult
from nbagent.cancellation import CancellationToken
from nbagent.component import ComponentBase
from nbagent.messages import BaseAgentEvent, BaseChatMessage


class Team(ComponentBase[BaseModel], ABC):
    """Agents, and possibly other teams, that work on a task together."""

    component_type = "team"

    @property
    @abstractmethod
    def name(self) -> str:
        """The team's name."""

    @property
    @abstractmethod
    def description(self) -> str:
        """What the team is good for."""

    @property
    def has_stopped(self) -> bool:
        """Whether the run has stopped, and what it yielded last is the last but its result.

        An outer team asks this, to count the turn before that last item is seen. A team that
        cannot tell says False.
        """
        return False

    @abstractmethod
    async def run(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> TaskResult:
        """Run a task; see `TaskRunner.run`. Without a task, go on where the team stopped."""

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
    async def reset(self) -> None:
        """Forget the conversation: that of the team, and those of its participants."""

    @abstractmethod
    async def pause(self) -> None:
        """Tell the participants to pause."""

    @abstractmethod
    async def resume(self) -> None:
        """Tell the participants to go on."""

    @abstractmethod
    async def save_state(self) -> Mapping[str, Any]:
        """What the team and its participants remember, as plain data."""

    @abstractmethod
    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""
