"""ExternalTermination: stops a team from outside."""

from collections.abc import Sequence

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component
from nbagent.conditions.fires_once import Event, FiresOnce


class ExternalTerminationConfig(BaseModel, defer_build=True):
    """Config of `ExternalTermination`: nothing."""


class ExternalTermination(FiresOnce, Component[ExternalTerminationConfig]):
    """Fires at the end of the turn in which `set()` was called.

    To end a turn in its middle, cancel the run's `CancellationToken`. A request to stop belongs
    to the run that it was made in: it is no part of a saved state.
    """

    component_config_schema = ExternalTerminationConfig
    component_provider_override = "nbagent.conditions.ExternalTermination"

    def __init__(self) -> None:
        super().__init__()
        self._set = False

    def set(self) -> None:
        """Let the team stop after the turn that goes on. May be called from any thread."""
        self._set = True

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Whether `set()` was called."""
        return "External termination requested" if self._set else None

    def forget(self) -> None:
        """Withdraw the request."""
        self._set = False

    def _to_config(self) -> ExternalTerminationConfig:
        return ExternalTerminationConfig()

    @classmethod
    def _from_config(cls, config: ExternalTerminationConfig) -> Self:
        return cls()
