"""Swarm: the participants hand over to each other."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from typing_extensions import Self

from nbagent.base.chat_agent import ChatAgent
from nbagent.base.team_shape import ShapeEdge, ShapeNode, TeamShape, TeamShapeKind
from nbagent.base.termination import TerminationCondition
from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.messages import BaseAgentEvent, BaseChatMessage, HandoffMessage
from nbagent.state import SwarmManagerState
from nbagent.teams.base_group_chat import BaseGroupChat, Speakers
from nbagent.teams.config import GroupChatConfig, load_agents
from nbagent.teams.participant import Event, Turn
from nbagent.teams.runtime import no_runtime


class SwarmConfig(GroupChatConfig, defer_build=True):
    """Config of `Swarm`."""

    emit_team_events: bool = False


class Swarm(BaseGroupChat, Component[SwarmConfig]):
    """A team in which one speaks until it hands over, by a `HandoffMessage`.

    The first participant begins. To ask somebody outside of the team, such as the user, hand
    over to a name that no participant has, and stop there with `HandoffTermination`; the next
    run then begins with a `HandoffMessage` to one of the participants.

    Args:
        participants: Agents, no teams. The first must be able to hand over.
        name: The team's name.
        description: What it is good for.
        termination_condition: Stops the team; None for none.
        max_turns: Turns in one run at most; None for any number.
        runtime: There is no runtime here; only None is accepted.
        custom_message_types: Further types of messages that are said in this team.
        emit_team_events: Yield a `SelectSpeakerEvent` before each turn.

    Raises:
        ValueError: The first participant does not list `HandoffMessage` in its
            `produced_message_types`.
        TypeError: A participant is a team.
    """

    component_config_schema = SwarmConfig
    component_provider_override = "nbagent.teams.Swarm"
    manager_name = "SwarmGroupChatManager"
    takes_teams = False
    DEFAULT_NAME = "Swarm"
    DEFAULT_DESCRIPTION = "A team of agents."

    def __init__(
        self,
        participants: Sequence[ChatAgent],
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
        first = participants[0]
        if HandoffMessage not in first.produced_message_types:
            raise ValueError(
                f"The first participant must be able to produce a handoff messages: {first.name!r} "
                "is not. Put HandoffMessage into its produced_message_types."
            )
        self._current = first.name
        # To whom was handed over outside of the team; None while a participant speaks.
        self._outside: HandoffMessage | None = None

    async def begin(self, messages: Sequence[BaseChatMessage]) -> None:
        """See whether the task, or else the thread, hands over to a participant.

        Raises:
            ValueError: It hands over to nobody here.
        """
        handoff = _last_handoff(messages)
        if handoff is not None:
            if handoff.target not in self._participants:
                raise ValueError(
                    f"The task hands over to {handoff.target!r}, which is not one of the "
                    f"participants {list(self._participants)}."
                )
        else:
            handoff = _last_handoff(self._thread)
            if handoff is not None and handoff.target not in self._participants:
                raise ValueError(
                    f"The conversation was handed over to {handoff.target!r}, which is not one of "
                    f"the participants {list(self._participants)}. To go on, begin the run with a "
                    f"task that hands over to one of them: HandoffMessage(source="
                    f"{handoff.target!r}, target={handoff.source!r}, content=...)."
                )
        if handoff is not None:
            self._hand_over(handoff)

    def _hand_over(self, handoff: HandoffMessage) -> None:
        if handoff.target in self._participants:
            self._current, self._outside = handoff.target, None
        else:
            self._outside = handoff

    async def select_speakers(
        self, thread: Sequence[Event], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Speakers | str, None]:
        """The one to whom was handed over last."""
        if self._outside is not None:
            target = self._outside.target
            raise ValueError(
                f"{self._outside.source!r} handed over to {target!r}, which is not one of the "
                f"participants {list(self._participants)}. To stop the team there, give it "
                f"HandoffTermination(target={target!r})."
            )
        yield [self._current]

    async def after_turn(self, names: Sequence[str], turns: Sequence[Turn]) -> None:
        """See whether somebody handed over."""
        for turn in turns:
            handoff = _last_handoff(turn.said)
            if handoff is not None:
                self._hand_over(handoff)

    async def reset_manager(self) -> None:
        """Begin with the first."""
        self._current = self._members[0].name
        self._outside = None

    def save_manager(self) -> SwarmManagerState:
        """Who speaks."""
        return SwarmManagerState(current_speaker=self._current)

    def load_manager(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_manager()` gave."""
        current = SwarmManagerState.read(state).current_speaker
        if current not in self._participants:
            raise ValueError(
                f"current_speaker is {current!r}, and the participants are "
                f"{list(self._participants)}."
            )
        self._current = current
        # The next run looks in the thread for the last handoff.
        self._outside = None

    def shape(self) -> TeamShape:
        """What a picture of the team shows: who can hand over to whom."""
        ways = [
            ShapeEdge(member.name, target)
            for member in self._members
            if isinstance(member, ChatAgent)
            for target in member.handoff_targets
        ]
        # Somebody outside of the team, such as the user.
        outside = dict.fromkeys(way.target for way in ways if way.target not in self._participants)
        return TeamShape(
            kind=TeamShapeKind.GRAPH,
            name=self.name,
            nodes=(*self.shape_nodes(), *(ShapeNode(name) for name in outside)),
            edges=tuple(ways),
            starts=(self._members[0].name,),
            title=type(self).__name__,
        )

    def _to_config(self) -> SwarmConfig:
        return SwarmConfig(
            **self._common_config(),
            emit_team_events=self._emit_team_events,
        )

    @classmethod
    def _from_config(cls, config: SwarmConfig) -> Self:
        return cls(
            load_agents(config.participants),
            **config.options(),
            emit_team_events=config.emit_team_events,
        )


def _last_handoff(messages: Sequence[Event]) -> HandoffMessage | None:
    for message in reversed(messages):
        if isinstance(message, HandoffMessage):
            return message
    return None
