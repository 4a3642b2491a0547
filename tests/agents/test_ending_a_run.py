"""Stop, break, cancel and errors: the run ends at once, the context stays valid, it runs again."""

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from nbagent import CancellationToken, TaskResult
from nbagent.agents import AssistantAgent, BaseChatAgent
from nbagent.base import Response
from nbagent.exceptions import AlreadyRunningError
from nbagent.messages import (
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    TextMessage,
    ToolCallRequestEvent,
)
from nbagent.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    LLMMessage,
    UserMessage,
)
from nbagent.teams import RoundRobinGroupChat
from tests.agents.models import StallingClient, calls, replay, text


async def slow() -> str:
    """Take very long."""
    await asyncio.sleep(60)
    return "late"


async def quick() -> str:
    """Answer at once."""
    return "quick"


def assert_calls_have_results(messages: list[LLMMessage]) -> None:
    open_calls: set[str] = set()
    for message in messages:
        if isinstance(message, AssistantMessage) and not isinstance(message.content, str):
            assert not open_calls
            open_calls = {call.id for call in message.content}
        elif isinstance(message, FunctionExecutionResultMessage):
            assert {result.call_id for result in message.content} == open_calls
            open_calls = set()
    assert not open_calls


async def cancelled_run(agent: AssistantAgent, token: CancellationToken | None = None) -> None:
    """Start a run and cancel it once it waits: by the token if given, else the task."""
    task = asyncio.create_task(agent.run(task="Go", cancellation_token=token))
    await asyncio.sleep(0.05)
    if token is None:
        task.cancel()
    else:
        token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)


@pytest.mark.parametrize("by_token", [True, False])
async def test_cancel_in_a_tool_call_leaves_a_valid_context(by_token: bool) -> None:
    client = replay(calls(("quick", "{}"), ("slow", "{}")), "again")
    agent = AssistantAgent("a", client, tools=[slow, quick])
    await cancelled_run(agent, CancellationToken() if by_token else None)
    messages = await agent.model_context.get_messages()
    assert_calls_have_results(messages)
    results = messages[-1]
    assert isinstance(results, FunctionExecutionResultMessage)
    assert results.content[0].content == "quick"
    assert results.content[1].is_error
    assert "cancelled" in results.content[1].content
    result = await agent.run(task="Once more")
    assert result.messages[-1].to_text() == "again"
    assert len(asyncio.all_tasks()) == 1


async def test_a_tool_that_ignores_the_cancel_does_not_hold_up_the_run() -> None:
    entered = asyncio.Event()

    async def stubborn() -> str:
        """Go on whatever happens."""
        entered.set()
        end = time.monotonic() + 1
        while time.monotonic() < end:
            try:
                await asyncio.sleep(end - time.monotonic())
            except asyncio.CancelledError:
                continue
        return "late"

    agent = AssistantAgent("a", replay(calls(("stubborn", "{}")), "again"), tools=[stubborn])
    task = asyncio.create_task(agent.run(task="Go"))
    await entered.wait()
    task.cancel()
    # Returns while the tool is still running: it would take a second more.
    done, _ = await asyncio.wait([task], timeout=0.8)
    assert done and task.cancelled()
    assert_calls_have_results(await agent.model_context.get_messages())
    assert (await agent.run(task="Once more")).messages[-1].to_text() == "again"
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


async def test_a_blocking_tool_in_a_thread_is_left_behind() -> None:
    release = threading.Event()

    def blocking() -> str:
        """Block the thread."""
        release.wait(20)
        return "late"

    agent = AssistantAgent("a", replay(calls(("blocking", "{}")), "again"), tools=[blocking])
    await cancelled_run(agent)
    assert_calls_have_results(await agent.model_context.get_messages())
    assert (await agent.run(task="Once more")).messages[-1].to_text() == "again"
    release.set()


async def test_break_ends_the_run_and_the_agent_can_run_at_once_again() -> None:
    agent = AssistantAgent("a", replay(calls(("slow", "{}")), "again"), tools=[slow])
    async for item in agent.run_stream(task="Go"):
        if isinstance(item, ToolCallRequestEvent):
            break
    result = await agent.run(task="Once more")
    assert result.messages[-1].to_text() == "again"
    assert_calls_have_results(await agent.model_context.get_messages())


async def test_break_out_of_a_stream_closes_the_model_call() -> None:
    ended: list[bool] = []
    agent = AssistantAgent(
        "a", StallingClient(lambda: ended.append(True)), model_client_stream=True
    )
    async with aclosing(agent.run_stream(task="Go")) as stream:
        async for item in stream:
            if isinstance(item, ModelClientStreamingChunkEvent):
                break
    assert ended == [True]


@pytest.mark.parametrize("by_token", [True, False])
async def test_cancel_while_the_model_stalls(by_token: bool) -> None:
    ended: list[bool] = []
    client = StallingClient(lambda: ended.append(True))
    agent = AssistantAgent("a", client, model_client_stream=True)
    await cancelled_run(agent, CancellationToken() if by_token else None)
    assert ended == [True]
    assert len(asyncio.all_tasks()) == 1


async def test_a_token_can_be_cancelled_from_another_thread() -> None:
    client = StallingClient()
    agent = AssistantAgent("a", client, model_client_stream=True)
    token = CancellationToken()
    task = asyncio.create_task(agent.run(task="Go", cancellation_token=token))
    await client.stalled.wait()
    threading.Thread(target=token.cancel).start()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)


async def test_who_cancels_by_token_can_go_on() -> None:
    """The caller's own task was not cancelled: what it awaits next works."""
    client = StallingClient()
    agent = AssistantAgent("a", client, model_client_stream=True)
    token = CancellationToken()

    async def cancel_soon() -> None:
        await client.stalled.wait()
        token.cancel()

    soon = asyncio.create_task(cancel_soon())
    with pytest.raises(asyncio.CancelledError):
        await agent.run(task="Go", cancellation_token=token)
    await asyncio.wait_for(asyncio.sleep(0), 1)
    await soon


