"""Agents and teams whose configs and states are kept, built from AgentChat's names or nbagent's.

As a program it prints what AgentChat writes of them; `kept_work.json` was made so, with the Python
of an environment that has AgentChat 0.7.5 in it (`tests/benchmarks/autogen_environment.py` makes
one, to which `autogen-ext[openai]` adds the OpenAI client):

    .bench/autogen-0.7.5/bin/python tests/api/kept_work.py > tests/api/kept_work.json
"""

import asyncio
import importlib
import json
import re
import sys
import warnings
from collections.abc import Callable, Iterable
from typing import Any, cast

from pydantic import BaseModel

MODULES = (
    "autogen_core",
    "autogen_core.memory",
    "autogen_core.model_context",
    "autogen_core.models",
    "autogen_core.tools",
    "autogen_agentchat.agents",
    "autogen_agentchat.base",
    "autogen_agentchat.conditions",
    "autogen_agentchat.messages",
    "autogen_agentchat.teams",
    "autogen_agentchat.tools",
    "autogen_ext.models.openai",
    "autogen_ext.models.replay",
)

MODEL_INFO = {
    "vision": False,
    "function_calling": True,
    "json_output": True,
    "family": "unknown",
    "structured_output": True,
}


class Place(BaseModel):
    """What one component holds a schema of."""

    name: str
    height: int | None = None


class Names:
    """All the names of some modules, as attributes."""

    def __init__(self, modules: Iterable[str] = MODULES) -> None:
        self._modules = [importlib.import_module(module) for module in modules]

    def __getattr__(self, name: str) -> Any:
        for module in self._modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(name)


NBAGENT_MODULES = tuple(re.sub("autogen_(core|agentchat|ext)", "nbagent", one) for one in MODULES)


def climb(metres: int) -> str:
    """Climb."""
    return f"{metres} m higher"


def _agent(api: Names, name: str, *answers: Any, **options: Any) -> Any:
    client = api.ReplayChatCompletionClient(answers, model_info=MODEL_INFO)
    own = {"description": f"{name}'s part.", "system_message": "Climb safely."}
    return api.AssistantAgent(name, client, **own, **options)


def components(api: Names) -> dict[str, Any]:
    """What has a config, each by a name."""
    either = api.TextMentionTermination("DONE", sources=["guide"]) | (
        api.MaxMessageTermination(9, include_agent_event=True) & api.TimeoutTermination(60)
    )
    openai = api.OpenAIChatCompletionClient(
        model="gpt-4o",
        api_key="sk-kept-nowhere",
        base_url="http://127.0.0.1:9/v1",
        temperature=0.5,
        max_tokens=50,
        seed=3,
        stop=["END"],
        timeout=20,
        max_retries=1,
        parallel_tool_calls=False,
    )
    guide = _agent(
        api,
        "guide",
        tools=[climb],
        handoffs=["cook", api.Handoff(target="porter", message="Carry this.")],
        memory=[
            api.ListMemory(
                "huts", [api.MemoryContent(content="A hut at 2000 m.", mime_type="text/plain")]
            )
        ],
        model_context=api.BufferedChatCompletionContext(buffer_size=12),
        reflect_on_tool_use=True,
        max_tool_iterations=4,
        tool_call_summary_format="{tool_name}: {result}",
        metadata={"team": "north"},
    )
    cook, porter = _agent(api, "cook"), _agent(api, "porter", output_content_type=Place)
    graph = api.DiGraphBuilder()
    graph.add_node(cook).add_node(porter).add_edge(cook, porter, condition="ready")
    shared = {"description": "Climbers.", "termination_condition": either}
    round_robin = api.RoundRobinGroupChat([guide, cook], name="rope", max_turns=3, **shared)
    return {
        "conditions": either,
        "openai": openai,
        "user": api.UserProxyAgent("climber"),
        "round_robin": round_robin,
        "selector": api.SelectorGroupChat(
            [cook, porter],
            openai,
            selector_prompt="{roles} {participants} {history}",
            max_selector_attempts=2,
            allow_repeated_speaker=True,
            **shared,
        ),
        "swarm": api.Swarm([guide, cook, porter], **shared),
        "magentic_one": api.MagenticOneGroupChat(
            [cook], openai, max_stalls=1, final_answer_prompt="Answer: {task}", **shared
        ),
        "graph": api.GraphFlow([cook, porter], graph.build(), **shared),
        "nested": api.RoundRobinGroupChat([round_robin, porter], max_turns=2, description="All."),
        "society": api.SocietyOfMindAgent(
            "society", round_robin, openai, instruction="Read.", response_prompt="Answer."
        ),
        "team_tool": api.TeamTool(round_robin, "rope", "Climbs."),
        "agent_tool": api.AgentTool(cook, return_value_as_last_message=True),
        "workbench": api.StaticStreamWorkbench(
            [api.FunctionTool(climb, description="Up.")],
            {"climb": api.ToolOverride(name="ascend", description="Up and up.")},
        ),
        "structured_message": api.StructuredMessageFactory(
            input_model=Place, format_string="{name}"
        ),
    }


