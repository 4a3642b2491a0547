"""The states that agents and teams save, as pydantic models with a written version."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator
from typing_extensions import Self

from nbagent.exceptions import StateError

VERSION = "1.0.0"
"""Version of the states' layout; a change that older code cannot read gets a new first number."""


class BaseState(BaseModel, defer_build=True):
    """Base of all saved states.

    Attributes:
        type: What the state belongs to.
        version: Version of its layout.

    """

    type: str = "BaseState"
    version: str = VERSION

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> Self:
        """The state that `save_state()` gave as plain data.

        Raises:
            StateError: It is the state of something else, of a later version, or incomplete.
        """
        try:
            return cls.model_validate(state)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc']))} {fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors(include_url=False, include_input=False)
            )
            raise StateError(
                f"This cannot be loaded as {cls.__name__}: {faults.strip()}. Give load_state() "
                "what save_state() of the same kind of agent, team or condition has returned."
            ) from None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        """Refuse what would be read as an empty state."""
        if self.version.partition(".")[0] != VERSION.partition(".")[0]:
            raise ValueError(
                f"the state has version {self.version}, and this nbagent reads version {VERSION}"
            )
        cls = type(self)
        wanted = _type_names(cls)
        # An agent without a state of its own saves a BaseState.
        if cls is not BaseState and self.type not in wanted and self.type != "BaseState":
            raise ValueError(f"the state is of type {self.type}, not {cls.__name__}")
        return self


def _type_names(state_class: type[BaseState]) -> set[str]:
    """What `type` may be of a state that is read as this class."""
    names = {str(state_class.model_fields["type"].default)}
    return names.union(*map(_type_names, state_class.__subclasses__()))


class AssistantAgentState(BaseState):
    """State of an `AssistantAgent`: that of its model context.

    Attributes:
        llm_context: The conversation.
        workbenches: What its tools remember, by the number of their workbench; only where they
            remember something.
    """

    llm_context: Mapping[str, Any] = Field(
        default_factory=lambda: dict[str, Any]([("messages", [])])
    )
    workbenches: dict[str, Mapping[str, Any]] | None = None
    type: str = "AssistantAgentState"


class CodeExecutorAgentState(BaseState):
    """State of a `CodeExecutorAgent`: that of its model context."""

    llm_context: Mapping[str, Any] = Field(
        default_factory=lambda: dict[str, Any]([("messages", [])])
    )
    type: str = "CodeExecutorAgentState"


class MessageFilterAgentState(BaseState):
    """State of a `MessageFilterAgent`: that of the agent it wraps."""

    wrapped_agent_state: Mapping[str, Any] = Field(default_factory=dict)
    type: str = "MessageFilterAgentState"


class ChatAgentContainerState(BaseState):
    """State of a participant in a team: its own, and what it has yet to hear."""

    agent_state: Mapping[str, Any] = Field(default_factory=dict)
    message_buffer: list[Mapping[str, Any]] = Field(default_factory=list[Mapping[str, Any]])
    type: str = "ChatAgentContainerState"


class TeamState(BaseState):
    """State of a team: those of its participants and its own, by name."""

    agent_states: Mapping[str, Any] = Field(default_factory=dict)
    type: str = "TeamState"


class BaseGroupChatManagerState(BaseState):
    """What a team itself remembers.

    Attributes:
        message_thread: All that was said and done, as `dump()` writes it down.
        current_turn: Turns taken in the run that goes on.
        termination_state: What the termination condition has counted in that run, as
            `nbagent.base.termination.save_condition()` writes it down; None without a condition.
            AutoGen's states lack it, and its readers ignore it.
    """

    message_thread: list[Mapping[str, Any]] = Field(default_factory=list[Mapping[str, Any]])
    current_turn: int = 0
    termination_state: Mapping[str, Any] | None = None
    type: str = "BaseGroupChatManagerState"


class RoundRobinManagerState(BaseGroupChatManagerState):
    """State of a `RoundRobinGroupChat`."""

    next_speaker_index: int = 0
    type: str = "RoundRobinManagerState"


class SelectorManagerState(BaseGroupChatManagerState):
    """State of a `SelectorGroupChat`."""

    previous_speaker: str | None = None
    type: str = "SelectorManagerState"


class SwarmManagerState(BaseGroupChatManagerState):
    """State of a `Swarm`."""

    current_speaker: str = ""
    type: str = "SwarmManagerState"


class GraphManagerState(BaseGroupChatManagerState):
    """State of a `GraphFlow`.

    Attributes:
        ready: The nodes that run next.
        followed: The edges that were followed and whose target still waits for others, each by
            its source and its number there.
        said: What was said by nodes whose edges are still to be followed.
    """

    ready: list[str] = Field(default_factory=list[str])
    followed: list[tuple[str, int]] = Field(default_factory=list[tuple[str, int]])
    said: dict[str, Mapping[str, Any]] = Field(default_factory=dict[str, Mapping[str, Any]])
    type: str = "GraphManagerState"


class MagenticOneOrchestratorState(BaseGroupChatManagerState):
    """State of a `MagenticOneGroupChat`.

    Attributes:
        task: The task, as text.
        facts: What is known of it.
        plan: How it is to be done.
        n_rounds: How often the orchestrator has looked at the progress.
        n_stalls: How often of late it found none.
        n_plans: How many plans were made for the task.
        task_at: Where in the thread the task's own messages begin.
        task_length: How many messages they are.
        ledger_at: Where in the thread the newest plan stands; None before there is one.
        asked: The participant who was given an instruction and has not answered yet.
        ending: Why the task has come to its end; None before.
        answered: Whether the final answer was given.
    """

    task: str = ""
    facts: str = ""
    plan: str = ""
    n_rounds: int = 0
    n_stalls: int = 0
    n_plans: int = 0
    task_at: int = 0
    task_length: int = 0
    ledger_at: int | None = None
    asked: str | None = None
    ending: str | None = None
    answered: bool = False
    type: str = "MagenticOneOrchestratorState"


class SocietyOfMindAgentState(BaseState):
    """State of a `SocietyOfMindAgent`: those of its team and its model context.

    Attributes:
        inner_team_state: What the team remembers.
        llm_context: What the agent was told before.
        interrupted: Whether the team was stopped in the middle of a task, and goes on with it.
    """

    inner_team_state: Mapping[str, Any] = Field(default_factory=dict)
    llm_context: Mapping[str, Any] = Field(
        default_factory=lambda: dict[str, Any]([("messages", [])])
    )
    interrupted: bool = False
    type: str = "SocietyOfMindAgentState"
