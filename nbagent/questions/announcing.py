"""Tells the stream of an agent about the questions that come up inside its tools."""

from collections.abc import Callable
from contextvars import ContextVar, Token

from nbagent.questions.question import InputRequest


class announcing:  # noqa: N801 - a context manager, named as one; a class, as it is cheaper
    """Within this block, and in tasks that begin in it, `announce` hears of every question.

    Blocks may be nested, as when a tool runs another agent: then each hears of it, the inner
    one first.

    Args:
        source: In whose name is asked: the name of the agent whose tools run.
        announce: Called before a question is put, in whatever event loop it is put from.
    """

    __slots__ = ("_token", "announce", "outer", "source")

    def __init__(self, source: str, announce: Callable[[InputRequest], None]) -> None:
        self.source = source
        self.announce = announce
        self.outer = _innermost.get()

    def __enter__(self) -> None:
        self._token: Token[announcing | None] = _innermost.set(self)

    def __exit__(self, *_: object) -> None:
        _innermost.reset(self._token)


_innermost: ContextVar[announcing | None] = ContextVar("nbagent_announcing", default=None)


def asking_source() -> str:
    """The agent whose tool asks; empty where it is the program's own code."""
    innermost = _innermost.get()
    return "" if innermost is None else innermost.source


def announce_question(request: InputRequest) -> None:
    """Tell of a question that is about to be put."""
    block = _innermost.get()
    while block is not None:
        block.announce(request)
        block = block.outer
