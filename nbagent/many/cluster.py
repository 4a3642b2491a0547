"""Cluster: runs tasks on the workers of a `dask.distributed` client.

Dask keeps a result on the worker that made it, and makes it again where that worker is lost, as
long as somebody holds on to it. So each result is fetched as soon as it is there, and let go of
at once; until then `nbagent.many.kept_results` has it. A task that has ended does not run again,
and one whose worker is lost on the way does. (Where a whole machine is lost in the moment between
a task's end and its result's arrival, nobody knows that it has ended, and it runs again.)
"""

import asyncio
import importlib
import logging
import time
import uuid
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from nbagent.base.task import Task
from nbagent.component import ComponentModel
from nbagent.exceptions import missing_extra
from nbagent.many import on_worker
from nbagent.many.copies import AgentSource
from nbagent.many.one_task import Ended, Listener, RunningTask, failure
from nbagent.many.task_data import Data, dump_task, load_usage
from nbagent.models.types import RequestUsage

PATIENCE = 10.0
"""Seconds for which the end of a run waits until all workers have heard of it."""

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class Cluster:
    """A place where tasks run; an async context manager around all of them.

    Args:
        client: A `dask.distributed.Client`, asynchronous or not.
        source: What each task's agent is made from, on the worker.

    Raises:
        ImportError: dask is not installed.
        TypeError: `client` is something else.
    """

    def __init__(self, client: Any, source: AgentSource) -> None:
        try:
            distributed = importlib.import_module("distributed")
        except ImportError as error:
            raise missing_extra("dask", "run_many(..., client=...)") from error
        if not isinstance(client, distributed.Client):
            raise TypeError(f"client must be a dask.distributed.Client, not {client!r}.")
        self._client: Any = client
        self._source = (
            source.model_dump(mode="json") if isinstance(source, ComponentModel) else source
        )
        self._run = f"nbagent-{uuid.uuid4().hex}"
        self._count = 0
        self._listeners: dict[int, Listener] = {}
        self._under_way: dict[int, Any] = {}

    async def run(self, task: Task, listener: Listener) -> Ended:
        """Run one task on some worker.

        A worker that is lost takes nothing with it: its task runs again on another. A task that
        has cost several workers their lives fails with dask's `KilledWorker`.
        """
        began = time.monotonic()
        number = self._count = self._count + 1
        future = self._under_way[number] = self._client.submit(
            on_worker.work_on,
            *(self._run, number, self._source, dump_task(task)),
            key=f"{self._run}-{number}",
            pure=False,
        )
        self._listeners[number] = listener
        try:
            ended = Ended.load(await self._in_its_loop(_fetch(self._client, future)))
        except Exception as error:  # noqa: BLE001 - dask's own, or a result that cannot be read
            ended = Ended(None, failure(error), time.monotonic() - began, RequestUsage(0, 0))
        finally:
            del self._listeners[number]
        del self._under_way[number]  # of a task that is cancelled, __aexit__ takes care
        return ended

    async def __aenter__(self) -> "Cluster":
        loop = asyncio.get_running_loop()

        def hear(event: tuple[float, Data]) -> None:  # in the client's own loop
            loop.call_soon_threadsafe(self._hear, event[1])

        self._client.subscribe_topic(self._run, hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client.status != "running":
            return  # whoever closed it has ended its tasks
        self._client.unsubscribe_topic(self._run)
        try:
            await asyncio.wait_for(self._in_its_loop(self._end_all()), PATIENCE)
        except (OSError, asyncio.TimeoutError):
            _logger.warning("The cluster did not say that it has ended %s.", self._run)

    async def _end_all(self) -> None:
        """Cancel what the scheduler still holds and what the workers are at, and leave nothing."""
        if self._under_way:
            futures = list(self._under_way.values())
            self._under_way.clear()
            await self._client.cancel(futures, asynchronous=True)
            await self._on_all_workers(on_worker.stop_run)
        await self._on_all_workers(on_worker.forget_run)

    async def _on_all_workers(self, function: Any) -> None:
        await self._client.run(function, self._run, on_error="ignore", asynchronous=True)

    def _hear(self, told: Data) -> None:
        """Take in what a worker tells of a task."""
        listener = self._listeners.get(told["n"])
        if listener is not None:
            listener(RunningTask(load_usage(told["usage"]), told["words"]))

    async def _in_its_loop(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await something of the client in the loop that the client lives in."""
        loop = cast("asyncio.AbstractEventLoop", self._client.loop.asyncio_loop)
        if loop is asyncio.get_running_loop():
            return await coroutine
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, loop))


async def _fetch(client: Any, future: Any) -> Data:
    """A result as soon as it is there; the cluster forgets it then."""
    try:
        return await client.gather(future, asynchronous=True)
    finally:
        if future.done():
            future.release()
