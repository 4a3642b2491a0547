"""Spans of OpenTelemetry, as its own SDK records them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

import nbagent

pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk")
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> "Tracer":
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test")


def test_a_tool_within_an_agent(exporter: InMemorySpanExporter, tracer: "Tracer") -> None:
    with (
        nbagent.trace_invoke_agent_span("writer", tracer=tracer, agent_description="writes"),
        nbagent.trace_tool_span("search", tracer=tracer, tool_call_id="call-1"),
    ):
        pass

    tool, agent = exporter.get_finished_spans()
    assert (agent.name, agent.kind) == ("invoke_agent writer", SpanKind.CLIENT)
    assert dict(agent.attributes or {}) == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "nbagent",
        "gen_ai.agent.name": "writer",
        "gen_ai.agent.description": "writes",
    }
    assert (tool.name, tool.kind) == ("execute_tool search", SpanKind.INTERNAL)
    assert dict(tool.attributes or {}) == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.provider.name": "nbagent",
        "gen_ai.tool.name": "search",
        "gen_ai.tool.call.id": "call-1",
    }
    assert tool.parent is not None
    assert agent.context is not None
    assert tool.parent.span_id == agent.context.span_id


def test_a_parent_of_ones_own(exporter: InMemorySpanExporter, tracer: "Tracer") -> None:
    parent = tracer.start_span("outer")
    with nbagent.trace_create_agent_span("writer", tracer=tracer, parent=parent, agent_id="7"):
        pass

    (span,) = exporter.get_finished_spans()
    assert span.name == "create_agent writer"
    assert (span.attributes or {})["gen_ai.agent.id"] == "7"
    assert span.parent is not None
    assert span.parent.span_id == parent.get_span_context().span_id


@pytest.mark.parametrize(
    "open_span",
    [nbagent.trace_create_agent_span, nbagent.trace_invoke_agent_span, nbagent.trace_tool_span],
)
def test_an_error_is_recorded_and_goes_on(
    open_span: "Callable[..., AbstractContextManager[Span]]",
    exporter: InMemorySpanExporter,
    tracer: "Tracer",
) -> None:
    with pytest.raises(ZeroDivisionError), open_span("x", tracer=tracer):
        _ = 1 / 0

    (span,) = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert [event.name for event in span.events] == ["exception"]


def test_without_a_tracer_nothing_is_recorded_and_nothing_fails() -> None:
    with nbagent.trace_tool_span("search") as span:
        assert not span.is_recording()
