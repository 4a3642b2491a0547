"""A team's run as spans of OpenTelemetry."""

import asyncio

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nbagent import trace_create_agent_span, trace_invoke_agent_span, trace_tool_span
from nbagent.agents import AssistantAgent
from nbagent.models.replay import ReplayChatCompletionClient


async def main() -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("my-application")

    with tracer.start_as_current_span("my-run"):
        with trace_create_agent_span("guide", tracer=tracer):
            agent = AssistantAgent("guide", ReplayChatCompletionClient(["This way."]))
        with trace_invoke_agent_span("guide", tracer=tracer, agent_id="1") as span:
            result = await agent.run(task="Where to?")
            span.set_attribute("answer", result.messages[-1].to_text())
            with trace_tool_span("compass", tracer=tracer, tool_call_id="c1"):
                pass
    for finished in exporter.get_finished_spans():
        print(finished.name)
    return exporter


if __name__ == "__main__":
    asyncio.run(main())
