"""Configs and states that AgentChat wrote are taken up by nbagent as they are."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from nbagent.component import ComponentLoader, allow_functions
from nbagent.messages import BaseChatMessage
from tests.api.kept_work import NBAGENT_MODULES, Names, workers, written

KEPT: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("kept_work.json").read_text(encoding="utf-8")
)
NBAGENT = Names(NBAGENT_MODULES)

NEXT = {
    "agent": ["guide: 300 m higher"],
    "round_robin": ["cook: Soup."],
    "selector": ["cook: Soup."],
    "swarm": ["cook: Soup."],
    "graph": ["cook: Soup."],
    "nested": ["porter: All here."],
}
"""What is said in the run after the state was loaded: it goes on where AgentChat stopped."""


def said_in(kept: Any, ours: Any, path: str = "") -> list[str]:
    """Where a config of ours does not say what the kept one says; what that leaves out is free."""
    if isinstance(kept, dict):
        entries = cast("dict[str, Any]", kept)
        if "provider" in entries:
            entries = {"component_type": entries["component_type"], "config": entries["config"]}
        return [
            found
            for key, value in entries.items()
            if value is not None and key not in ("api_key", "workbench", "metadata")
            for found in said_in(
                value, cast("dict[str, Any]", ours or {}).get(key), f"{path}.{key}"
            )
        ]
    if isinstance(kept, list):
        values = cast("list[Any]", kept)
        if len(values) != len(ours or []):
            return [path]
        pairs = enumerate(zip(values, ours or [], strict=True))
        return [found for i, (a, b) in pairs for found in said_in(a, b, f"{path}[{i}]")]
    return [] if kept == ours else [f"{path}: {kept!r} is {ours!r} here"]


@pytest.mark.parametrize("name", KEPT["components"])
def test_a_config_is_loaded(name: str) -> None:
    config = KEPT["components"][name]

    with allow_functions():
        component: Any = ComponentLoader.load_component(config)

    assert config["provider"].startswith("autogen_")
    assert type(component).__name__ == config["provider"].rpartition(".")[2]
    again = component.dump_component().model_dump(mode="json", exclude_none=True)
    assert again["provider"].startswith("nbagent.")
    assert said_in(config, again) == []


def test_an_agent_keeps_its_tools_and_its_metadata() -> None:
    with allow_functions():
        team: Any = ComponentLoader.load_component(KEPT["components"]["round_robin"])

    guide = team.dump_component().config["participants"][0]["config"]
    [workbench] = guide["workbench"]
    [tool] = workbench["config"]["tools"]
    assert tool["config"]["name"] == "climb" and "m higher" in tool["config"]["source_code"]
    assert guide["metadata"] == {"team": "north"}


def test_a_function_is_not_run_unasked() -> None:
    with pytest.raises(ValueError, match="allow_functions"):
        ComponentLoader.load_component(KEPT["components"]["workbench"])


@pytest.mark.parametrize("name", KEPT["states"])
async def test_a_state_is_loaded(name: str) -> None:
    worker = workers(NBAGENT)[name]
    await worker.load_state(KEPT["states"][name])

    result = await worker.run(task="Further!" if name == "agent" else None)

    said = [
        f"{message.source}: {message.to_text()}"
        for message in result.messages
        if isinstance(message, BaseChatMessage) and message.source != "user"
    ]
    assert said[:1] == NEXT[name]


async def test_an_agent_remembers() -> None:
    agent = workers(NBAGENT)["agent"]
    await agent.load_state(KEPT["states"]["agent"])

    heard = await agent.model_context.get_messages()

    assert [type(message).__name__ for message in heard] == [
        "UserMessage",
        "AssistantMessage",
        "FunctionExecutionResultMessage",
    ]
    assert heard[0].content == "To the summit!"
    assert heard[2].content[0].content == "300 m higher"


@pytest.mark.parametrize("name", [name for name in KEPT["states"] if name != "graph"])
async def test_nbagent_writes_what_agentchat_writes(name: str) -> None:
    """All entries are there. (How far a graph has come is counted otherwise.)"""
    ours = (await written(NBAGENT))["states"]

    assert missing_entries(KEPT["states"][name], ours[name]) == []


def missing_entries(kept: Any, ours: Any, path: str = "") -> list[str]:
    """The entries of nested dictionaries that are not there in others."""
    if not isinstance(kept, dict):
        return []
    return [
        found
        for key, value in cast("dict[str, Any]", kept).items()
        for found in (
            missing_entries(value, ours[key], f"{path}.{key}") if key in ours else [f"{path}.{key}"]
        )
    ]
