"""What the OpenAI clients can be configured with.

The `TypedDict`s describe the keyword arguments of the constructors; the pydantic models hold
the same settings as data, for `dump_component()` and `load_component()`.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from typing_extensions import Required, TypedDict

from nbagent.component import ComponentModel
from nbagent.models.model_info import ModelCapabilities, ModelInfo

AsyncAzureADTokenProvider: TypeAlias = Callable[[], str | Awaitable[str]]
"""A function that gives a Microsoft Entra ID token whenever one is needed."""


class JSONSchema(TypedDict, total=False):
    """A JSON schema that an answer must follow."""

    name: Required[str]
    description: str
    schema: dict[str, object]
    strict: bool | None


class ResponseFormat(TypedDict, total=False):
    """The form of an answer: plain text, JSON, or JSON of one schema."""

    type: Required[Literal["text", "json_object", "json_schema"]]
    json_schema: JSONSchema | None


class StreamOptions(TypedDict, total=False):
    """What a stream carries beside the answer."""

    include_usage: bool


class CreateArguments(TypedDict, total=False):
    """Settings sent with every request, as the chat completions API names them."""

    frequency_penalty: float | None
    logit_bias: dict[str, int] | None
    max_tokens: int | None
    max_completion_tokens: int | None
    n: int | None
    presence_penalty: float | None
    response_format: ResponseFormat
    seed: int | None
    stop: str | list[str] | None
    temperature: float | None
    top_p: float | None
    user: str
    stream_options: StreamOptions | None
    parallel_tool_calls: bool | None
    reasoning_effort: str | None
    logprobs: bool | None
    top_logprobs: int | None
    extra_body: dict[str, Any] | None


class BaseOpenAIClientConfiguration(CreateArguments, total=False):
    """Settings that OpenAI and Azure share."""

    model: Required[str]
    api_key: str | SecretStr
    timeout: float | None
    max_retries: int
    model_capabilities: ModelCapabilities
    model_info: ModelInfo
    add_name_prefixes: bool
    include_name_in_message: bool
    default_headers: dict[str, str] | None


class OpenAIClientConfiguration(BaseOpenAIClientConfiguration, total=False):
    """The keyword arguments of `OpenAIChatCompletionClient`."""

    organization: str
    base_url: str


class AzureOpenAIClientConfiguration(BaseOpenAIClientConfiguration, total=False):
    """The keyword arguments of `AzureOpenAIChatCompletionClient`."""

    azure_endpoint: str
    azure_deployment: str
    api_version: str
    azure_ad_token: str | SecretStr
    azure_ad_token_provider: AsyncAzureADTokenProvider


class CreateArgumentsConfigModel(BaseModel):
    """Settings sent with every request; their meaning is that of the chat completions API.

    Attributes:
        max_tokens: The longest answer, in tokens. Reasoning models get it under its newer
            name, `max_completion_tokens`.
        n: Only 1: one call gives one answer.
        extra_body: Further fields of the request, for servers with settings of their own.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    frequency_penalty: float | None = None
    logit_bias: dict[str, int] | None = None
    max_tokens: int | None = Field(default=None, gt=0)
    max_completion_tokens: int | None = Field(default=None, gt=0)
    n: Literal[1] | None = None
    presence_penalty: float | None = None
    response_format: ResponseFormat | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    user: str | None = None
    stream_options: StreamOptions | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    extra_body: dict[str, Any] | None = None


class BaseOpenAIClientConfigurationConfigModel(CreateArgumentsConfigModel):
    """Settings that OpenAI and Azure share.

    Attributes:
        model: The model's name; every name is accepted.
        api_key: The key. It is never part of a dumped config; a loaded client takes it from
            the environment again.
        timeout: The longest wait for the server, in seconds: for the connection, and then for
            each next piece of the answer. The openai package's default is 600.
        max_retries: How often a request is repeated after a connection error or a status of
            408, 409, 429 or 5xx. The openai package's default is 2.
        model_capabilities: The older, smaller form of `model_info`.
        model_info: What the model can do; assumed from its name by default.
        add_name_prefixes: Put "NAME said:" in front of what each speaker said.
        include_name_in_message: Send the speaker's name along; True by default.
        default_headers: Headers sent with every request. Those that hold credentials are
            treated like the key.
    """

    model: str = Field(min_length=1)
    api_key: SecretStr | None = None
    timeout: float | None = Field(default=None, gt=0)
    max_retries: int | None = Field(default=None, ge=0)
    model_capabilities: ModelCapabilities | None = None
    model_info: ModelInfo | None = None
    add_name_prefixes: bool | None = None
    include_name_in_message: bool | None = None
    default_headers: dict[str, str | SecretStr] | None = None


class OpenAIClientConfigurationConfigModel(BaseOpenAIClientConfigurationConfigModel):
    """The config of an `OpenAIChatCompletionClient`.

    Attributes:
        organization: The OpenAI organization that is billed.
        base_url: Where the API is, such as "http://localhost:11434/v1".
    """

    organization: str | None = None
    base_url: str | None = None


class AzureOpenAIClientConfigurationConfigModel(BaseOpenAIClientConfigurationConfigModel):
    """The config of an `AzureOpenAIChatCompletionClient`.

    Attributes:
        azure_endpoint: The resource's address, such as "https://NAME.openai.azure.com".
        azure_deployment: The deployment's name; by default the model's.
        api_version: The API version, such as "2024-12-01-preview".
        azure_ad_token: A Microsoft Entra ID token. Never part of a dumped config.
        azure_ad_token_provider: The component that gives such tokens.
    """

    azure_endpoint: str = Field(min_length=1)
    azure_deployment: str | None = None
    api_version: str = Field(min_length=1)
    azure_ad_token: SecretStr | None = None
    azure_ad_token_provider: ComponentModel | None = None
