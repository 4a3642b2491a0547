"""MessageFilterAgent: an agent that hears only part of what is said."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal

from pydantic import BaseModel, Field
from typing_extensions import Self

from nbagent.agents.base_chat_agent import BaseChatAgent
from nbagent.base.chat_agent import Response
from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentModel
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.state import MessageFilterAgentState


class PerSourceFilter(BaseModel, defer_build=True):
    """Which messages of one participant are heard.

    Attributes:
        source: The participant's name.
        position: Whether the first or the last messages are heard; None for all.
        count: How many; None for all.
    """

    source: str
    position: Literal["first", "last"] | None = None
    count: int | None = Field(default=None, ge=0)


class MessageFilterConfig(BaseModel, defer_build=True):
    """What is heard: messages of these participants, and of no others."""

    per_source: list[PerSourceFilter]


class MessageFilterAgentConfig(BaseModel, defer_build=True):
    """Config of `MessageFilterAgent`."""

    name: str
    wrapped_agent: ComponentModel
    filter: MessageFilterConfig


class MessageFilterAgent(BaseChatAgent, Component[MessageFilterAgentConfig]):
    """Hands another agent only the messages that a filter lets through, in their order.

    Args:
        name: Unique in a team, and a valid Python identifier.
        wrapped_agent: The agent.
        filter: What it hears.

    Raises:
        ValueError: The name is no identifier.
    """

    component_provider_override = "nbagent.agents.MessageFilterAgent"
    component_config_schema = MessageFilterAgentConfig

    def __init__(
        self, name: str, wrapped_agent: BaseChatAgent, filter: MessageFilterConfig
    ) -> None:
        super().__init__(name, f"{wrapped_agent.description} (with message filtering)")
        self._wrapped_agent = wrapped_agent
        self._filter = filter

    @property
    def remembers_messages(self) -> bool:
        """As the wrapped agent does."""
        return self._wrapped_agent.remembers_messages

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """The kinds of message that the wrapped agent may answer with."""
        return self._wrapped_agent.produced_message_types

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Let the wrapped agent answer what it hears."""
        return await self._wrapped_agent.on_messages(self._heard(messages), cancellation_token)

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """Yield what the wrapped agent does with what it hears."""
        stream = self._wrapped_agent.on_messages_stream(self._heard(messages), cancellation_token)
        async with aclosing(stream):
            async for item in stream:
                yield item

    def _heard(self, messages: Sequence[BaseChatMessage]) -> list[BaseChatMessage]:
        heard: set[int] = set()
        for rule in self._filter.per_source:
            places = [
                place for place, message in enumerate(messages) if message.source == rule.source
            ]
            if rule.count is not None and rule.position == "first":
                places = places[: rule.count]
            elif rule.count is not None and rule.position == "last":
                places = places[max(0, len(places) - rule.count) :]
            heard.update(places)
        return [messages[place] for place in sorted(heard)]

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Reset the wrapped agent."""
        await self._wrapped_agent.on_reset(cancellation_token)

    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        """Pause the wrapped agent."""
        await self._wrapped_agent.on_pause(cancellation_token)

    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        """Let the wrapped agent go on."""
        await self._wrapped_agent.on_resume(cancellation_token)

    async def save_state(self) -> Mapping[str, Any]:
        """What the wrapped agent remembers, as plain data."""
        return MessageFilterAgentState(
            wrapped_agent_state=await self._wrapped_agent.save_state()
        ).model_dump(mode="json")

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""
        saved = MessageFilterAgentState.read(state)
        await self._wrapped_agent.load_state(saved.wrapped_agent_state)

    async def close(self) -> None:
        """Release what the wrapped agent uses."""
        await self._wrapped_agent.close()

    def _to_config(self) -> MessageFilterAgentConfig:
        return MessageFilterAgentConfig(
            name=self.name,
            wrapped_agent=self._wrapped_agent.dump_component(),
            filter=self._filter,
        )

    @classmethod
    def _from_config(cls, config: MessageFilterAgentConfig) -> Self:
        return cls(
            config.name,
            BaseChatAgent.load_component(config.wrapped_agent),
            config.filter,
        )
