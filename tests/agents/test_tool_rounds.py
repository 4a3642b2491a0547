"""AssistantAgent over several tool rounds: summaries, reflection, hand-offs, pause, workbenches."""

import asyncio
import json
from typing import Any, cast

import pytest
from pydantic import BaseModel

from nbagent import CancellationToken, FunctionTool
from nbagent.agents import AssistantAgent
from nbagent.exceptions import ConfigurationError
from nbagent.memory import ListMemory, MemoryContent, MemoryMimeType
from nbagent.messages import (
    HandoffMessage,
    MemoryQueryEvent,
    StructuredMessage,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    ToolCallSummaryMessage,
)
from nbagent.models.types import FunctionExecutionResultMessage
from nbagent.tools import BaseToolWithState, StaticWorkbench, ToolOverride, ToolResult
from tests.agents.models import calls, replay, text


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def fail() -> str:
    """Fail."""
    raise RuntimeError("no luck")


async def test_the_summary_tells_every_round_in_order_with_errors() -> None:
    client = replay(
        calls(("add", '{"a": 1, "b": 1}')),
        calls(("fail", "{}"), ("add", '{"a": 2, "b": 2}')),
        calls(("add", '{"a": 3, "b": 3}')),
    )
    agent = AssistantAgent(
        "worker",
        client,
        tools=[add, fail],
        max_tool_iterations=3,
        tool_call_summary_format="{tool_name}{arguments} -> {result} ({is_error})",
    )
    result = await agent.run(task="Go")
    summary = result.messages[-1]
    assert isinstance(summary, ToolCallSummaryMessage)
    assert summary.content.split("\n") == [
        'add{"a": 1, "b": 1} -> 2 (False)',
        "fail{} -> no luck (True)",
        'add{"a": 2, "b": 2} -> 4 (False)',
        'add{"a": 3, "b": 3} -> 6 (False)',
    ]
    assert len(summary.tool_calls) == len(summary.results) == 4
    rounds = [m for m in result.messages if isinstance(m, ToolCallRequestEvent)]
    assert len(rounds) == 3


async def test_reflection_comes_after_the_last_round_only() -> None:
    client = replay(
        calls(("add", '{"a": 1, "b": 1}')), calls(("add", '{"a": 2, "b": 2}')), text("Six.")
    )
    agent = AssistantAgent(
        "worker", client, tools=[add], max_tool_iterations=2, reflect_on_tool_use=True
    )
    result = await agent.run(task="Go")
    assert result.messages[-1].to_text() == "Six."
    assert [call["tool_choice"] for call in client.create_calls] == ["auto", "auto", "none"]
    assert client.create_calls[-1]["tools"] == []


async def test_words_before_the_last_round_end_it_without_a_reflection() -> None:
    client = replay(calls(("add", '{"a": 1, "b": 1}')), text("Two."))
    agent = AssistantAgent(
        "worker", client, tools=[add], max_tool_iterations=5, reflect_on_tool_use=True
    )
    assert (await agent.run(task="Go")).messages[-1].to_text() == "Two."
    assert len(client.create_calls) == 2


async def test_a_hand_over_in_a_later_round() -> None:
    client = replay(
        calls(("add", '{"a": 1, "b": 1}')),
        calls(("add", '{"a": 2, "b": 2}'), ("transfer_to_boss", "{}"), thought="Over to you."),
    )
    agent = AssistantAgent("worker", client, tools=[add], handoffs=["boss"], max_tool_iterations=4)
    result = await agent.run(task="Go")
    handover = result.messages[-1]
    assert isinstance(handover, HandoffMessage) and handover.target == "boss"
    # What belongs to the round of the hand-over goes along.
    assert [type(message).__name__ for message in handover.context] == [
        "AssistantMessage",
        "FunctionExecutionResultMessage",
    ]
    assert len(client.create_calls) == 2


