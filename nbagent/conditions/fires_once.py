"""FiresOnce: what the conditions here have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from nbagent.base.termination import TerminationCondition, refuse_after_firing
from nbagent.messages import BaseAgentEvent, BaseChatMessage, StopMessage

Event: TypeAlias = BaseAgentEvent | BaseChatMessage


class FiresOnce(TerminationCondition, ABC):
    """A condition that remembers that it has fired: override `reason_to_stop()`.

    One that counts overrides `forget()`, `count()` and `take_count()` too.
    """

    def __init__(self) -> None:
        self._terminated = False

    @property
    def terminated(self) -> bool:
        """Whether the condition has fired and was not reset since."""
        return self._terminated

    @abstractmethod
    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Why the team stops now that `messages` are new; None where it goes on."""

    def forget(self) -> None:
        """Forget what was counted."""

    def count(self) -> Mapping[str, Any]:
        """What was counted so far, as plain data."""
        return {}

    def take_count(self, count: Mapping[str, Any]) -> None:
        """Go on from what `count()` gave."""

    async def __call__(self, messages: Sequence[Event]) -> StopMessage | None:
        """Take in what is new; see `TerminationCondition.__call__`."""
        refuse_after_firing(self)
        reason = await self.reason_to_stop(messages)
        if reason is None:
            return None
        self._terminated = True
        return StopMessage(content=reason, source=type(self).__name__)

    async def reset(self) -> None:
        """Back to the state at the beginning."""
        self._terminated = False
        self.forget()

    async def save_state(self) -> Mapping[str, Any]:
        """What was counted so far, and whether the condition has fired."""
        return {"terminated": self._terminated, **self.count()}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_state()` gave."""
        self._terminated = bool(state.get("terminated", False))
        self.take_count(state)
