"""RoundRobinGroupChat: the participants speak in turn."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import Self

from nbagent.base.chat_agent import ChatAgent
from nbagent.base.team import Team
from nbagent.base.team_shape import TeamShape, TeamShapeKind
from nbagent.base.termination import TerminationCondition
from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.state import RoundRobinManagerState
from nbagent.teams.base_group_chat import BaseGroupChat, Speakers
from nbagent.teams.config import GroupChatConfig, load_members
from nbagent.teams.participant import Event, Turn
from nbagent.teams.runtime import no_runtime


class RoundRobinGroupChatConfig(GroupChatConfig, defer_build=True):
    """Config of `RoundRobinGroupChat`."""

    emit_team_events: bool = False


class RoundRobinGroupChat(BaseGroupChat, Component[RoundRobinGroupChatConfig]):
    """A team whose participants speak one after the other, and then from the first again.

    Args:
        participants: The agents and teams, in the order in which they speak.
        name: The team's name.
        description: What it is good for.
        termination_condition: Stops the team; None for none.
        max_turns: Turns in one run at most; None for any number.
        runtime: There is no runtime here; only None is accepted.
        custom_message_types: Further types of messages that are said in this team.
        emit_team_events: Yield a `SelectSpeakerEvent` before each turn.
    """

    component_config_schema = RoundRobinGroupChatConfig
    component_provider_override = "nbagent.teams.RoundRobinGroupChat"
    manager_name = "RoundRobinGroupChatManager"
    DEFAULT_NAME = "RoundRobinGroupChat"
    DEFAULT_DESCRIPTION = "A team of agents."

    def __init__(
        self,
        participants: Sequence[ChatAgent | Team],
        *,
        name: str | None = None,
        description: str | None = None,
        termination_condition: TerminationCondition | None = None,
        max_turns: int | None = None,
        runtime: None = None,
        custom_message_types: Sequence[type[BaseAgentEvent | BaseChatMessage]] | None = None,
        emit_team_events: bool = False,
    ) -> None:
        no_runtime(runtime)
        super().__init__(
            name or self.DEFAULT_NAME,
            description or self.DEFAULT_DESCRIPTION,
            participants,
            termination_condition,
            max_turns,
            custom_message_types,
            emit_team_events,
        )
        self._order = list(self._participants)
        self._next = 0

    async def select_speakers(
        self, thread: Sequence[Event], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Speakers | str, None]:
        """Whose turn it is."""
        yield [self._order[self._next]]

    async def after_turn(self, names: Sequence[str], turns: Sequence[Turn]) -> None:
        """The next one's turn. A turn that did not end is taken again in the next run."""
        self._next = (self._next + 1) % len(self._order)

    async def reset_manager(self) -> None:
        """Begin with the first."""
        self._next = 0

    def save_manager(self) -> RoundRobinManagerState:
        """Whose turn is next."""
        return RoundRobinManagerState(next_speaker_index=self._next)

    def load_manager(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_manager()` gave."""
        index = RoundRobinManagerState.read(state).next_speaker_index
        if not 0 <= index < len(self._order):
            raise ValueError(
                f"next_speaker_index is {index}, and there are {len(self._order)} participants."
            )
        self._next = index

    def shape(self) -> TeamShape:
        """What a picture of the team shows."""
        return replace(super().shape(), kind=TeamShapeKind.RING, hub="")

    def _to_config(self) -> RoundRobinGroupChatConfig:
        return RoundRobinGroupChatConfig(
            **self._common_config(),
            emit_team_events=self._emit_team_events,
        )

    @classmethod
    def _from_config(cls, config: RoundRobinGroupChatConfig) -> Self:
        return cls(
            load_members(config.participants),
            **config.options(),
            emit_team_events=config.emit_team_events,
        )
