"""Participant: an agent or an inner team in a team, and what it has yet to hear."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias

from nbagent.base.chat_agent import ChatAgent, Response
from nbagent.base.inner_run import of_inner_team
from nbagent.base.task import TaskResult
from nbagent.base.team import Team
from nbagent.cancellation import CancellationToken
from nbagent.exceptions import AlreadyRunningError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    MessageFactory,
    ModelClientStreamingChunkEvent,
)
from nbagent.state import ChatAgentContainerState
from nbagent.teams.note import note

Event: TypeAlias = BaseAgentEvent | BaseChatMessage


class Turn:
    """What a participant has said and done in one turn so far.

    Attributes:
        delta: All of it, for the team's thread and its termination condition. An agent's stands
            here when its turn is over, an inner team's as it happens.
        said: What of it the other participants hear.
        ended: Whether the turn is over.
    """

    __slots__ = ("_given_out", "_heard", "delta", "ended", "said")

    def __init__(self) -> None:
        self.delta: list[Event] = []
        self.said: list[BaseChatMessage] = []
        self.ended = False
        self._given_out = 0
        self._heard = 0

    def take_new(self) -> tuple[Sequence[Event], Sequence[BaseChatMessage]]:
        """What came to `delta` and to `said` since the last call."""
        delta, said = self.delta[self._given_out :], self.said[self._heard :]
        self._given_out, self._heard = len(self.delta), len(self.said)
        return delta, said


class Participant:
    """An agent or a team that takes part.

    What the others say is kept for it until its turn, and handed over then.

    Args:
        member: The agent or team.
        team: The name of the team in which it takes part.
    """

    def __init__(self, member: ChatAgent | Team, team: str) -> None:
        self.member = member
        self.name = member.name
        self.unheard: list[BaseChatMessage] = []
        self._team = team

    async def take_turn(
        self, turn: Turn, cancellation_token: CancellationToken
    ) -> AsyncGenerator[Event, None]:
        """Hand over what is unheard, and yield what the member does; `turn` is filled in.

        A message stands in `turn` before it is yielded. An error that the member raises says
        whose it was.
        """
        try:
            if isinstance(self.member, Team):
                stream = self._of_team(self.member, turn, cancellation_token)
            else:
                stream = self._of_agent(self.member, turn, cancellation_token)
            async with aclosing(stream):
                async for event in stream:
                    yield event
        except Exception as error:
            note(error, f"Raised by {self.name!r}, a participant of team {self._team!r}.")
            raise

    async def _of_agent(
        self, agent: ChatAgent, turn: Turn, cancellation_token: CancellationToken
    ) -> AsyncGenerator[Event, None]:
        messages = list(self.unheard)
        stream = agent.on_messages_stream(messages, cancellation_token)

        async def first_item() -> Event | Response | None:
            if agent.remembers_messages:
                # It knows them from here on, whatever becomes of the turn.
                self._handed_over(messages)
            try:
                return await anext(stream, None)
            except AlreadyRunningError:
                # Refused before it looked at them; the next turn brings them.
                if agent.remembers_messages:
                    self.unheard[:0] = messages
                raise

        async def next_item() -> Event | Response | None:
            return await anext(stream, None)

        response: Response | None = None
        async with aclosing(stream):
            # An agent of one's own may not look at the token: its work ends all the same.
            item = await cancellation_token.wait(first_item())
            while item is not None:
                if isinstance(item, Response):
                    response = item
                else:
                    yield item
                item = await cancellation_token.wait(next_item())
        if response is None:
            raise ValueError(f"Agent {self.name!r} ended its turn without a Response.")
        if not agent.remembers_messages:
            self._handed_over(messages)
        turn.delta += response.inner_messages or ()
        turn.delta.append(response.chat_message)
        turn.said.append(response.chat_message)
        turn.ended = True
        yield response.chat_message

    async def _of_team(
        self, team: Team, turn: Turn, cancellation_token: CancellationToken
    ) -> AsyncGenerator[Event, None]:
        messages = list(self.unheard)
        # The team has them once it yields the first of them.
        handing = {message.id for message in messages}
        stream = team.run_stream(task=messages or None, cancellation_token=cancellation_token)
        async with aclosing(stream):
            async for item in stream:
                if isinstance(item, TaskResult):
                    continue
                if item.id in handing:
                    handing.discard(item.id)
                    self._handed_over(messages)
                    messages = []
                    continue
                if not isinstance(item, ModelClientStreamingChunkEvent):
                    turn.delta.append(item)
                if isinstance(item, BaseChatMessage):
                    turn.said.append(item)
                turn.ended = team.has_stopped
                yield of_inner_team(item, self.name)
        self._handed_over(messages)
        turn.ended = True

    def _handed_over(self, messages: Sequence[BaseChatMessage]) -> None:
        """The member has these, the first of what is unheard."""
        del self.unheard[: len(messages)]

    async def reset(self, cancellation_token: CancellationToken) -> None:
        """Forget what is unheard, and let the member begin afresh."""
        self.unheard.clear()
        if isinstance(self.member, Team):
            await self.member.reset()
        else:
            await self.member.on_reset(cancellation_token)

    async def pause(self, cancellation_token: CancellationToken) -> None:
        """Tell the member to pause."""
        if isinstance(self.member, Team):
            await self.member.pause()
        else:
            await self.member.on_pause(cancellation_token)

    async def resume(self, cancellation_token: CancellationToken) -> None:
        """Tell the member to go on."""
        if isinstance(self.member, Team):
            await self.member.resume()
        else:
            await self.member.on_resume(cancellation_token)

    async def save_state(self) -> dict[str, Any]:
        """What the member remembers, and what it has yet to hear."""
        return ChatAgentContainerState(
            agent_state=await self.member.save_state(),
            message_buffer=[message.dump() for message in self.unheard],
        ).model_dump(mode="json")

    def read_state(
        self, state: Mapping[str, Any], factory: MessageFactory
    ) -> tuple[Mapping[str, Any], list[BaseChatMessage]]:
        """The member's state and what it has yet to hear, from what `save_state()` gave.

        Raises:
            ValueError: The state does not fit.
        """
        saved = ChatAgentContainerState.read(state)
        unheard: list[BaseChatMessage] = []
        for data in saved.message_buffer:
            message = factory.create(data)
            if not isinstance(message, BaseChatMessage):
                raise ValueError(
                    f"The buffer of {self.name!r} holds {type(message).__name__}, which is no "
                    "message that is said to others."
                )
            unheard.append(message)
        return saved.agent_state, unheard
