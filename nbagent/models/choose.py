"""Which model is used: an explicit choice, else the environment, else the demo model.

A choice is written as "provider:model", such as "openai:gpt-5". In order of precedence:

1. what the caller names, or a client object;
2. the environment variable NBAGENT_MODEL;
3. a key in the environment: OPENAI_API_KEY, or AZURE_OPENAI_API_KEY with its companions;
4. the demo model.
"""

import difflib
import os
import re
from dataclasses import dataclass

from nbagent.exceptions import ConfigurationError, MissingKeyError, UnknownModelError
from nbagent.models.client import ChatCompletionClient

DEFAULT_OPENAI_MODEL = "gpt-5-mini"
"""The model that a key in OPENAI_API_KEY stands for when no model is named."""

AZURE_API_VERSION = "2024-10-21"
"""The version of Azure's interface that is used when OPENAI_API_VERSION names none."""

LOCAL_SERVERS = {
    "ollama": "http://localhost:11434/v1",
    "lmstudio": "http://localhost:1234/v1",
    "llama-server": "http://localhost:8080/v1",
    "vllm": "http://localhost:8000/v1",
}
"""Local servers that speak OpenAI's protocol, and where each listens by default."""

_PROVIDERS = ("openai", "azure", "demo", *LOCAL_SERVERS)
_POSSIBLE = (
    "openai:gpt-5",
    "azure:DEPLOYMENT",
    *(f"{server}:MODEL" for server in LOCAL_SERVERS),
    "demo",
)
_OPENAI_NAME = re.compile(r"(gpt-|chatgpt-|codex-|o\d|ft:)")
_LOCAL_NAME = re.compile(r"(llama|qwen|mistral|gemma|phi|deepseek|smollm|gpt-oss)", re.IGNORECASE)
_KEY = re.compile(r"\bsk-[\w-]{8,}|[A-Za-z0-9]{32,}")


@dataclass(frozen=True)
class ModelChoice:
    """Which model is used, and why.

    Attributes:
        provider: "openai", "azure", "demo", a local server's name, or "client" for an object.
        model: The model's name (Azure: the deployment's); empty for the demo model.
        reason: Why this one, in words.
        problem: What keeps it from being used and the way out; None where nothing does.
    """

    provider: str
    model: str
    reason: str
    problem: str | None = None

    @property
    def spec(self) -> str:
        """The choice as one would write it, such as "openai:gpt-5"."""
        return f"{self.provider}:{self.model}" if self.model else self.provider


def model_client(spec: str | ChatCompletionClient | None = None) -> ChatCompletionClient:
    """The client of the chosen model.

    Args:
        spec: "openai:gpt-5", "azure:DEPLOYMENT", "ollama:llama3.2" (also lmstudio,
            llama-server and vllm), "demo", a bare OpenAI model name, or a client, which is
            returned as it is. None lets the environment decide, as this module's text says.

    Raises:
        UnknownModelError: The spec names no known provider.
        MissingKeyError: The provider needs a key, and none is set.
        ConfigurationError: Another setting of the provider is missing.
    """
    if isinstance(spec, ChatCompletionClient):
        return spec
    choice = _choose(spec)
    _check_settings(choice)
    if choice.provider == "demo":
        from nbagent.models.demo import DemoChatCompletionClient

        return DemoChatCompletionClient()
    from nbagent.models.openai import AzureOpenAIChatCompletionClient, OpenAIChatCompletionClient

    if choice.provider == "openai":
        return OpenAIChatCompletionClient(model=choice.model)
    if choice.provider == "azure":
        return AzureOpenAIChatCompletionClient(
            model=choice.model,
            azure_deployment=choice.model,
            azure_endpoint=_setting("AZURE_OPENAI_ENDPOINT"),
            api_version=_setting("OPENAI_API_VERSION") or AZURE_API_VERSION,
            api_key=_setting("AZURE_OPENAI_API_KEY"),
        )
    return OpenAIChatCompletionClient(
        model=choice.model,
        base_url=LOCAL_SERVERS[choice.provider],
        api_key="no-key-needed",  # and not the one of OpenAI that may be in the environment
    )


def describe_choice(spec: str | ChatCompletionClient | None = None) -> ModelChoice:
    """Which model `model_client(spec)` would use and why. Makes no client and raises nothing."""
    if isinstance(spec, ChatCompletionClient):
        return ModelChoice("client", type(spec).__name__, "a client object was given")
    try:
        choice = _choose(spec)
    except UnknownModelError as error:
        return ModelChoice("unknown", "", _source(spec), str(error))
    try:
        _check_settings(choice)
    except ConfigurationError as error:
        return ModelChoice(choice.provider, choice.model, choice.reason, str(error))
    return choice


