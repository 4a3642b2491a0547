"""Marks on the events of a run inside another, so that displays can put them where they belong."""

from typing import TypeVar

from nbagent.messages import BaseAgentEvent, BaseChatMessage

EventT = TypeVar("EventT", bound=BaseAgentEvent | BaseChatMessage)

TEAM = "team"
"""The key in `metadata` of the inner team's name; of nested teams "outer/inner"."""

CALL = "call"
"""The key in `metadata` of the tool call in which it happened (`ToolCallRequestEvent.call_key`)."""


def of_inner_team(event: EventT, team: str) -> EventT:
    """The event, marked as one of the inner team `team`."""
    inner = event.metadata.get(TEAM)
    return _marked(event, TEAM, f"{team}/{inner}" if inner else team)


def of_call(event: EventT, call_key: str) -> EventT:
    """The event, marked as one of a tool call.

    What a call inside of the call has marked already keeps that mark: it names the inner call,
    whose own request tells which call it is in.
    """
    return event if CALL in event.metadata else _marked(event, CALL, call_key)


def _marked(event: EventT, key: str, value: str) -> EventT:
    return event.model_copy(update={"metadata": {**event.metadata, key: value}})
