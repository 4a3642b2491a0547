"""A task, its result, and anything that can run one."""

import textwrap
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel, SerializeAsAny

from nbagent.cancellation import CancellationToken
from nbagent.messages import BaseAgentEvent, BaseChatMessage, BaseTextChatMessage, TextMessage

Task: TypeAlias = str | BaseChatMessage | Sequence[BaseChatMessage] | None
"""What to do: a text, a message or several; None goes on with what is there."""


_PREVIEW = 60
"""Characters of the last message that a result's one line shows."""


class TaskResult(BaseModel, defer_build=True):
    """What a run gave.

    Attributes:
        messages: The task and everything that followed, without streaming chunks.
        stop_reason: Why the run ended; None where it just finished.
    """

    messages: Sequence[SerializeAsAny[BaseAgentEvent | BaseChatMessage]]
    stop_reason: str | None = None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How IPython shows a result: in one line, as `repr()` fills pages with whole pictures."""
        text = f"<TaskResult: {len(self.messages)} messages"
        last = self.messages[-1] if self.messages else None
        if isinstance(last, BaseTextChatMessage):
            words = textwrap.shorten(last.content, _PREVIEW, placeholder="…")
            text += f", the last from {last.source}: {words!r}"
        if self.stop_reason is not None:
            text += f", stop_reason={self.stop_reason!r}"
        printer.text(text + ">")


@runtime_checkable
class TaskRunner(Protocol):
    """Anything that can run a task: an agent or a team."""

    async def run(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> TaskResult:
        """Run a task to its end.

        Args:
            task: What to do.
            cancellation_token: Ends the run when cancelled.
            output_task_messages: Whether the result begins with the task's own messages.
        """
        ...

    def run_stream(
        self,
        *,
        task: Task = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """Run a task, yielding what happens; the last item is the `TaskResult`.

        Arguments are those of `run()`.
        """
        ...


def task_messages(task: Task) -> list[BaseChatMessage]:
    """A task as a list of messages.

    Raises:
        ValueError: The task is an empty list, or holds something that is no message.
    """
    if task is None:
        return []
    if isinstance(task, str):
        return [TextMessage(content=task, source="user")]
    if isinstance(task, BaseChatMessage):
        return [task]
    messages = list(task)
    if not messages:
        raise ValueError("Task list cannot be empty.")
    for message in messages:
        if not isinstance(message, BaseChatMessage):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(
                f"All messages in task list must be valid BaseChatMessage types, not {message!r}."
            )
    return messages
