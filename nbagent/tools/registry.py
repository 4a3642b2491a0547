"""The functions that were made known as tools, by `@tool` or by name."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from nbagent.tools.base import BaseTool
from nbagent.tools.function_tool import FunctionTool

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class ToolRegistry:
    """Tools by name, in the order in which they came.

    A name that is registered again takes the new function: people run cells again.
    """

    def __init__(self) -> None:
        self._tools: dict[str, BaseTool[Any, Any]] = {}

    @property
    def tools(self) -> tuple[BaseTool[Any, Any], ...]:
        """The tools there are now."""
        return tuple(self._tools.values())

    def add(self, tool: BaseTool[Any, Any]) -> None:
        """Make a tool known, in place of one of the same name."""
        self._tools[tool.name] = tool

    def clear(self) -> None:
        """Forget all tools."""
        self._tools.clear()


registered_tools = ToolRegistry()
"""What `@tool` fills, and what the default agent of a notebook calls."""


@overload
def tool(function: FunctionT, /) -> FunctionT: ...


@overload
def tool(*, name: str | None = None, description: str = "") -> Callable[[FunctionT], FunctionT]: ...


def tool(
    function: FunctionT | None = None, /, *, name: str | None = None, description: str = ""
) -> FunctionT | Callable[[FunctionT], FunctionT]:
    """Make a function known as a tool: `@tool`, or `@tool(name=..., description=...)`.

    The function itself stays as it is and can be called as before.

    Args:
        function: The function. Every parameter needs an annotation.
        name: The name that the model calls; by default the function's own.
        description: What the tool does, for the model; empty takes the docstring.

    Raises:
        ToolDefinitionError: A parameter has no annotation, or the name is not allowed.
    """

    def register(function: FunctionT) -> FunctionT:
        registered_tools.add(FunctionTool(function, description, name))
        return function

    return register if function is None else register(function)
