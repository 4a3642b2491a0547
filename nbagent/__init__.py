"""nbagent: see agents work in the notebook.

The AgentChat API (agents, messages, tools, models) and live transcripts of it in Jupyter. The
names below are loaded when they are first used, so that `import nbagent` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbagent.agents import AssistantAgent, BaseChatAgent, UserProxyAgent
    from nbagent.base import Handoff, Response, TaskResult
    from nbagent.cache_store import CacheStore, InMemoryStore
    from nbagent.cancellation import CancellationToken
    from nbagent.component import (
        Component,
        ComponentBase,
        ComponentFromConfig,
        ComponentLoader,
        ComponentModel,
        ComponentSchemaType,
        ComponentToConfig,
        ComponentType,
        is_component_class,
        is_component_instance,
    )
    from nbagent.exceptions import NbagentError
    from nbagent.image import Image
    from nbagent.logging import EVENT_LOGGER_NAME, ROOT_LOGGER_NAME, TRACE_LOGGER_NAME
    from nbagent.many import run_many, run_many_stream
    from nbagent.messages import MultiModalMessage, TextMessage
    from nbagent.models.choose import model_client
    from nbagent.models.types import FunctionCall
    from nbagent.notebook.chat import Chat
    from nbagent.notebook.doctor import doctor
    from nbagent.notebook.drop import drop
    from nbagent.notebook.show import show
    from nbagent.questions import ask
    from nbagent.telemetry import (
        trace_create_agent_span,
        trace_invoke_agent_span,
        trace_tool_span,
    )
    from nbagent.tools import FunctionTool
    from nbagent.tools.registry import tool
    from nbagent.transcript import Transcript, record, replay
    from nbagent.ui import Console
    from nbagent.ui.sync import run_sync

__version__ = "0.1.0.dev0"

_HOMES = {
    "AssistantAgent": "nbagent.agents",
    "BaseChatAgent": "nbagent.agents",
    "CacheStore": "nbagent.cache_store",
    "CancellationToken": "nbagent.cancellation",
    "Chat": "nbagent.notebook.chat",
    "Component": "nbagent.component",
    "ComponentBase": "nbagent.component",
    "ComponentFromConfig": "nbagent.component",
    "ComponentLoader": "nbagent.component",
    "ComponentModel": "nbagent.component",
    "ComponentSchemaType": "nbagent.component",
    "ComponentToConfig": "nbagent.component",
    "ComponentType": "nbagent.component",
    "Console": "nbagent.ui",
    "EVENT_LOGGER_NAME": "nbagent.logging",
    "FunctionCall": "nbagent.models.types",
    "FunctionTool": "nbagent.tools",
    "Handoff": "nbagent.base",
    "Image": "nbagent.image",
    "InMemoryStore": "nbagent.cache_store",
    "MultiModalMessage": "nbagent.messages",
    "NbagentError": "nbagent.exceptions",
    "ROOT_LOGGER_NAME": "nbagent.logging",
    "Response": "nbagent.base",
    "TRACE_LOGGER_NAME": "nbagent.logging",
    "TaskResult": "nbagent.base",
    "TextMessage": "nbagent.messages",
    "Transcript": "nbagent.transcript",
    "UserProxyAgent": "nbagent.agents",
    "ask": "nbagent.questions",
    "doctor": "nbagent.notebook.doctor",
    "drop": "nbagent.notebook.drop",
    "is_component_class": "nbagent.component",
    "is_component_instance": "nbagent.component",
    "model_client": "nbagent.models.choose",
    "record": "nbagent.transcript",
    "replay": "nbagent.transcript",
    "run_many": "nbagent.many",
    "run_many_stream": "nbagent.many",
    "run_sync": "nbagent.ui.sync",
    "show": "nbagent.notebook.show",
    "tool": "nbagent.tools.registry",
    "trace_create_agent_span": "nbagent.telemetry",
    "trace_invoke_agent_span": "nbagent.telemetry",
    "trace_tool_span": "nbagent.telemetry",
}

__all__ = [
    "EVENT_LOGGER_NAME",
    "ROOT_LOGGER_NAME",
    "TRACE_LOGGER_NAME",
    "AssistantAgent",
    "BaseChatAgent",
    "CacheStore",
    "CancellationToken",
    "Chat",
    "Component",
    "ComponentBase",
    "ComponentFromConfig",
    "ComponentLoader",
    "ComponentModel",
    "ComponentSchemaType",
    "ComponentToConfig",
    "ComponentType",
    "Console",
    "FunctionCall",
    "FunctionTool",
    "Handoff",
    "Image",
    "InMemoryStore",
    "MultiModalMessage",
    "NbagentError",
    "Response",
    "TaskResult",
    "TextMessage",
    "Transcript",
    "UserProxyAgent",
    "ask",
    "doctor",
    "drop",
    "is_component_class",
    "is_component_instance",
    "model_client",
    "record",
    "replay",
    "run_many",
    "run_many_stream",
    "run_sync",
    "show",
    "tool",
    "trace_create_agent_span",
    "trace_invoke_agent_span",
    "trace_tool_span",
]


def __getattr__(name: str) -> Any:
    """Load a public name on its first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'nbagent' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def load_ipython_extension(ipython: Any) -> None:
    """Called by `%load_ext nbagent`: adds the magics."""
    importlib.import_module("nbagent.notebook.extension").load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Called by `%unload_ext nbagent`: removes the magics."""
    importlib.import_module("nbagent.notebook.extension").unload(ipython)
