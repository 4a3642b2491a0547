"""Who is at work: a team tells whoever shows the run, when a participant's turn begins and ends.

This is beside the stream, which has the same items whether somebody watches or not.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

from nbagent.base.team_shape import TeamShape


@dataclass(frozen=True)
class WorkNote:
    """A turn began or ended.

    Attributes:
        team: The team, as a picture shows it.
        name: The participant whose turn it is.
        begins: Whether the turn begins; False where it ends, however it does.
    """

    team: TeamShape
    name: str
    begins: bool


WorkListener: TypeAlias = Callable[[WorkNote], None]

_listener: ContextVar[WorkListener | None] = ContextVar("nbagent_work_listener", default=None)


@contextmanager
def told_who_works(listener: WorkListener) -> Generator[None]:
    """Within this block, tell `listener` about every turn of the teams that run here."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def at_work(team: Callable[[], TeamShape], name: str) -> Generator[None]:
    """Around a participant's turn.

    Args:
        team: Describes the team; called where somebody listens.
        name: The participant whose turn it is.
    """
    listener = _listener.get()
    if listener is None:
        yield
        return
    shape = team()
    listener(WorkNote(shape, name, begins=True))
    try:
        yield
    finally:
        listener(WorkNote(shape, name, begins=False))
