"""What runs inside of a run, set apart from the rest: inner teams, and what a tool call runs.

A transcript is a list; what a page shows of it is a tree. Neighbouring items of one inner team
stand together as a turn of it. Whatever a tool call has run, as when a tool is an agent, stands
right after the call's card, also where calls run side by side and their items are mixed.
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
    ToolCallItem,
)

MOST_DEPTH = 3
"""Runs that are further inside are shown as one with the run around them."""

_SAID = (MessageItem, StructuredItem, HandoffItem, LedgerItem)
_WAITING = {"streaming", "running", "waiting", "open"}


@dataclass(eq=False)
class InnerRun:
    """A turn of an inner team, or what a tool call has run.

    Attributes:
        key: Its number among all in the transcript, from 0 and in order.
        name: The team's name, or the tool's.
        parent: The inner run around it; None at the top.
        call: The index of the tool call; None for a team's turn.
        goes_on: Whether it may still grow.
        entries: What is in it, in order: indices of items, and runs inside.
        messages: The indices of the messages in it and in those inside, once they are whole.
        unfinished: The indices of the items that still wait for something.
    """

    key: int
    name: str
    parent: "InnerRun | None"
    call: int | None = None
    goes_on: bool = True
    entries: "list[Entry]" = field(default_factory=list["Entry"])
    messages: set[int] = field(default_factory=set[int])
    unfinished: set[int] = field(default_factory=set[int])
    _last: int = -1

    @property
    def last(self) -> int | None:
        """The index of the last message."""
        return self._last if self._last >= 0 else None

    @property
    def depth(self) -> int:
        """How many inner runs it is in, and itself."""
        return 1 if self.parent is None else 1 + self.parent.depth

    def note(self, index: int, item: Item) -> bool:
        """Take note of an item in it; whether what is said about the run is another now."""
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


Entry: TypeAlias = int | InnerRun
"""An item, by its index, or an inner run."""


@dataclass(eq=False)
class _Place:
    """Where the items of one call go, or those of none.

    Attributes:
        run: The inner run that holds them; None at the top.
        team: The inner team in which the call was made.
        turns: The teams' turns that its newest item is in, outer ones first.
    """

    run: InnerRun | None = None
    team: str = ""
    turns: list[InnerRun] = field(default_factory=list[InnerRun])

    def end_turns(self, kept: int = 0) -> set[InnerRun]:
        """End the turns that go on, but for the first ones; those that ended."""
        ended = self.turns[kept:]
        del self.turns[kept:]
        for turn in ended:
            turn.goes_on = False
        return set(ended)


class InnerRuns:
    """Finds the inner runs while a transcript grows.

    Args:
        items: The transcript's items so far.

    Attributes:
        entries: What the transcript consists of, at the top.
    """

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self.entries: list[Entry] = []
        self._count = 0
        self._sources: list[str] = []
        self._runs: list[InnerRun | None] = []
        self._before: list[str | None] = []
        self._calls: dict[str, tuple[int, ToolCallItem]] = {}
        self._places: dict[int | None, _Place] = {None: _Place()}
        for item in items:
            self.add(item)

    def of(self, index: int) -> InnerRun | None:
        """The inner run that an item belongs to; None at the top."""
        return self._runs[index]

    def speaker_before(self, index: int) -> str | None:
        """Whose item stands before this one in the same run.

        None where it is the first there; empty where a team's turn stands before it.
        """
        return self._before[index]

    def around(self, index: int) -> list[InnerRun]:
        """The inner runs that an item is in, outer ones first."""
        found: list[InnerRun] = []
        run = self._runs[index]
        while run is not None:
            found.append(run)
            run = run.parent
        return found[::-1]

    def add(self, item: Item) -> set[InnerRun]:
        """Take in the next item; the inner runs of which something else is to be said now."""
        changed: set[InnerRun] = set()
        place = self._place(item, changed)
        run = self._turn(place, _teams(item.team, place.team), changed)
        entries = self._entries(run)
        index = len(self._runs)
        self._runs.append(run)
        self._before.append(self._speaker_at_end(entries))
        self._sources.append(item.source)
        entries.append(index)
        if isinstance(item, ToolCallItem):
            self._calls[item.id] = index, item
        return changed | self.put(index, item)

    def put(self, index: int, item: Item) -> set[InnerRun]:
        """Take in a newer version of an item; the same."""
        changed = {run for run in self.around(index) if run.note(index, item)}
        place = self._places.get(index)
        if place is not None and getattr(item, "state", None) not in _WAITING:
            changed |= self._end(index, place)
        return changed

    def end(self) -> set[InnerRun]:
        """Nothing more comes: the inner runs that have gone on until now."""
        return {run for call, place in self._places.items() for run in self._end(call, place)}

    def _place(self, item: Item, changed: set[InnerRun]) -> _Place:
        """Where the items of the item's call go."""
        if item.call is None or item.call not in self._calls:
            return self._places[None]
        call, asked = self._calls[item.call]
        place = self._places.get(call)
        if place is None:
            run = self._runs[call]
            if run is None or run.depth < MOST_DEPTH:
                run = self._begin(asked.name, run, call)
                changed.add(run)
            place = self._places[call] = _Place(run, asked.team)
        return place

    def _turn(self, place: _Place, teams: Sequence[str], changed: set[InnerRun]) -> InnerRun | None:
        """The innermost turn of these teams, one inside of the other, begun where it is new."""
        same = 0
        while same < min(len(teams), len(place.turns)) and place.turns[same].name == teams[same]:
            same += 1
        changed |= place.end_turns(same)
        run = place.turns[-1] if place.turns else place.run
        for name in teams[same:]:
            if run is not None and run.depth >= MOST_DEPTH:
                break
            run = self._begin(name, run)
            place.turns.append(run)
            changed.add(run)
        return run

    def _begin(self, name: str, parent: InnerRun | None, call: int | None = None) -> InnerRun:
        run = InnerRun(self._count, name, parent, call)
        self._count += 1
        entries = self._entries(parent)
        # Calls that are made at once stand before what they run: each has its run below it.
        entries.insert(len(entries) if call is None else entries.index(call) + 1, run)
        return run

    def _end(self, call: int | None, place: _Place) -> set[InnerRun]:
        ended = place.end_turns()
        if place.run is not None and place.run.call == call and place.run.goes_on:
            place.run.goes_on = False
            ended.add(place.run)
        return ended

    def _entries(self, run: InnerRun | None) -> list[Entry]:
        return self.entries if run is None else run.entries

    def _speaker_at_end(self, entries: Sequence[Entry]) -> str | None:
        for entry in reversed(entries):
            if isinstance(entry, int):
                return self._sources[entry]
            if entry.call is None:
                return ""
        return None


def last_words(run: InnerRun, items: Sequence[Item]) -> tuple[str, str] | None:
    """Who said the last message in an inner run, and what; None where there is no text."""
    if run.last is None:
        return None
    item = items[run.last]
    match item:
        case MessageItem() | StructuredItem() | HandoffItem() | LedgerItem():
            return (item.source, item.text) if item.text.strip() else None
        case _:
            return None


def icon(run: InnerRun) -> str:
    """What stands before its name: a sign for a team, another for what a call has run."""
    return "❖" if run.call is None else "↳"


def message_count(run: InnerRun) -> str:
    """How many messages are in an inner run; empty for none."""
    count = len(run.messages)
    return "" if not count else "1 message" if count == 1 else f"{count:,} messages"


def _teams(team: str, outer: str) -> Sequence[str]:
    """The teams of a path that are inside of `outer`, but the innermost ones as one."""
    if outer:
        team = "" if team == outer else team.removeprefix(f"{outer}/")
    return team.split("/", MOST_DEPTH - 1) if team else ()
