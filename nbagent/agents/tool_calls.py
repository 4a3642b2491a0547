"""Running the tool calls of one model answer: all at once, each with exactly one result."""

import asyncio
import logging
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from nbagent.cancellation import CancellationToken
from nbagent.messages import BaseAgentEvent, BaseChatMessage, UserInputRequestedEvent
from nbagent.models.types import FunctionCall, FunctionExecutionResult
from nbagent.questions import InputRequest, announcing
from nbagent.tools.arguments import read_arguments
from nbagent.tools.base import BaseTool
from nbagent.tools.workbench import Workbench, describe_error

logger = logging.getLogger("nbagent.agents")

CANCELLED = "The call was cancelled before it finished."
"""What a model reads as the result of a call that was cancelled."""

GRACE = 0.1
"""Seconds that a cancelled tool is given to clean up before the run ends without it."""


class ToolCalls:
    """The tool calls of one model answer.

    `results()` always has one result for each call, in the order of the calls: of a call that
    did not finish, it says that it was cancelled. So a context stays valid whatever happens.

    Args:
        calls: The calls.
        workbenches: Where the tools are.
        handoff_tools: The tools that hand over to other agents, by name.
        cancellation_token: Ends the calls when cancelled.
        source: The agent that calls; the tools ask people in its name.
    """

    def __init__(
        self,
        calls: Sequence[FunctionCall],
        workbenches: Sequence[Workbench],
        handoff_tools: Mapping[str, BaseTool[Any, Any]],
        cancellation_token: CancellationToken,
        *,
        source: str,
    ) -> None:
        self._calls = calls
        self._workbenches = workbenches
        self._handoff_tools = handoff_tools
        self._token = cancellation_token
        self._source = source
        self._results: list[FunctionExecutionResult | None] = [None] * len(calls)
        self._running = len(calls)
        self._events: deque[BaseAgentEvent | BaseChatMessage] = deque()
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def stream(self) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage, None]:
        """Run all calls at once, and yield what happens in them meanwhile."""
        with announcing(self._source, self._question_put):
            # Tasks of their own, so that a tool that ignores a cancel can be left behind.
            tasks = [
                asyncio.ensure_future(self._run_one(index)) for index in range(len(self._calls))
            ]
        for task in tasks:
            task.add_done_callback(self._call_ended)
        try:
            while self._running or self._events:
                await self._token.wait(self._changed.wait())
                self._changed.clear()
                while self._events:
                    yield self._events.popleft()
            if self._token.is_cancelled():  # while the reader had the last event
                raise asyncio.CancelledError
        finally:
            await _end(tasks)

    def results(self) -> list[FunctionExecutionResult]:
        """One result for each call, in their order."""
        return [
            result
            if result is not None
            else FunctionExecutionResult(
                content=CANCELLED, name=call.name, call_id=call.id, is_error=True
            )
            for call, result in zip(self._calls, self._results, strict=True)
        ]

    def _question_put(self, request: InputRequest) -> None:
        """A tool asks a person, perhaps in an event loop of its own in another thread."""
        event = UserInputRequestedEvent(
            request_id=request.request_id,
            source=request.source or self._source,
            question=request.question,
        )
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._happened, event)

    def _happened(self, event: BaseAgentEvent | BaseChatMessage) -> None:
        self._events.append(event)
        self._changed.set()

    def _call_ended(self, _: "asyncio.Future[None]") -> None:
        self._running -= 1
        if not self._running:
            self._changed.set()

    async def _run_one(self, index: int) -> None:
        call = self._calls[index]
        start = time.perf_counter()
        content, is_error = await self._content(call)
        self._results[index] = FunctionExecutionResult(
            content=content,
            name=call.name,
            call_id=call.id,
            is_error=is_error,
            duration=time.perf_counter() - start,
        )

    async def _content(self, call: FunctionCall) -> tuple[str, bool]:
        """The result of a call as text, and whether it is an error."""
        try:
            arguments = read_arguments(call.arguments)
        except ValueError as error:
            return f"Error: {error}", True
        try:
            handoff = self._handoff_tools.get(call.name)
            if handoff is not None:
                value = await handoff.run_json(arguments, self._token, call_id=call.id)
                return handoff.return_value_as_string(value), False
            workbench = await self._workbench_with(call.name)
            if workbench is None:
                return f"Error: tool '{call.name}' not found in any workbench", True
            result = await self._token.wait(
                workbench.call_tool(call.name, arguments, self._token, call.id)
            )
        except asyncio.CancelledError:
            if self._token.is_cancelled() or _being_cancelled():
                raise
            # The tool gave up something of its own; the run itself goes on.
            return "Error: the tool cancelled itself", True
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is told to the model
            return f"Error: {describe_error(error)}", True
        return result.to_text(replace_image="[image]"), result.is_error

    async def _workbench_with(self, tool: str) -> Workbench | None:
        for workbench in self._workbenches:
            if any(schema["name"] == tool for schema in await workbench.list_tools()):
                return workbench
        return None


def _being_cancelled() -> bool:
    """Whether someone cancelled the running task. Python 3.10 cannot tell, so it says yes."""
    task = asyncio.current_task()
    if sys.version_info < (3, 11) or task is None:
        return True
    return task.cancelling() > 0


async def _end(tasks: Sequence["asyncio.Future[None]"]) -> None:
    """Cancel what still runs, and wait for it briefly."""
    waiting = [task for task in tasks if not task.done()]
    for task in waiting:
        task.cancel()
    if waiting:
        _, stuck = await asyncio.wait(waiting, timeout=GRACE)
        for task in stuck:
            logger.warning("A tool does not react to being cancelled; its result is dropped.")
            task.add_done_callback(_drop)


def _drop(task: "asyncio.Future[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.warning("A cancelled tool failed later: %s", task.exception())
