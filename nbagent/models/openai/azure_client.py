"""AzureOpenAIChatCompletionClient: OpenAI's models in Azure."""

import os
from typing import TYPE_CHECKING, Any, ClassVar, cast

from typing_extensions import Self, Unpack

from nbagent.component import Component, ComponentLoader, is_component_instance
from nbagent.exceptions import ComponentError, ConfigurationError, MissingKeyError
from nbagent.models.openai.config import (
    AsyncAzureADTokenProvider,
    AzureOpenAIClientConfiguration,
    AzureOpenAIClientConfigurationConfigModel,
)
from nbagent.models.openai.configured_client import (
    ConfiguredClient,
    read_options,
    secret_from_environment,
)
from nbagent.models.openai.credentials import checked_address, hide_secrets, usable_secret

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class AzureOpenAIChatCompletionClient(
    ConfiguredClient, Component[AzureOpenAIClientConfigurationConfigModel]
):
    """A model of OpenAI in Azure.

    ```python
    AzureOpenAIChatCompletionClient(
        model="gpt-5",
        azure_deployment="my-gpt-5",
        azure_endpoint="https://my-resource.openai.azure.com",
        api_version="2024-12-01-preview",
        azure_ad_token_provider=get_bearer_token_provider(credential, scope),
    )
    ```

    One credential is needed: `azure_ad_token_provider`, `azure_ad_token` or `api_key`; or one
    of the environment variables AZURE_OPENAI_AD_TOKEN and AZURE_OPENAI_API_KEY. The endpoint
    and the API version may stand in AZURE_OPENAI_ENDPOINT and OPENAI_API_VERSION.

    Args:
        **options: See `AzureOpenAIClientConfigurationConfigModel`; `azure_ad_token_provider`
            is a function here. `model` is required.

    Raises:
        ConfigurationError: An option is unknown, missing or has a wrong value.
        MissingKeyError: There is no credential.
    """

    component_type = "model"
    component_provider_override = "nbagent.models.openai.AzureOpenAIChatCompletionClient"
    component_config_schema = AzureOpenAIClientConfigurationConfigModel
    key_hint: ClassVar[str] = (
        "Check the credential: azure_ad_token_provider=, azure_ad_token=, api_key=, or the "
        "environment variables AZURE_OPENAI_AD_TOKEN and AZURE_OPENAI_API_KEY."
    )

    def __init__(self, **options: Unpack[AzureOpenAIClientConfiguration]) -> None:
        given = cast(dict[str, Any], options)
        provider: AsyncAzureADTokenProvider | None = given.pop("azure_ad_token_provider", None)
        for name, variable in (
            ("azure_endpoint", "AZURE_OPENAI_ENDPOINT"),
            ("api_version", "OPENAI_API_VERSION"),
        ):
            # Not os.environ: a traceback that shows values would show all of it.
            if not given.get(name) and os.getenv(variable):
                given[name] = os.getenv(variable)
        hide_secrets(given)
        config = read_options(AzureOpenAIClientConfigurationConfigModel, given, type(self).__name__)
        self._provider = provider
        self._endpoint = checked_address(config.azure_endpoint, "azure_endpoint")
        self._deployment = config.azure_deployment
        self._api_version = config.api_version
        self._key = usable_secret(config.api_key, "api_key")
        self._token = usable_secret(config.azure_ad_token, "azure_ad_token")
        credentials = [self._key, self._token, self._provider]
        if sum(credential is not None for credential in credentials) > 1:
            raise ConfigurationError(
                "pass only one of api_key, azure_ad_token and azure_ad_token_provider."
            )
        if not any(credentials):
            self._token = secret_from_environment("AZURE_OPENAI_AD_TOKEN")
            if self._token is None:
                self._key = secret_from_environment("AZURE_OPENAI_API_KEY")
        if not (self._key or self._token or self._provider):
            raise MissingKeyError(
                f"no credential for Azure (model {config.model!r}). Pass "
                "azure_ad_token_provider=..., azure_ad_token=... or api_key=..., or set the "
                "environment variable AZURE_OPENAI_API_KEY. Without any key, the demo model "
                "answers: nbagent.models.demo.DemoChatCompletionClient()."
            )
        super().__init__(config, [self._key, self._token])

    def _build(self, connection: dict[str, Any]) -> "AsyncOpenAI":
        from openai import AsyncAzureOpenAI

        options: dict[str, Any] = {
            "azure_endpoint": self._endpoint,
            "azure_deployment": self._deployment,
            "api_version": self._api_version,
            **connection,
        }
        return AsyncAzureOpenAI(
            api_key=self._key.get_secret_value() if self._key else None,
            azure_ad_token=self._token.get_secret_value() if self._token else None,
            azure_ad_token_provider=self._provider,
            **options,
        )

    def _to_config(self) -> AzureOpenAIClientConfigurationConfigModel:
        config = cast(AzureOpenAIClientConfigurationConfigModel, super()._to_config())
        provider = None
        if self._provider is not None:
            if not is_component_instance(self._provider):
                raise ComponentError(
                    "azure_ad_token_provider is a function, which cannot be written as data. "
                    "Use a component, or an api_key from the environment."
                )
            provider = cast(Any, self._provider).dump_component()
        return config.model_copy(
            update={"azure_ad_token": None, "azure_ad_token_provider": provider}
        )

    @classmethod
    def _from_config(cls, config: AzureOpenAIClientConfigurationConfigModel) -> Self:
        options = config.model_dump(exclude_none=True)
        if config.azure_ad_token_provider is not None:
            options["azure_ad_token_provider"] = ComponentLoader.load_component(
                config.azure_ad_token_provider
            )
        return cls(**options)
