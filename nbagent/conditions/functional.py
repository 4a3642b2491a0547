"""FunctionalTermination: stops when a function of your own says so."""

import inspect
from collections.abc import Awaitable, Callable, Sequence

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component
from nbagent.conditions.fires_once import Event, FiresOnce
from nbagent.exceptions import ComponentError


class FunctionalTerminationConfig(BaseModel, defer_build=True):
    """Config of `FunctionalTermination`, which has none: it cannot be dumped."""


class FunctionalTermination(FiresOnce, Component[FunctionalTerminationConfig]):
    """Fires when a function returns True for what is new.

    Args:
        func: Is given what happened since the last call, the oldest first; returns whether to
            stop. May be async.
    """

    component_config_schema = FunctionalTerminationConfig
    component_provider_override = "nbagent.conditions.FunctionalTermination"

    def __init__(
        self, func: Callable[[Sequence[Event]], bool] | Callable[[Sequence[Event]], Awaitable[bool]]
    ) -> None:
        super().__init__()
        self._func = func

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Ask the function."""
        answer = self._func(messages)
        stops = await answer if inspect.isawaitable(answer) else answer
        return "Functional termination condition met" if stops else None

    def _to_config(self) -> FunctionalTerminationConfig:
        name = getattr(self._func, "__qualname__", repr(self._func))
        raise ComponentError(
            f"FunctionalTermination holds the function {name}, which cannot be dumped. Dump the "
            "team without it and pass it again after loading, or write a condition class with a "
            "config and register_component()."
        )

    @classmethod
    def _from_config(cls, config: FunctionalTerminationConfig) -> Self:
        raise ComponentError("FunctionalTermination cannot be loaded: it needs a function.")