async def test_structured_answers_after_tools_and_memory_once() -> None:
    class Answer(BaseModel):
        total: int

    memory = ListMemory(
        memory_contents=[MemoryContent(content="Use SI units.", mime_type=MemoryMimeType.TEXT)]
    )
    client = replay(calls(("add", '{"a": 1, "b": 1}')), text('{"total": 2}'), text('{"total": 3}'))
    agent = AssistantAgent(
        "worker", client, tools=[add], output_content_type=Answer, memory=[memory]
    )
    result = await agent.run(task="Go")
    answer = result.messages[-1]
    assert isinstance(answer, StructuredMessage)
    content: object = cast("Any", answer).content
    assert content == Answer(total=2)
    assert len([m for m in result.messages if isinstance(m, MemoryQueryEvent)]) == 1
    await agent.run(task="Again")
    reminders = [
        message
        for message in client.create_calls[-1]["messages"]
        if isinstance(message.content, str) and "Use SI units." in message.content
    ]
    assert len(reminders) == 1


@pytest.mark.parametrize("in_round", [0, 1])
async def test_a_paused_agent_asks_the_model_nothing_until_it_goes_on(in_round: int) -> None:
    paused = asyncio.Event()

    async def pause() -> str:
        """Pause the agent that calls it."""
        await agent.on_pause(CancellationToken())
        paused.set()
        return "paused"

    client = replay(calls(("pause", "{}")), text("Went on."))
    agent = AssistantAgent("worker", client, tools=[pause], max_tool_iterations=2)
    if in_round == 0:
        await agent.on_pause(CancellationToken())
        paused.set()
    run = asyncio.create_task(agent.run(task="Go"))
    await paused.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(client.create_calls) == in_round and not run.done()
    await agent.on_resume(CancellationToken())
    if in_round == 0:
        for _ in range(40):
            await asyncio.sleep(0)
        await agent.on_resume(CancellationToken())
    assert (await run).messages[-1].to_text() == "Went on."


async def test_a_paused_run_can_be_cancelled() -> None:
    agent = AssistantAgent("worker", replay("Never."))
    await agent.on_pause(CancellationToken())
    token = CancellationToken()
    run = asyncio.create_task(agent.run(task="Go", cancellation_token=token))
    for _ in range(5):
        await asyncio.sleep(0)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await agent.on_reset(CancellationToken())
    assert (await agent.run(task="Go")).messages[-1].to_text() == "Never."


async def test_several_workbenches_each_with_tools_of_its_own() -> None:
    def shout(words: str) -> str:
        """Shout."""
        return words.upper()

    adding = StaticWorkbench(
        [FunctionTool(add)], {"add": ToolOverride(name="plus", description="Put together.")}
    )
    speaking = StaticWorkbench([FunctionTool(shout)])
    client = replay(calls(("plus", '{"a": 1, "b": 2}'), ("shout", '{"words": "hey"}')))
    agent = AssistantAgent("worker", client, workbench=[adding, speaking])
    result = await agent.run(task="Go")
    assert result.messages[-1].to_text() == "3\nHEY"
    offered = client.create_calls[0]["tools"]
    assert [(tool["name"], tool["description"]) for tool in offered] == [
        ("plus", "Put together."),
        ("shout", "Shout."),
    ]


async def test_a_workbench_that_fails_is_a_failed_call_and_the_others_go_on() -> None:
    class Remote(StaticWorkbench):
        async def call_tool(self, *_: object, **__: object) -> ToolResult:
            raise ConnectionResetError("the server is gone")

    remote, local = Remote([FunctionTool(fail)]), StaticWorkbench([FunctionTool(add)])
    client = replay(calls(("fail", "{}"), ("add", '{"a": 1, "b": 1}')), text("So be it."))
    agent = AssistantAgent("worker", client, workbench=[remote, local], max_tool_iterations=2)
    result = await agent.run(task="Go")
    execution = result.messages[2]
    assert isinstance(execution, ToolCallExecutionEvent)
    assert [(one.content, one.is_error) for one in execution.content] == [
        ("Error: the server is gone", True),
        ("2", False),
    ]
    assert result.messages[-1].to_text() == "So be it."


