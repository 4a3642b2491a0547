"""Stop, break, cancel: the team ends at once, loses and doubles nothing, and runs again."""

import asyncio
import gc
import random
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from nbagent import CancellationToken, TaskResult
from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base import Response, Team
from nbagent.conditions import MaxMessageTermination
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    ThoughtEvent,
    ToolCallRequestEvent,
)
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat, SelectorGroupChat, Swarm
from nbagent.ui import Console, UserInputManager
from tests.agents.models import calls, replay
from tests.agents.test_ending_a_run import assert_calls_have_results
from tests.teams.members import Counter, Forgetful, Slow


def texts(result: TaskResult) -> list[str]:
    return [message.to_text() for message in result.messages]


def others() -> set["asyncio.Task[Any]"]:
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


async def cancelled(team: Team, begun: asyncio.Event, way: str) -> None:
    """Start a run; when `begun` is set, end it in one of three ways."""
    token = CancellationToken()
    task = asyncio.create_task(team.run(task="go", cancellation_token=token))
    await begun.wait()
    if way == "task":
        task.cancel()
    elif way == "token":
        token.cancel()
    else:
        threading.Thread(target=token.cancel).start()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert not others()


WAYS = ["task", "token", "token from a thread"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_cancel_ends_an_agent_that_does_not_look_at_the_token(way: str) -> None:
    slow, b = Slow("slow", lambda turn: True), Counter("b")
    team = RoundRobinGroupChat([b, slow], max_turns=3)
    await cancelled(team, slow.begun, way)
    slow.release.set()
    # The turn that was cut short is taken again, and nothing is told twice.
    assert texts(await team.run()) == ["slow 1", "b 2", "slow 2"]
    assert slow.heard == ["go", "b 1", "b 2"]
    assert b.heard == ["go", "slow 1"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_cancel_in_a_tool_call_answers_every_call(way: str) -> None:
    begun = asyncio.Event()

    async def slow_tool() -> str:
        """Take long."""
        begun.set()
        await asyncio.sleep(60)
        return "late"

    async def quick_tool() -> str:
        """Be quick."""
        return "quick"

    client = replay(calls(("quick_tool", "{}"), ("slow_tool", "{}")), "again")
    agent = AssistantAgent("worker", client, tools=[slow_tool, quick_tool])
    b = Counter("b")
    team = RoundRobinGroupChat([agent, b], max_turns=2)
    await cancelled(team, begun, way)
    assert_calls_have_results(await agent.model_context.get_messages())
    assert texts(await team.run()) == ["again", "b 1"]
    assert b.heard == ["go", "again"]
    contents = [message.content for message in await agent.model_context.get_messages()]
    assert contents.count("go") == 1


async def test_break_in_a_tool_call_answers_every_call() -> None:
    async def tool() -> str:
        """Wait."""
        await asyncio.sleep(60)
        return "late"

    agent = AssistantAgent("worker", replay(calls(("tool", "{}")), "again"), tools=[tool])
    team = RoundRobinGroupChat([agent], max_turns=1)
    async for item in team.run_stream(task="go"):
        if isinstance(item, ToolCallRequestEvent):
            break
    assert texts(await team.run()) == ["again"]
    assert_calls_have_results(await agent.model_context.get_messages())
    assert not others()


async def test_break_asks_the_model_no_further() -> None:
    client = ReplayChatCompletionClient([f"answer {number}" for number in range(20)])
    agents = [AssistantAgent(name, client) for name in ("a", "b")]
    team = RoundRobinGroupChat(agents, termination_condition=MaxMessageTermination(18))
    async for item in team.run_stream(task="go"):
        if isinstance(item, BaseChatMessage) and item.source == "b":
            break
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(client.create_calls) == 2
    # At once again, and the message at which the reader left is neither lost nor said twice.
    result = await team.run()
    assert texts(result) == [f"answer {number}" for number in range(2, 20)]
    heard = [message.content for message in await agents[0].model_context.get_messages()]
    assert heard[:4] == ["go", "answer 0", "answer 1", "answer 2"]


@pytest.mark.parametrize("leave_at", range(1, 9))
async def test_whoever_leaves_at_any_message_loses_nothing(leave_at: int) -> None:
    a, b, c = Counter("a"), Counter("b"), Counter("c")
    inner = RoundRobinGroupChat([b, c], name="inner", max_turns=2)
    team = RoundRobinGroupChat([a, inner], max_turns=4)
    said: list[str] = []
    async with aclosing(team.run_stream(task="go")) as stream:
        async for item in stream:
            assert isinstance(item, BaseChatMessage | BaseAgentEvent)
            said.append(item.to_text())
            if len(said) == leave_at:
                break
            if len(said) == 7:
                assert leave_at == 8
                break
    result = await team.run()
    said += texts(result)
    for agent in (a, b, c):
        spoken = [text for text in said if text.startswith(agent.name)]
        assert spoken == [f"{agent.name} {number + 1}" for number in range(len(spoken))]
        for other in (a, b, c):
            if other is not agent:
                heard = [text for text in other.heard if text.startswith(agent.name)]
                assert heard == spoken[: len(heard)]
                assert len(spoken) - len(heard) <= 2  # said after its last turn


async def test_wait_for_ends_a_team_whose_agents_never_wait() -> None:
    team = RoundRobinGroupChat([Counter("a"), Counter("b")])
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(team.run(task="go"), 0.05)
    async for item in team.run_stream():
        if not isinstance(item, TaskResult):
            break
    assert not others()


async def test_a_token_cancelled_beforehand_or_between_turns() -> None:
    a = Counter("a")
    team = RoundRobinGroupChat([a])
    token = CancellationToken()
    with pytest.raises(asyncio.CancelledError):
        async for item in team.run_stream(task="go", cancellation_token=token):
            if not isinstance(item, TaskResult) and item.to_text() == "a 3":
                token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await team.run(cancellation_token=token)
    assert a.turns == 3


@pytest.mark.parametrize("way", WAYS)
async def test_an_agent_that_remembers_nothing_is_handed_the_messages_again(way: str) -> None:
    forgetful = Forgetful("f")
    team = RoundRobinGroupChat([Counter("a"), forgetful], max_turns=2)
    await cancelled(team, forgetful.begun, way)
    state = await team.save_state()
    forgetful.release.set()
    for _ in range(2):
        result = await team.run()
        assert texts(result)[0] == "f heard ['go', 'a 1']"
        # Also from the state that was saved in between.
        await team.load_state(state)


async def test_an_agent_that_remembers_nothing_is_handed_each_message_once() -> None:
    forgetful = Forgetful("f")
    forgetful.release.set()
    result = await RoundRobinGroupChat([Counter("a"), forgetful], max_turns=4).run(task="go")
    assert texts(result)[2] == "f heard ['go', 'a 1']"
    assert texts(result)[4] == "f heard ['a 2']"


async def test_a_run_waits_for_the_one_that_was_left_to_clean_up() -> None:
    class Careful(Counter):
        async def on_messages_stream(
            self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
        ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
            try:
                yield ThoughtEvent(content="…", source=self.name)
                yield await self.on_messages(messages, cancellation_token)
            finally:
                await asyncio.sleep(0.05)

    team = RoundRobinGroupChat([Careful("a")], max_turns=1)
    async for item in team.run_stream(task="go"):
        if isinstance(item, ThoughtEvent):
            break
    assert texts(await team.run()) == ["…", "a 1"]


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("way", WAYS)
async def test_a_stop_while_a_person_is_asked(way: str, blocking: bool) -> None:
    begun = asyncio.Event()
    release = threading.Event()
    loop = asyncio.get_running_loop()
    answers = ["late", "yes"]

    def ask(prompt: str) -> str:
        first = len(answers) == 2
        if first:
            answers.pop(0)
        loop.call_soon_threadsafe(begun.set)
        if first:
            release.wait(20)
        return answers[0]

    async def ask_async(prompt: str, cancellation_token: CancellationToken | None) -> str:
        begun.set()
        if len(answers) == 2:
            answers.pop(0)
            await asyncio.sleep(60)
        return answers[0]

    human = UserProxyAgent("human", input_func=ask if blocking else ask_async)
    team = RoundRobinGroupChat([human, Counter("b")], max_turns=2)
    try:
        await cancelled(team, begun, way)
        assert texts(await asyncio.wait_for(team.run(), 5)) == ["", "yes", "b 1"]
    finally:
        release.set()


async def test_a_handoff_to_a_person_is_not_forgotten_by_a_stop() -> None:
    begun = asyncio.Event()
    prompts: list[str] = []

    async def ask(prompt: str, cancellation_token: CancellationToken | None) -> str:
        prompts.append(prompt)
        begun.set()
        if len(prompts) == 1:
            await asyncio.sleep(60)
        return "here you are"

    a = Counter("a", lambda turn: HandoffMessage(content="help", source="a", target="human"))
    team = Swarm([a, UserProxyAgent("human", input_func=ask)], max_turns=2)
    await cancelled(team, begun, "task")
    result = await team.run()
    assert prompts == ["Handoff received from a. Enter your response: "] * 2
    answer = result.messages[1]
    assert isinstance(answer, HandoffMessage) and answer.target == "a"


@pytest.mark.parametrize("in_team", [True, False])
async def test_an_input_manager_with_one_person_asks(
    in_team: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    for answer in (_answer, _answer_async):
        manager = UserInputManager(answer)
        human = UserProxyAgent("human", input_func=manager.get_wrapped_callback())
        runner = RoundRobinGroupChat([human], max_turns=2) if in_team else human
        for _ in range(2):
            console = Console(runner.run_stream(task="Well?"), user_input_manager=manager)
            result = await asyncio.wait_for(console, 5)
            assert result.messages[-1].to_text() == "answer"


def _answer(prompt: str) -> str:
    return "answer"


async def _answer_async(prompt: str, cancellation_token: CancellationToken | None) -> str:
    return "answer"


async def test_a_stop_while_an_input_manager_waits_to_be_told() -> None:
    manager = UserInputManager(_answer)
    human = UserProxyAgent("human", input_func=manager.get_wrapped_callback())
    team = RoundRobinGroupChat([human], max_turns=1)
    task = asyncio.create_task(team.run(task="Well?"))  # nobody shows the request
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    console = Console(team.run_stream(), user_input_manager=manager)
    assert (await asyncio.wait_for(console, 5)).messages[-1].to_text() == "answer"


# 500 cancels at random points: CUTS for each of four kinds of teams.

CUTS = 125
TURNS = 6


async def fetch(number: int) -> str:
    """Fetch something."""
    for _ in range(number):
        await asyncio.sleep(0)
    return f"fetched {number}"


def worker(name: str, handoffs: Sequence[str] = ()) -> AssistantAgent:
    answers = [
        calls(("fetch", '{"number": 3}'), ("fetch", '{"number": 1}')),
        "some words to stream",
        *([calls((f"transfer_to_{handoffs[0]}", "{}"))] if handoffs else []),
    ] * 40
    return AssistantAgent(
        name,
        ReplayChatCompletionClient(answers),
        tools=[fetch],
        handoffs=list(handoffs),
        model_client_stream=name in "ac",
        max_tool_iterations=2 if name in "ab" else 1,
    )


def round_robin() -> Team:
    return RoundRobinGroupChat([worker("a"), worker("b")], max_turns=TURNS)


def selector() -> Team:
    names = ReplayChatCompletionClient(["a", "b", "c"] * 200)
    members = [worker(name) for name in "abc"]
    return SelectorGroupChat(
        members, names, max_turns=TURNS, model_client_streaming=True, emit_team_events=True
    )


def swarm() -> Team:
    return Swarm([worker("a", ["b"]), worker("b", ["a"])], max_turns=TURNS)


def nested() -> Team:
    inner = RoundRobinGroupChat([worker("b"), worker("c")], name="inner", max_turns=2)
    return RoundRobinGroupChat([worker("a"), inner], max_turns=TURNS)


def agents_of(team: Any) -> list[AssistantAgent]:
    found: list[AssistantAgent] = []
    for member in team._members:
        found += [member] if isinstance(member, AssistantAgent) else agents_of(member)
    return found


async def by_task(team: Team, task: str | None, steps: int) -> bool:
    run = asyncio.create_task(team.run(task=task))
    for _ in range(steps):
        await asyncio.sleep(0)
    run.cancel()
    await asyncio.wait([run])
    return run.cancelled()


async def by_token(team: Team, task: str | None, steps: int) -> bool:
    token = CancellationToken()
    run = asyncio.create_task(team.run(task=task, cancellation_token=token))
    for _ in range(steps):
        await asyncio.sleep(0)
    token.cancel()
    await asyncio.wait([run])
    return run.cancelled()


async def by_break(team: Team, task: str | None, steps: int) -> bool:
    async for item in team.run_stream(task=task):
        steps -= 1
        if steps < 0:
            return not isinstance(item, TaskResult)
    return False


@pytest.mark.parametrize("make", [round_robin, selector, swarm, nested])
async def test_cancels_at_random_points_leave_nothing(make: Callable[[], Team]) -> None:
    threads = threading.active_count()
    chance = random.Random(make.__name__)
    ways: list[Callable[[Team, str | None, int], Awaitable[bool]]] = [by_task, by_token, by_break]
    cut_short = 0
    while cut_short < CUTS:
        team = make()
        for number in range(5):
            way = chance.choice(ways)
            cut_short += await way(team, None if number else "go", chance.randrange(1, 60))
            for agent in agents_of(team):
                if way is not by_break:
                    assert_calls_have_results(await agent.model_context.get_messages())
        result = await asyncio.wait_for(team.run(), 5)
        assert result.stop_reason == f"Maximum number of turns {TURNS} reached."
        for agent in agents_of(team):
            messages = await agent.model_context.get_messages()
            assert_calls_have_results(messages)
            contents = [message.content for message in messages]
            assert contents.count("go") <= 1
    gc.collect()
    for _ in range(3):
        await asyncio.sleep(0)
    assert not others()
    assert threading.active_count() <= threads
