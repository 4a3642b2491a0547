"""A writer and a critic take turns until one of several conditions holds, and go on later."""

import asyncio

from nbagent.agents import AssistantAgent
from nbagent.base import TaskResult
from nbagent.conditions import MaxMessageTermination, TextMentionTermination
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.teams import RoundRobinGroupChat
from nbagent.ui import Console


async def main() -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    primary = AssistantAgent("primary", model_client, system_message="Write short poems.")
    critic = AssistantAgent(
        "critic", model_client, system_message="Say what to mend. Say APPROVE if nothing is."
    )
    termination = TextMentionTermination("APPROVE", sources=["critic"]) | MaxMessageTermination(
        max_messages=6
    )
    team = RoundRobinGroupChat([primary, critic], termination_condition=termination)

    result = await Console(team.run_stream(task="A poem about autumn."), output_stats=True)
    print(result.stop_reason)

    async for message in team.run_stream():
        if isinstance(message, TaskResult):
            print("then:", message.stop_reason)

    await team.reset()
    print(len((await team.run(task="A poem about spring.")).messages))
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
