"""What inner teams do, set apart from the rest: neighbouring items of one team stand together.

A transcript is a list; what a page shows of it is a tree, in which an inner team's turn is a
group with its items, and with the teams inside of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from nbagent.transcript.items import (
    HandoffItem,
    Item,
    LedgerItem,
    MessageItem,
    StructuredItem,
)

MOST_DEPTH = 3
"""Teams that are further inside are shown as one with the team around them."""

_SAID = (MessageItem, StructuredItem, HandoffItem, LedgerItem)
_WAITING = {"streaming", "running", "waiting", "open"}


@dataclass(eq=False)
class InnerTeam:
    """A turn of an inner team.

    Attributes:
        key: Its number among all in the transcript, from 0 and in order.
        name: The team's name.
        parent: The turn of the team around it; None at the top.
        entries: What is in it, in order: indices of items, and turns of teams inside.
        messages: The indices of the messages in it and in those inside, once they are whole.
        unfinished: The indices of the items that still wait for something.
    """

    key: int
    name: str
    parent: "InnerTeam | None"
    entries: "list[Entry]" = field(default_factory=list["Entry"])
    messages: set[int] = field(default_factory=set[int])
    unfinished: set[int] = field(default_factory=set[int])
    _last: int = -1

    @property
    def last(self) -> int | None:
        """The index of the last message."""
        return self._last if self._last >= 0 else None

    def note(self, index: int, item: Item) -> bool:
        """Take note of an item in it; whether what is said about the team is another now."""
        before = len(self.messages), self.last, bool(self.unfinished)
        waits = getattr(item, "state", None) in _WAITING
        (self.unfinished.add if waits else self.unfinished.discard)(index)
        if isinstance(item, _SAID) and not waits:
            self.messages.add(index)
            self._last = max(self._last, index)
        else:
            self.messages.discard(index)
            if index == self._last:
                self._last = max(self.messages, default=-1)
        after = len(self.messages), self.last, bool(self.unfinished)
        return before != after or index == self._last


Entry: TypeAlias = int | InnerTeam
"""An item, by its index, or an inner team's turn."""


class InnerTeams:
    """Finds the turns of inner teams while a transcript grows.

    Args:
        items: The transcript's items so far.

    Attributes:
        entries: What the transcript consists of, at the top.
        teams: All turns of inner teams, each at the index of its key.
        present: Those that the newest item is in, outer ones first.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.entries: list[Entry] = []
        self.teams: list[InnerTeam] = []
        self.present: list[InnerTeam] = []
        self._of: list[InnerTeam | None] = []
        for item in items:
            self.add(item)

    def of(self, index: int) -> InnerTeam | None:
        """The turn that an item belongs to; None at the top."""
        return self._of[index]

    def around(self, index: int) -> list[InnerTeam]:
        """The turns that an item is in, outer ones first."""
        found: list[InnerTeam] = []
        team = self._of[index]
        while team is not None:
            found.append(team)
            team = team.parent
        return found[::-1]

    def add(self, item: Item) -> set[InnerTeam]:
        """Take in the next item; the turns about which something else is to be said now."""
        path = _path(item)
        same = 0
        while same < min(len(path), len(self.present)) and self.present[same].name == path[same]:
            same += 1
        changed = set(self.present[same:])
        del self.present[same:]
        for name in path[same:]:
            parent = self.present[-1] if self.present else None
            team = InnerTeam(len(self.teams), name, parent)
            self.teams.append(team)
            (self.entries if parent is None else parent.entries).append(team)
            self.present.append(team)
            changed.add(team)
        index = len(self._of)
        inner = self.present[-1] if self.present else None
        self._of.append(inner)
        (self.entries if inner is None else inner.entries).append(index)
        return changed | self.put(index, item)

    def put(self, index: int, item: Item) -> set[InnerTeam]:
        """Take in a newer version of an item; the same."""
        return {team for team in self.around(index) if team.note(index, item)}


def first_in_team(previous: Item | None, item: Item) -> bool:
    """Whether an inner team's turn begins with `item`, or the transcript does."""
    if previous is None:
        return True
    before, now = _path(previous), _path(item)
    return bool(now) and before[: len(now)] != now


def last_words(team: InnerTeam, items: Sequence[Item]) -> tuple[str, str] | None:
    """Who said the last message in a turn, and what; None where there is no text."""
    if team.last is None:
        return None
    item = items[team.last]
    match item:
        case MessageItem() | StructuredItem() | HandoffItem() | LedgerItem():
            return (item.source, item.text) if item.text.strip() else None
        case _:
            return None


def message_count(team: InnerTeam) -> str:
    """How many messages are in a turn; empty for none."""
    count = len(team.messages)
    return "" if not count else "1 message" if count == 1 else f"{count:,} messages"


def _path(item: Item) -> tuple[str, ...]:
    return tuple(item.team.split("/", MOST_DEPTH - 1)) if item.team else ()
