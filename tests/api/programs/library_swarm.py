"""A swarm: agents hand over to each other and to the customer, who answers between runs."""

import asyncio
from collections.abc import Callable

from nbagent.agents import AssistantAgent
from nbagent.conditions import HandoffTermination, TextMentionTermination
from nbagent.messages import HandoffMessage
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.teams import Swarm
from nbagent.ui import Console


def extend_loan(card: int) -> str:
    """Extend the loans on a library card."""
    return f"Loans on card {card} end in two weeks."


async def main(ask: Callable[[str], str] = input) -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    desk = AssistantAgent(
        "desk",
        model_client=model_client,
        handoffs=["loans", "user"],
        system_message="Send readers on to whoever can help. Say goodbye with CLOSED.",
    )
    loans = AssistantAgent(
        "loans", model_client=model_client, handoffs=["desk", "user"], tools=[extend_loan]
    )
    stop = HandoffTermination(target="user") | TextMentionTermination("CLOSED")
    library = Swarm([desk, loans], termination_condition=stop)

    result = await Console(library.run_stream(task="My book is not read yet."))
    while True:
        handoff = result.messages[-1]
        if not isinstance(handoff, HandoffMessage) or handoff.target != "user":
            break
        reply = HandoffMessage(source="user", target=handoff.source, content=ask("You: "))
        result = await Console(library.run_stream(task=reply))
    print(result.stop_reason)
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
