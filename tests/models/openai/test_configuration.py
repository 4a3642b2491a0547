"""Options, keys and addresses; clients as plain data."""

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest
from openai import AsyncOpenAI

from nbagent.component import ComponentLoader, register_component
from nbagent.exceptions import ComponentError, ConfigurationError, MissingKeyError
from nbagent.models import ChatCompletionClient, ModelInfo
from nbagent.models.openai import (
    AzureOpenAIChatCompletionClient,
    BaseOpenAIChatCompletionClient,
    OpenAIChatCompletionClient,
)
from tests.loopback import Answer, LoopbackServer
from tests.models.openai.calls import ASK

LOCAL = "http://localhost:11434/v1"


def new(**options: Any) -> OpenAIChatCompletionClient:
    return OpenAIChatCompletionClient(**options)


async def headers_sent(client: ChatCompletionClient, server: LoopbackServer) -> dict[str, str]:
    await client.create(ASK)
    await client.close()
    return server.requests[-1].headers


def test_the_options_of_the_lesson() -> None:
    client = new(
        model="gpt-4o",
        api_key="sk-...",
        base_url="https://custom-endpoint.com/v1",
        temperature=0.7,
        max_tokens=4096,
    )
    assert repr(client) == (
        "<OpenAIChatCompletionClient model='gpt-4o' base_url='https://custom-endpoint.com/v1'>"
    )


def test_openai_needs_a_key_and_the_error_says_how_to_set_one() -> None:
    with pytest.raises(MissingKeyError) as caught:
        new(model="gpt-5")
    for way_out in ("OPENAI_API_KEY", "api_key=", "base_url=", "demo model"):
        assert way_out in str(caught.value)


def test_an_empty_or_masked_key_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", " ")
    for key in ("", "**********"):
        with pytest.raises(MissingKeyError):
            new(model="gpt-5", api_key=key)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "m", "temprature": 1}, "no option 'temprature'. Did you mean 'temperature'"),
        ({"model": "m", "quality": "hd"}, "no option 'quality'. Fields that only your server"),
        ({}, "needs model="),
        ({"model": ""}, "model: "),
        ({"model": "m", "temperature": "hot"}, "temperature: "),
        ({"model": "m", "n": 2}, "n: "),
        ({"model": "m", "timeout": 0}, "timeout: "),
        ({"model": "m", "max_retries": -1}, "max_retries: "),
        ({"model": "m", "api_key": 5}, "api_key: "),
        ({"model": "m", "base_url": "localhost:11434/v1"}, "no address of an API"),
        ({"model": "m", "base_url": "http://host:port/v1"}, "no address of an API"),
        ({"model": "m", "base_url": "https://me:pw@host/v1"}, "no user name or password"),
        ({"model": "m", "api_key": "sk-ö-1234567"}, "outside ASCII"),
        ({"model": "m", "model_info": {"vision": True}}, "model_info.function_calling: "),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        new(**{"base_url": LOCAL, **options})
    assert message in str(caught.value)
    assert "sk-ö" not in str(caught.value)
    assert "pw" not in str(caught.value)


async def test_the_key_and_the_address_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with LoopbackServer([Answer(["ok"])], repeat=True) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        assert (await headers_sent(new(model="m"), server))["authorization"] == (
            "Bearer no-key-needed"
        )
        monkeypatch.setenv("OPENAI_API_KEY", "sk-environment\n")
        assert (await headers_sent(new(model="m"), server))["authorization"] == (
            "Bearer sk-environment"
        )
        assert (await headers_sent(new(model="m", api_key="sk-given\n"), server))[
            "authorization"
        ] == "Bearer sk-given"


def test_every_model_name_is_accepted_and_its_abilities_can_be_corrected() -> None:
    assert new(model="brand-new-9", base_url=LOCAL).model_info["function_calling"] is True
    info = ModelInfo(
        vision=False,
        function_calling=True,
        json_output=False,
        family="mine",
        structured_output=False,
    )
    assert new(model="brand-new-9", base_url=LOCAL, model_info=info).model_info == info
    client = new(
        model="brand-new-9",
        base_url=LOCAL,
        model_capabilities={"vision": False, "function_calling": True, "json_output": True},
    )
    assert client.capabilities == {"vision": False, "function_calling": True, "json_output": True}


def test_dump_and_load(monkeypatch: pytest.MonkeyPatch) -> None:
    client = new(
        model="gpt-4o",
        api_key="sk-secret-1",
        temperature=0.5,
        default_headers={"X-Title": "lesson", "X-Api-Key": "sk-secret-2"},
        model_info=new(model="gpt-4o", base_url=LOCAL).model_info,
    )
    dumped = client.dump_component()
    assert dumped.provider == "nbagent.models.openai.OpenAIChatCompletionClient"
    assert "secret" not in dumped.model_dump_json()
    assert dumped.config["default_headers"] == {"X-Title": "lesson"}
    with pytest.raises(MissingKeyError):
        ComponentLoader.load_component(dumped)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    loaded = ComponentLoader.load_component(dumped, ChatCompletionClient)
    assert isinstance(loaded, OpenAIChatCompletionClient)
    assert loaded.dump_component() == dumped


