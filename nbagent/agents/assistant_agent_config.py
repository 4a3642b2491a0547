"""The config of an AssistantAgent: the agent as plain data."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel

from nbagent.base.handoff import Handoff
from nbagent.component import ComponentModel
from nbagent.exceptions import ComponentError
from nbagent.memory.base import Memory
from nbagent.messages import StructuredMessageFactory
from nbagent.model_context import ChatCompletionContext
from nbagent.models.client import ChatCompletionClient
from nbagent.models.types import FunctionCall, FunctionExecutionResult
from nbagent.tools.base import BaseTool
from nbagent.tools.workbench import Workbench


class AssistantAgentConfig(BaseModel, defer_build=True):
    """What `AssistantAgent.dump_component()` writes down."""

    name: str
    model_client: ComponentModel
    tools: list[ComponentModel] | None = None
    workbench: list[ComponentModel] | None = None
    handoffs: list[Handoff | str] | None = None
    model_context: ComponentModel | None = None
    memory: list[ComponentModel] | None = None
    description: str
    system_message: str | None = None
    model_client_stream: bool = False
    reflect_on_tool_use: bool
    tool_call_summary_format: str
    max_tool_iterations: int = 1
    metadata: dict[str, str] | None = None
    structured_message_factory: ComponentModel | None = None


def agent_config(
    *,
    name: str,
    description: str,
    model_client: ChatCompletionClient,
    tools: Sequence[BaseTool[Any, Any]],
    workbenches: Sequence[Workbench] | None,
    handoffs: list[Handoff],
    model_context: ChatCompletionContext,
    memory: Sequence[Memory],
    system_message: str | None,
    model_client_stream: bool,
    reflect_on_tool_use: bool,
    max_tool_iterations: int,
    tool_call_summary_format: str,
    tool_call_summary_formatter: Callable[[FunctionCall, FunctionExecutionResult], str] | None,
    structured_message_factory: StructuredMessageFactory | None,
    metadata: dict[str, str],
) -> AssistantAgentConfig:
    """Write an agent's parts down.

    Raises:
        ComponentError: The agent has a summary formatter, which is a function and no data; or
            one of its parts cannot be written down.
    """
    if tool_call_summary_formatter is not None:
        raise ComponentError(
            f"agent {name!r} has a tool_call_summary_formatter, which is a function and cannot be "
            "dumped. Use tool_call_summary_format instead."
        )
    return AssistantAgentConfig(
        name=name,
        model_client=model_client.dump_component(),
        tools=[tool.dump_component() for tool in tools] or None,
        workbench=[bench.dump_component() for bench in workbenches] if workbenches else None,
        handoffs=[*handoffs] or None,
        model_context=model_context.dump_component(),
        memory=[item.dump_component() for item in memory] or None,
        description=description,
        system_message=system_message,
        model_client_stream=model_client_stream,
        reflect_on_tool_use=reflect_on_tool_use,
        tool_call_summary_format=tool_call_summary_format,
        max_tool_iterations=max_tool_iterations,
        metadata=metadata or None,
        structured_message_factory=structured_message_factory.dump_component()
        if structured_message_factory
        else None,
    )