def _choose(spec: str | None) -> ModelChoice:
    if spec is not None:
        return _parse(spec, _source(spec))
    named = _setting("NBAGENT_MODEL")
    if named:
        return _parse(named, _source(None))
    if _setting("OPENAI_API_KEY"):
        return ModelChoice("openai", DEFAULT_OPENAI_MODEL, "OPENAI_API_KEY is set")
    if _setting("AZURE_OPENAI_API_KEY"):
        deployment = _setting("AZURE_OPENAI_DEPLOYMENT")
        return ModelChoice("azure", deployment, "AZURE_OPENAI_API_KEY is set")
    return ModelChoice("demo", "", "no model was chosen and no key is in the environment")


def _source(spec: object) -> str:
    return "chosen explicitly" if spec is not None else "NBAGENT_MODEL names it"


def _parse(spec: object, reason: str) -> ModelChoice:
    """Read a spec.

    Raises:
        UnknownModelError: It names no known provider, or lacks a model's name.
    """
    if not isinstance(spec, str):
        raise UnknownModelError(
            f"a model is chosen by a text such as 'openai:gpt-5' or by a client, not by a "
            f"{type(spec).__name__}."
        )
    name = spec.strip()
    if _KEY.search(name):
        # The text is not repeated: errors are saved with the notebook.
        raise UnknownModelError(
            "what was given as a model looks like an API key. Put the key into the environment "
            "variable OPENAI_API_KEY, and name the model: " + ", ".join(_POSSIBLE) + "."
        )
    provider, _, model = (part.strip() for part in name.partition(":"))
    provider = provider.lower()
    if provider == "demo" and not model:
        return ModelChoice("demo", "", reason)
    if provider == "openai":
        return ModelChoice("openai", model or DEFAULT_OPENAI_MODEL, reason)
    if provider == "azure":
        return ModelChoice("azure", model or _setting("AZURE_OPENAI_DEPLOYMENT"), reason)
    if provider in LOCAL_SERVERS and model:
        return ModelChoice(provider, model, reason)
    if _OPENAI_NAME.match(name) and not name.startswith("gpt-oss"):
        return ModelChoice("openai", name, reason)
    raise UnknownModelError(_unknown(name, provider, model))


def _unknown(name: str, provider: str, model: str) -> str:
    """What to say of a spec that names no known model."""
    if provider in LOCAL_SERVERS:
        guess = f" {provider!r} needs the name of a model: {provider}:MODEL."
    elif provider == "demo":
        guess = " The demo model has no variants: write demo."
    elif _LOCAL_NAME.match(name):
        guess = f" Did you mean 'ollama:{name}'?"
    else:
        close = difflib.get_close_matches(provider, _PROVIDERS, n=1)
        if close:
            nearest = f"{close[0]}:{model}" if model else close[0]
            guess = f" Did you mean {nearest!r}?"
        else:
            guess = ""
    return (
        f"unknown model {name[:80]!r}.{guess} Possible are {', '.join(_POSSIBLE)}; for any other "
        "server that speaks OpenAI's protocol pass "
        "OpenAIChatCompletionClient(model=..., base_url=..., api_key=...)."
    )


def _check_settings(choice: ModelChoice) -> None:
    """Check that what the provider needs is set.

    Raises:
        MissingKeyError: Its key is not.
        ConfigurationError: Something else is not.
    """
    own_server = _setting("OPENAI_BASE_URL")  # it may need no key
    if choice.provider == "openai" and not own_server and not _setting("OPENAI_API_KEY"):
        raise MissingKeyError(_missing("OPENAI_API_KEY", choice))
    if choice.provider != "azure":
        return
    if not _setting("AZURE_OPENAI_API_KEY"):
        raise MissingKeyError(
            _missing("AZURE_OPENAI_API_KEY", choice) + " To sign in without a key pass "
            "AzureOpenAIChatCompletionClient(azure_ad_token_provider=...)."
        )
    if not choice.model:
        raise ConfigurationError(
            "Azure needs the name of a deployment: choose 'azure:DEPLOYMENT', or set the "
            "environment variable AZURE_OPENAI_DEPLOYMENT. The model 'demo' needs no setting."
        )
    if not _setting("AZURE_OPENAI_ENDPOINT"):
        raise ConfigurationError(
            f"the model {choice.spec!r} needs the address of your Azure resource: set the "
            "environment variable AZURE_OPENAI_ENDPOINT, such as "
            "'https://NAME.openai.azure.com/'."
        )


def _missing(variable: str, choice: ModelChoice) -> str:
    return (
        f"the model {choice.spec!r} needs a key, and the environment variable {variable} is not "
        f"set. Set it before Jupyter starts, or in a cell that does not show it: "
        f"import os, getpass; os.environ[{variable!r}] = getpass.getpass(). "
        "Without a key the model 'demo' works, and local ones such as 'ollama:llama3.2'."
    )


def _setting(variable: str) -> str:
    return os.environ.get(variable, "").strip()
