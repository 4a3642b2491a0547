"""Tools, resources and prompts of MCP servers, with the `mcp` package.

The Model Context Protocol: https://modelcontextprotocol.io
"""

try:
    import mcp as _mcp  # noqa: F401  # pyright: ignore[reportUnusedImport]
except ImportError as error:
    raise ImportError(
        'nbagent.tools.mcp needs the mcp package: pip install "jupyter-nbagent[mcp]"', name="mcp"
    ) from error

from nbagent.tools.mcp.errors import McpServerError
from nbagent.tools.mcp.server_params import (
    McpServerParams,
    SseServerParams,
    StdioServerParams,
    StreamableHttpServerParams,
)
from nbagent.tools.mcp.server_tools import create_mcp_server_session, mcp_server_tools
from nbagent.tools.mcp.tool_adapter import (
    SseMcpToolAdapter,
    StdioMcpToolAdapter,
    StreamableHttpMcpToolAdapter,
)
from nbagent.tools.mcp.workbench import McpWorkbench

__all__ = [
    "McpServerError",
    "McpServerParams",
    "McpWorkbench",
    "SseMcpToolAdapter",
    "SseServerParams",
    "StdioMcpToolAdapter",
    "StdioServerParams",
    "StreamableHttpMcpToolAdapter",
    "StreamableHttpServerParams",
    "create_mcp_server_session",
    "mcp_server_tools",
]
