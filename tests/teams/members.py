"""Agents for the teams' tests, each with one habit."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from nbagent.agents import BaseChatAgent
from nbagent.base import Response
from nbagent.cancellation import CancellationToken
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    TextMessage,
    ThoughtEvent,
)


class Counter(BaseChatAgent):
    """Says "NAME 1", "NAME 2" and so on, and remembers each text that it was handed.

    Args:
        name: Its name.
        says: What it says instead, by the number of its turn.
    """

    def __init__(self, name: str, says: Callable[[int], BaseChatMessage | str] | None = None):
        super().__init__(name, f"counts as {name}")
        self._says = says
        self.heard: list[str] = []
        self.turns = 0
        self.happened: list[str] = []

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage, HandoffMessage)

    @property
    def remembers_messages(self) -> bool:
        return True

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        self.heard += [message.to_text() for message in messages]
        await self.work()
        self.turns += 1
        said = f"{self.name} {self.turns}" if self._says is None else self._says(self.turns)
        if isinstance(said, str):
            said = TextMessage(content=said, source=self.name)
        return Response(chat_message=said)

    async def work(self) -> None:
        """What takes time."""

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self.heard.clear()
        self.turns = 0
        self.happened.append("reset")

    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        self.happened.append("pause")

    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        self.happened.append("resume")

    async def save_state(self) -> Mapping[str, Any]:
        return {"heard": list(self.heard), "turns": self.turns}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        self.heard, self.turns = list(state["heard"]), state["turns"]


class Slow(Counter):
    """Waits for `release` in the turns that `waits` names, deaf to the cancellation token."""

    def __init__(self, name: str, waits: Callable[[int], bool] = lambda turn: True):
        super().__init__(name)
        self._waits = waits
        self.begun = asyncio.Event()
        self.release = asyncio.Event()

    async def work(self) -> None:
        self.begun.set()
        if self._waits(self.turns + 1):
            await self.release.wait()


class Failing(Counter):
    """Raises an error in its first turn."""

    def __init__(self, name: str, error: Exception):
        super().__init__(name)
        self._error: Exception | None = error

    async def work(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error


class Forgetful(Counter):
    """An agent that remembers nothing: it answers the last message it is handed."""

    def __init__(self, name: str):
        super().__init__(name)
        self.begun = asyncio.Event()
        self.release = asyncio.Event()

    @property
    def remembers_messages(self) -> bool:
        return False

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        self.begun.set()
        await self.release.wait()
        said = f"{self.name} heard {[message.to_text() for message in messages]}"
        return Response(chat_message=TextMessage(content=said, source=self.name))


class Thinker(Counter):
    """Thinks before it speaks, and says something in between that is not for the others."""

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        response = await self.on_messages(messages, cancellation_token)
        inner: list[BaseAgentEvent | BaseChatMessage] = [
            ThoughtEvent(content="TERMINATE? not yet", source=self.name),
            TextMessage(content="to myself", source=self.name),
        ]
        for item in inner:
            yield item
        yield Response(chat_message=response.chat_message, inner_messages=inner)


def hands_over(*targets: str) -> Callable[[int], BaseChatMessage | str]:
    """What an agent says that hands over to each of these in turn; "" says something instead."""

    def says(turn: int) -> BaseChatMessage | str:
        target = targets[(turn - 1) % len(targets)]
        if not target:
            return "working"
        return HandoffMessage(content=f"over to {target}", source="somebody", target=target)

    return says
