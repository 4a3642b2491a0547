"""Teams for the cells of the tests: members who speak slowly, and a team inside of another."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from nbagent.agents import BaseChatAgent
from nbagent.base import Response
from nbagent.cancellation import CancellationToken
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    TextMessage,
)
from nbagent.models.types import RequestUsage
from nbagent.teams import DiGraphBuilder, GraphFlow, RoundRobinGroupChat


class Member(BaseChatAgent):
    """Says one sentence, word by word.

    Args:
        name: Its name.
        says: The sentence.
        delay: Seconds before each word.
    """

    def __init__(self, name: str, says: str, delay: float = 0.1) -> None:
        super().__init__(name, f"says {says}")
        self._says = says
        self._delay = delay

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        raise NotImplementedError("It streams.")

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        message = TextMessage(
            content=self._says, source=self.name, models_usage=RequestUsage(30, len(self._says))
        )
        for word in self._says.split(" "):
            await asyncio.sleep(self._delay)
            yield ModelClientStreamingChunkEvent(
                content=f"{word} ", source=self.name, full_message_id=message.id
            )
        yield Response(chat_message=message)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """There is nothing to forget."""


def nested(delay: float = 0.1) -> RoundRobinGroupChat:
    """A planner, a team of two who search, and a writer."""
    inner = RoundRobinGroupChat(
        [
            Member("searcher", "High water in Kiel is at **14:20**.", delay),
            Member("analyst", "It is **small**: wind matters more than the moon.", delay),
        ],
        name="research",
        max_turns=2,
    )
    return RoundRobinGroupChat(
        [
            Member("planner", "First the facts, then the text.", delay),
            inner,
            Member("writer", "Kiel has *hardly* any tides.", delay),
        ],
        name="newsroom",
        max_turns=3,
    )


def flow(delay: float = 0.1) -> GraphFlow:
    """A graph of four: one of two branches is taken."""
    builder = DiGraphBuilder()
    said = {
        "planner": "The tides of Kiel are unknown to me.",
        "searcher": "High water in Kiel is at 14:20, and hardly higher than low water.",
        "critic": "That cannot be right.",
        "writer": "Kiel has *hardly* any tides.",
    }
    members = [Member(name, words, delay) for name, words in said.items()]
    for member in members:
        builder.add_node(member)
    planner, searcher, critic, writer = members
    builder.add_edge(planner, searcher, condition="unknown")
    builder.add_edge(planner, critic, condition="doubtful")
    for member in (searcher, critic):
        builder.add_edge(member, writer, activation_condition="any")
    return GraphFlow(builder.get_participants(), builder.build())
