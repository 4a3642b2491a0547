"""Approvals and questions inside an agent's tools: seen in its stream, and ended with it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from nbagent import CancellationToken, FunctionTool
from nbagent.agents import AssistantAgent, BaseChatAgent
from nbagent.base import Response, TaskResult
from nbagent.messages import (
    BaseChatMessage,
    TextMessage,
    ToolCallExecutionEvent,
    UserInputRequestedEvent,
)
from nbagent.questions import InputRequest, ask, asking_through
from nbagent.tools import StaticWorkbench, ToolOverride
from nbagent.transcript import Transcript, reduce
from nbagent.transcript.items import ToolCallItem
from tests.agents.models import calls, replay
from tests.agents.test_ending_a_run import assert_calls_have_results
from tests.tools.person import FOR_RUN, NO, YES, Nobody, Person

ordered: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_ordered() -> None:  # pyright: ignore[reportUnusedFunction]
    ordered.clear()


async def order(article: str) -> str:
    """Order an article."""
    ordered.append(article)
    return f"ordered {article}"


def an_order(article: str) -> tuple[str, str]:
    return ("order", f'{{"article": "{article}"}}')


def ordering() -> FunctionTool:
    return FunctionTool(order, approval="always")


def requests(messages: Sequence[Any]) -> list[UserInputRequestedEvent]:
    return [message for message in messages if isinstance(message, UserInputRequestedEvent)]


async def test_the_stream_tells_that_a_call_waits_while_it_waits() -> None:
    person = Person()
    agent = AssistantAgent("buyer", replay(calls(an_order("tea")), "never"), tools=[ordering()])
    token = CancellationToken()
    seen: list[Any] = []
    with asking_through(person), pytest.raises(asyncio.CancelledError):
        async for event in agent.run_stream(task="Go", cancellation_token=token):
            seen.append(event)
            if isinstance(event, UserInputRequestedEvent):
                assert person.asked[0].request_id == event.request_id
                assert ordered == []
                token.cancel()
    event = seen[-1]
    assert isinstance(event, UserInputRequestedEvent)
    assert event.source == "buyer" and event.question is not None
    assert event.question.call is not None
    assert event.question.call.model_dump() == {
        "name": "order",
        "arguments": '{"article":"tea"}',
        "call_id": "call_0",
    }
    assert_calls_have_results(await agent.model_context.get_messages())
    assert ordered == []


async def test_the_result_of_the_run_holds_the_question() -> None:
    agent = AssistantAgent("buyer", replay(calls(an_order("tea"))), tools=[ordering()])
    with asking_through(Person(YES)):
        result = await agent.run(task="Go")
    assert [type(message).__name__ for message in result.messages] == [
        "TextMessage",
        "ToolCallRequestEvent",
        "UserInputRequestedEvent",
        "ToolCallExecutionEvent",
        "ToolCallSummaryMessage",
    ]
    for event in requests(result.messages):
        assert UserInputRequestedEvent.model_validate_json(event.model_dump_json()).question


async def test_messages_handed_over_directly_are_one_run() -> None:
    client = replay(calls(an_order("tea")), calls(an_order("milk")), calls(an_order("gold")), "x")
    agent = AssistantAgent("buyer", client, tools=[ordering()], max_tool_iterations=2)
    task, token = [TextMessage(content="Go", source="user")], CancellationToken()
    person = Person(FOR_RUN, NO)
    with asking_through(person):
        response = await agent.on_messages(task, token)
        assert ordered == ["tea", "milk"]
        assert len(requests(response.inner_messages or [])) == 1
        await agent.on_messages(task, token)
    assert ordered == ["tea", "milk"], "the same token does not make it the same run"
    assert len(person.asked) == 2


async def test_calls_at_once_each_ask_with_their_own_id() -> None:
    class Choosy(Person):
        async def ask(self, request: InputRequest) -> Any:
            self.asked.append(request)
            if len(self.asked) == 3:
                self.is_asked.set()
            await self.is_asked.wait()  # all are open at once
            call = request.question.call
            assert call is not None
            return request.check(YES if "milk" in call.arguments else NO)

    person = Choosy()
    client = replay(calls(an_order("tea"), an_order("milk"), an_order("gold")))
    agent = AssistantAgent("buyer", client, tools=[ordering()])
    with asking_through(person):
        result = await agent.run(task="Go")
    assert ordered == ["milk"]
    assert len({request.request_id for request in person.asked}) == 3
    assert len(requests(result.messages)) == 3
    execution = next(m for m in result.messages if isinstance(m, ToolCallExecutionEvent))
    assert [part.is_error for part in execution.content] == [True, False, True]


async def test_approved_for_the_run_counts_until_the_run_ends() -> None:
    client = replay(
        calls(an_order("tea")),
        calls(an_order("milk"), an_order("eggs")),
        "done",
        calls(an_order("gold")),
        "done",
    )
    agent = AssistantAgent("buyer", client, tools=[ordering()], max_tool_iterations=3)
    person, token = Person(FOR_RUN, NO), CancellationToken()
    with asking_through(person):
        await agent.run(task="Go", cancellation_token=token)
        assert ordered == ["tea", "milk", "eggs"]
        assert len(person.asked) == 1
        await agent.run(task="More", cancellation_token=token)
    assert ordered == ["tea", "milk", "eggs"]
    assert len(person.asked) == 2


async def test_a_break_while_a_question_is_open_ends_everything() -> None:
    person = Person()
    client = replay(calls(an_order("tea"), an_order("milk")), "again")
    agent = AssistantAgent("buyer", client, tools=[ordering()])
    with asking_through(person):
        async with aclosing(agent.run_stream(task="Go")) as stream:
            async for event in stream:
                if isinstance(event, UserInputRequestedEvent):
                    break
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert [answer for _, answer in person.settlements] == [None, None]
        assert_calls_have_results(await agent.model_context.get_messages())
        assert (await agent.run(task="Once more")).messages[-1].to_text() == "again"
    assert ordered == []


async def test_a_dropped_stream_ends_everything_too() -> None:
    person = Person()
    agent = AssistantAgent("buyer", replay(calls(an_order("tea")), "again"), tools=[ordering()])
    with asking_through(person):
        async for event in agent.run_stream(task="Go"):
            if isinstance(event, UserInputRequestedEvent):
                break
        assert (await agent.run(task="Once more")).messages[-1].to_text() == "again"
    assert_calls_have_results(await agent.model_context.get_messages())
    assert ordered == [] and len(person.settlements) == 1


async def test_a_cancelled_task_withdraws_the_question() -> None:
    person = Person()
    agent = AssistantAgent("buyer", replay(calls(an_order("tea"))), tools=[ordering()])
    with asking_through(person):
        task = asyncio.create_task(agent.run(task="Go"))
    await person.is_asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert [answer for _, answer in person.settlements] == [None]
    assert ordered == []


async def test_a_cancel_while_the_reader_holds_the_question_ends_the_run() -> None:
    """Also where every call has ended by the time that the reader asks for more."""
    agent = AssistantAgent("buyer", replay(calls(an_order("tea"))), tools=[ordering()])
    token = CancellationToken()
    with asking_through(Person()), pytest.raises(asyncio.CancelledError):
        async for event in agent.run_stream(task="Go", cancellation_token=token):
            if isinstance(event, UserInputRequestedEvent):
                token.cancel()
                for _ in range(20):
                    await asyncio.sleep(0)
    assert_calls_have_results(await agent.model_context.get_messages())


async def consult() -> str:
    """Ask a person something."""
    return f"they said {await ask('Which colour?')}"


async def test_a_question_of_a_tool_is_told_in_the_name_of_its_agent() -> None:
    person = Person("red")
    agent = AssistantAgent("painter", replay(calls(("consult", "{}"))), tools=[consult])
    with asking_through(person):
        result = await agent.run(task="Go")
    (event,) = requests(result.messages)
    assert event.source == person.asked[0].source == "painter"
    assert event.question is not None and event.question.prompt == "Which colour?"
    assert result.messages[-1].to_text() == "they said red"


async def test_a_question_from_another_thread_reaches_the_stream() -> None:
    def consult_in_a_thread() -> str:
        """Ask a person something, in an event loop of its own."""
        return asyncio.run(consult())

    client = replay(calls(("consult_in_a_thread", "{}")))
    agent = AssistantAgent("painter", client, tools=[consult_in_a_thread])
    with asking_through(Person("red")):
        result = await agent.run(task="Go")
    assert [event.source for event in requests(result.messages)] == ["painter"]
    assert result.messages[-1].to_text() == "they said red"


async def test_a_question_of_an_inner_agent_reaches_the_outer_stream() -> None:
    async def delegate() -> str:
        """Let another agent do it."""
        inner = AssistantAgent("inner", replay(calls(an_order("tea"))), tools=[ordering()])
        told = await inner.run(task="Go")
        assert len(requests(told.messages)) == 1
        return told.messages[-1].to_text()

    agent = AssistantAgent("outer", replay(calls(("delegate", "{}"))), tools=[delegate])
    with asking_through(Person(YES)):
        result = await agent.run(task="Go")
    (event,) = requests(result.messages)
    assert event.source == "inner"
    assert ordered == ["tea"]


async def test_where_nobody_can_be_asked_the_model_is_told_so_and_answers() -> None:
    client = replay(calls(an_order("tea")), "I was not allowed to.")
    agent = AssistantAgent("buyer", client, tools=[ordering()], reflect_on_tool_use=True)
    with asking_through(Nobody()):
        result = await agent.run(task="Go")
    execution = next(m for m in result.messages if isinstance(m, ToolCallExecutionEvent))
    assert execution.content[0].is_error and "nobody is there" in execution.content[0].content
    assert result.messages[-1].to_text() == "I was not allowed to."
    assert ordered == []


async def test_an_agent_of_your_own_is_one_run_as_well() -> None:
    class Own(BaseChatAgent):
        @property
        def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
            return (TextMessage,)

        async def on_messages(
            self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
        ) -> Response:
            bench = StaticWorkbench([tool])
            for article in ("tea", "milk"):
                await bench.call_tool("order", {"article": article}, cancellation_token)
            return Response(chat_message=TextMessage(content="done", source=self.name))

        async def on_reset(self, cancellation_token: CancellationToken) -> None: ...

    tool, person = ordering(), Person(FOR_RUN, NO, NO)
    with asking_through(person):
        await Own("own", "Own.").run(task="Go")
        assert ordered == ["tea", "milk"] and len(person.asked) == 1
        await Own("own", "Own.").run(task="Go")
    assert ordered == ["tea", "milk"] and len(person.asked) == 3


async def fold(stream: AsyncGenerator[Any, None]) -> tuple[Transcript, list[ToolCallItem]]:
    """The transcript of a run, and its call's card as it was while the question was open."""
    transcript = Transcript()
    waiting: list[ToolCallItem] = []
    async with aclosing(stream):
        async for event in stream:
            reduce(transcript, event)
            if isinstance(event, UserInputRequestedEvent):
                waiting = [item for item in transcript.items if isinstance(item, ToolCallItem)]
    return transcript, waiting