async def test_two_tools_of_one_name_are_refused_before_the_model_is_asked() -> None:
    bench = StaticWorkbench([FunctionTool(add)])
    client = replay("x")
    again = StaticWorkbench([FunctionTool(add)])
    agent = AssistantAgent("worker", client, workbench=[bench, again])
    with pytest.raises(ConfigurationError, match="two tools called 'add'"):
        await agent.run(task="Go")
    assert client.create_calls == []


class Count(BaseModel):
    """Nothing to say."""


class Counter(BaseModel):
    """How often it was called."""

    calls: int = 0


class CountingTool(BaseToolWithState[Count, int, Counter]):
    """Counts its calls."""

    def __init__(self) -> None:
        super().__init__(Count, int, Counter, "count", "Count.")
        self.calls = 0

    async def run(self, args: Count, cancellation_token: CancellationToken) -> int:
        """Count."""
        self.calls += 1
        return self.calls

    def save_state(self) -> Counter:
        """The count."""
        return Counter(calls=self.calls)

    def load_state(self, state: Counter) -> None:
        """Take up a count."""
        self.calls = state.calls


async def test_the_state_holds_what_tools_remember() -> None:
    def build(client: Any) -> AssistantAgent:
        return AssistantAgent("worker", client, tools=[CountingTool()])

    agent = build(replay(calls(("count", "{}"))))
    await agent.run(task="Go")
    state = json.loads(json.dumps(await agent.save_state()))
    client = replay(calls(("count", "{}")))
    other = build(client)
    await other.load_state(state)
    assert await other.save_state() == state
    assert (await other.run(task="Again")).messages[-1].to_text() == "2"

    plain = AssistantAgent("worker", replay("x"), tools=[add])
    await plain.run(task="Go")
    assert set(await plain.save_state()) == {"type", "version", "llm_context"}
    with pytest.raises(ValueError, match="workbench 3"):
        await plain.load_state({**state, "workbenches": {"3": {}}})


async def test_a_state_saved_while_a_tool_runs_is_taken_up_with_an_answer_to_each_call() -> None:
    started = asyncio.Event()

    async def wait() -> str:
        """Wait."""
        started.set()
        await asyncio.Event().wait()
        return "never"

    agent = AssistantAgent("worker", replay(calls(("wait", "{}"))), tools=[wait])
    run = asyncio.create_task(agent.run(task="Go"))
    await started.wait()
    state = json.loads(json.dumps(await agent.save_state()))
    run.cancel()
    await asyncio.wait([run])

    client = replay("Going on.")
    other = AssistantAgent("worker", client, tools=[wait])
    await other.load_state(state)
    await other.run(task="Go on")
    sent = client.create_calls[0]["messages"]
    answered = [message for message in sent if isinstance(message, FunctionExecutionResultMessage)]
    assert [[result.call_id for result in m.content] for m in answered] == [["call_0"]]
    assert sent[-1].content == "Go on"


async def test_a_state_of_something_else_is_refused() -> None:
    agent = AssistantAgent("worker", replay("x"))
    await agent.run(task="Remember me")
    before = await agent.save_state()
    wrong_states: list[dict[str, Any]] = [
        {"type": "TeamState", "version": "1.0.0", "agent_states": {}},
        {**before, "version": "2.0.0"},
    ]
    for wrong in wrong_states:
        with pytest.raises(ValueError, match="the state "):
            await agent.load_state(wrong)
    assert await agent.save_state() == before


async def test_results_keep_the_order_of_the_calls_in_the_event() -> None:
    async def later(n: int) -> int:
        """Wait a little."""
        for _ in range(10 - n):
            await asyncio.sleep(0)
        return n

    client = replay(calls(*(("later", f'{{"n": {n}}}') for n in range(5))))
    result = await AssistantAgent("worker", client, tools=[later]).run(task="Go")
    execution = result.messages[2]
    assert isinstance(execution, ToolCallExecutionEvent)
    assert [one.content for one in execution.content] == list("01234")