async def test_a_token_cancelled_beforehand_ends_the_run() -> None:
    token = CancellationToken()
    token.cancel()
    agent = AssistantAgent("a", replay(calls(("slow", "{}"))), tools=[slow])
    with pytest.raises(asyncio.CancelledError):
        await agent.run(task="Go", cancellation_token=token)


async def test_a_second_run_at_the_same_time_is_refused_and_the_first_goes_on() -> None:
    release = asyncio.Event()

    async def wait() -> str:
        """Wait."""
        await release.wait()
        return "done"

    agent = AssistantAgent("solo", replay(calls(("wait", "{}")), text("x")), tools=[wait])
    first = asyncio.create_task(agent.run(task="One"))
    await asyncio.sleep(0.05)
    with pytest.raises(AlreadyRunningError, match="agent 'solo' is already running"):
        await agent.run(task="Two")
    release.set()
    assert (await first).messages[-1].to_text() == "done"
    assert isinstance(await agent.run(task="Three"), TaskResult)


async def test_an_agent_of_your_own_runs_one_task_at_a_time_too() -> None:
    class Own(BaseChatAgent):
        release = asyncio.Event()

        @property
        def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
            return (TextMessage,)

        async def on_messages(
            self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
        ) -> Response:
            await self.release.wait()
            return Response(chat_message=TextMessage(content="done", source=self.name))

        async def on_reset(self, cancellation_token: CancellationToken) -> None:
            pass

    agent = Own("own", "Waits.")
    first = asyncio.create_task(agent.run(task="One"))
    await asyncio.sleep(0)
    with pytest.raises(AlreadyRunningError, match="agent 'own' is already running"):
        await asyncio.wait_for(agent.run(task="Two"), 5)
    agent.release.set()
    assert (await first).messages[-1].to_text() == "done"


@pytest.mark.parametrize("second", ["team", "run", "on_messages"])
async def test_an_agent_that_is_having_a_turn_takes_no_other_one_meanwhile(second: str) -> None:
    entered, release = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait."""
        entered.set()
        await release.wait()
        return "done"

    agent = AssistantAgent("solo", replay(calls(("wait", "{}")), text("Next.")), tools=[wait])
    first = asyncio.create_task(RoundRobinGroupChat([agent], max_turns=1).run(task="One"))
    await entered.wait()
    before = await agent.model_context.get_messages()
    with pytest.raises(AlreadyRunningError, match="agent 'solo' is already running"):
        if second == "team":
            await RoundRobinGroupChat([agent], max_turns=1).run(task="Two")
        elif second == "run":
            await agent.run(task="Two")
        else:
            two = TextMessage(content="Two", source="user")
            await agent.on_messages([two], CancellationToken())
    assert await agent.model_context.get_messages() == before
    release.set()
    assert (await first).messages[-1].to_text() == "done"
    assert_calls_have_results(await agent.model_context.get_messages())
    again = await RoundRobinGroupChat([agent], max_turns=1).run(task="Three")
    assert again.messages[-1].to_text() == "Next."


async def test_a_team_keeps_the_task_of_an_agent_that_had_no_time_for_it() -> None:
    entered, release = asyncio.Event(), asyncio.Event()

    async def wait() -> str:
        """Wait."""
        entered.set()
        await release.wait()
        return "done"

    client = replay(calls(("wait", "{}")), text("Second."))
    agent = AssistantAgent("solo", client, tools=[wait])
    first = asyncio.create_task(agent.run(task="One"))
    await entered.wait()
    team = RoundRobinGroupChat([agent], max_turns=1)
    with pytest.raises(AlreadyRunningError):
        await team.run(task="Two")
    release.set()
    await first
    assert (await team.run()).messages[-1].to_text() == "Second."
    said = client.create_calls[-1]["messages"]
    assert [message.content for message in said if isinstance(message, UserMessage)] == [
        "One",
        "Two",
    ]


async def test_a_turn_that_was_dropped_makes_room_for_the_next() -> None:
    agent = AssistantAgent("a", replay(calls(("slow", "{}")), "again"), tools=[slow])
    task = [TextMessage(content="Go", source="user")]
    async for item in agent.on_messages_stream(task, CancellationToken()):
        if isinstance(item, ToolCallRequestEvent):
            break
    response = await agent.on_messages(task, CancellationToken())
    assert response.chat_message.to_text() == "again"
    assert_calls_have_results(await agent.model_context.get_messages())


async def test_an_error_of_the_model_keeps_its_type_and_the_agent_runs_again() -> None:
    class Flaky(type(replay())):
        failed = False

        async def create(self, *args: object, **options: object):  # type: ignore[override]
            if not self.failed:
                self.failed = True
                raise ConnectionResetError("gone")
            return text("back")

    agent = AssistantAgent("a", Flaky([]))
    with pytest.raises(ConnectionResetError, match="gone"):
        await agent.run(task="One")
    assert (await agent.run(task="Two")).messages[-1].to_text() == "back"


async def test_a_tool_that_cancels_itself_is_a_failed_call() -> None:
    async def gives_up() -> str:
        """Give up."""
        raise asyncio.CancelledError

    agent = AssistantAgent("a", replay(calls(("gives_up", "{}"))), tools=[gives_up])
    task = asyncio.create_task(agent.run(task="Go"))
    import sys

    if sys.version_info >= (3, 11):
        result = await task
        assert "cancelled itself" in result.messages[-1].to_text()
    else:
        await asyncio.wait([task])
