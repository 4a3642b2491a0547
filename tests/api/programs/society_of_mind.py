"""A team inside an agent, inside another team; and a team that takes part in a team."""

import asyncio

from nbagent.agents import AssistantAgent, SocietyOfMindAgent
from nbagent.conditions import MaxMessageTermination, TextMentionTermination
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat
from nbagent.ui import Console


async def main() -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    author = AssistantAgent("author", ReplayChatCompletionClient(["Ships at night."] * 2))
    editor = AssistantAgent("editor", ReplayChatCompletionClient(["APPROVE"] * 2))
    office = RoundRobinGroupChat(
        [author, editor], termination_condition=TextMentionTermination("APPROVE")
    )
    title_maker = SocietyOfMindAgent("title_maker", team=office, model_client=model_client)
    translator = AssistantAgent("translator", ReplayChatCompletionClient(["Schiffe bei Nacht."]))
    team = RoundRobinGroupChat([title_maker, translator], max_turns=2)
    result = await Console(team.run_stream(task="A title, please."))
    print(result.stop_reason)

    desk = RoundRobinGroupChat(
        [
            AssistantAgent("reporter", ReplayChatCompletionClient(["News."])),
            AssistantAgent("checker", ReplayChatCompletionClient(["Checked."])),
        ],
        name="desk",
        termination_condition=MaxMessageTermination(3),
    )
    printer = AssistantAgent("printer", ReplayChatCompletionClient(["Printed."]))
    paper = RoundRobinGroupChat([desk, printer], max_turns=2)
    result = await paper.run(task="What is new?")
    print([message.source for message in result.messages])
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
