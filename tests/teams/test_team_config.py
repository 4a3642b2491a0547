"""Teams as plain data: dumped, through JSON, loaded."""

import pickle

import pytest
from pydantic import BaseModel, SecretStr

from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base import Team
from nbagent.component import ComponentModel
from nbagent.conditions import MaxMessageTermination, TextMentionTermination
from nbagent.exceptions import ComponentError, MissingKeyError
from nbagent.model_context import BufferedChatCompletionContext
from nbagent.models.openai import AzureOpenAIChatCompletionClient, OpenAIChatCompletionClient
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat, SelectorGroupChat, Swarm


def assistant(name: str, *handoffs: str) -> AssistantAgent:
    client = ReplayChatCompletionClient([f"{name} says so"])
    return AssistantAgent(name, client, handoffs=list(handoffs), description=f"is {name}")


def round_robin() -> RoundRobinGroupChat:
    return RoundRobinGroupChat(
        [assistant("a"), UserProxyAgent("human")],
        name="crew",
        description="does things",
        termination_condition=MaxMessageTermination(5) | TextMentionTermination("stop", ["a"]),
        max_turns=3,
        emit_team_events=True,
    )


def selector() -> SelectorGroupChat:
    inner = RoundRobinGroupChat([assistant("b")], name="inner", max_turns=1)
    return SelectorGroupChat(
        [assistant("a"), inner],
        ReplayChatCompletionClient(["inner"]),
        selector_prompt="Who of {participants}?",
        allow_repeated_speaker=True,
        max_selector_attempts=7,
        max_turns=1,
        emit_team_events=True,
        model_client_streaming=True,
        model_context=BufferedChatCompletionContext(buffer_size=3),
    )


def swarm() -> Swarm:
    return Swarm([assistant("a", "b"), assistant("b")], max_turns=1, emit_team_events=True)


@pytest.mark.parametrize("make", [round_robin, selector, swarm])
async def test_a_team_survives_dump_and_load(make: type[Team]) -> None:
    dumped = make().dump_component()
    assert dumped.component_type == "team"
    read = ComponentModel.model_validate_json(dumped.model_dump_json())
    loaded = Team.load_component(read)
    assert loaded.dump_component() == dumped
    read.provider = read.provider.replace("nbagent.", "autogen_agentchat.", 1)
    assert Team.load_component(read).dump_component() == dumped
    assert (loaded.name, loaded.description) == (make().name, make().description)
    if make is not round_robin:
        result = await loaded.run(task="go")
        assert result.messages[-1].to_text().endswith("says so")


def test_what_is_written() -> None:
    config = selector().dump_component().config
    assert [member["provider"] for member in config["participants"]] == [
        "nbagent.agents.AssistantAgent",
        "nbagent.teams.RoundRobinGroupChat",
    ]
    assert config["selector_prompt"] == "Who of {participants}?"
    assert config["max_selector_attempts"] == 7
    assert config["model_context"]["config"] == {"buffer_size": 3}
    condition = round_robin().dump_component().config["termination_condition"]
    assert condition["provider"] == "nbagent.base.OrTerminationCondition"
    assert condition["config"]["conditions"][1]["config"]["sources"] == ["a"]


@pytest.mark.parametrize("argument", ["selector_func", "candidate_func"])
def test_functions_are_not_lost_silently(argument: str) -> None:
    functions = {argument: lambda thread: None}  # type: ignore[misc]
    team = SelectorGroupChat(
        [assistant("a"), assistant("b")],
        ReplayChatCompletionClient([]),
        **functions,  # type: ignore[arg-type]
    )
    with pytest.raises(ComponentError, match=f"has a {argument}, which is a function"):
        team.dump_component()


def test_no_key_is_in_the_config_of_a_team(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    client = OpenAIChatCompletionClient(model="gpt-5", api_key="sk-hidden-1")
    headed = OpenAIChatCompletionClient(
        model="gpt-5", api_key="sk-hidden-2", default_headers={"Authorization": "sk-hidden-3"}
    )
    team = SelectorGroupChat(
        [AssistantAgent("a", client), RoundRobinGroupChat([AssistantAgent("b", headed)])], client
    )
    dumped = team.dump_component()
    for shown in (repr(dumped), dumped.model_dump_json(), str(dumped.config)):
        assert "hidden" not in shown
    assert b"hidden" not in pickle.dumps(dumped)
    with pytest.raises(MissingKeyError):
        Team.load_component(dumped)
    # It is taken from the environment, or a config may bring one, which is not dumped again.
    dumped.config["model_client"]["config"]["api_key"] = "sk-hidden-4"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden-5")
    assert "hidden" not in Team.load_component(dumped).dump_component().model_dump_json()


@pytest.mark.parametrize(
    ("schema", "rest"),
    [
        (OpenAIChatCompletionClient.component_config_schema, {}),
        (
            AzureOpenAIChatCompletionClient.component_config_schema,
            {"azure_endpoint": "https://localhost", "api_version": "2024-10-21"},
        ),
    ],
)
def test_a_key_in_a_config_is_a_secret(schema: type[BaseModel], rest: dict[str, str]) -> None:
    config = schema.model_validate({**rest, "model": "gpt-5", "api_key": "sk-hidden"})
    assert isinstance(config.model_dump()["api_key"], SecretStr)
    assert "hidden" not in repr(config) + config.model_dump_json()


def test_a_member_must_be_what_it_is_said_to_be() -> None:
    dumped = swarm().dump_component()
    dumped.config["participants"][1] = dumped.config["participants"][0]["config"]["model_client"]
    with pytest.raises(ComponentError, match="expected a ChatAgent"):
        Team.load_component(dumped)
