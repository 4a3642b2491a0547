"""side_by_side(): several streams at once, as one."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

from nbagent.cancellation import CancellationToken

ItemT = TypeVar("ItemT")


async def side_by_side(
    streams: Sequence[AsyncGenerator[ItemT, None]], cancellation_token: CancellationToken
) -> AsyncGenerator[ItemT, None]:
    """Run the streams at once; yield what they yield, as it happens.

    If one fails, the others are cancelled, and its error is raised.
    """
    # None says that a stream has ended.
    queue: asyncio.Queue[ItemT | None] = asyncio.Queue()

    async def drive(stream: AsyncGenerator[ItemT, None]) -> None:
        try:
            async with aclosing(stream):
                async for item in stream:
                    queue.put_nowait(item)
        finally:
            queue.put_nowait(None)

    tasks = [asyncio.create_task(drive(stream)) for stream in streams]
    try:
        running = len(tasks)
        while running:
            item = await cancellation_token.wait(queue.get())
            if item is not None:
                yield item
                continue
            running -= 1
            if any(task.done() and not task.cancelled() and task.exception() for task in tasks):
                await _end(tasks)
                # What came before the failure is part of the run.
                while not queue.empty():
                    item = queue.get_nowait()
                    if item is not None:
                        yield item
                break
    finally:
        await _end(tasks)
    # An error first: the others were cancelled because of it.
    for task in sorted(tasks, key=lambda task: task.cancelled()):
        task.result()


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
