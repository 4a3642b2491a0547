"""Which model is used, by the spec, NBAGENT_MODEL, the keys, or none of them."""

import pytest

from nbagent.exceptions import ConfigurationError, MissingKeyError, UnknownModelError
from nbagent.models import ChatCompletionClient
from nbagent.models.choose import (
    DEFAULT_OPENAI_MODEL,
    LOCAL_SERVERS,
    ModelChoice,
    describe_choice,
    model_client,
)
from nbagent.models.demo import DemoChatCompletionClient
from nbagent.models.openai import AzureOpenAIChatCompletionClient, OpenAIChatCompletionClient

CANARY = "sk-canary-0123456789abcdef"
VARIABLES = (
    "NBAGENT_MODEL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_API_VERSION",
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_ENDPOINT",
    "AZURE_OPENAI_DEPLOYMENT",
)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def set_all(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def model_of(client: ChatCompletionClient) -> str:
    return str(client.dump_component().config["model"])


async def test_without_anything_the_demo_answers() -> None:
    assert isinstance(model_client(), DemoChatCompletionClient)
    choice = describe_choice()
    assert choice == ModelChoice("demo", "", "no model was chosen and no key is in the environment")
    assert choice.spec == "demo"


async def test_a_client_is_taken_as_it_is() -> None:
    client = DemoChatCompletionClient()
    assert model_client(client) is client
    assert describe_choice(client).model == "DemoChatCompletionClient"


@pytest.mark.parametrize(
    ("spec", "model"),
    [
        ("openai:gpt-5", "gpt-5"),
        (" OpenAI: gpt-5 ", "gpt-5"),
        ("gpt-5", "gpt-5"),
        ("o4-mini", "o4-mini"),
        ("openai:some-new-model", "some-new-model"),
        ("ft:gpt-4o:org::id", "ft:gpt-4o:org::id"),
        ("openai", DEFAULT_OPENAI_MODEL),
    ],
)
async def test_openai_by_spec(monkeypatch: pytest.MonkeyPatch, spec: str, model: str) -> None:
    set_all(monkeypatch, OPENAI_API_KEY=CANARY, NBAGENT_MODEL="demo")
    client = model_client(spec)
    assert isinstance(client, OpenAIChatCompletionClient)
    assert model_of(client) == model
    assert describe_choice(spec) == ModelChoice("openai", model, "chosen explicitly")


async def test_the_environment_decides_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(
        monkeypatch,
        AZURE_OPENAI_API_KEY=CANARY,
        AZURE_OPENAI_ENDPOINT="https://example.openai.azure.com/",
        AZURE_OPENAI_DEPLOYMENT="mine",
    )
    client = model_client()
    assert isinstance(client, AzureOpenAIChatCompletionClient)
    assert client.dump_component().config["azure_deployment"] == "mine"
    assert describe_choice().spec == "azure:mine"
    set_all(monkeypatch, OPENAI_API_KEY=CANARY)
    assert model_of(model_client()) == DEFAULT_OPENAI_MODEL
    assert describe_choice().reason == "OPENAI_API_KEY is set"
    set_all(monkeypatch, NBAGENT_MODEL="openai:gpt-5")
    assert model_of(model_client()) == "gpt-5"
    assert describe_choice().reason == "NBAGENT_MODEL names it"
    assert isinstance(model_client("demo"), DemoChatCompletionClient)


async def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, NBAGENT_MODEL=" ", OPENAI_API_KEY="")
    assert isinstance(model_client(), DemoChatCompletionClient)


@pytest.mark.parametrize("server", LOCAL_SERVERS)
async def test_local_servers(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    client = model_client(f"{server}:llama3.2:1b")
    config = client.dump_component().config
    assert (config["model"], config["base_url"]) == ("llama3.2:1b", LOCAL_SERVERS[server])
    assert describe_choice(f"{server}:llama3.2:1b").provider == server


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("opneai:gpt-5", "'openai:gpt-5'"),
        ("olama:llama3.2", "'ollama:llama3.2'"),
        ("dmeo", "'demo'"),
        ("llama3.2:1b", "'ollama:llama3.2:1b'"),
        ("ollama", "ollama:MODEL"),
        ("demo:large", "no variants"),
        ("claude-5", "openai:gpt-5"),
        ("replay", "openai:gpt-5"),
        ("", "openai:gpt-5"),
        (":", "openai:gpt-5"),
    ],
)
def test_unknown_specs_name_the_value_and_the_way_out(spec: str, hint: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        model_client(spec)
    assert repr(spec) in str(caught.value)
    assert hint in str(caught.value)
    assert "vllm:MODEL" in str(caught.value)
    assert describe_choice(spec).problem == str(caught.value)


def test_a_spec_that_is_no_text() -> None:
    with pytest.raises(UnknownModelError, match="not by a int"):
        model_client(5)  # type: ignore[arg-type]


@pytest.mark.parametrize("spec", [CANARY, f"openai:{CANARY}", "0123456789abcdef" * 2])
def test_a_key_given_as_model_is_not_repeated(spec: str) -> None:
    with pytest.raises(UnknownModelError, match="looks like an API key") as caught:
        model_client(spec)
    assert spec[-16:] not in str(caught.value)
    assert spec[-16:] not in repr(describe_choice(spec))


def test_missing_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingKeyError, match=r"OPENAI_API_KEY.*getpass.*'demo'"):
        model_client("openai:gpt-5")
    assert "OPENAI_API_KEY" in str(describe_choice("openai:gpt-5").problem)
    with pytest.raises(MissingKeyError, match="AZURE_OPENAI_API_KEY"):
        model_client("azure:mine")
    set_all(monkeypatch, AZURE_OPENAI_API_KEY=CANARY)
    with pytest.raises(ConfigurationError, match="AZURE_OPENAI_DEPLOYMENT"):
        model_client()
    with pytest.raises(ConfigurationError, match="AZURE_OPENAI_ENDPOINT"):
        model_client("azure:mine")


async def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert model_of(model_client("openai:mine")) == "mine"


def test_no_description_holds_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, OPENAI_API_KEY=CANARY, AZURE_OPENAI_API_KEY=CANARY)
    for spec in (None, "openai:gpt-5", "azure:x", "azure", "demo", "nope"):
        assert CANARY not in repr(describe_choice(spec))
