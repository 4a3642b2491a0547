"""FunctionCallTermination: stops after a tool was called."""

from collections.abc import Sequence

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component
from nbagent.conditions.fires_once import Event, FiresOnce
from nbagent.messages import ToolCallExecutionEvent


class FunctionCallTerminationConfig(BaseModel, defer_build=True):
    """Config of `FunctionCallTermination`."""

    function_name: str


class FunctionCallTermination(FiresOnce, Component[FunctionCallTerminationConfig]):
    """Fires when a tool was executed, whatever it gave.

    Args:
        function_name: The tool's name.
    """

    component_config_schema = FunctionCallTerminationConfig
    component_provider_override = "nbagent.conditions.FunctionCallTermination"

    def __init__(self, function_name: str) -> None:
        super().__init__()
        self._function_name = function_name

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Whether the tool is among those that were executed."""
        for message in messages:
            if isinstance(message, ToolCallExecutionEvent) and any(
                result.name == self._function_name for result in message.content
            ):
                return f"Function '{self._function_name}' was executed."
        return None

    def _to_config(self) -> FunctionCallTerminationConfig:
        return FunctionCallTerminationConfig(function_name=self._function_name)

    @classmethod
    def _from_config(cls, config: FunctionCallTerminationConfig) -> Self:
        return cls(config.function_name)