async def test_the_card_of_a_renamed_tool_asks_by_itself() -> None:
    bench = StaticWorkbench([ordering()], {"order": ToolOverride(name="buy")})
    agent = AssistantAgent("buyer", replay(calls(("buy", '{"article": "tea"}'))), workbench=bench)
    with asking_through(Person(NO)):
        transcript, waiting = await fold(agent.run_stream(task="Go"))
    assert [item.kind for item in transcript.items] == ["message", "tool_call", "message"]
    assert (waiting[0].state, waiting[0].name) == ("waiting", "buy")


async def test_an_inner_agents_approval_is_not_put_on_another_call_with_the_same_id() -> None:
    async def delegate() -> str:
        """Let another agent do it."""
        inner = AssistantAgent("inner", replay(calls(an_order("gold"))), tools=[ordering()])
        return (await inner.run(task="Go")).messages[-1].to_text()

    async def linger() -> str:
        """Take a while."""
        await asyncio.sleep(0.05)
        return "done"

    client = replay(calls(("linger", "{}"), ("delegate", "{}")))
    agent = AssistantAgent("outer", client, tools=[linger, delegate])
    with asking_through(Person(NO)):
        _, waiting = await fold(agent.run_stream(task="Go"))
    assert [item.state for item in waiting] == ["running", "running"]


async def test_a_run_without_questions_yields_what_it_did_before() -> None:
    agent = AssistantAgent("a", replay(calls(an_order("tea"), an_order("milk"))), tools=[order])
    kinds = [type(event).__name__ async for event in agent.run_stream(task="Go")]
    assert kinds == [
        "TextMessage",
        "ToolCallRequestEvent",
        "ToolCallExecutionEvent",
        "ToolCallSummaryMessage",
        TaskResult.__name__,
    ]
