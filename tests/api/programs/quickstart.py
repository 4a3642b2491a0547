"""An agent with one tool, streamed to the terminal."""

import asyncio

from nbagent.agents import AssistantAgent
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.ui import Console


async def tide_table(harbour: str) -> str:
    """Look up the next high tide of a harbour."""
    return f"High tide at {harbour}: 16:40."


async def main() -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    agent = AssistantAgent(
        name="harbour_master",
        model_client=model_client,
        tools=[tide_table],
        system_message="You know the tides.",
        reflect_on_tool_use=True,
        model_client_stream=True,
    )
    await Console(agent.run_stream(task="When can we leave Cuxhaven?"))
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
