"""CancellationToken."""

import asyncio

import pytest

from nbagent import CancellationToken


async def test_linked_futures_are_cancelled() -> None:
    token = CancellationToken()
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    assert token.link_future(future) is future
    token.cancel()
    assert future.cancelled()
    assert token.is_cancelled()


async def test_callbacks_run_once_and_late_ones_at_once() -> None:
    seen: list[int] = []
    token = CancellationToken()
    token.add_callback(lambda: seen.append(1))
    token.cancel()
    token.cancel()
    token.add_callback(lambda: seen.append(2))
    assert seen == [1, 2]


async def test_a_link_ends_with_its_future() -> None:
    token = CancellationToken()
    for _ in range(1000):
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        token.link_future(future)
        future.set_result(None)
    await asyncio.sleep(0)
    assert token._callbacks == []  # pyright: ignore[reportPrivateUsage]


async def test_wait_ends_with_the_token_only_while_it_waits() -> None:
    token = CancellationToken()
    assert await token.wait(asyncio.sleep(0, "x")) == "x"
    asyncio.get_running_loop().call_later(0.01, token.cancel)
    with pytest.raises(asyncio.CancelledError):
        await token.wait(asyncio.sleep(60))
    # The task goes on unharmed, and the token stays cancelled.
    await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await token.wait(asyncio.sleep(0))


async def test_nested_waits() -> None:
    token = CancellationToken()

    async def outer() -> None:
        await token.wait(asyncio.sleep(0))
        await asyncio.sleep(60)

    asyncio.get_running_loop().call_later(0.01, token.cancel)
    with pytest.raises(asyncio.CancelledError):
        await token.wait(outer())
    await asyncio.sleep(0)


async def test_a_timeout_around_a_wait_still_works() -> None:
    token = CancellationToken()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(token.wait(asyncio.sleep(60)), 0.01)
    assert not token.is_cancelled()
