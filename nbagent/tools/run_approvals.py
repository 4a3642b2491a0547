"""What a person has approved for the rest of one run."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import ContextVar
from typing import TypeVar

ItemT = TypeVar("ItemT")


class RunApprovals:
    """The tools that may run unasked until the run is over."""

    def __init__(self) -> None:
        # By identity: another tool of the same name is not what the person has approved.
        self._tools: list[object] = []
        self._over = False

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return self._over

    def add(self, tool: object) -> None:
        """Let later calls of `tool` run unasked."""
        if not self._over:
            self._tools.append(tool)

    def cover(self, tool: object) -> bool:
        """Whether `tool` may run unasked."""
        return any(approved is tool for approved in self._tools)

    def close(self) -> None:
        """The run is over: what it has left behind must ask again."""
        self._over = True
        self._tools.clear()


_current: ContextVar[RunApprovals | None] = ContextVar("nbagent_run_approvals", default=None)


def current_run_approvals() -> RunApprovals | None:
    """What is approved for the run that the calling code belongs to; None outside of a run."""
    return _current.get()


async def in_one_run(stream: AsyncGenerator[ItemT, None]) -> AsyncGenerator[ItemT, None]:
    """Yield what `stream` yields; all that it does meanwhile belongs to one run.

    What begins inside of a run belongs to that one. A run is told by the context that its code
    runs in, and not by its `CancellationToken`: several runs may have the same token, and an
    approval for one of them must not reach the others.
    """
    outer = _current.get()
    approvals = RunApprovals() if outer is None or outer.is_over else outer
    try:
        async with aclosing(stream):
            while True:
                # Step by step, as a generator runs in the context of whoever takes its next item.
                token = _current.set(approvals)
                try:
                    item = await anext(stream)
                except StopAsyncIteration:
                    return
                finally:
                    _current.reset(token)
                yield item
    finally:
        if approvals is not outer:
            approvals.close()
