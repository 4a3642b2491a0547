"""MaxMessageTermination: stops after a number of messages."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component
from nbagent.conditions.fires_once import Event, FiresOnce
from nbagent.messages import BaseChatMessage


class MaxMessageTerminationConfig(BaseModel, defer_build=True):
    """Config of `MaxMessageTermination`."""

    max_messages: int
    include_agent_event: bool = False


class MaxMessageTermination(FiresOnce, Component[MaxMessageTerminationConfig]):
    """Fires when this many messages were said, those of the task included.

    Args:
        max_messages: How many.
        include_agent_event: Count events too.
    """

    component_config_schema = MaxMessageTerminationConfig
    component_provider_override = "nbagent.conditions.MaxMessageTermination"

    def __init__(self, max_messages: int, include_agent_event: bool = False) -> None:
        super().__init__()
        self._max_messages = max_messages
        self._include_agent_event = include_agent_event
        self._messages = 0

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Count what is new."""
        self._messages += sum(
            self._include_agent_event or isinstance(message, BaseChatMessage)
            for message in messages
        )
        if self._messages < self._max_messages:
            return None
        return (
            f"Maximum number of messages {self._max_messages} reached, "
            f"current message count: {self._messages}"
        )

    def forget(self) -> None:
        """Count from 0 again."""
        self._messages = 0

    def count(self) -> Mapping[str, Any]:
        """How many messages there were."""
        return {"messages": self._messages}

    def take_count(self, count: Mapping[str, Any]) -> None:
        """Go on from what `count()` gave."""
        self._messages = int(count.get("messages", 0))

    def _to_config(self) -> MaxMessageTerminationConfig:
        return MaxMessageTerminationConfig(
            max_messages=self._max_messages, include_agent_event=self._include_agent_event
        )

    @classmethod
    def _from_config(cls, config: MaxMessageTerminationConfig) -> Self:
        return cls(config.max_messages, config.include_agent_event)
