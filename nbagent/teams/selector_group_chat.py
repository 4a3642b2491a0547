"""SelectorGroupChat: a model, or a function, chooses who speaks next."""

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias, TypeVar, cast

from typing_extensions import Self

from nbagent.agents.hearing import hear
from nbagent.base.chat_agent import ChatAgent
from nbagent.base.team import Team
from nbagent.base.termination import TerminationCondition
from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentLoader, ComponentModel
from nbagent.exceptions import ComponentError
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.model_context import ChatCompletionContext, UnboundedChatCompletionContext
from nbagent.models.client import ChatCompletionClient
from nbagent.state import SelectorManagerState
from nbagent.teams.base_group_chat import BaseGroupChat, Speakers
from nbagent.teams.config import GroupChatConfig, load_members
from nbagent.teams.participant import Event, Turn
from nbagent.teams.runtime import no_runtime
from nbagent.teams.speaker_choice import DEFAULT_SELECTOR_PROMPT, SpeakerChoice

SelectorFuncType: TypeAlias = (
    Callable[[Sequence[Event]], str | None] | Callable[[Sequence[Event]], Awaitable[str | None]]
)
CandidateFuncType: TypeAlias = (
    Callable[[Sequence[Event]], list[str]] | Callable[[Sequence[Event]], Awaitable[list[str]]]
)
AnswerT = TypeVar("AnswerT")


class SelectorGroupChatConfig(GroupChatConfig, defer_build=True):
    """Config of `SelectorGroupChat`."""

    model_client: ComponentModel
    selector_prompt: str = DEFAULT_SELECTOR_PROMPT
    allow_repeated_speaker: bool = False
    max_selector_attempts: int = 3
    emit_team_events: bool = False
    model_client_streaming: bool = False
    model_context: ComponentModel | None = None


