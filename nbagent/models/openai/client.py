"""OpenAIChatCompletionClient: OpenAI, and every server that speaks its protocol."""

import os
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlsplit

from typing_extensions import Self, Unpack

from nbagent.component import Component
from nbagent.exceptions import MissingKeyError
from nbagent.models.openai.config import (
    OpenAIClientConfiguration,
    OpenAIClientConfigurationConfigModel,
)
from nbagent.models.openai.configured_client import (
    ConfiguredClient,
    read_options,
    secret_from_environment,
)
from nbagent.models.openai.credentials import (
    PLACEHOLDER_KEY,
    checked_address,
    hide_secrets,
    usable_secret,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI_ADDRESS = "https://api.openai.com/v1"


class OpenAIChatCompletionClient(ConfiguredClient, Component[OpenAIClientConfigurationConfigModel]):
    """A model of OpenAI, or of any server that speaks the chat completions protocol.

    ```python
    OpenAIChatCompletionClient(model="gpt-5")
    OpenAIChatCompletionClient(model="llama3.2", base_url="http://localhost:11434/v1")
    ```

    The key comes from `api_key` or from the environment variable OPENAI_API_KEY, the address
    from `base_url` or OPENAI_BASE_URL. A server other than OpenAI's may need no key. Copies,
    pickles and dumped configs hold no key; they take it from the environment again.

    Args:
        **options: See `OpenAIClientConfigurationConfigModel`; `model` is required.

    Raises:
        ConfigurationError: An option is unknown or has a wrong value.
        MissingKeyError: OpenAI is to be asked, and there is no key.
    """

    component_type = "model"
    component_provider_override = "nbagent.models.openai.OpenAIChatCompletionClient"
    component_config_schema = OpenAIClientConfigurationConfigModel
    key_hint: ClassVar[str] = "Check the key: api_key=, or the environment variable OPENAI_API_KEY."

    def __init__(self, **options: Unpack[OpenAIClientConfiguration]) -> None:
        given = cast(dict[str, Any], options)
        hide_secrets(given)
        config = read_options(OpenAIClientConfigurationConfigModel, given, type(self).__name__)
        self._organization = config.organization
        # Not os.environ: a traceback that shows values would show all of it, with every key.
        self._address = checked_address(
            config.base_url or os.getenv("OPENAI_BASE_URL") or OPENAI_ADDRESS, "base_url"
        )
        self._key = usable_secret(config.api_key, "api_key")
        if self._key is None:
            self._key = secret_from_environment("OPENAI_API_KEY")
        if self._key is None and urlsplit(self._address).hostname == "api.openai.com":
            raise MissingKeyError(
                f"no key for OpenAI (model {config.model!r}). Set the environment variable "
                "OPENAI_API_KEY, or pass api_key=...; a server of your own is named with "
                "base_url=... and may need none. Without any key, the demo model answers: "
                "nbagent.models.demo.DemoChatCompletionClient()."
            )
        super().__init__(config, [self._key])

    def _build(self, connection: dict[str, Any]) -> "AsyncOpenAI":
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=self._key.get_secret_value() if self._key else PLACEHOLDER_KEY,
            base_url=self._address,
            organization=self._organization,
            **connection,
        )

    @classmethod
    def _from_config(cls, config: OpenAIClientConfigurationConfigModel) -> Self:
        return cls(**config.model_dump(exclude_none=True))
