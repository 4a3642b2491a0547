"""Model clients: the protocol they share, and what goes in and comes out.

The clients themselves stand in modules of their own and are imported when used:
`nbagent.models.openai`, `nbagent.models.replay`, `nbagent.models.demo`.
"""

from nbagent.models.client import ChatCompletionClient
from nbagent.models.model_info import (
    ModelCapabilities,
    ModelFamily,
    ModelInfo,
    assume_model_info,
    validate_model_info,
)
from nbagent.models.types import (
    AssistantMessage,
    ChatCompletionTokenLogprob,
    CreateResult,
    FinishReasons,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    RequestUsage,
    SystemMessage,
    TopLogprob,
    UserMessage,
)

__all__ = [
    "AssistantMessage",
    "ChatCompletionClient",
    "ChatCompletionTokenLogprob",
    "CreateResult",
    "FinishReasons",
    "FunctionExecutionResult",
    "FunctionExecutionResultMessage",
    "LLMMessage",
    "ModelCapabilities",
    "ModelFamily",
    "ModelInfo",
    "RequestUsage",
    "SystemMessage",
    "TopLogprob",
    "UserMessage",
    "assume_model_info",
    "validate_model_info",
]
