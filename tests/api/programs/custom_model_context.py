"""A model context of one's own: what the model thought is not sent back to it."""

import asyncio

from nbagent.agents import AssistantAgent
from nbagent.model_context import BufferedChatCompletionContext, UnboundedChatCompletionContext
from nbagent.models import AssistantMessage, CreateResult, LLMMessage, RequestUsage
from nbagent.models.replay import ReplayChatCompletionClient


class ThoughtlessContext(UnboundedChatCompletionContext):
    """Keeps thoughts, and does not send them."""

    async def get_messages(self) -> list[LLMMessage]:
        return [
            message.model_copy(update={"thought": None})
            if isinstance(message, AssistantMessage)
            else message
            for message in await super().get_messages()
        ]


async def main() -> None:
    usage = RequestUsage(prompt_tokens=1, completion_tokens=1)
    model_client = ReplayChatCompletionClient(
        [
            CreateResult(
                finish_reason="stop", content="Four.", thought="2+2", usage=usage, cached=False
            ),
            "Eight.",
        ]
    )
    agent = AssistantAgent("reasoner", model_client, model_context=ThoughtlessContext())
    first = await agent.run(task="2+2?")
    print([type(message).__name__ for message in first.messages])
    await agent.run(task="Twice that?")
    sent: list[LLMMessage] = model_client.create_calls[1]["messages"]
    print([message.thought for message in sent if isinstance(message, AssistantMessage)])

    short = AssistantAgent(
        "forgetful",
        ReplayChatCompletionClient([f"answer {number}" for number in range(4)]),
        model_context=BufferedChatCompletionContext(buffer_size=2),
    )
    for number in range(4):
        await short.run(task=f"question {number}")
    print([message.content for message in await short.model_context.get_messages()])


if __name__ == "__main__":
    asyncio.run(main())
