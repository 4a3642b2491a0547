"""Tools: what agents call, and the workbenches that hold them."""

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

__all__ = [
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
    "TextResultContent",
    "Tool",
    "ToolOverride",
    "ToolResult",
    "ToolSchema",
    "Workbench",
]
