"""MagenticOneGroupChat: an orchestrator plans, follows the progress, and says who acts next."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import Self

from nbagent.base.chat_agent import ChatAgent
from nbagent.base.ledger import ProgressReport, TaskLedger, ledger_metadata
from nbagent.base.team_shape import TeamShape
from nbagent.base.termination import TerminationCondition
from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentModel
from nbagent.exceptions import ModelResponseError
from nbagent.messages import BaseAgentEvent, BaseChatMessage, SelectorEvent, TextMessage
from nbagent.models.client import ChatCompletionClient
from nbagent.models.types import AssistantMessage, LLMMessage, RequestUsage, UserMessage
from nbagent.state import MagenticOneOrchestratorState
from nbagent.teams import magentic_one_prompts as prompts
from nbagent.teams.base_group_chat import BaseGroupChat, Speakers
from nbagent.teams.config import GroupChatConfig, load_agents
from nbagent.teams.participant import Event, Turn
from nbagent.teams.progress_question import ProgressQuestion
from nbagent.teams.runtime import no_runtime

Choice = AsyncGenerator[BaseAgentEvent | BaseChatMessage | Speakers | str, None]

ORCHESTRATOR = "MagenticOneOrchestrator"


class MagenticOneGroupChatConfig(GroupChatConfig, defer_build=True):
    """Config of `MagenticOneGroupChat`."""

    model_client: ComponentModel
    max_stalls: int
    final_answer_prompt: str
    emit_team_events: bool = False


class MagenticOneGroupChat(BaseGroupChat, Component[MagenticOneGroupChatConfig]):
    """A team that an orchestrator leads.

    For a task the orchestrator writes a task ledger: what is known, and a plan. Then it looks at
    the progress before each turn, and gives one participant an instruction. Where the work
    stalls, the participants begin anew with better facts and another plan. In the end the
    orchestrator writes the answer.

    The orchestrator's messages come from "MagenticOneOrchestrator". Those that stand for a
    ledger carry it in their metadata; `nbagent.base.ledger.read_ledger` reads it. A look at the
    progress after which nobody is asked is a `SelectorEvent`.

    Args:
        participants: The agents.
        model_client: The orchestrator's model.
        name: The team's name.
        description: What it is good for.
        termination_condition: Stops the team, without a final answer; None for none.
        max_turns: Looks at the progress in one task at most; then comes the final answer. None
            for any number.
        runtime: There is no runtime here; only None is accepted.
        max_stalls: So many looks without progress, less those with, lead to a new plan.
        final_answer_prompt: Asks for the final answer; {task} stands for the task.
        custom_message_types: Further types of messages that are said in this team.
        emit_team_events: Yield a `SelectSpeakerEvent` before each turn.

    Raises:
        ValueError: `max_turns` or `max_stalls` is below 1.
    """

    component_config_schema = MagenticOneGroupChatConfig
    component_provider_override = "nbagent.teams.MagenticOneGroupChat"
    manager_name = ORCHESTRATOR
    takes_teams = False
    DEFAULT_NAME = "MagenticOneGroupChat"
    DEFAULT_DESCRIPTION = "A team of agents."

    def __init__(
        self,
        participants: Sequence[ChatAgent],
        model_client: ChatCompletionClient,
        *,
        name: str | None = None,
        description: str | None = None,
        termination_condition: TerminationCondition | None = None,
        max_turns: int | None = 20,
        runtime: None = None,
        max_stalls: int = 3,
        final_answer_prompt: str = prompts.ORCHESTRATOR_FINAL_ANSWER_PROMPT,
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
        if max_stalls < 1:
            raise ValueError(f"max_stalls must be at least 1, not {max_stalls!r}.")
        # Counted here, where a final answer follows; the loop would just stop.
        self._max_rounds, self._max_turns = max_turns, None
        self._max_stalls = max_stalls
        self._final_answer_prompt = final_answer_prompt
        self._model_client = model_client
        self._metadata = {"notice": model_client.notice} if model_client.notice else {}
        self._question = ProgressQuestion(model_client, ORCHESTRATOR, list(self._participants))
        self._team = "\n".join(
            f"- {member.name}: {' '.join(member.description.split())}" for member in participants
        )
        self._state = MagenticOneOrchestratorState()

    async def begin(self, messages: Sequence[BaseChatMessage]) -> None:
        """Take up a new task.

        Raises:
            ValueError: There is none, and there was none before.
        """
        if messages:
            self._state = MagenticOneOrchestratorState(
                task="\n".join(message.to_model_text() for message in messages),
                task_at=len(self._thread),
                task_length=len(messages),
            )
        elif not self._state.task_length:
            raise ValueError(
                f"Team {self.name!r} has no task to go on with. Give it one: run(task=...)."
            )

    async def select_speakers(
        self, thread: Sequence[Event], cancellation_token: CancellationToken
    ) -> Choice:
        """Plan where there is no plan, look at the progress, and say who acts next."""
        state = self._state
        if state.answered:
            yield "The task has been answered. Give a new one: run(task=...)."
            return
        if state.asked is not None:  # the turn was cut short, and is taken again
            yield [state.asked]
            return
        while state.ending is None:
            if state.ledger_at is None or state.n_stalls >= self._max_stalls:
                yield await self._make_plan(cancellation_token)
            if self._max_rounds is not None and state.n_rounds >= self._max_rounds:
                state.ending = f"Maximum number of turns {self._max_rounds} reached."
                break
            report, usage = await self._look_at_progress(cancellation_token)
            ledger = report.ledger
            if ledger.is_request_satisfied.answer:
                state.ending = ledger.is_request_satisfied.reason or "The task is done."
                yield self._event("The task is done.", report, usage)
                break
            if state.n_stalls >= self._max_stalls:
                yield self._event(
                    "The work has stalled, so there will be a new plan.", report, usage
                )
                continue
            state.asked = ledger.next_speaker.answer
            instruction = TextMessage(
                content=ledger.instruction_or_question.answer,
                source=ORCHESTRATOR,
                models_usage=usage,
                metadata=self._metadata | ledger_metadata(report),
            )
            self._tell([instruction])
            yield instruction
            yield [state.asked]
            return
        yield await self._answer(cancellation_token)
        yield state.ending

    async def after_turn(self, names: Sequence[str], turns: Sequence[Turn]) -> None:
        """The one who was asked has answered."""
        self._state.asked = None

    async def _make_plan(self, cancellation_token: CancellationToken) -> TextMessage:
        """Take stock and plan, for the first time or anew; the message says it to everybody.

        Nothing is changed before both are done, so that a plan that was cut short is made again.
        """
        state = self._state
        is_first = state.ledger_at is None
        conversation = self._earlier() + self._task() if is_first else self._work()
        ask_facts = (
            prompts.FACTS
            if is_first
            else prompts.NEW_FACTS.format(task=state.task, facts=state.facts)
        )
        facts, usage = await self._ask(conversation, ask_facts, cancellation_token)
        conversation += [
            UserMessage(content=ask_facts, source=ORCHESTRATOR),
            AssistantMessage(content=facts, source=ORCHESTRATOR),
        ]
        ask_plan = (prompts.PLAN if is_first else prompts.NEW_PLAN).format(team=self._team)
        plan, more = await self._ask(conversation, ask_plan, cancellation_token)
        if not is_first:
            await self._begin_work_anew(cancellation_token)
        state.facts, state.plan = facts, plan
        state.n_plans += 1
        state.n_stalls = 0
        state.ledger_at = len(self._thread)
        message = TextMessage(
            content=prompts.TASK_LEDGER.format(
                task=state.task, team=self._team, facts=facts, plan=plan
            ),
            source=ORCHESTRATOR,
            models_usage=usage + more,
            metadata=self._metadata
            | ledger_metadata(
                TaskLedger(task=state.task, facts=facts, plan=plan, version=state.n_plans)
            ),
        )
        self._tell([message])
        return message

    async def _begin_work_anew(self, cancellation_token: CancellationToken) -> None:
        """Let the participants forget what led nowhere, and hear the task again."""
        for participant in self._participants.values():
            await participant.reset(cancellation_token)
        self._tell(self._task_messages())

    async def _look_at_progress(
        self, cancellation_token: CancellationToken
    ) -> tuple[ProgressReport, RequestUsage]:
        """Ask how far the task is, and count rounds and stalls."""
        state = self._state
        question = prompts.PROGRESS.format(
            task=state.task, team=self._team, names=", ".join(self._participants)
        )
        messages = [*self._work(), UserMessage(content=question, source=ORCHESTRATOR)]
        ledger, usage = await self._question.ask(messages, cancellation_token)
        state.n_rounds += 1
        if ledger.is_in_loop.answer or not ledger.is_progress_being_made.answer:
            state.n_stalls += 1
        else:
            state.n_stalls = max(0, state.n_stalls - 1)
        report = ProgressReport(
            ledger=ledger,
            round=state.n_rounds,
            max_rounds=self._max_rounds,
            stalls=state.n_stalls,
            max_stalls=self._max_stalls,
        )
        return report, usage

    async def _answer(self, cancellation_token: CancellationToken) -> TextMessage:
        """Write the final answer."""
        prompt = self._final_answer_prompt.replace("{task}", self._state.task)
        text, usage = await self._ask(self._work(), prompt, cancellation_token)
        self._state.answered = True
        message = TextMessage(
            content=text, source=ORCHESTRATOR, models_usage=usage, metadata=dict(self._metadata)
        )
        self._tell([message])
        return message

    async def _ask(
        self, messages: Sequence[LLMMessage], prompt: str, cancellation_token: CancellationToken
    ) -> tuple[str, RequestUsage]:
        """Ask the model for a text."""
        question = UserMessage(content=prompt, source=ORCHESTRATOR)
        result = await cancellation_token.wait(
            self._model_client.create([*messages, question], cancellation_token=cancellation_token)
        )
        if not isinstance(result.content, str):
            raise ModelResponseError(
                f"{self._model_client!r} answered the orchestrator with tool calls, though it was "
                "given no tools."
            )
        return result.content, result.usage

    def _tell(self, messages: Sequence[BaseChatMessage]) -> None:
        """Let every participant hear messages, in its next turn."""
        for participant in self._participants.values():
            participant.unheard += messages

    def _event(self, text: str, report: ProgressReport, usage: RequestUsage) -> SelectorEvent:
        """A look at the progress after which nobody is asked."""
        return SelectorEvent(
            content=text,
            source=ORCHESTRATOR,
            models_usage=usage,
            metadata=self._metadata | ledger_metadata(report),
        )

    # What the orchestrator's model sees.

    def _task_messages(self) -> list[BaseChatMessage]:
        start = self._state.task_at
        return _messages(self._thread[start : start + self._state.task_length])

    def _task(self) -> list[LLMMessage]:
        return [self._for_model(message) for message in self._task_messages()]

    def _earlier(self) -> list[LLMMessage]:
        """Earlier tasks and their answers."""
        return [
            self._for_model(message)
            for message in _messages(self._thread[: self._state.task_at])
            if message.source not in self._participants and "ledger" not in message.metadata
        ]

    def _work(self) -> list[LLMMessage]:
        """The task, the newest plan, and what was said since."""
        since = self._thread[self._state.ledger_at or 0 :]
        return [*self._task(), *(self._for_model(message) for message in _messages(since))]

    def _for_model(self, message: BaseChatMessage) -> LLMMessage:
        if message.source == ORCHESTRATOR:
            return AssistantMessage(content=message.to_model_text(), source=ORCHESTRATOR)
        content = message.to_model_message().content
        # The orchestrator only leads: that there is a picture is enough where it cannot see it.
        if isinstance(content, str) or not self._model_client.model_info["vision"]:
            text = f"{message.source} said:\n{message.to_model_text()}"
            return UserMessage(content=text, source=message.source)
        return UserMessage(content=[f"{message.source} said:", *content], source=message.source)

    # Between runs.

    async def reset_manager(self) -> None:
        """Forget the task."""
        self._state = MagenticOneOrchestratorState()

    def save_manager(self) -> MagenticOneOrchestratorState:
        """The task, the ledger, and how far the work is."""
        return self._state.model_copy()

    def load_manager(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_manager()` gave."""
        saved = MagenticOneOrchestratorState.read(state)
        if saved.asked is not None and saved.asked not in self._participants:
            raise ValueError(
                f"In the state {saved.asked!r} is to speak next, but the participants are "
                f"{list(self._participants)}."
            )
        # The thread itself is the team's, not copied here.
        self._state = saved.model_copy(update={"message_thread": [], "current_turn": 0})

    def shape(self) -> TeamShape:
        """What a picture of the team shows."""
        return replace(super().shape(), hub="orchestrator")

    def _common_config(self) -> dict[str, Any]:
        return {**super()._common_config(), "max_turns": self._max_rounds}

    def _to_config(self) -> MagenticOneGroupChatConfig:
        return MagenticOneGroupChatConfig(
            **self._common_config(),
            model_client=self._model_client.dump_component(),
            max_stalls=self._max_stalls,
            final_answer_prompt=self._final_answer_prompt,
            emit_team_events=self._emit_team_events,
        )

    @classmethod
    def _from_config(cls, config: MagenticOneGroupChatConfig) -> Self:
        return cls(
            load_agents(config.participants),
            ChatCompletionClient.load_component(config.model_client, ChatCompletionClient),
            **config.options(),
            max_stalls=config.max_stalls,
            final_answer_prompt=config.final_answer_prompt,
            emit_team_events=config.emit_team_events,
        )


def _messages(events: Sequence[Event]) -> list[BaseChatMessage]:
    return [event for event in events if isinstance(event, BaseChatMessage)]
