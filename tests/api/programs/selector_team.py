"""A team whose next speaker a model chooses, within what two functions allow."""

import asyncio
from collections.abc import Sequence

from nbagent.agents import AssistantAgent
from nbagent.conditions import MaxMessageTermination, TextMentionTermination
from nbagent.messages import BaseAgentEvent, BaseChatMessage, SelectSpeakerEvent
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import SelectorGroupChat

SELECTOR_PROMPT = """Pick the next speaker.

{roles}

So far:
{history}

Answer with one of {participants} only.
"""


def assistant(name: str, description: str, *answers: str) -> AssistantAgent:
    return AssistantAgent(name, ReplayChatCompletionClient(answers), description=description)


async def main() -> None:
    planner = assistant("planner", "Makes plans.", "First search.", "TERMINATE")
    searcher = assistant("searcher", "Searches the web.", "Found 37.")
    analyst = assistant("analyst", "Does sums.", "That makes 42.")

    def selector_func(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> str | None:
        if messages[-1].source == "analyst":
            return planner.name
        return None

    def candidate_func(messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> list[str]:
        if messages[-1].source == "user":
            return [planner.name]
        return [searcher.name, analyst.name]

    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    team = SelectorGroupChat(
        [planner, searcher, analyst],
        model_client=model_client,
        termination_condition=TextMentionTermination("TERMINATE") | MaxMessageTermination(25),
        selector_prompt=SELECTOR_PROMPT,
        allow_repeated_speaker=True,
        selector_func=selector_func,
        candidate_func=candidate_func,
        emit_team_events=True,
    )
    result = await team.run(task="How many players were there, and five more?")
    for message in result.messages:
        if isinstance(message, SelectSpeakerEvent):
            print("->", ", ".join(message.content))
    print(result.stop_reason)
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
