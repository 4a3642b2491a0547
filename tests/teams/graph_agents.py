"""Agents for the tests of teams: they say what a test writes down, and remember what they heard."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.agents import BaseChatAgent
from nbagent.base import Response
from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.messages import BaseAgentEvent, BaseChatMessage, TextMessage

Answer = Callable[[], str]


class SpeakerConfig(BaseModel):
    name: str
    says: list[str]


class Speaker(BaseChatAgent, Component[SpeakerConfig]):
    """Says prepared lines, the last one over and over; keeps what it heard and said.

    Args:
        name: Its name.
        *says: The lines; its name by default. An exception is raised, once.
    """

    component_config_schema = SpeakerConfig

    def __init__(self, name: str, *says: str | Exception) -> None:
        super().__init__(name, f"{name} speaks")
        self._says = list(says) or [name]
        self.context: list[str] = []
        self.turns = 0
        self.hold: asyncio.Event | None = None
        self.began = asyncio.Event()

    @property
    def remembers_messages(self) -> bool:
        return True

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        self.context += [f"{message.source}: {message.to_text()}" for message in messages]
        self.began.set()
        if self.hold is not None:
            await cancellation_token.wait(self.hold.wait())
        line = self._says[0]
        if len(self._says) > 1:
            self._says.pop(0)
        if isinstance(line, Exception):
            raise line
        self.turns += 1
        self.context.append(f"{self.name}: {line}")
        return Response(chat_message=TextMessage(content=line, source=self.name))

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        yield await self.on_messages(messages, cancellation_token)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self.context.clear()

    async def save_state(self) -> Mapping[str, Any]:
        return {"context": list(self.context)}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        self.context = list(state["context"])

    def _to_config(self) -> SpeakerConfig:
        return SpeakerConfig(name=self.name, says=[str(line) for line in self._says])

    @classmethod
    def _from_config(cls, config: SpeakerConfig) -> Self:
        return cls(config.name, *config.says)


def sources(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> list[str]:
    """Who said each of the messages."""
    return [message.source for message in messages]
