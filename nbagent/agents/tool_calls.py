"""Running the tool calls of one model answer: all at once, each with exactly one result."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from pydantic import BaseModel

from nbagent.agents.work import Event, Work
from nbagent.cancellation import CancellationToken
from nbagent.messages import BaseAgentEvent, BaseChatMessage, ToolReportEvent
from nbagent.models.types import FunctionCall, FunctionExecutionResult
from nbagent.tools.arguments import read_arguments
from nbagent.tools.base import BaseTool
from nbagent.tools.workbench import (
    ImageResultContent,
    StreamWorkbench,
    ToolResult,
    Workbench,
    describe_error,
)

CANCELLED = "The call was cancelled before it finished."
"""What a model reads as the result of a call that was cancelled."""


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
        call_keys: What the events of runs inside of each call are marked with (see
            `ToolCallRequestEvent.call_key`).
    """

    def __init__(
        self,
        calls: Sequence[FunctionCall],
        workbenches: Sequence[Workbench],
        handoff_tools: Mapping[str, BaseTool[Any, Any]],
        cancellation_token: CancellationToken,
        *,
        source: str,
        call_keys: Sequence[str] | None = None,
    ) -> None:
        self._calls = calls
        self._workbenches = workbenches
        self._handoff_tools = handoff_tools
        self._token = cancellation_token
        self._source = source
        self._results: list[FunctionExecutionResult | None] = [None] * len(calls)
        self._work = Work(source, cancellation_token, call_keys)

    def stream(self) -> AsyncGenerator[Event, None]:
        """Run all calls at once, and yield what happens in them meanwhile."""
        return self._work.stream([partial(self._run_one, i) for i in range(len(self._calls))])

    def results(self) -> list[FunctionExecutionResult]:
        """One result for each call, in their order."""
        return [
            result if result is not None else _told(call, CANCELLED, is_error=True)
            for call, result in zip(self._calls, self._results, strict=True)
        ]

    async def _run_one(self, index: int) -> None:
        call = self._calls[index]
        start = time.perf_counter()
        result = await self._called(index, call)
        result.duration = time.perf_counter() - start
        self._results[index] = result

    async def _called(self, index: int, call: FunctionCall) -> FunctionExecutionResult:
        try:
            arguments = read_arguments(call.arguments)
        except ValueError as error:
            return _told(call, f"Error: {error}", is_error=True)
        try:
            handoff = self._handoff_tools.get(call.name)
            if handoff is not None:
                value = await handoff.run_json(arguments, self._token, call_id=call.id)
                return _told(call, handoff.return_value_as_string(value))
            workbench = await self._workbench_with(call.name)
            if workbench is None:
                return _told(
                    call, f"Error: tool '{call.name}' not found in any workbench", is_error=True
                )
            if isinstance(workbench, StreamWorkbench):
                calling = self._streamed(index, call, workbench, arguments)
            else:
                calling = workbench.call_tool(call.name, arguments, self._token, call.id)
            return _result(call, await self._token.wait(calling))
        except asyncio.CancelledError:
            if self._token.is_cancelled() or _being_cancelled():
                raise
            # The tool gave up something of its own; the run itself goes on.
            return _told(call, "Error: the tool cancelled itself", is_error=True)
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is told to the model
            return _told(call, f"Error: {describe_error(error)}", is_error=True)

    async def _streamed(
        self,
        index: int,
        call: FunctionCall,
        workbench: StreamWorkbench,
        arguments: Mapping[str, Any],
    ) -> ToolResult:
        """Call a tool that may report on the way; its reports become events."""
        stream = workbench.call_tool_stream(call.name, arguments, self._token, call.id)
        async with aclosing(stream):
            async for item in stream:
                if isinstance(item, ToolResult):
                    return item
                if not isinstance(item, BaseAgentEvent | BaseChatMessage):
                    item = ToolReportEvent(content=_report(item), source=self._source)
                self._work.happened(index, item)
        raise RuntimeError(f"the workbench ended the call of {call.name!r} without a ToolResult")

    async def _workbench_with(self, tool: str) -> Workbench | None:
        for workbench in self._workbenches:
            if any(schema["name"] == tool for schema in await workbench.list_tools()):
                return workbench
        return None


def cancelled_results(calls: Sequence[FunctionCall]) -> list[FunctionExecutionResult]:
    """One result for each call, which says that it was cancelled."""
    return [_told(call, CANCELLED, is_error=True) for call in calls]


def _being_cancelled() -> bool:
    """Whether someone cancelled the running task. Python 3.10 cannot tell, so it says yes."""
    task = asyncio.current_task()
    if sys.version_info < (3, 11) or task is None:
        return True
    return task.cancelling() > 0


def _result(call: FunctionCall, result: ToolResult) -> FunctionExecutionResult:
    """A tool's result for the model: text, and the pictures beside it."""
    told = _told(call, result.to_text(replace_image="[image]"), is_error=result.is_error)
    pictures = [
        content.content for content in result.result if isinstance(content, ImageResultContent)
    ]
    if pictures:
        told.images = pictures
    return told


def _told(call: FunctionCall, content: str, *, is_error: bool = False) -> FunctionExecutionResult:
    return FunctionExecutionResult(
        content=content, name=call.name, call_id=call.id, is_error=is_error
    )


def _report(item: object) -> str:
    """What a tool reports on the way, as text."""
    return item.model_dump_json() if isinstance(item, BaseModel) else str(item)
