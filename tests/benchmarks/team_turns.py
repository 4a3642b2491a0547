"""What a team's turn costs with agents that do nothing, and whether that grows with the turns."""

import asyncio
import time
from collections.abc import Sequence

from nbagent import CancellationToken
from nbagent.agents import BaseChatAgent
from nbagent.base import Response
from nbagent.messages import BaseChatMessage, TextMessage
from nbagent.teams import RoundRobinGroupChat
from tests.benchmarks.figure import Figure

RUNS = {100: 40, 1_000: 10, 10_000: 3}
"""How many runs of so many turns; the quickest counts, as others' work only ever slows one down."""


class Trivial(BaseChatAgent):
    """Says always the same message."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "does nothing")
        self._response = Response(chat_message=TextMessage(content="x", source=name))

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        return self._response

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        pass


async def _turn(turns: int) -> float:
    """Milliseconds of one turn in a run of so many: of the processor, as nothing here waits."""
    team = RoundRobinGroupChat([Trivial("a"), Trivial("b")], max_turns=turns)
    start = time.process_time()
    result = await team.run(task="go")
    elapsed = time.process_time() - start
    assert len(result.messages) == turns + 1
    return elapsed / turns * 1000


async def _measure() -> list[Figure]:
    quickest = {
        turns: min([await _turn(turns) for _ in range(runs)]) for turns, runs in RUNS.items()
    }
    figures = [
        Figure(f"a turn of RoundRobin, in a run of {turns:,}", milliseconds, "ms", 0.03)
        for turns, milliseconds in quickest.items()
    ]
    growth = quickest[10_000] / quickest[100]
    return [
        *figures,
        Figure("a turn in 10,000 beside a turn in 100 (1 is linear)", growth, "", 1.5),
    ]


def measure() -> list[Figure]:
    """Time runs of 100, 1,000 and 10,000 turns."""
    return asyncio.run(_measure())


if __name__ == "__main__":
    for figure in measure():
        print(figure)
