"""One of many tasks, from a fresh agent to its outcome."""

import asyncio
import time
import traceback
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeAlias

from nbagent.base.task import Task, TaskResult, task_messages
from nbagent.many.copies import AgentSource, fresh_agent
from nbagent.many.result import TaskFailure, TaskOutcome
from nbagent.many.task_data import Data, dump_result, dump_usage, load_result, load_usage
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    BaseTextChatMessage,
    ModelClientStreamingChunkEvent,
)
from nbagent.models.types import RequestUsage

_WORDS = 300
"""So many characters of what was said last are kept for a display."""


@dataclass
class RunningTask:
    """What is known of a task while it runs.

    Attributes:
        usage: Tokens spent so far.
        words: The end of what was said last.
    """

    usage: RequestUsage = field(default_factory=lambda: RequestUsage(0, 0))
    words: str = ""
    _streams: bool = False

    def see(self, event: BaseAgentEvent | BaseChatMessage) -> None:
        """Take note of an event."""
        if isinstance(event, ModelClientStreamingChunkEvent):
            before = self.words if self._streams else ""
            self.words = (before + event.content)[-_WORDS:]
            self._streams = True
            return
        if event.models_usage:
            self.usage = self.usage + event.models_usage
        if isinstance(event, BaseChatMessage):
            self.words = said(event)
            self._streams = False


Listener: TypeAlias = Callable[[RunningTask], None]
"""Is told whenever something happens in a task."""


@dataclass(frozen=True)
class Ended:
    """How one run of a task ended.

    Attributes:
        result: What it gave; None where it failed.
        error: Why it failed; None where it did not.
        seconds: How long it ran.
        usage: Tokens spent.
    """

    result: TaskResult | None
    error: TaskFailure | None
    seconds: float
    usage: RequestUsage

    def outcome(self, index: int, task: Task, *, recorded: bool = False) -> TaskOutcome:
        """What became of the task."""
        return TaskOutcome(index, task, self.result, self.error, self.seconds, self.usage, recorded)

    def dump(self) -> Data:
        """This as plain data: for a record file, or for another process."""
        line: Data = {"seconds": round(self.seconds, 6), "usage": dump_usage(self.usage)}
        if self.result is not None:
            return line | {"result": dump_result(self.result)}
        error = self.error or TaskFailure("", "")
        fields = {"type": error.type, "message": error.message, "traceback": error.traceback}
        return line | {"error": fields}

    @classmethod
    def load(cls, data: Data) -> "Ended":
        """This from what `dump()` gave.

        Raises:
            ValueError: The result holds a message of a type that this process does not know.
            KeyError: Something is missing.
            TypeError: Something is of another kind.
        """
        result = load_result(data["result"]) if "result" in data else None
        error = TaskFailure(**data["error"]) if result is None else None
        return cls(result, error, float(data["seconds"]), load_usage(data["usage"]))


async def run_task(source: AgentSource, task: Task, listener: Listener) -> Ended:
    """Run a task on an agent of its own.

    Whatever it raises, also while the agent is made, is its failure. Only a cancel of whoever
    waits ends it without an outcome; it has cleaned up then.

    Args:
        source: What the agent is made from.
        task: What to do.
        listener: Is told what happens.
    """
    began = time.monotonic()
    running = RunningTask()
    # A task of its own: one that cancels itself is told from one that is cancelled.
    work = asyncio.create_task(_run(source, task, running, listener), name="nbagent: one of many")
    try:
        await asyncio.wait({work})
    finally:
        if not work.done():
            work.cancel()
            await asyncio.wait({work})
            if not work.cancelled():
                work.exception()  # of the clean-up: asyncio need not report it as lost
    seconds = time.monotonic() - began
    if work.cancelled():
        error = TaskFailure("CancelledError", "the agent ended the task by a cancel of its own.")
        return Ended(None, error, seconds, running.usage)
    raised = work.exception()
    if raised is not None:
        return Ended(None, failure(raised), seconds, running.usage)
    return Ended(work.result(), None, seconds, running.usage)


def failure(error: BaseException) -> TaskFailure:
    """An exception as plain data."""
    return TaskFailure(type(error).__name__, str(error), "".join(traceback.format_exception(error)))


def said(message: BaseChatMessage) -> str:
    """What a message says, shortened to its beginning."""
    text = message.content if isinstance(message, BaseTextChatMessage) else message.to_text()
    return text[:_WORDS]


async def _run(
    source: AgentSource, task: Task, running: RunningTask, listener: Listener
) -> TaskResult:
    result: TaskResult | None = None
    own = len(task_messages(task))  # the stream begins with the task itself
    async with (
        fresh_agent(source) as agent,
        aclosing(agent.run_stream(task=task)) as stream,
    ):
        async for item in stream:
            if isinstance(item, TaskResult):
                result = item
            elif own and isinstance(item, BaseChatMessage):
                own -= 1
            else:
                running.see(item)
                listener(running)
    if result is None:
        raise ValueError("The stream ended without a TaskResult, so it was no complete run.")
    return result
