"""Agents of one's own: one that tells what it does, and a team chosen by a function."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from nbagent import CancellationToken
from nbagent.agents import BaseChatAgent
from nbagent.base import Response
from nbagent.conditions import MaxMessageTermination
from nbagent.messages import BaseAgentEvent, BaseChatMessage, TextMessage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import SelectorGroupChat


class Thermometer(BaseChatAgent):
    """Tells each reading as an event of its own, and their mean as its answer."""

    def __init__(self, name: str, readings: Sequence[int]) -> None:
        super().__init__(name, "Measures the room.")
        self._readings = readings

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        stream = self.on_messages_stream(messages, cancellation_token)
        *_, last = [item async for item in stream]
        assert isinstance(last, Response)
        return last

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        told: list[BaseAgentEvent | BaseChatMessage] = []
        for reading in self._readings:
            told.append(TextMessage(content=f"now {reading} degrees", source=self.name))
            yield told[-1]
        mean = sum(self._readings) // len(self._readings)
        answer = TextMessage(content=f"{mean} degrees", source=self.name)
        yield Response(chat_message=answer, inner_messages=told)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        pass


class Valve(BaseChatAgent):
    """Changes the temperature that was told last by so many degrees."""

    def __init__(self, name: str, by: int) -> None:
        super().__init__(name, description=f"Changes the room by {by} degrees.")
        self._by = by
        self._degrees = 0

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        if messages:  # nothing is new where it speaks twice in a row
            self._degrees = degrees(messages[-1])
        self._degrees += self._by
        return Response(chat_message=TextMessage(content=f"{self._degrees}", source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self._degrees = 0


def degrees(message: BaseAgentEvent | BaseChatMessage) -> int:
    assert isinstance(message, TextMessage)
    return int(message.content)


def choose_valve(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> str | None:
    return "cold" if degrees(messages[-1]) > 20 else "warm"


async def main() -> None:
    thermometer = Thermometer("thermometer", [17, 19, 24])
    print((await thermometer.on_messages([], CancellationToken())).chat_message.to_text())
    result = await thermometer.run(task="How warm is it?")
    print([message.to_text() for message in result.messages])

    team = SelectorGroupChat(
        [Valve("cold", -5), Valve("warm", 3)],
        model_client=ReplayChatCompletionClient([]),
        selector_func=choose_valve,
        allow_repeated_speaker=True,
        termination_condition=MaxMessageTermination(6),
    )
    result = await team.run(task="28")
    print([(message.source, message.to_text()) for message in result.messages])
    await team.reset()
    print((await team.run(task="3")).messages[1].to_text())


if __name__ == "__main__":
    asyncio.run(main())
