"""Termination conditions of one's own: as a class, and as a function."""

import asyncio
from collections.abc import Sequence

from pydantic import BaseModel
from typing_extensions import Self

from nbagent import Component
from nbagent.agents import AssistantAgent
from nbagent.base import TerminatedException, TerminationCondition
from nbagent.conditions import FunctionalTermination, MaxMessageTermination
from nbagent.messages import BaseAgentEvent, BaseChatMessage, StopMessage, TextMessage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat


class WordBudgetConfig(BaseModel):
    words: int


class WordBudget(TerminationCondition, Component[WordBudgetConfig]):
    """Stops when so many words were said."""

    component_config_schema = WordBudgetConfig

    def __init__(self, words: int) -> None:
        self._words = words
        self._said = 0

    @property
    def terminated(self) -> bool:
        return self._said >= self._words

    async def __call__(
        self, messages: Sequence[BaseAgentEvent | BaseChatMessage]
    ) -> StopMessage | None:
        if self.terminated:
            raise TerminatedException("Termination condition has already been reached")
        for message in messages:
            if isinstance(message, TextMessage):
                self._said += len(message.content.split())
        if self.terminated:
            return StopMessage(content=f"{self._said} words were said", source="WordBudget")
        return None

    async def reset(self) -> None:
        self._said = 0

    def _to_config(self) -> WordBudgetConfig:
        return WordBudgetConfig(words=self._words)

    @classmethod
    def _from_config(cls, config: WordBudgetConfig) -> Self:
        return cls(words=config.words)


async def main() -> None:
    model_client = ReplayChatCompletionClient(["one two three", "four five", "six done"])
    agent = AssistantAgent("talker", model_client)
    budget = WordBudget(words=7)
    team = RoundRobinGroupChat([agent], termination_condition=budget | MaxMessageTermination(10))
    result = await team.run(task="Talk to me.")
    print(result.stop_reason, budget.terminated)

    def is_done(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> bool:
        return any(message.to_text().endswith("done") for message in messages)

    team = RoundRobinGroupChat([agent], termination_condition=FunctionalTermination(is_done))
    print((await team.run(task="Go on.")).stop_reason)

    full = WordBudget(words=1)
    await full([TextMessage(content="enough", source="user")])
    try:
        await full([])
    except TerminatedException as error:
        print("refused:", error)


if __name__ == "__main__":
    asyncio.run(main())
