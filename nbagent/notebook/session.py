"""The session of a notebook: its model, its tools, and the agents that the magics talk to."""

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from nbagent.agents import AssistantAgent
from nbagent.cancellation import CancellationToken
from nbagent.exceptions import ConfigurationError
from nbagent.model_context import ChatCompletionContext, UnboundedChatCompletionContext
from nbagent.models.choose import ModelChoice, describe_choice, model_client
from nbagent.models.client import ChatCompletionClient
from nbagent.tools.base import BaseTool
from nbagent.tools.registry import ToolRegistry, registered_tools

DEFAULT_AGENT = "assistant"
"""The agent that answers where none is named."""

MAX_TOOL_ITERATIONS = 10
"""How many times in a row an agent of the session may call tools before it answers in words."""

ModelSpec: TypeAlias = str | ChatCompletionClient
"""A model by its spec, such as "openai:gpt-5", or as a client."""

_SYSTEM_MESSAGE = (
    "You are {name}, an assistant in a Jupyter notebook. Answer in Markdown, to the point. "
    "Use your tools where they help."
)


@dataclass
class _Participant:
    """An agent of the session.

    The conversation stands in `context` and outlives the agent object, which is made anew
    when its model or the tools have changed.
    """

    context: ChatCompletionContext = field(default_factory=UnboundedChatCompletionContext)
    model: ModelSpec | None = None
    agent: AssistantAgent | None = None
    client: ChatCompletionClient | None = None
    tools: tuple[BaseTool[Any, Any], ...] = ()


class Session:
    """Agents by name, with one default model and the same tools.

    Args:
        tools: The tools that every agent of the session may call; those registered with
            `@nbagent.tool` by default.
        make_client: Makes the client of a model spec; None stands for the environment's choice.
    """

    def __init__(
        self,
        tools: ToolRegistry = registered_tools,
        make_client: Callable[[str | None], ChatCompletionClient] = model_client,
    ) -> None:
        self.tools = tools
        self._make_client = make_client
        self._model: ModelSpec | None = None
        self._participants: dict[str, _Participant] = {}
        self._clients: dict[tuple[str | None, int], ChatCompletionClient] = {}

    def use_model(self, model: ModelSpec) -> None:
        """Take `model` for the default agent, and for all that have no model of their own.

        Their conversations go on. The client of the model before is closed by `close_unused()`.

        Raises:
            ConfigurationError: There is no such model, or its settings are missing. Then
                nothing is changed.
        """
        self._client(model)
        self._model = model
        if DEFAULT_AGENT in self._participants:
            self._participants[DEFAULT_AGENT].model = None

    def describe_model(self) -> ModelChoice:
        """The default model, and why it is this one."""
        return describe_choice(self._model)

    def own_models(self) -> dict[str, ModelChoice]:
        """The agents with a model of their own, and which it is."""
        return {
            name: describe_choice(participant.model)
            for name, participant in self._participants.items()
            if participant.model is not None
        }

    def has_agent(self, name: str) -> bool:
        """Whether the session keeps an agent of this name."""
        return name in self._participants

    def agent(self, name: str = DEFAULT_AGENT, model: ModelSpec | None = None) -> AssistantAgent:
        """The agent of this name, with its conversation so far; made at its first use.

        Args:
            name: A valid Python identifier.
            model: The model that this agent uses from now on, instead of the default.

        Raises:
            ConfigurationError: There is no such model, or its settings are missing, or tools
                are registered and it calls none. Then nothing is changed.
            ValueError: The name is no identifier.
        """
        participant = self._participants.get(name) or _Participant()
        own_model = participant.model if model is None else model
        client = self._client(self._model if own_model is None else own_model)
        tools = self.tools.tools
        agent = participant.agent
        if agent is None or participant.client is not client or participant.tools != tools:
            agent = _assistant(name, client, tools, participant.context)
        participant.model, participant.agent = own_model, agent
        participant.client, participant.tools = client, tools
        self._participants[name] = participant
        return agent

    def sees_pictures(self, name: str) -> bool:
        """Whether the model that the agent of this name used last takes pictures."""
        client = self._participants[name].client
        return client is not None and client.model_info["vision"]

    async def close_unused(self) -> None:
        """Close the clients that no agent uses any more."""
        in_use = [participant.client for participant in self._participants.values()]
        for key, client in list(self._clients.items()):
            if not any(client is used for used in in_use):
                del self._clients[key]
                await client.close()

    async def close(self) -> None:
        """Forget the agents, and close every client that the session has made."""
        self._participants.clear()
        await self.close_unused()

    def _client(self, model: ModelSpec | None) -> ChatCompletionClient:
        """The client of `model`; a client that the caller made is the caller's to close."""
        if isinstance(model, ChatCompletionClient):
            return model
        key = (model, _settings())
        if key not in self._clients:
            self._clients[key] = self._make_client(model)
        return self._clients[key]


@functools.cache
def notebook_session() -> Session:
    """The session of this kernel, made when it is first needed."""
    return Session()


async def forget(agent: Any) -> None:
    """Let an agent or a team begin afresh."""
    if callable(getattr(agent, "reset", None)):  # a team
        await agent.reset()
    else:
        await agent.on_reset(CancellationToken())


def _assistant(
    name: str,
    client: ChatCompletionClient,
    tools: tuple[BaseTool[Any, Any], ...],
    context: ChatCompletionContext,
) -> AssistantAgent:
    if tools and not client.model_info["function_calling"]:
        names = ", ".join(tool.name for tool in tools)
        raise ConfigurationError(
            f"tools are registered ({names}), and the chosen model calls none. Choose another "
            "model with %nbagent model SPEC, or remove the tools with %nbagent tools --clear."
        )
    return notebook_agent(name, client, tools, _SYSTEM_MESSAGE.format(name=name), context)


def notebook_agent(
    name: str,
    client: ChatCompletionClient,
    tools: Sequence[BaseTool[Any, Any]],
    system_message: str,
    context: ChatCompletionContext | None = None,
) -> AssistantAgent:
    """An agent as the notebook makes one: it streams, and works with tools until it can answer."""
    return AssistantAgent(
        name,
        client,
        tools=tools,
        model_context=context,
        system_message=system_message,
        model_client_stream=True,
        reflect_on_tool_use=True,
        max_tool_iterations=MAX_TOOL_ITERATIONS,
    )


def _settings() -> int:
    """Changes when a model's setting in the environment does.

    A key that was added or corrected counts from the next cell on. Only a hash, as the values
    are secrets.
    """
    prefixes = ("OPENAI_", "AZURE_OPENAI_", "NBAGENT_")
    return hash(
        tuple(sorted((key, value) for key, value in os.environ.items() if key.startswith(prefixes)))
    )
