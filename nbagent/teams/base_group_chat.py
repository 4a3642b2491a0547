"""BaseGroupChat: the one loop that every team runs on."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar, TypeAlias

from nbagent.agents.one_run import OneRun, alone
from nbagent.base.at_work import at_work
from nbagent.base.chat_agent import ChatAgent
from nbagent.base.heartbeat import heartbeat
from nbagent.base.task import Task, TaskResult, task_messages
from nbagent.base.team import Team
from nbagent.base.team_shape import ShapeNode, TeamShape, TeamShapeKind, picture_bundle
from nbagent.base.termination import TerminationCondition, load_condition, save_condition
from nbagent.cancellation import CancellationToken
from nbagent.component import ComponentModel
from nbagent.exceptions import ComponentError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    MessageFactory,
    MessageType,
    ModelClientStreamingChunkEvent,
    SelectSpeakerEvent,
)
from nbagent.state import BaseGroupChatManagerState, TeamState
from nbagent.teams.config import dump_condition, dump_members
from nbagent.teams.note import note
from nbagent.teams.participant import Event, Participant, Turn
from nbagent.teams.side_by_side import side_by_side
from nbagent.tools.run_approvals import in_one_run

Speakers: TypeAlias = list[str]
"""The names of those who speak next; several speak at once."""


class BaseGroupChat(Team, ABC):
    """Base of teams: override `select_speakers()`, and what concerns your own state.

    A team takes one turn after the other: it selects who speaks, hands that participant what
    the others said since its last turn, and passes its answer on to the others. It stops when
    its termination condition fires, after `max_turns`, or when there is nobody to select; the
    next run goes on from there.

    Args:
        name: The team's name.
        description: What it is good for.
        participants: The agents and teams, each with a name of its own.
        termination_condition: Stops the team; None for none.
        max_turns: Turns in one run at most; None for any number.
        custom_message_types: Types of messages, beyond those of `nbagent.messages` and what the
            participants say they produce, that are said in this team.
        emit_team_events: Yield a `SelectSpeakerEvent` before each turn.

    Raises:
        ValueError: There are no participants, two have the same name, or `max_turns` is below 1.
        TypeError: A participant is neither an agent nor a team.
    """

    manager_name: ClassVar[str] = "GroupChatManager"
    """The name under which the team's own state is saved beside those of the participants."""
    takes_teams: ClassVar[bool] = True
    """Whether teams may take part."""

    def __init__(
        self,
        name: str,
        description: str,
        participants: Sequence[ChatAgent | Team],
        termination_condition: TerminationCondition | None = None,
        max_turns: int | None = None,
        custom_message_types: Sequence[type[BaseAgentEvent | BaseChatMessage]] | None = None,
        emit_team_events: bool = False,
    ) -> None:
        self._name = name
        self._description = description
        self._check_participants(participants)
        if max_turns is not None and max_turns < 1:
            raise ValueError(
                f"max_turns must be at least 1, not {max_turns!r}; None sets no limit."
            )
        self._members = list(participants)
        self._participants = {member.name: Participant(member, name) for member in participants}
        self._termination_condition = termination_condition
        self._max_turns = max_turns
        self._emit_team_events = emit_team_events
        self._factory = MessageFactory()
        self._custom_message_types = tuple(custom_message_types or ())
        for kind in self.message_types:
            if not self._factory.is_registered(kind):
                self._factory.register(kind)
        self._thread: list[Event] = []
        self._turn = 0
        self._stop_reason: str | None = None
        self._one_speaks = True
        self._one_run = OneRun(
            "The team is already running, it cannot run again until it is stopped."
        )

    def _check_participants(self, participants: Sequence[ChatAgent | Team]) -> None:
        if not participants:
            raise ValueError("At least one participant is required.")
        for member in participants:
            if isinstance(member, Team) and not self.takes_teams:
                raise TypeError(
                    f"{type(self).__name__} takes no teams, but {member.name!r} is one."
                )
            if not isinstance(member, ChatAgent | Team):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"Participant {member!r} must be a ChatAgent or a Team.")
        names = [member.name for member in participants]
        if len(set(names)) != len(names):
            raise ValueError(f"The participant names must be unique: {names}")

    @property
    def name(self) -> str:
        """The team's name."""
        return self._name

    @property
    def description(self) -> str:
        """What the team is good for."""
        return self._description

    @property
    def message_types(self) -> Sequence[MessageType]:
        """The types of messages that are said in this team: custom ones, and what members say."""
        produced: list[MessageType] = []
        for member in self._members:
            if isinstance(member, ChatAgent):
                produced += member.produced_message_types
            elif isinstance(member, BaseGroupChat):
                produced += member.message_types
        return (*self._custom_message_types, *produced)

    def dump_component(self) -> ComponentModel:
        """The team as plain data.

        Raises:
            ComponentError: The team, or something in it, cannot be written as data.
        """
        if self._custom_message_types:
            names = ", ".join(kind.__name__ for kind in self._custom_message_types)
            raise ComponentError(
                f"team {self.name!r} has custom_message_types ({names}), which are classes and "
                "cannot be dumped. Name those that an agent says in its produced_message_types."
            )
        return super().dump_component()

    @property
    def has_stopped(self) -> bool:
        """Whether the run has stopped, and what it yielded last is the last but its result."""
        # Of several who speak at once, others may still have something to tell.
        return self._stop_reason is not None and self._one_speaks

    # What kinds of teams differ in.

    @abstractmethod
    def select_speakers(
        self, thread: Sequence[Event], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Speakers | str, None]:
        """Choose who speaks next.

        Args:
            thread: All that was said and done so far.
            cancellation_token: Ends the choice when cancelled.

        Yields:
            Events on the way, if there are any; last the names of those who speak, all at once.
            No names, or a text in their place, end the run; the text is the stop reason.
        """

    async def begin(self, messages: Sequence[BaseChatMessage]) -> None:
        """Look at what a run begins with, before anybody hears it.

        Raises:
            ValueError: It does not fit.
        """

    async def after_turn(self, names: Sequence[str], turns: Sequence[Turn]) -> None:
        """Take note of turns that have just ended.

        Of participants who speak at once, each one's turn is reported as soon as it ends; so
        where the run is cut short, those that ended are known, and only the others' are to be
        taken again.
        """

    async def reset_manager(self) -> None:
        """Forget what the team itself remembers beyond the thread."""

    def save_manager(self) -> BaseGroupChatManagerState:
        """What the team itself remembers; the thread and the turn are added."""
        return BaseGroupChatManagerState()

    def load_manager(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_manager()` gave."""

    def shape(self) -> TeamShape:
        """What a picture of the team shows: by default a manager who says who speaks."""
        return TeamShape(
            kind=TeamShapeKind.HUB,
            name=self._name,
            nodes=self.shape_nodes(),
            hub="who speaks next?",
            title=type(self).__name__,
        )

    def shape_nodes(self) -> tuple[ShapeNode, ...]:
        """The participants, as a picture shows them."""
        return tuple(
            ShapeNode(
                member.name,
                description=member.description,
                inner=member.shape() if isinstance(member, BaseGroupChat) else None,
            )
            for member in self._members
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The team as a picture, for a notebook that shows it as a cell's value."""
        return picture_bundle(self.shape())

    def _common_config(self) -> dict[str, Any]:
        """What the team's config has in common with those of all teams: `GroupChatConfig`."""
        return {
            "name": self.name,
            "description": self.description,
            "participants": dump_members(self._members),
            "termination_condition": dump_condition(self._termination_condition),
            "max_turns": self._max_turns,
        }

    # The loop.

    async def run(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> TaskResult:
        """Run a task to its end, or go on where the team stopped.

        Args:
            task: What to do: a text, a message or several; None goes on.
            cancellation_token: Ends the run when cancelled.
            output_task_messages: Whether the result begins with the task's own messages.

        Raises:
            ValueError: The task is an empty list or holds something that is no message.
            AlreadyRunningError: A run of this team is still going on.
            Exception: Whatever a participant raises, with a note that says whose it was.
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
        assert result is not None
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
        messages = task_messages(task)
        for message in messages:
            self._check_type(message)
        token = cancellation_token or CancellationToken()
        output: list[Event] = []
        run = in_one_run(self._run(messages, token, output_task_messages))
        with heartbeat():
            async with aclosing(alone(self._one_run, run)) as stream:
                async for item in stream:
                    if isinstance(item, str):
                        yield TaskResult(messages=output, stop_reason=item)
                    else:
                        if not isinstance(item, ModelClientStreamingChunkEvent):
                            output.append(item)
                        yield item

    async def _run(
        self, messages: list[BaseChatMessage], token: CancellationToken, shows_task: bool
    ) -> AsyncGenerator[Event | str, None]:
        """Yield what happens, and last the reason why the team stopped."""
        condition = self._termination_condition
        if condition is not None and condition.terminated:
            yield "The group chat has already terminated."
            return
        self._stop_reason = None
        try:
            await self.begin(messages)
            if condition is not None:
                condition.begin_run()
            self._keep(messages, messages, said_by=None)
            if messages:
                await self._look_for_a_stop(messages)
            if shows_task:
                for message in messages:
                    yield message
            while (reason := self._why_stopped()) is None:
                # Agents that never wait would keep the event loop from all else, also from a stop.
                await asyncio.sleep(0)
                async with aclosing(self._take_turn(token)) as stream:
                    async for event in stream:
                        yield event
        finally:
            await self._begin_afresh()
        yield reason

    async def _take_turn(self, token: CancellationToken) -> AsyncGenerator[Event, None]:
        """One turn: choose who speaks, and let them speak."""
        names: Speakers | str = []
        try:
            async with aclosing(self.select_speakers(self._thread, token)) as choice:
                async for item in choice:
                    if isinstance(item, list | str):
                        names = item
                    else:
                        if not isinstance(item, ModelClientStreamingChunkEvent):
                            self._thread.append(item)
                        yield item
        except Exception as error:
            note(error, f"Raised while team {self.name!r} chose who speaks next.")
            raise
        if isinstance(names, str) or not names:
            nobody = "There is nobody to speak next."
            await self._stop(names if isinstance(names, str) else nobody)
            return
        self._check_names(names)
        if self._emit_team_events:
            yield SelectSpeakerEvent(content=names, source=self.manager_name)
        turns = {name: Turn() for name in names}
        going_on = set(turns)
        self._one_speaks = len(turns) == 1
        streams = [self._speak(name, turns, going_on, token) for name in turns]
        stream = streams[0] if len(streams) == 1 else side_by_side(streams, token)
        async with aclosing(stream):
            async for event in stream:
                yield event

    async def _speak(
        self, name: str, turns: Mapping[str, Turn], going_on: set[str], token: CancellationToken
    ) -> AsyncGenerator[Event, None]:
        """One participant's turn.

        What it says is kept, and the turn counted, before the reader sees it: so a reader who
        leaves then, or saves the state, finds nothing missing.
        """
        turn = turns[name]
        with at_work(self.shape, name):
            async with aclosing(self._participants[name].take_turn(turn, token)) as stream:
                async for event in stream:
                    self._keep(*turn.take_new(), said_by=name)
                    if turn.ended:
                        await self._end_turn(name, turns, going_on)
                    yield event
        if name in going_on:
            await self._end_turn(name, turns, going_on)

    async def _end_turn(self, name: str, turns: Mapping[str, Turn], going_on: set[str]) -> None:
        """A participant's turn is over; with the last of those who speak at once, the team's."""
        await self.after_turn([name], [turns[name]])
        going_on.discard(name)
        if going_on:
            return
        self._turn += 1
        await self._look_for_a_stop([event for turn in turns.values() for event in turn.delta])
        if self._max_turns is not None and self._turn >= self._max_turns:
            await self._stop(f"Maximum number of turns {self._max_turns} reached.")

    def _keep(
        self, delta: Sequence[Event], said: Sequence[BaseChatMessage], said_by: str | None
    ) -> None:
        """Put what happened into the thread, and keep what was said for everybody else."""
        for message in said:
            self._check_type(message)
        self._thread += delta
        if said:
            for name, participant in self._participants.items():
                if name != said_by:
                    participant.unheard += said

    async def _look_for_a_stop(self, delta: Sequence[Event]) -> None:
        if self._termination_condition is not None:
            stop = await self._termination_condition(delta)
            if stop is not None:
                await self._stop(stop.content)

    async def _stop(self, reason: str) -> None:
        """The run ends; the first reason stands."""
        if self._stop_reason is None:
            self._stop_reason = reason
            # At once, as the reader may save the state before the run has wound up.
            await self._begin_afresh()

    async def _begin_afresh(self) -> None:
        """What counts for one run counts from the beginning; the conversation stays."""
        self._turn = 0
        if self._termination_condition is not None:
            await self._termination_condition.reset()

    def _why_stopped(self) -> str | None:
        return self._stop_reason

    def _check_names(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self._participants:
                raise ValueError(
                    f"{name!r} is to speak next, but the participants of team {self.name!r} are "
                    f"{list(self._participants)}."
                )

    def _check_type(self, message: BaseChatMessage) -> None:
        if not self._factory.is_registered(type(message)):
            raise ValueError(
                f"Message type {type(message).__name__}, of a message from {message.source!r}, is "
                f"not registered with team {self.name!r}. Name it in custom_message_types, or in "
                "the agent's produced_message_types."
            )

    # Between runs.

    async def reset(self) -> None:
        """Forget the conversation: that of the team, and those of its participants."""
        token = CancellationToken()
        async with self._one_run:
            self._thread.clear()
            self._turn = 0
            await self.reset_manager()
            if self._termination_condition is not None:
                await self._termination_condition.reset()
            for participant in self._participants.values():
                await participant.reset(token)

    async def pause(self) -> None:
        """Tell the participants to pause, also while the team runs."""
        for participant in self._participants.values():
            await participant.pause(CancellationToken())

    async def resume(self) -> None:
        """Tell the participants to go on."""
        for participant in self._participants.values():
            await participant.resume(CancellationToken())

    async def save_state(self) -> Mapping[str, Any]:
        """What the team and its participants remember, as plain data."""
        states: dict[str, Any] = {
            name: await participant.save_state() for name, participant in self._participants.items()
        }
        condition = self._termination_condition
        manager = self.save_manager().model_copy(
            update={
                "message_thread": [message.dump() for message in self._thread],
                "current_turn": self._turn,
                "termination_state": None if condition is None else await save_condition(condition),
            }
        )
        states[self.manager_name] = manager.model_dump(mode="json")
        return TeamState(agent_states=states).model_dump(mode="json")

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave.

        Raises:
            ValueError: It is the state of another team; then nothing is changed.
        """
        states = TeamState.read(state).agent_states
        missing = [name for name in (*self._participants, self.manager_name) if name not in states]
        if missing:
            raise ValueError(
                f"The state has nothing about {missing[0]!r}: it was saved by another team, with "
                f"{sorted(states)}."
            )
        saved = states[self.manager_name]
        manager = BaseGroupChatManagerState.read(saved)
        thread = [self._factory.create(data) for data in manager.message_thread]
        members = {
            name: participant.read_state(states[name], self._factory)
            for name, participant in self._participants.items()
        }
        async with self._one_run:
            self.load_manager(saved)
            self._thread = thread
            self._turn = manager.current_turn
            if self._termination_condition is not None:
                await load_condition(self._termination_condition, manager.termination_state)
            for name, (agent_state, unheard) in members.items():
                participant = self._participants[name]
                await participant.member.load_state(agent_state)
                participant.unheard = unheard
