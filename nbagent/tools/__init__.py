"""Tools: what agents call, and the workbenches that hold them.

`AgentTool` and `TeamTool` run agents and so live with them; they load when first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

from nbagent.tools.approval_policy import ApprovalPolicy, CheckedCall
from nbagent.tools.base import (
    BaseStreamTool,
    BaseTool,
    BaseToolWithState,
    ParametersSchema,
    StreamTool,
    Tool,
    ToolSchema,
)
from nbagent.tools.function_tool import FunctionTool
from nbagent.tools.workbench import (
    ImageResultContent,
    StaticStreamWorkbench,
    StaticWorkbench,
    StreamWorkbench,
    TextResultContent,
    ToolOverride,
    ToolResult,
    Workbench,
)

if TYPE_CHECKING:
    from nbagent.agents.task_runner_tool import AgentTool, TeamTool

__all__ = [
    "AgentTool",
    "ApprovalPolicy",
    "BaseStreamTool",
    "BaseTool",
    "BaseToolWithState",
    "CheckedCall",
    "FunctionTool",
    "ImageResultContent",
    "ParametersSchema",
    "StaticStreamWorkbench",
    "StaticWorkbench",
    "StreamTool",
    "StreamWorkbench",
    "TeamTool",
    "TextResultContent",
    "Tool",
    "ToolOverride",
    "ToolResult",
    "ToolSchema",
    "Workbench",
]

_IN_AGENTS = ("AgentTool", "TeamTool")


def __getattr__(name: str) -> Any:
    if name not in _IN_AGENTS:
        raise AttributeError(f"module 'nbagent.tools' has no attribute {name!r}")
    return getattr(importlib.import_module("nbagent.agents.task_runner_tool"), name)
