"""TimeoutTermination: stops after a time."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component
from nbagent.conditions.fires_once import Event, FiresOnce


class TimeoutTerminationConfig(BaseModel, defer_build=True):
    """Config of `TimeoutTermination`."""

    timeout_seconds: float


class TimeoutTermination(FiresOnce, Component[TimeoutTerminationConfig]):
    """Fires at the end of the turn in which the time is up.

    The time runs from the beginning of the team's run; without a team, from the first call.
    It does not run on between two runs, or while a state lies on the disk.

    A condition is asked when a turn ends: this one never ends a turn in its middle. For that,
    put the run under a limit: `asyncio.wait_for(team.run(task=...), seconds)`.

    Args:
        timeout_seconds: The time, in seconds.
    """

    component_config_schema = TimeoutTerminationConfig
    component_provider_override = "nbagent.conditions.TimeoutTermination"

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        self._timeout_seconds = timeout_seconds
        self._began: float | None = None
        self._elapsed_before = 0.0

    def begin_run(self) -> None:
        """The time runs from now on."""
        self._began = time.monotonic()

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Look at the clock."""
        if self._began is None:
            self.begin_run()
        if self._elapsed() < self._timeout_seconds:
            return None
        return f"Timeout of {self._timeout_seconds} seconds reached"

    def _elapsed(self) -> float:
        running = 0.0 if self._began is None else time.monotonic() - self._began
        return self._elapsed_before + running

    def forget(self) -> None:
        """The time is whole again, and runs from the next run's beginning."""
        self._began = None
        self._elapsed_before = 0.0

    def count(self) -> Mapping[str, Any]:
        """How many seconds are used up."""
        return {"elapsed_seconds": self._elapsed()}

    def take_count(self, count: Mapping[str, Any]) -> None:
        """Go on from what `count()` gave."""
        self._elapsed_before = float(count.get("elapsed_seconds", 0.0))

    def _to_config(self) -> TimeoutTerminationConfig:
        return TimeoutTerminationConfig(timeout_seconds=self._timeout_seconds)

    @classmethod
    def _from_config(cls, config: TimeoutTerminationConfig) -> Self:
        return cls(config.timeout_seconds)
