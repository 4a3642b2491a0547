"""An agent and a team that a third agent calls as tools."""

import asyncio

from nbagent.agents import AssistantAgent
from nbagent.conditions import TextMessageTermination
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat
from nbagent.tools import AgentTool, TeamTool


async def main() -> None:
    historian = AssistantAgent(
        name="historian",
        model_client=ReplayChatCompletionClient(["Built in 1880."]),
        description="Knows the past.",
    )
    historian_tool = AgentTool(agent=historian, return_value_as_last_message=True)

    writer = AssistantAgent("writer", ReplayChatCompletionClient(["A tower stood here."]))
    editor = AssistantAgent("editor", ReplayChatCompletionClient(["A tower stands here."]))
    desk = RoundRobinGroupChat(
        [writer, editor], termination_condition=TextMessageTermination("editor")
    )
    desk_tool = TeamTool(team=desk, name="desk", description="Writes a sentence.")

    model_client = OpenAIChatCompletionClient(model="gpt-4o", parallel_tool_calls=False)
    chief = AssistantAgent(
        name="chief",
        model_client=model_client,
        tools=[historian_tool, desk_tool],
        max_tool_iterations=3,
    )
    result = await chief.run(task="Write about the tower.")
    print(result.messages[-1].to_text())
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
