"""Magentic-One: an orchestrator plans, directs the agents, and answers at the end."""

import asyncio

from nbagent.agents import AssistantAgent
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import MagenticOneGroupChat
from nbagent.ui import Console


async def main() -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    assistant = AssistantAgent(
        "assistant", ReplayChatCompletionClient(["Sort the list, then take the middle."])
    )
    team = MagenticOneGroupChat(
        [assistant], model_client=model_client, max_turns=5, max_stalls=1, name="solvers"
    )
    result = await Console(team.run_stream(task="How is a median found?"))
    print("reason:", result.stop_reason)
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
