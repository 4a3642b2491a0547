"""Model contexts: what of a conversation is sent to the model."""

from nbagent.model_context.contexts import (
    BufferedChatCompletionContext,
    ChatCompletionContext,
    ChatCompletionContextState,
    HeadAndTailChatCompletionContext,
    UnboundedChatCompletionContext,
)

__all__ = [
    "BufferedChatCompletionContext",
    "ChatCompletionContext",
    "ChatCompletionContextState",
    "HeadAndTailChatCompletionContext",
    "UnboundedChatCompletionContext",
]