def test_a_config_that_autogen_wrote_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    config = {"model": "gpt-4o", "api_key": "**********", "max_retries": 3}
    spec = {
        "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
        "component_type": "model",
        "version": 1,
        "config": config,
    }
    client = ChatCompletionClient.load_component(spec)
    assert isinstance(client, OpenAIChatCompletionClient)
    assert client.dump_component().config == {"model": "gpt-4o", "max_retries": 3}


def test_pickles_and_copies_take_the_key_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = new(model="gpt-4o", api_key="sk-secret-1", temperature=0.5)
    data = pickle.dumps(client)
    assert b"secret" not in data
    with pytest.raises(MissingKeyError):
        pickle.loads(data)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    for other in (pickle.loads(data), copy.copy(client), copy.deepcopy(client)):
        assert other.dump_component() == client.dump_component()


def test_create_from_config() -> None:
    client = OpenAIChatCompletionClient.create_from_config({"model": "m", "base_url": LOCAL})
    assert client.dump_component().config == {"model": "m", "base_url": LOCAL}


async def test_a_client_around_an_openai_client_of_ones_own() -> None:
    async with LoopbackServer([Answer(["ok"])]) as server:
        own = AsyncOpenAI(api_key="sk-own-secret", base_url=server.url, max_retries=0)
        client = BaseOpenAIChatCompletionClient(own, create_args={"model": "m", "seed": 3})
        assert repr(client) == (
            f"<BaseOpenAIChatCompletionClient model='m' base_url='{server.url}'>"
        )
        assert (await headers_sent(client, server))["authorization"] == "Bearer sk-own-secret"
        assert server.requests[0].body["seed"] == 3
        assert own.is_closed()
    for write in (client.dump_component, lambda: pickle.dumps(client)):
        with pytest.raises(ComponentError):
            write()
    with pytest.raises(ConfigurationError, match="must name a model"):
        BaseOpenAIChatCompletionClient(own, create_args={})


class Tokens:
    """Gives Entra ID tokens, one after the other."""

    def __init__(self) -> None:
        self.given = 0

    async def __call__(self) -> str:
        self.given += 1
        return f"token-{self.given}"


async def test_azure() -> None:
    async with LoopbackServer([Answer(["ok"])], repeat=True) as server:
        endpoint = server.url.removesuffix("/v1")
        shared = {"model": "gpt-5", "azure_endpoint": endpoint, "api_version": "2024-12-01"}
        by_key: Any = {**shared, "azure_deployment": "mine", "api_key": "azure-secret"}
        by_token: Any = {**shared, "azure_ad_token": "entra-secret"}
        by_provider: Any = {**shared, "azure_ad_token_provider": Tokens()}

        headers = await headers_sent(AzureOpenAIChatCompletionClient(**by_key), server)
        assert headers["api-key"] == "azure-secret"
        headers = await headers_sent(AzureOpenAIChatCompletionClient(**by_token), server)
        assert headers["authorization"] == "Bearer entra-secret"
        client = AzureOpenAIChatCompletionClient(**by_provider)
        await client.create(ASK)
        headers = await headers_sent(client, server)
        assert headers["authorization"] == "Bearer token-2"
        deployments = [request.path.split("/")[3] for request in server.requests]
        assert deployments == ["mine", "gpt-5", "gpt-5", "gpt-5"]
        assert all("api-version=2024-12-01" in request.path for request in server.requests)


def test_azure_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"model": "gpt-5", "api_key": "azure-secret"}
    with pytest.raises(ConfigurationError, match="needs azure_endpoint"):
        AzureOpenAIChatCompletionClient(**options)
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com")
    with pytest.raises(ConfigurationError, match="needs api_version"):
        AzureOpenAIChatCompletionClient(**options)
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-12-01")
    client = AzureOpenAIChatCompletionClient(**options)
    assert "azure-secret" not in repr(client) + client.dump_component().model_dump_json()
    with pytest.raises(ConfigurationError, match="only one of"):
        AzureOpenAIChatCompletionClient(**options, azure_ad_token="x")
    with pytest.raises(MissingKeyError, match="AZURE_OPENAI_API_KEY"):
        AzureOpenAIChatCompletionClient(model="gpt-5")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-secret")
    assert "gpt-5" in repr(AzureOpenAIChatCompletionClient(model="gpt-5"))
    with pytest.raises(ComponentError, match="azure_ad_token_provider is a function"):
        AzureOpenAIChatCompletionClient(
            model="gpt-5", azure_ad_token_provider=Tokens()
        ).dump_component()


def test_a_subclass_of_ones_own_is_dumped_and_loaded() -> None:
    @register_component
    class Mine(OpenAIChatCompletionClient):
        component_provider_override = None

    dumped = Mine(model="m", base_url=LOCAL).dump_component()
    assert isinstance(ComponentLoader.load_component(dumped), Mine)


def test_importing_the_clients_loads_no_openai() -> None:
    code = "import sys, nbagent.models.openai; print('openai' in sys.modules)"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
