"""Loggers as AgentChat's users set them up, and errors as they catch them."""

import asyncio
import logging
from collections.abc import Sequence

from nbagent import EVENT_LOGGER_NAME, ROOT_LOGGER_NAME, TRACE_LOGGER_NAME, CancellationToken
from nbagent.agents import AssistantAgent, BaseChatAgent
from nbagent.base import Response
from nbagent.messages import BaseChatMessage, TextMessage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat


class Unlucky(BaseChatAgent):
    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        raise LookupError("The key is under no mat.")

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        pass


async def main() -> None:
    for name in (TRACE_LOGGER_NAME, EVENT_LOGGER_NAME):
        print(name.startswith(ROOT_LOGGER_NAME), logging.getLogger(name).name == name)

    team = RoundRobinGroupChat([Unlucky("unlucky", "Fails.")], max_turns=1)
    try:
        await team.run(task="Open the door.")
    except Exception as error:  # noqa: BLE001 - what AgentChat raises here is not this exact class
        print(type(error).__name__, error)
    try:
        AssistantAgent("two words", ReplayChatCompletionClient([]))
    except ValueError as error:
        print("identifier" in str(error))


if __name__ == "__main__":
    asyncio.run(main())
