"""A person in a team: asked during a run, and heard between two runs."""

import asyncio
from collections.abc import Awaitable, Callable

from nbagent import CancellationToken
from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base import Handoff
from nbagent.conditions import HandoffTermination, TextMentionTermination
from nbagent.messages import HandoffMessage, UserInputRequestedEvent
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.teams import RoundRobinGroupChat
from nbagent.ui import Console, UserInputManager

InputFunc = Callable[[str, CancellationToken | None], Awaitable[str]]


async def main(ask: InputFunc) -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o-mini")

    assistant = AssistantAgent("assistant", model_client)
    user_proxy = UserProxyAgent("user_proxy", input_func=ask)
    team = RoundRobinGroupChat(
        [assistant, user_proxy], termination_condition=TextMentionTermination("APPROVE")
    )
    async for message in team.run_stream(task="Write a line about the moon."):
        if isinstance(message, UserInputRequestedEvent):
            print("waiting for", message.source)
    print("-- with a manager")

    manager = UserInputManager(callback=ask)
    captain = UserProxyAgent("captain", input_func=manager.get_wrapped_callback())
    team = RoundRobinGroupChat(
        [assistant, captain], termination_condition=TextMentionTermination("APPROVE")
    )
    await Console(team.run_stream(task="And the sun?"), user_input_manager=manager)
    print("-- between runs")

    indoors = AssistantAgent(
        "indoors",
        model_client,
        handoffs=[Handoff(target="user", message="Please look out of the window.")],
        system_message="You see no window. Ask the user what is outside.",
    )
    stop = HandoffTermination(target="user") | TextMentionTermination("UMBRELLA")
    alone = RoundRobinGroupChat([indoors], termination_condition=stop)
    print((await alone.run(task="What shall I take along?")).stop_reason)
    seen = HandoffMessage(source="user", target="indoors", content="It rains.")
    print((await alone.run(task=seen)).messages[-1].to_text())
    await model_client.close()


async def from_keyboard(prompt: str, cancellation_token: CancellationToken | None = None) -> str:
    return await asyncio.get_running_loop().run_in_executor(None, input, prompt)


if __name__ == "__main__":
    asyncio.run(main(from_keyboard))
