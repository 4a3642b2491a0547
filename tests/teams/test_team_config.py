"""Teams as plain data: dumped, through JSON, loaded."""

import pytest

from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base import Team
from nbagent.component import ComponentModel
from nbagent.conditions import MaxMessageTermination, TextMentionTermination
from nbagent.exceptions import ComponentError
from nbagent.model_context import BufferedChatCompletionContext
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


def test_a_member_must_be_what_it_is_said_to_be() -> None:
    dumped = swarm().dump_component()
    dumped.config["participants"][1] = dumped.config["participants"][0]["config"]["model_client"]
    with pytest.raises(ComponentError, match="expected a ChatAgent"):
        Team.load_component(dumped)
