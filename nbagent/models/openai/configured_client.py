"""What the OpenAI and the Azure client share: they are built from options."""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from nbagent.exceptions import ConfigurationError
from nbagent.models.openai.base_client import BaseOpenAIChatCompletionClient
from nbagent.models.openai.config import (
    BaseOpenAIClientConfigurationConfigModel,
    CreateArgumentsConfigModel,
)
from nbagent.models.openai.credentials import usable_secret, without_frames

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ConfigT = TypeVar("ConfigT", bound=BaseModel)


class ConfiguredClient(BaseOpenAIChatCompletionClient, ABC):
    """A client that builds its openai client itself.

    Connections belong to the event loop they were opened in. So that one client serves several
    loops after each other, as in a script that calls `asyncio.run()` twice, it takes a fresh
    openai client for each.

    Args:
        config: The checked options.
        secrets: The credentials in use.
    """

    def __init__(
        self,
        config: BaseOpenAIClientConfigurationConfigModel,
        secrets: Iterable[SecretStr | None],
    ) -> None:
        create_args = config.model_dump(
            include=set(CreateArgumentsConfigModel.model_fields), exclude_none=True
        )
        self._config = config
        self._loop: asyncio.AbstractEventLoop | None = None
        super().__init__(
            self._new_openai_client(),
            create_args={"model": config.model, **create_args},
            model_capabilities=config.model_capabilities,
            model_info=config.model_info,
            add_name_prefixes=bool(config.add_name_prefixes),
            include_name_in_message=config.include_name_in_message is not False,
        )
        hidden = (config.default_headers or {}).values()
        self._server = replace(
            self._server,
            secrets=tuple(value for value in (*secrets, *hidden) if isinstance(value, SecretStr)),
        )

    @abstractmethod
    def _build(self, connection: dict[str, Any]) -> "AsyncOpenAI":
        """Build the openai client.

        Args:
            connection: The arguments that all openai clients share.
        """

    def _new_openai_client(self) -> "AsyncOpenAI":
        connection: dict[str, Any] = {}
        if self._config.timeout is not None:
            connection["timeout"] = self._config.timeout
        if self._config.max_retries is not None:
            connection["max_retries"] = self._config.max_retries
        headers = self._config.default_headers
        try:
            return self._build({**connection, "default_headers": _plain(headers or {})})
        except Exception as error:  # noqa: BLE001 - the frames of any error hold the key
            failure = without_frames(error)
        raise ConfigurationError(
            f"the openai package cannot make a client: {type(failure).__name__}: {failure}"
        )

    def _connected(self) -> "AsyncOpenAI":
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            self._client = self._new_openai_client()
        self._loop = loop
        return self._client

    def _to_config(self) -> BaseOpenAIClientConfigurationConfigModel:
        """The config without credentials; a loaded client takes them from the environment."""
        headers = self._config.default_headers
        shown = {name: value for name, value in (headers or {}).items() if isinstance(value, str)}
        return self._config.model_copy(update={"default_headers": shown or None, "api_key": None})

    def __reduce__(self) -> Any:
        return type(self)._from_config, (self._to_config(),)  # type: ignore[attr-defined]


def read_options(model: type[ConfigT], options: Mapping[str, Any], client: str) -> ConfigT:
    """Check a constructor's keyword arguments.

    Args:
        model: The pydantic model of the config.
        options: The arguments.
        client: The client's name, for errors.

    Raises:
        ConfigurationError: An option is unknown, missing or of the wrong type. Values are not
            shown.
    """
    for name in options:
        if name not in model.model_fields:
            near = get_close_matches(name, model.model_fields, n=3)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise ConfigurationError(
                f"{client} has no option {name!r}.{hint} Fields that only your server knows go "
                "into extra_body={...}."
            )
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        problems = [(".".join(map(str, one["loc"])), one) for one in error.errors()]
    for name, problem in problems:
        if problem["type"] == "missing" and len(problem["loc"]) == 1:
            raise ConfigurationError(f"{client} needs {name}=...")
    raise ConfigurationError(
        f"{client} was given a wrong option: "
        + "; ".join(f"{name}: {problem['msg']}" for name, problem in problems)
    )


def secret_from_environment(name: str) -> SecretStr | None:
    """A key in the environment, wrapped.

    Raises:
        ConfigurationError: It cannot be a key.
    """
    # Not os.environ: a traceback that shows values would show all of it.
    return usable_secret(SecretStr((os.getenv(name) or "").strip()), name)


def _plain(headers: Mapping[str, str | SecretStr]) -> dict[str, str]:
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in headers.items()
    }
