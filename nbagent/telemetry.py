"""Spans of OpenTelemetry around agents and tools, named as its conventions for GenAI say.

nbagent opens no spans by itself. Around what you want to see in a trace, open one:

    with trace_invoke_agent_span("writer"):
        result = await agent.run(task=task)

The names of attributes: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from nbagent.exceptions import missing_extra

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_NAME = "nbagent"


@contextmanager
def trace_create_agent_span(
    agent_name: str,
    *,
    tracer: "Tracer | None" = None,
    parent: "Span | None" = None,
    agent_id: str | None = None,
    agent_description: str | None = None,
) -> "Generator[Span]":
    """A span in which an agent is made.

    Args:
        agent_name: The agent's name.
        tracer: Makes the span; by default the one that OpenTelemetry gives nbagent.
        parent: The span around it; by default the current one.
        agent_id: What identifies the agent.
        agent_description: What the agent is good for.

    Yields:
        The span. An error that leaves the block is recorded in it.

    Raises:
        ImportError: OpenTelemetry is not installed; the message says how to install it.
    """
    attributes = _agent_attributes(agent_name, agent_id, agent_description)
    with _span("create_agent", agent_name, attributes, tracer, parent) as span:
        yield span


@contextmanager
def trace_invoke_agent_span(
    agent_name: str,
    *,
    tracer: "Tracer | None" = None,
    parent: "Span | None" = None,
    agent_id: str | None = None,
    agent_description: str | None = None,
) -> "Generator[Span]":
    """A span in which an agent works.

    Arguments, result and errors are those of `trace_create_agent_span()`.
    """
    attributes = _agent_attributes(agent_name, agent_id, agent_description)
    with _span("invoke_agent", agent_name, attributes, tracer, parent) as span:
        yield span


@contextmanager
def trace_tool_span(
    tool_name: str,
    *,
    tracer: "Tracer | None" = None,
    parent: "Span | None" = None,
    tool_description: str | None = None,
    tool_call_id: str | None = None,
) -> "Generator[Span]":
    """A span in which a tool runs.

    Args:
        tool_name: The tool's name.
        tracer: Makes the span; by default the one that OpenTelemetry gives nbagent.
        parent: The span around it; by default the current one.
        tool_description: What the tool does.
        tool_call_id: The id of the call that a model made.

    Yields:
        The span. An error that leaves the block is recorded in it.

    Raises:
        ImportError: OpenTelemetry is not installed; the message says how to install it.
    """
    attributes = {
        "gen_ai.tool.name": tool_name,
        "gen_ai.tool.description": tool_description,
        "gen_ai.tool.call.id": tool_call_id,
    }
    with _span("execute_tool", tool_name, attributes, tracer, parent) as span:
        yield span


def _agent_attributes(
    name: str, identifier: str | None, description: str | None
) -> dict[str, str | None]:
    return {
        "gen_ai.agent.name": name,
        "gen_ai.agent.id": identifier,
        "gen_ai.agent.description": description,
    }


@contextmanager
def _span(
    operation: Literal["create_agent", "invoke_agent", "execute_tool"],
    name: str,
    attributes: dict[str, str | None],
    tracer: "Tracer | None",
    parent: "Span | None",
) -> "Generator[Span]":
    """A span of one of the conventions' operations; attributes that are None are left out."""
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise missing_extra("telemetry", "nbagent.telemetry") from error
    known = {key: value for key, value in attributes.items() if value is not None}
    # An agent works elsewhere, as far as its caller knows; a tool runs here.
    kind = trace.SpanKind.INTERNAL if operation == "execute_tool" else trace.SpanKind.CLIENT
    with (tracer or trace.get_tracer(_NAME)).start_as_current_span(
        f"{operation} {name}",
        kind=kind,
        context=None if parent is None else trace.set_span_in_context(parent),
        attributes={"gen_ai.operation.name": operation, "gen_ai.provider.name": _NAME, **known},
    ) as span:
        yield span
