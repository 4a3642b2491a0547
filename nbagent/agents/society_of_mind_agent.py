"""SocietyOfMindAgent: a team that speaks as one agent."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.agents.base_chat_agent import BaseChatAgent, response_of
from nbagent.agents.hearing import hear
from nbagent.base.chat_agent import Response
from nbagent.base.inner_run import of_inner_team
from nbagent.base.task import TaskResult
from nbagent.base.team import Team
from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentModel
from nbagent.exceptions import ModelResponseError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    TextMessage,
)
from nbagent.model_context import ChatCompletionContext, UnboundedChatCompletionContext
from nbagent.models.client import ChatCompletionClient
from nbagent.models.types import (
    AssistantMessage,
    CreateResult,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from nbagent.state import SocietyOfMindAgentState

Event = BaseAgentEvent | BaseChatMessage


class SocietyOfMindAgentConfig(BaseModel, defer_build=True):
    """Config of `SocietyOfMindAgent`."""

    name: str
    team: ComponentModel
    model_client: ComponentModel
    description: str | None = None
    instruction: str | None = None
    response_prompt: str | None = None
    model_context: ComponentModel | None = None


class SocietyOfMindAgent(BaseChatAgent, Component[SocietyOfMindAgentConfig]):
    """Lets a team of its own work on what it is told, and answers with a model's summary of it.

    The team starts afresh each time; what was said before, it is handed as context. A team that
    was stopped in the middle keeps what it has, and goes on with it in the next run.

    Args:
        name: Unique in the outer team, and a valid Python identifier.
        team: The inner team; it needs a way to stop.
        model_client: The model that writes the answer.
        description: What the agent is good for; teams choose speakers by it.
        instruction: Told to the model before what the team said.
        response_prompt: Told to the model after what the team said.
        model_context: Keeps what the agent was told and answered.

    Raises:
        ValueError: The name is no identifier.
    """

    component_provider_override = "nbagent.agents.SocietyOfMindAgent"
    component_config_schema = SocietyOfMindAgentConfig

    DEFAULT_INSTRUCTION: ClassVar[str] = (
        "Someone gave you a task. Your colleagues have worked on it, and this is what they said:"
    )
    DEFAULT_RESPONSE_PROMPT: ClassVar[str] = (
        "Now give the answer to the task by itself, as if it were yours: do not mention your "
        "colleagues or their discussion."
    )
    DEFAULT_DESCRIPTION: ClassVar[str] = (
        "An agent that uses an inner team of agents to generate responses."
    )

    def __init__(
        self,
        name: str,
        team: Team,
        model_client: ChatCompletionClient,
        *,
        description: str = DEFAULT_DESCRIPTION,
        instruction: str = DEFAULT_INSTRUCTION,
        response_prompt: str = DEFAULT_RESPONSE_PROMPT,
        model_context: ChatCompletionContext | None = None,
    ) -> None:
        super().__init__(name, description)
        self._team = team
        self._model_client = model_client
        self._instruction = instruction
        self._response_prompt = response_prompt
        self._model_context = model_context or UnboundedChatCompletionContext()
        self._interrupted = False

    @property
    def remembers_messages(self) -> bool:
        """Its team remembers them."""
        return True

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """Text."""
        return (TextMessage,)

    @property
    def model_context(self) -> ChatCompletionContext:
        """What the agent was told and answered so far."""
        return self._model_context

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Let the team work, and answer."""
        return await response_of(self.on_messages_stream(messages, cancellation_token))

    def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """Yield what the team does, marked with this agent's name, and last the `Response`.

        Raises:
            AlreadyRunningError: The agent is having another turn.
            ModelError: The model could not answer.
            Exception: Whatever the team raises.
        """
        return self._turn(self._respond(messages, cancellation_token))

    async def _respond(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        task: list[BaseChatMessage] = list(messages)
        if not self._interrupted:
            task = [*_as_said(await self._model_context.get_messages()), *messages]
        await hear(messages, self._model_context)

        self._interrupted = True
        inner: list[Event] = []
        stream = self._team.run_stream(
            task=task or None, cancellation_token=cancellation_token, output_task_messages=False
        )
        async with aclosing(stream):
            async for item in stream:
                if isinstance(item, TaskResult):
                    continue
                event = of_inner_team(item, self.name)
                if not isinstance(event, ModelClientStreamingChunkEvent):
                    inner.append(event)
                yield event
        said = [message for message in inner if isinstance(message, BaseChatMessage)]
        if said:
            answer = await self._summary(said, cancellation_token)
        else:
            answer = TextMessage(content="No response.", source=self.name)
        await self._team.reset()
        self._interrupted = False
        await self._model_context.add_message(
            AssistantMessage(content=answer.content, source=self.name)
        )
        yield Response(chat_message=answer, inner_messages=inner)

    async def _summary(
        self, said: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> TextMessage:
        # Where a model takes one system message only, the prompts are a user's.
        several = self._model_client.model_info.get("multiple_system_messages", False)

        def prompt(text: str) -> LLMMessage:
            return (
                SystemMessage(content=text)
                if several
                else UserMessage(content=text, source=self.name)
            )

        result: CreateResult = await self._model_client.create(
            [
                prompt(self._instruction),
                *(message.to_model_message() for message in said),
                prompt(self._response_prompt),
            ],
            cancellation_token=cancellation_token,
        )
        if not isinstance(result.content, str):
            raise ModelResponseError(
                f"the model of agent {self.name!r} called tools, but was offered none."
            )
        notice = self._model_client.notice
        return TextMessage(
            content=result.content,
            source=self.name,
            models_usage=result.usage,
            metadata={"notice": notice} if notice else {},
        )

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Forget the conversation, and reset the team."""
        await self._team.reset()
        await self._model_context.clear()
        self._interrupted = False

    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        """Pause the team."""
        await self._team.pause()

    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        """Let the team go on."""
        await self._team.resume()

    async def save_state(self) -> Mapping[str, Any]:
        """What the team and the agent itself remember, as plain data."""
        return SocietyOfMindAgentState(
            inner_team_state=await self._team.save_state(),
            llm_context=await self._model_context.save_state(),
            interrupted=self._interrupted,
        ).model_dump(mode="json")

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""
        saved = SocietyOfMindAgentState.read(state)
        await self._team.load_state(saved.inner_team_state)
        await self._model_context.load_state(saved.llm_context)
        self._interrupted = saved.interrupted

    def _to_config(self) -> SocietyOfMindAgentConfig:
        return SocietyOfMindAgentConfig(
            name=self.name,
            team=self._team.dump_component(),
            model_client=self._model_client.dump_component(),
            description=self.description,
            instruction=self._instruction,
            response_prompt=self._response_prompt,
            model_context=self._model_context.dump_component(),
        )

    @classmethod
    def _from_config(cls, config: SocietyOfMindAgentConfig) -> Self:
        return cls(
            config.name,
            Team.load_component(config.team),
            ChatCompletionClient.load_component(config.model_client),
            description=config.description or cls.DEFAULT_DESCRIPTION,
            instruction=config.instruction or cls.DEFAULT_INSTRUCTION,
            response_prompt=config.response_prompt or cls.DEFAULT_RESPONSE_PROMPT,
            model_context=ChatCompletionContext.load_component(config.model_context)
            if config.model_context
            else None,
        )


def _as_said(messages: Sequence[LLMMessage]) -> list[BaseChatMessage]:
    """What was said in earlier runs, as messages to the team; tool calls were somebody's own."""
    said: list[BaseChatMessage] = []
    for message in messages:
        if isinstance(message, UserMessage) and not isinstance(message.content, str):
            said.append(MultiModalMessage(content=message.content, source=message.source))
        elif isinstance(message, UserMessage | AssistantMessage) and isinstance(
            message.content, str
        ):
            said.append(TextMessage(content=message.content, source=message.source))
    return said
