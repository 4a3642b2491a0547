"""AgentTool and TeamTool: inner runs in the outer stream, folded under their call."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pydantic import BaseModel

from nbagent import CancellationToken, FunctionTool
from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base import TaskResult
from nbagent.component import allow_functions
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    TextMessage,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    ToolReportEvent,
    UserInputRequestedEvent,
)
from nbagent.questions import asking_through
from nbagent.teams import RoundRobinGroupChat
from nbagent.tools import AgentTool, BaseStreamTool, StaticStreamWorkbench, TeamTool
from nbagent.transcript import Transcript, reduce
from nbagent.transcript.items import MessageItem, QuestionItem, ToolCallItem
from tests.agents.models import StallingClient, calls, replay, text
from tests.agents.test_ending_a_run import assert_calls_have_results
from tests.tools.person import YES, Person


def task(tool: str, words: str = "Do it") -> tuple[str, str]:
    return (tool, json.dumps({"task": words}))


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


async def folded(agent: Any) -> tuple[Transcript, TaskResult]:
    transcript = Transcript()
    result: TaskResult | None = None
    async for item in agent.run_stream(task="Go"):
        reduce(transcript, item)
        if isinstance(item, TaskResult):
            result = item
    assert result is not None
    assert len({item.id for item in transcript.items}) == len(transcript.items)
    return transcript, result


def cards(transcript: Transcript) -> dict[str, ToolCallItem]:
    return {item.name: item for item in transcript.items if isinstance(item, ToolCallItem)}


async def test_an_agent_as_a_tool_gives_its_messages_to_the_model() -> None:
    inner = AssistantAgent("writer", replay("A poem."), description="Writes poems.")
    client = replay(calls(task("writer", "Write a poem.")), "Here it is.")
    outer = AssistantAgent("boss", client, tools=[AgentTool(inner)], max_tool_iterations=2)
    result = await outer.run(task="Go")
    assert result.messages[-1].to_text() == "Here it is."
    execution = next(m for m in result.messages if isinstance(m, ToolCallExecutionEvent))
    assert execution.content[0].content == "writer: A poem."
    schema = client.create_calls[0]["tools"][0]
    assert (schema["name"], schema["description"]) == ("writer", "Writes poems.")
    assert schema["parameters"]["required"] == ["task"]
    assert "description" not in schema["parameters"]  # words for programmers


async def test_the_last_message_only() -> None:
    members = [AssistantAgent("ann", replay("One.")), AssistantAgent("bob", replay("Two."))]
    team = RoundRobinGroupChat(members, max_turns=2)
    both = await TeamTool(team, "crew", "Works.").run_json({"task": "Go"}, CancellationToken())
    assert TeamTool(team, "crew", "Works.").return_value_as_string(both) == "ann: One.\n\nbob: Two."
    assert TeamTool(team, "crew", "Works.", True).return_value_as_string(both) == "Two."
    assert TeamTool(team, "crew", "w", True).return_value_as_string(TaskResult(messages=[])) == ""


async def test_the_inner_run_is_in_the_outer_stream_and_folds_under_its_call() -> None:
    inner = AssistantAgent(
        "adder",
        # The same call id as the outer call: servers repeat them.
        replay(calls(("add", '{"a": 1, "b": 2}')), text("Three it is.")),
        tools=[add],
        reflect_on_tool_use=True,
        model_client_stream=True,
    )
    outer = AssistantAgent("boss", replay(calls(task("adder"))), tools=[AgentTool(inner)])
    transcript, result = await folded(outer)
    by_name = cards(transcript)
    assert by_name["adder"].call is None
    assert by_name["add"].call == by_name["adder"].id
    assert (by_name["add"].result, by_name["add"].state) == ("3", "done")
    assert by_name["adder"].result == "adder: Three it is."
    words = [item for item in transcript.items if isinstance(item, MessageItem)]
    assert [(item.text, item.call) for item in words if item.source == "adder"] == [
        ("Three it is.", by_name["adder"].id)
    ]
    # Streamed, and so seen before the call had its result.
    kinds = [type(m) for m in result.messages]
    assert kinds.index(TextMessage, 1) < len(kinds) - 1 - kinds[::-1].index(ToolCallExecutionEvent)
    assert transcript.usage.completion_tokens >= 10


async def test_what_is_said_inside_is_no_part_of_what_the_agent_did() -> None:
    inner = AssistantAgent("writer", replay("TERMINATE"))
    outer = AssistantAgent("boss", replay(calls(task("writer"))), tools=[AgentTool(inner)])
    response = await outer.on_messages(
        [TextMessage(content="Go", source="user")], CancellationToken()
    )
    assert [type(message) for message in response.inner_messages or ()] == [
        ToolCallRequestEvent,
        ToolCallExecutionEvent,
    ]


async def test_calls_in_calls_each_name_the_one_they_are_in() -> None:
    deepest = AssistantAgent("deep", replay(calls(("add", '{"a": 1, "b": 1}'))), tools=[add])
    team = RoundRobinGroupChat(
        [AssistantAgent("mid", replay(calls(task("deep"))), tools=[AgentTool(deepest)])],
        max_turns=1,
        name="crew",
    )
    outer = AssistantAgent(
        "boss", replay(calls(task("crew"))), tools=[TeamTool(team, "crew", "A crew.")]
    )
    transcript, _ = await folded(outer)
    by_name = cards(transcript)
    assert by_name["add"].call == by_name["deep"].id
    assert by_name["deep"].call == by_name["crew"].id
    assert by_name["crew"].call is None
    assert {card.state for card in by_name.values()} == {"done"}


async def test_the_streams_chunks_arrive_while_the_inner_model_talks() -> None:
    stalling = StallingClient()
    inner = AssistantAgent("writer", stalling, model_client_stream=True)
    outer = AssistantAgent("boss", replay(calls(task("writer"))), tools=[AgentTool(inner)])
    token = CancellationToken()
    seen: list[str] = []
    with pytest.raises(asyncio.CancelledError):
        async for item in outer.run_stream(task="Go", cancellation_token=token):
            if isinstance(item, ModelClientStreamingChunkEvent):
                seen.append(item.content)
                token.cancel()
    assert seen == ["Once"]
    assert_calls_have_results(await outer.model_context.get_messages())
    # Both can run again.
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_break_in_an_inner_run_ends_it_and_both_run_again() -> None:
    inner = AssistantAgent("writer", replay(*["words " * 20] * 3), model_client_stream=True)
    client = replay(calls(task("writer")), calls(task("writer")))
    outer = AssistantAgent("boss", client, tools=[AgentTool(inner)])
    async for item in outer.run_stream(task="Go"):
        if isinstance(item, ModelClientStreamingChunkEvent):
            break
    result = await outer.run(task="Again")
    assert result.messages[-1].to_text().startswith("writer: words")
    assert_calls_have_results(await outer.model_context.get_messages())
    assert_calls_have_results(await inner.model_context.get_messages())


async def test_two_calls_of_one_agent_at_once_take_their_turns() -> None:
    inner = AssistantAgent("writer", replay("First.", "Second."))
    outer = AssistantAgent(
        "boss", replay(calls(task("writer", "a"), task("writer", "b"))), tools=[AgentTool(inner)]
    )
    transcript, result = await folded(outer)
    assert result.messages[-1].to_text() == "writer: First.\nwriter: Second."
    words = [item for item in transcript.items if isinstance(item, MessageItem)]
    parents = [item.call for item in words if item.source == "writer"]
    assert len(set(parents)) == 2


async def test_an_error_inside_is_told_to_the_model() -> None:
    inner = AssistantAgent("writer", replay())  # has no answer
    client = replay(calls(task("writer")), "I see.")
    outer = AssistantAgent("boss", client, tools=[AgentTool(inner)], max_tool_iterations=2)
    result = await outer.run(task="Go")
    execution = next(m for m in result.messages if isinstance(m, ToolCallExecutionEvent))
    assert execution.content[0].is_error and "answers" in execution.content[0].content
    assert result.messages[-1].to_text() == "I see."


async def test_a_question_inside_is_asked_once_and_under_its_call() -> None:
    tool = FunctionTool(add, approval="always")
    inner = AssistantAgent("adder", replay(calls(("add", '{"a": 1, "b": 2}'))), tools=[tool])
    outer = AssistantAgent("boss", replay(calls(task("adder"))), tools=[AgentTool(inner)])
    person = Person(YES)
    with asking_through(person):
        transcript, result = await folded(outer)
    questions = [m for m in result.messages if isinstance(m, UserInputRequestedEvent)]
    assert len(person.asked) == len(questions) == 1
    assert questions[0].source == "adder"
    by_name = cards(transcript)
    assert by_name["add"].approval is not None
    assert (by_name["add"].state, by_name["adder"].approval) == ("done", None)


@pytest.mark.parametrize("with_function", [True, False])
async def test_a_person_in_a_team_that_a_tool_runs_can_answer(with_function: bool) -> None:
    """An input function that waits until its question was shown, as a page does."""
    shown: list[str] = []
    seen = asyncio.Event()

    async def answer(prompt: str, token: CancellationToken | None) -> str:
        await seen.wait()
        assert shown == [UserProxyAgent.InputRequestContext.request_id()]
        return "blue"

    user = UserProxyAgent("person", input_func=answer if with_function else None)
    team = RoundRobinGroupChat([user], max_turns=1)
    outer = AssistantAgent(
        "boss", replay(calls(task("crew"))), tools=[TeamTool(team, "crew", "Asks.")]
    )
    transcript = Transcript()
    with asking_through(Person("blue")):
        async for item in outer.run_stream(task="Go"):
            if isinstance(item, UserInputRequestedEvent):
                shown.append(item.request_id)
                seen.set()
            reduce(transcript, item)
    questions = [item for item in transcript.items if isinstance(item, QuestionItem)]
    assert [(item.state, item.answer) for item in questions] == [("answered", "blue")]
    assert len(shown) == 1
    assert questions[0].call == cards(transcript)["crew"].id


class Count(BaseModel):
    """How far to count."""

    to: int


class Progress(BaseModel):
    """How far it got."""

    done: int


class CountingTool(BaseStreamTool[Count, Progress | int, str]):
    """Counts, reports each step, and returns a word."""

    def __init__(self) -> None:
        super().__init__(Count, str, "count", "Count.")
        self.closed = 0

    async def run(self, args: Count, cancellation_token: CancellationToken) -> str:
        """Count."""
        return "counted"

    async def run_stream(
        self, args: Count, cancellation_token: CancellationToken
    ) -> AsyncGenerator[Progress | int | str, None]:
        """Count, with reports."""
        try:
            for number in range(args.to):
                yield Progress(done=number) if number % 2 else number
                await asyncio.sleep(0)
            yield "almost"
            yield "counted"
        finally:
            self.closed += 1


async def test_a_tools_own_reports_are_events_of_its_call() -> None:
    tool = CountingTool()
    agent = AssistantAgent("boss", replay(calls(("count", '{"to": 2}'))), tools=[tool])
    transcript, result = await folded(agent)
    reports = [m for m in result.messages if isinstance(m, ToolReportEvent)]
    assert [report.content for report in reports] == ["0", '{"done":1}', "almost"]
    assert result.messages[-1].to_text() == "counted"
    card = cards(transcript)["count"]
    assert [item.call for item in transcript.items if item.kind == "other"] == [card.id] * 3
    assert tool.closed == 1


async def test_reports_of_a_workbench_come_before_the_result_and_close_with_it() -> None:
    tool = CountingTool()
    bench = StaticStreamWorkbench([tool])
    items = [item async for item in bench.call_tool_stream("count", {"to": 1})]
    assert items[:-1] == [0, "almost"]
    assert items[-1].to_text() == "counted"
    stream = bench.call_tool_stream("count", {"to": 100})
    async for _ in stream:
        break
    await stream.aclose()
    assert tool.closed == 2


async def test_the_state_of_inner_agents_is_saved_with_the_outer_one() -> None:
    def build(inner_client: Any, client: Any) -> AssistantAgent:
        inner = AssistantAgent("writer", inner_client, system_message=None)
        return AssistantAgent("boss", client, tools=[AgentTool(inner)])

    agent = build(replay("First."), replay(calls(task("writer", "One"))))
    await agent.run(task="Go")
    state = json.loads(json.dumps(await agent.save_state()))
    inner_client = replay("Second.")
    other = build(inner_client, replay(calls(task("writer", "Two"))))
    await other.load_state(state)
    await other.run(task="Again")
    heard = [message.content for message in inner_client.create_calls[0]["messages"]]
    assert heard == ["One", "First.", "Two"]


def test_dump_and_load_of_agents_in_teams_in_tools() -> None:
    deepest = AssistantAgent("deep", replay("x"), tools=[FunctionTool(add, strict=True)])
    team = RoundRobinGroupChat(
        [AssistantAgent("mid", replay("x"), tools=[AgentTool(deepest, True)])], max_turns=1
    )
    outer = AssistantAgent("boss", replay("x"), tools=[TeamTool(team, "crew", "A crew.", True)])
    dumped = outer.dump_component()
    text_form = dumped.model_dump_json()
    assert '"strict":true' in text_form
    with allow_functions():
        loaded = AssistantAgent.load_component(json.loads(text_form))
    assert loaded.dump_component() == dumped


async def test_events_carry_whose_they_are() -> None:
    inner = AssistantAgent("writer", replay("A poem."))
    outer = AssistantAgent("boss", replay(calls(task("writer"))), tools=[AgentTool(inner)])
    sources: list[tuple[str, bool]] = [
        (item.source, "call" in item.metadata)
        async for item in outer.run_stream(task="Go")
        if isinstance(item, BaseAgentEvent | BaseChatMessage)
    ]
    assert sources == [
        ("user", False),
        ("boss", False),
        ("writer", True),
        ("boss", False),
        ("boss", False),
    ]
