"""What changed in a transcript: the reducer's answer to an event."""

from dataclasses import dataclass
from typing import TypeAlias

from nbagent.transcript.items import Item


@dataclass(frozen=True)
class PutItem:
    """Item number `index` is now `item`; at the end of the list it is new."""

    index: int
    item: Item


@dataclass(frozen=True)
class AppendText:
    """`text` was added to the end of the message at `index`, which is still streaming."""

    index: int
    text: str


@dataclass(frozen=True)
class SetRun:
    """The transcript's own fields (state, stop_reason, times, usage, notices) changed."""


Patch: TypeAlias = PutItem | AppendText | SetRun
