"""Model clients for OpenAI, Azure, and every server that speaks the same protocol.

Importing this package loads no provider's package; the first client that is built does.
"""

from nbagent.models.openai.azure_client import AzureOpenAIChatCompletionClient
from nbagent.models.openai.base_client import BaseOpenAIChatCompletionClient
from nbagent.models.openai.client import OpenAIChatCompletionClient
from nbagent.models.openai.config import (
    AzureOpenAIClientConfiguration,
    AzureOpenAIClientConfigurationConfigModel,
    BaseOpenAIClientConfiguration,
    BaseOpenAIClientConfigurationConfigModel,
    CreateArguments,
    CreateArgumentsConfigModel,
    JSONSchema,
    OpenAIClientConfiguration,
    OpenAIClientConfigurationConfigModel,
    ResponseFormat,
    StreamOptions,
)

__all__ = [
    "AzureOpenAIChatCompletionClient",
    "AzureOpenAIClientConfiguration",
    "AzureOpenAIClientConfigurationConfigModel",
    "BaseOpenAIChatCompletionClient",
    "BaseOpenAIClientConfiguration",
    "BaseOpenAIClientConfigurationConfigModel",
    "CreateArguments",
    "CreateArgumentsConfigModel",
    "JSONSchema",
    "OpenAIChatCompletionClient",
    "OpenAIClientConfiguration",
    "OpenAIClientConfigurationConfigModel",
    "ResponseFormat",
    "StreamOptions",
]
