"""The functions that were made known as tools, by `@tool` or by name."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from nbagent.tools.approval_policy import ApprovalPolicy, ApprovalSettings, mark
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
def tool(
    *,
    name: str | None = None,
    description: str = "",
    approval: ApprovalPolicy | None = None,
    approval_timeout: float | None = None,
) -> Callable[[FunctionT], FunctionT]: ...


def tool(
    function: FunctionT | None = None,
    /,
    *,
    name: str | None = None,
    description: str = "",
    approval: ApprovalPolicy | None = None,
    approval_timeout: float | None = None,
) -> FunctionT | Callable[[FunctionT], FunctionT]:
    """Make a function known as a tool: `@tool`, or `@tool(name=..., approval=..., ...)`.

    The function itself stays as it is and can be called as before; calling it asks nobody.
    Wherever it becomes a tool again, as in `AssistantAgent(tools=[function])`, it needs the
    approval that was set here.

    Args:
        function: The function. Every parameter needs an annotation.
        name: The name that the model calls; by default the function's own.
        description: What the tool does, for the model; empty takes the docstring.
        approval: When a person is asked before a call runs; see `BaseTool`. By default never.
        approval_timeout: Seconds after which a call that nobody decided on is denied.

    Raises:
        ToolDefinitionError: A parameter has no annotation, or the name, `approval` or
            `approval_timeout` is not allowed.
    """

    def register(function: FunctionT) -> FunctionT:
        made = FunctionTool(
            function, description, name, approval=approval, approval_timeout=approval_timeout
        )
        if approval is not None:
            mark(function, ApprovalSettings(approval, approval_timeout))
        registered_tools.add(made)
        return function

    return register if function is None else register(function)
