"""hear(): what was said to an agent, as its model will read it."""

from collections.abc import Iterable

from nbagent.messages import BaseChatMessage, HandoffMessage
from nbagent.model_context import ChatCompletionContext


async def hear(messages: Iterable[BaseChatMessage], model_context: ChatCompletionContext) -> None:
    """Put messages into a model context; what a hand-over brings along comes before it.

    Args:
        messages: What is new.
        model_context: The conversation so far.
    """
    for message in messages:
        if isinstance(message, HandoffMessage):
            for brought in message.context:
                await model_context.add_message(brought)
        await model_context.add_message(message.to_model_message())
