"""Turns: a lock for coroutines of several event loops."""

import asyncio
import threading

import pytest

from nbagent.ui.turns import Turns


async def enter(turns: Turns, name: str, order: list[str]) -> None:
    async with turns:
        order.append(name)
        await asyncio.sleep(0)


async def test_they_are_served_in_order() -> None:
    turns, order = Turns(), list[str]()
    await asyncio.gather(*(enter(turns, name, order) for name in "abcd"))
    assert order == list("abcd")


@pytest.mark.parametrize("steps", [0, 1])
async def test_a_turn_given_to_whoever_has_gone_is_handed_on(steps: int) -> None:
    turns, order = Turns(), list[str]()
    async with turns:
        gone = asyncio.create_task(enter(turns, "gone", order))
        stays = asyncio.create_task(enter(turns, "stays", order))
        await asyncio.sleep(0)
    # Before it hears of its turn (0), or after it was given and before it goes on (1).
    for _ in range(steps):
        await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait_for(asyncio.wait([gone, stays]), 5)
    assert gone.cancelled()
    assert order == ["stays"]
    await asyncio.wait_for(enter(turns, "later", order), 5)


async def test_a_closed_loop_is_passed_over() -> None:
    turns, order = Turns(), list[str]()

    def wait_and_leave() -> None:
        loop = asyncio.new_event_loop()
        waiting = loop.create_task(enter(turns, "closed", order))
        loop.call_later(0.05, loop.stop)
        loop.run_forever()
        assert not waiting.done()
        # A loop that ends in the middle leaves its tasks as they are.
        waiting._log_destroy_pending = False  # pyright: ignore
        loop.close()

    async with turns:
        thread = threading.Thread(target=wait_and_leave)
        thread.start()
        await asyncio.to_thread(thread.join)
        stays = asyncio.create_task(enter(turns, "stays", order))
        await asyncio.sleep(0)
    await asyncio.wait_for(stays, 5)
    assert order == ["stays"]


async def test_many_threads() -> None:
    turns = Turns()
    inside = most = 0

    async def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            async with turns:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

    await asyncio.gather(*(asyncio.to_thread(asyncio.run, work()) for _ in range(4)), work())
    assert (inside, most) == (0, 1)
