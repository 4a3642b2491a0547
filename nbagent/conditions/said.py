"""Conditions on one message: what it says, of what kind it is, and who says it."""

from collections.abc import Sequence

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component
from nbagent.conditions.fires_once import Event, FiresOnce
from nbagent.messages import BaseChatMessage, HandoffMessage, StopMessage, TextMessage


class TextMentionTerminationConfig(BaseModel, defer_build=True):
    """Config of `TextMentionTermination`."""

    text: str
    sources: list[str] | None = None


class TextMentionTermination(FiresOnce, Component[TextMentionTerminationConfig]):
    """Fires when a message contains a text, the task included.

    A thought or another event may mention the text: only what is said to others stops the team.

    Args:
        text: What to look for, in this case.
        sources: Look only in messages of these; None looks in all. Name the agents where the
            task itself mentions the text.
    """

    component_config_schema = TextMentionTerminationConfig
    component_provider_override = "nbagent.conditions.TextMentionTermination"

    def __init__(self, text: str, sources: Sequence[str] | None = None) -> None:
        super().__init__()
        self._text = text
        self._sources = None if sources is None else list(sources)

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Look for the text."""
        for message in messages:
            if (
                isinstance(message, BaseChatMessage)
                and (self._sources is None or message.source in self._sources)
                and self._text in message.to_text()
            ):
                return f"Text '{self._text}' mentioned"
        return None

    def _to_config(self) -> TextMentionTerminationConfig:
        return TextMentionTerminationConfig(text=self._text, sources=self._sources)

    @classmethod
    def _from_config(cls, config: TextMentionTerminationConfig) -> Self:
        return cls(config.text, config.sources)


class TextMessageTerminationConfig(BaseModel, defer_build=True):
    """Config of `TextMessageTermination`."""

    source: str | None = None


class TextMessageTermination(FiresOnce, Component[TextMessageTerminationConfig]):
    """Fires on a `TextMessage`: with agents that call tools, on an answer in words.

    Args:
        source: Whose; None for anybody's.
    """

    component_config_schema = TextMessageTerminationConfig
    component_provider_override = "nbagent.conditions.TextMessageTermination"

    def __init__(self, source: str | None = None) -> None:
        super().__init__()
        self._source = source

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Look for such a message."""
        for message in messages:
            if isinstance(message, TextMessage) and self._source in (None, message.source):
                return f"Text message received from '{message.source}'"
        return None

    def _to_config(self) -> TextMessageTerminationConfig:
        return TextMessageTerminationConfig(source=self._source)

    @classmethod
    def _from_config(cls, config: TextMessageTerminationConfig) -> Self:
        return cls(config.source)


class StopMessageTerminationConfig(BaseModel, defer_build=True):
    """Config of `StopMessageTermination`: nothing."""


class StopMessageTermination(FiresOnce, Component[StopMessageTerminationConfig]):
    """Fires on a `StopMessage`."""

    component_config_schema = StopMessageTerminationConfig
    component_provider_override = "nbagent.conditions.StopMessageTermination"

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Look for such a message."""
        if any(isinstance(message, StopMessage) for message in messages):
            return "Stop message received"
        return None

    def _to_config(self) -> StopMessageTerminationConfig:
        return StopMessageTerminationConfig()

    @classmethod
    def _from_config(cls, config: StopMessageTerminationConfig) -> Self:
        return cls()


class HandoffTerminationConfig(BaseModel, defer_build=True):
    """Config of `HandoffTermination`."""

    target: str


class HandoffTermination(FiresOnce, Component[HandoffTerminationConfig]):
    """Fires when somebody hands over to a target, who may be outside of the team.

    Args:
        target: To whom, for example "user".
    """

    component_config_schema = HandoffTerminationConfig
    component_provider_override = "nbagent.conditions.HandoffTermination"

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Look for such a message."""
        for message in messages:
            if isinstance(message, HandoffMessage) and message.target == self._target:
                return f"Handoff to {message.target} from {message.source} detected."
        return None

    def _to_config(self) -> HandoffTerminationConfig:
        return HandoffTerminationConfig(target=self._target)

    @classmethod
    def _from_config(cls, config: HandoffTerminationConfig) -> Self:
        return cls(config.target)


class SourceMatchTerminationConfig(BaseModel, defer_build=True):
    """Config of `SourceMatchTermination`."""

    sources: list[str]


class SourceMatchTermination(FiresOnce, Component[SourceMatchTerminationConfig]):
    """Fires when one of these has taken a turn.

    Args:
        sources: Their names.
    """

    component_config_schema = SourceMatchTerminationConfig
    component_provider_override = "nbagent.conditions.SourceMatchTermination"

    def __init__(self, sources: list[str]) -> None:
        super().__init__()
        self._sources = list(sources)

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Look for their names."""
        for message in messages:
            if message.source in self._sources:
                return f"'{message.source}' answered"
        return None

    def _to_config(self) -> SourceMatchTerminationConfig:
        return SourceMatchTerminationConfig(sources=self._sources)

    @classmethod
    def _from_config(cls, config: SourceMatchTerminationConfig) -> Self:
        return cls(config.sources)
