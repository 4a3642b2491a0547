"""How a transcript changes, and how an event finds the item that it belongs to."""

from collections.abc import Callable
from typing import Any

from nbagent.base.inner_run import CALL, TEAM
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
)
from nbagent.transcript.items import (
    Item,
    Transcript,
)
from nbagent.transcript.patches import Patch, PutItem


def append(transcript: Transcript, item: Item) -> list[Patch]:
    """Put an item at the end."""
    transcript.items.append(item)
    return [PutItem(len(transcript.items) - 1, item)]


def put(transcript: Transcript, index: int, item: Item) -> list[Patch]:
    """Put a newer version of an item in its place."""
    transcript.items[index] = item
    return [PutItem(index, item)]


def put_for(transcript: Transcript, index: int, item: Item) -> list[Patch]:
    """Put what a growing message has become where it grew."""
    old = transcript.items[index]
    kept = {"id": old.id, "at": old.at, "call": old.call, "team": old.team}
    return put(transcript, index, item.model_copy(update=kept))


def base_fields(event: BaseAgentEvent | BaseChatMessage, item_id: str = "") -> dict[str, Any]:
    """The fields that every item takes from its event; with an id of its own where one is given."""
    return {
        "id": item_id or event.id,
        "source": event.source,
        "at": event.created_at,
        "call": event.metadata.get(CALL),
        "team": event.metadata.get(TEAM, ""),
    }


def find(
    transcript: Transcript, matches: Callable[[Item], bool], *, near_end: bool = True
) -> int | None:
    """The index of the newest item that matches.

    Args:
        transcript: Where to look.
        matches: Tells whether an item is meant.
        near_end: Whether to look at the newest items only: what a piece of text refers to is
            near the end, and a long run must not make each event dearer. A call and a question
            may be open while very much happens.
    """
    oldest = max(0, len(transcript.items) - _LOOK_BACK) if near_end else 0
    for index in range(len(transcript.items) - 1, oldest - 1, -1):
        if matches(transcript.items[index]):
            return index
    return None


_LOOK_BACK = 200
"""How many items back a growing one may stand: more than agents ever speak at once."""