class SelectorGroupChat(BaseGroupChat, Component[SelectorGroupChatConfig]):
    """A team in which who speaks next is chosen each time, from what was said.

    `selector_func` decides first. Where there is none, or it returns None, the candidates are
    those that `candidate_func` names, else all but the last speaker. A single candidate speaks;
    of several a model chooses by their descriptions. If the model names nobody in
    `max_selector_attempts`, the last speaker speaks again, or the first where nobody has spoken
    (of the candidates, where `candidate_func` names them).

    Args:
        participants: At least two agents or teams.
        model_client: The model that chooses.
        name: The team's name.
        description: What it is good for.
        termination_condition: Stops the team; None for none.
        max_turns: Turns in one run at most; None for any number.
        runtime: There is no runtime here; only None is accepted.
        selector_prompt: What the model is asked, with the fields {roles} (names and
            descriptions), {participants} (names) and {history}; other braces are doubled.
        allow_repeated_speaker: Whether the model may choose the last speaker again.
        max_selector_attempts: How many times the model is asked; at least 1.
        selector_func: Is given all that was said and done; returns a name, or None to leave the
            choice to the model. May be async.
        candidate_func: Is given the same; returns the names to choose from. May be async.
        custom_message_types: Further types of messages that are said in this team.
        emit_team_events: Yield a `SelectSpeakerEvent` before each turn, and what the model said
            to it as a `SelectorEvent`.
        model_client_streaming: Ask the model for its answer piece by piece; with
            `emit_team_events` the pieces are yielded as `ModelClientStreamingChunkEvent`.
        model_context: Decides what of the conversation the model is told; by default all.

    Raises:
        ValueError: There are less than two participants, `selector_prompt` has other fields, or
            `max_selector_attempts` is below 1.
    """

    component_config_schema = SelectorGroupChatConfig
    component_provider_override = "nbagent.teams.SelectorGroupChat"
    manager_name = "SelectorGroupChatManager"
    DEFAULT_NAME = "SelectorGroupChat"
    DEFAULT_DESCRIPTION = "A team of agents."

    def __init__(
        self,
        participants: Sequence[ChatAgent | Team],
        model_client: ChatCompletionClient,
        *,
        name: str | None = None,
        description: str | None = None,
        termination_condition: TerminationCondition | None = None,
        max_turns: int | None = None,
        runtime: None = None,
        selector_prompt: str = DEFAULT_SELECTOR_PROMPT,
        allow_repeated_speaker: bool = False,
        max_selector_attempts: int = 3,
        selector_func: SelectorFuncType | None = None,
        candidate_func: CandidateFuncType | None = None,
        custom_message_types: Sequence[type[BaseAgentEvent | BaseChatMessage]] | None = None,
        emit_team_events: bool = False,
        model_client_streaming: bool = False,
        model_context: ChatCompletionContext | None = None,
    ) -> None:
        no_runtime(runtime)
        if len(participants) < 2:
            raise ValueError("At least two participants are required for SelectorGroupChat.")
        super().__init__(
            name or self.DEFAULT_NAME,
            description or self.DEFAULT_DESCRIPTION,
            participants,
            termination_condition,
            max_turns,
            custom_message_types,
            emit_team_events,
        )
        self._choice = SpeakerChoice(
            model_client,
            prompt=selector_prompt,
            max_attempts=max_selector_attempts,
            streaming=model_client_streaming,
            emit_events=emit_team_events,
            source=self.manager_name,
        )
        self._allow_repeated_speaker = allow_repeated_speaker
        self._selector_func = selector_func
        self._candidate_func = candidate_func
        self._given_model_context = model_context
        self._model_context = model_context or UnboundedChatCompletionContext()
        # How much of the thread stands in the model context; None where it holds another thread.
        self._told: int | None = 0
        self._previous_speaker: str | None = None

    async def select_speakers(
        self, thread: Sequence[Event], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Speakers | str, None]:
        """Ask the functions and the model, as the class says."""
        if self._selector_func is not None:
            name = await _answer(self._selector_func(thread), cancellation_token)
            if name is not None:
                if name not in self._participants:
                    raise ValueError(
                        f"selector_func of team {self.name!r} returned {name!r}. It must return "
                        f"one of {list(self._participants)}, or None."
                    )
                yield [name]
                return
        names = list(self._participants)
        if self._candidate_func is not None:
            names = await _answer(self._candidate_func(thread), cancellation_token)
            self._check_candidates(names)
        candidates = names
        if not self._allow_repeated_speaker:
            candidates = [name for name in names if name != self._previous_speaker] or names
        if len(candidates) == 1:
            yield [candidates[0]]
            return
        await self._tell(thread)
        choice = self._choice.choose(
            {name: self._participants[name].member.description for name in candidates},
            await self._model_context.get_messages(),
            cancellation_token,
        )
        chosen = self._previous_speaker if self._previous_speaker in names else names[0]
        async with aclosing(choice):
            async for item in choice:
                if isinstance(item, str):
                    chosen = item
                else:
                    yield item
        yield [chosen]

    def _check_candidates(self, names: object) -> None:
        known = list(self._participants)
        if not isinstance(names, list) or not names:
            raise ValueError(
                f"candidate_func of team {self.name!r} returned {names!r}. It must return a list "
                f"of at least one of {known}."
            )
        unknown = [name for name in cast("list[Any]", names) if name not in self._participants]
        if unknown:
            raise ValueError(
                f"candidate_func of team {self.name!r} returned {unknown[0]!r}, which is none of "
                f"{known}."
            )

    async def _tell(self, thread: Sequence[Event]) -> None:
        """Add to the model context what was said since it was last told."""
        if self._told is None:
            await self._model_context.clear()
            self._told = 0
        new, self._told = thread[self._told :], len(thread)
        said = [event for event in new if isinstance(event, BaseChatMessage)]
        await hear(said, self._model_context)

    async def after_turn(self, names: Sequence[str], turns: Sequence[Turn]) -> None:
        """Note who spoke."""
        self._previous_speaker = names[-1]

    async def reset_manager(self) -> None:
        """Forget who spoke, and what the model was told."""
        self._previous_speaker = None
        self._told = None

    def save_manager(self) -> SelectorManagerState:
        """Who spoke last."""
        return SelectorManagerState(previous_speaker=self._previous_speaker)

    def load_manager(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_manager()` gave."""
        previous = SelectorManagerState.read(state).previous_speaker
        if previous is not None and previous not in self._participants:
            raise ValueError(
                f"previous_speaker is {previous!r}, and the participants are "
                f"{list(self._participants)}."
            )
        self._previous_speaker = previous
        self._told = None

    def _to_config(self) -> SelectorGroupChatConfig:
        for argument, function in (
            ("selector_func", self._selector_func),
            ("candidate_func", self._candidate_func),
        ):
            if function is not None:
                raise ComponentError(
                    f"team {self.name!r} has a {argument}, which is a function and cannot be "
                    "dumped."
                )
        context = self._given_model_context
        return SelectorGroupChatConfig(
            **self._common_config(),
            model_client=self._choice.model_client.dump_component(),
            selector_prompt=self._choice.prompt,
            allow_repeated_speaker=self._allow_repeated_speaker,
            max_selector_attempts=self._choice.max_attempts,
            emit_team_events=self._emit_team_events,
            model_client_streaming=self._choice.streaming,
            model_context=None if context is None else context.dump_component(),
        )

    @classmethod
    def _from_config(cls, config: SelectorGroupChatConfig) -> Self:
        load = ComponentLoader.load_component
        context = config.model_context
        return cls(
            load_members(config.participants),
            load(config.model_client, ChatCompletionClient),
            **config.options(),
            selector_prompt=config.selector_prompt,
            allow_repeated_speaker=config.allow_repeated_speaker,
            max_selector_attempts=config.max_selector_attempts,
            emit_team_events=config.emit_team_events,
            model_client_streaming=config.model_client_streaming,
            model_context=load(context, ChatCompletionContext) if context else None,
        )


async def _answer(
    answer: AnswerT | Awaitable[AnswerT], cancellation_token: CancellationToken
) -> AnswerT:
    """What a function returned that may be async."""
    if inspect.isawaitable(answer):
        return await cancellation_token.wait(answer)
    return answer
