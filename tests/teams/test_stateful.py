"""Random teams, used in random ways: nothing is lost or doubled, and each can run again."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from nbagent import CancellationToken, TaskResult
from nbagent.messages import BaseChatMessage, HandoffMessage, TextMessage
from tests.teams.random_teams import KINDS, OUTSIDE, Kind, RandomTeam

EXAMPLES = 230
STEPS_PER_EXAMPLE = 50
STEPS = 10_000

LOOPS_TO_CLOSE = 20
"""So many rounds of the event loop a stream that was left may take to close."""

T = TypeVar("T")
ITEMS = st.integers(0, 12)
LOOPS = st.integers(1, 25)
TASKS = st.booleans()


class UseOfATeam(RuleBasedStateMachine):
    """One team, used in all ways; `said` is what a reader has seen of it."""

    steps = 0
    cut_short = 0

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.said: list[BaseChatMessage] = []
        self.tasks = 0
        self.used: RandomTeam | None = None

    @initialize(kind=st.sampled_from(KINDS), seed=st.integers(0, 10_000))
    def begin(self, kind: Kind, seed: int) -> None:
        self.used = RandomTeam(kind, seed)

    @property
    def it(self) -> RandomTeam:
        assert self.used is not None
        return self.used

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        async def with_the_loop_going_on() -> T:
            done = await asyncio.wait_for(work, 20)
            for _ in range(LOOPS_TO_CLOSE):
                await asyncio.sleep(0)  # a stream that was left closes in a task of asyncio's own
                if len(asyncio.all_tasks()) == 1:
                    break
            return done

        return self.loop.run_until_complete(with_the_loop_going_on())

    # How a team is used.

    def task(self, wanted: bool) -> BaseChatMessage | None:
        """What to do, if there is something new; a swarm that asked the user needs an answer."""
        self.tasks += 1
        handoffs = [message for message in self.said if isinstance(message, HandoffMessage)]
        if handoffs and handoffs[-1].target == OUTSIDE:
            return HandoffMessage(content=f"answer {self.tasks}", source=OUTSIDE, target="b")
        return TextMessage(content=f"task {self.tasks}", source="user") if wanted else None

    async def read(
        self, task: BaseChatMessage | None, token: CancellationToken | None = None
    ) -> str | None:
        """Run, and keep what is said; the stop reason."""
        reason: str | None = None
        async for item in self.it.team.run_stream(task=task, cancellation_token=token):
            if isinstance(item, TaskResult):
                reason = item.stop_reason
            elif isinstance(item, BaseChatMessage):
                self.said.append(item)
        assert reason is not None
        return reason

    async def read_some(self, task: BaseChatMessage | None, items: int) -> None:
        """Run, and leave after so many items."""
        async for item in self.it.team.run_stream(task=task):
            if isinstance(item, BaseChatMessage):
                self.said.append(item)
            items -= 1
            if items < 0:
                type(self).cut_short += not isinstance(item, TaskResult)
                break

    async def begin_reading(
        self, task: BaseChatMessage | None, loops: int, token: CancellationToken | None = None
    ) -> "asyncio.Task[str | None]":
        run = asyncio.create_task(self.read(task, token))
        for _ in range(loops):
            await asyncio.sleep(0)
        return run

    async def end(self, run: "asyncio.Task[str | None]") -> None:
        await asyncio.wait([run])
        if run.cancelled():
            type(self).cut_short += 1
        else:
            run.result()

    @rule(wanted=TASKS)
    def run_to_the_end(self, wanted: bool) -> None:
        self.wait(self.read(self.task(wanted)))

    @rule(wanted=TASKS, items=ITEMS)
    def leave(self, wanted: bool, items: int) -> None:
        self.wait(self.read_some(self.task(wanted), items))

    @rule(wanted=TASKS, loops=LOOPS)
    def cancel_the_task(self, wanted: bool, loops: int) -> None:
        async def work() -> None:
            run = await self.begin_reading(self.task(wanted), loops)
            run.cancel()
            await self.end(run)

        self.wait(work())

    @rule(wanted=TASKS, loops=LOOPS)
    def cancel_the_token(self, wanted: bool, loops: int) -> None:
        async def work() -> None:
            token = CancellationToken()
            run = await self.begin_reading(self.task(wanted), loops, token)
            token.cancel()
            await self.end(run)

        self.wait(work())

    @rule(wanted=TASKS, loops=LOOPS)
    def stop(self, wanted: bool, loops: int) -> None:
        async def work() -> None:
            run = await self.begin_reading(self.task(wanted), loops)
            self.it.stop.set()
            await self.end(run)
            await self.it.stop.reset()  # it may have come when all was over

        self.wait(work())

    @rule(wanted=TASKS, who=st.integers(0, 10))
    def fail(self, wanted: bool, who: int) -> None:
        clients = list(self.it.clients.items())
        name, client = clients[who % len(clients)]
        client.fails = True
        try:
            self.wait(self.read(self.task(wanted)))
        except ConnectionError as error:
            assert f"Raised by {name!r}" in error.__notes__[0]  # type: ignore[attr-defined]
        client.fails = False

    @rule(wanted=TASKS, loops=LOOPS)
    def pause_and_resume(self, wanted: bool, loops: int) -> None:
        async def work() -> None:
            run = await self.begin_reading(self.task(wanted), loops)
            await self.it.team.pause()
            for _ in range(loops):
                await asyncio.sleep(0)
            await self.it.team.resume()
            await self.end(run)

        self.wait(work())

    @rule(to=st.sampled_from("abc"))
    def hand_over(self, to: str) -> None:
        if self.it.kind == "swarm":
            self.tasks += 1
            task = HandoffMessage(content=f"task {self.tasks}", source="user", target=to)
            self.wait(self.read(task))

    @rule()
    def save_and_load(self) -> None:
        self.load(self.wait(self.it.team.save_state()))

    @rule(wanted=TASKS, items=ITEMS)
    def save_at_an_item_and_load(self, wanted: bool, items: int) -> None:
        async def work() -> Any:
            left = items
            async for item in self.it.team.run_stream(task=self.task(wanted)):
                if isinstance(item, BaseChatMessage):
                    self.said.append(item)
                left -= 1
                if left < 0:
                    return await self.it.team.save_state()
            return await self.it.team.save_state()

        self.load(self.wait(work()))

    @rule(wanted=TASKS, loops=LOOPS)
    def save_at_any_time_and_load(self, wanted: bool, loops: int) -> None:
        async def work() -> Any:
            run = await self.begin_reading(self.task(wanted), loops)
            state = await self.it.team.save_state()
            said = list(self.said)
            run.cancel()
            await self.end(run)
            self.said = said
            return state

        self.load(self.wait(work()))

    def load(self, state: Any) -> None:
        self.it.build()
        self.wait(self.it.team.load_state(json.loads(json.dumps(state))))

    @rule()
    def reset(self) -> None:
        self.wait(self.it.team.reset())
        self.said.clear()

    # What holds all the time.

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        if self.used is not None:
            self.wait(self.used.check(self.said))
            type(self).steps += 1

    @invariant()
    def nothing_is_left(self) -> None:
        assert not asyncio.all_tasks(self.loop)

    def teardown(self) -> None:
        if self.used is not None:
            self.run_to_the_end(True)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()


def test_a_team_used_in_random_ways() -> None:
    UseOfATeam.steps = UseOfATeam.cut_short = 0
    run_state_machine_as_test(
        UseOfATeam,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS_PER_EXAMPLE,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
    assert UseOfATeam.steps >= STEPS
    assert UseOfATeam.cut_short >= STEPS // 10
