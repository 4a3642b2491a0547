"""What a test may leave behind: nothing. Counts processes, tasks, threads and sockets."""

import asyncio
import contextlib
import gc
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Held:
    """What this process holds now."""

    processes: frozenset[int]
    tasks: int
    threads: frozenset[int]
    sockets: int

    @classmethod
    def now(cls) -> "Held":
        """Count."""
        gc.collect()
        process = psutil.Process()
        return cls(
            frozenset(child.pid for child in process.children(recursive=True)),
            len(asyncio.all_tasks()),
            frozenset(thread.ident or 0 for thread in threading.enumerate()),
            len(process.net_connections(kind="inet")),
        )


@contextlib.asynccontextmanager
async def nothing_left() -> AsyncGenerator[None, None]:
    """Fail unless all that began within the block ends with it, or a moment later."""
    before = Held.now()
    yield
    for _ in range(100):
        after = Held.now()
        if (
            after.processes <= before.processes
            and after.tasks <= before.tasks
            and after.threads <= before.threads
            and after.sockets <= before.sockets
        ):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"left behind: {Held.now()}, there before: {before}")