def workers(api: Names) -> dict[str, Any]:
    """What has a state: made anew, each by a name."""
    call = api.FunctionCall(id="c1", name="climb", arguments='{"metres": 300}')
    handover = api.FunctionCall(id="c2", name="transfer_to_cook", arguments="{}")

    def calling(called: Any) -> Any:
        return api.CreateResult(
            finish_reason="function_calls",
            content=[called],
            usage=api.RequestUsage(prompt_tokens=8, completion_tokens=2),
            cached=False,
        )

    def pair(*answers: Any) -> list[Any]:
        guide = _agent(api, "guide", *answers, tools=[climb], handoffs=["cook"])
        return [guide, _agent(api, "cook", "Soup.", "Tea.", "Bread.")]

    flow = pair("Up we go.", "And down.")
    graph = api.DiGraphBuilder()
    graph.add_node(flow[0]).add_node(flow[1]).add_edge(flow[0], flow[1])
    return {
        "agent": pair(calling(call), "Well done.")[0],
        "round_robin": api.RoundRobinGroupChat(pair(calling(call), "Rest."), max_turns=1),
        "selector": api.SelectorGroupChat(
            pair("Up we go.", "Rest."),
            api.ReplayChatCompletionClient(["guide", "cook"], model_info=MODEL_INFO),
            selector_func=_other,
            max_turns=1,
        ),
        "swarm": api.Swarm(pair(calling(handover)), max_turns=1),
        "graph": api.GraphFlow(
            flow, graph.build(), termination_condition=api.TextMentionTermination("Up")
        ),
        "nested": api.RoundRobinGroupChat(
            [
                api.RoundRobinGroupChat(pair("Up we go.", "Rest."), max_turns=1, name="inner"),
                _agent(api, "porter", "All here.", "Gone."),
            ],
            max_turns=1,
        ),
    }


def _other(thread: Any) -> str:
    return "cook" if thread[-1].source == "guide" else "guide"


def _without_descriptions(value: Any) -> Any:
    """A config without the texts that AgentChat takes from its own code."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        drop = ("description", "label") if "provider" in entries else ()
        return {key: _without_descriptions(v) for key, v in entries.items() if key not in drop}
    if isinstance(value, list):
        return [_without_descriptions(entry) for entry in cast("list[Any]", value)]
    return value


async def written(api: Names) -> dict[str, dict[str, Any]]:
    """What a package writes: the config of each component, the state of each worker."""
    configs = {
        name: _without_descriptions(component.dump_component().model_dump(mode="json"))
        for name, component in components(api).items()
    }
    states: dict[str, Any] = {}
    for name, worker in workers(api).items():
        await worker.run(task="To the summit!")
        save: Callable[[], Any] = worker.save_state
        states[name] = await save()
    return {"components": configs, "states": states}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump(asyncio.run(written(Names())), sys.stdout, sort_keys=True, default=str)
    print()
