"""AgentTool and TeamTool: an agent or a team as a tool of another agent."""

import asyncio
from abc import ABC
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Annotated, Any

from pydantic import BaseModel, Field
from typing_extensions import Self

from nbagent.agents.base_chat_agent import BaseChatAgent
from nbagent.base.task import TaskResult
from nbagent.base.team import Team
from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentModel
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.tools.base import BaseStreamTool


class TaskRunnerToolArgs(BaseModel, defer_build=True):
    """Arguments of an `AgentTool` or a `TeamTool`."""

    task: Annotated[str, Field(description="The task to be executed.")]


class TaskRunnerTool(
    BaseStreamTool[TaskRunnerToolArgs, BaseAgentEvent | BaseChatMessage, TaskResult], ABC
):
    """Base of tools that run an agent or a team.

    What happens in the inner run is reported on the way. Calls at the same time take their
    turns, as an agent or a team runs one task at a time.

    Args:
        runner: What runs the task.
        name: The name that the model calls.
        description: What the tool does, for the model.
        return_value_as_last_message: Whether the result is the last message only; otherwise it
            is all messages, each with who said it.
    """

    def __init__(
        self,
        runner: BaseChatAgent | Team,
        name: str,
        description: str,
        return_value_as_last_message: bool,
    ) -> None:
        super().__init__(TaskRunnerToolArgs, TaskResult, name, description)
        self._runner = runner
        self._return_value_as_last_message = return_value_as_last_message
        self._turn_over: asyncio.Event | None = None

    async def run(
        self, args: TaskRunnerToolArgs, cancellation_token: CancellationToken
    ) -> TaskResult:
        """Run the task to its end."""
        result: TaskResult | None = None
        async with aclosing(self.run_stream(args, cancellation_token)) as stream:
            async for item in stream:
                if isinstance(item, TaskResult):
                    result = item
        assert result is not None
        return result

    async def run_stream(
        self, args: TaskRunnerToolArgs, cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """Run the task, yielding what happens; the last item is the `TaskResult`."""
        while self._turn_over is not None:
            await cancellation_token.wait(self._turn_over.wait())
        self._turn_over = asyncio.Event()
        try:
            stream = self._runner.run_stream(
                task=args.task, cancellation_token=cancellation_token, output_task_messages=False
            )
            async with aclosing(stream):
                async for item in stream:
                    yield item
        finally:
            self._turn_over.set()
            self._turn_over = None

    def return_value_as_string(self, value: TaskResult) -> str:
        """The messages of the run as the text that the model reads."""
        said = [message for message in value.messages if isinstance(message, BaseChatMessage)]
        if self._return_value_as_last_message:
            return said[-1].to_model_text() if said else ""
        return "\n\n".join(f"{message.source}: {message.to_model_text()}" for message in said)

    async def save_state_json(self) -> Mapping[str, Any]:
        """What the agent or team remembers."""
        return await self._runner.save_state()

    async def load_state_json(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state_json()` gave."""
        await self._runner.load_state(state)


class AgentToolConfig(BaseModel, defer_build=True):
    """Config of `AgentTool`."""

    agent: ComponentModel
    return_value_as_last_message: bool = False


class AgentTool(TaskRunnerTool, Component[AgentToolConfig]):
    """An agent as a tool: the model hands it a task, and reads what it answers.

    The tool has the agent's name and description. The agent keeps its conversation from call to
    call.

    Args:
        agent: The agent.
        return_value_as_last_message: Whether the result is the last message only; otherwise it
            is all messages, each with who said it.
    """

    component_provider_override = "nbagent.tools.AgentTool"
    component_config_schema = AgentToolConfig

    def __init__(self, agent: BaseChatAgent, return_value_as_last_message: bool = False) -> None:
        super().__init__(agent, agent.name, agent.description, return_value_as_last_message)

    def _to_config(self) -> AgentToolConfig:
        return AgentToolConfig(
            agent=self._runner.dump_component(),
            return_value_as_last_message=self._return_value_as_last_message,
        )

    @classmethod
    def _from_config(cls, config: AgentToolConfig) -> Self:
        return cls(BaseChatAgent.load_component(config.agent), config.return_value_as_last_message)


class TeamToolConfig(BaseModel, defer_build=True):
    """Config of `TeamTool`."""

    team: ComponentModel
    name: str
    description: str
    return_value_as_last_message: bool = False


class TeamTool(TaskRunnerTool, Component[TeamToolConfig]):
    """A team as a tool: the model hands it a task, and reads what it says.

    Args:
        team: The team; it needs a way to stop, and goes on with its conversation in each call.
        name: The name that the model calls.
        description: What the team is good for, for the model.
        return_value_as_last_message: Whether the result is the last message only; otherwise it
            is all messages, each with who said it.
    """

    component_provider_override = "nbagent.tools.TeamTool"
    component_config_schema = TeamToolConfig

    def __init__(
        self, team: Team, name: str, description: str, return_value_as_last_message: bool = False
    ) -> None:
        super().__init__(team, name, description, return_value_as_last_message)

    def _to_config(self) -> TeamToolConfig:
        return TeamToolConfig(
            team=self._runner.dump_component(),
            name=self.name,
            description=self.description,
            return_value_as_last_message=self._return_value_as_last_message,
        )

    @classmethod
    def _from_config(cls, config: TeamToolConfig) -> Self:
        return cls(
            Team.load_component(config.team),
            config.name,
            config.description,
            config.return_value_as_last_message,
        )
