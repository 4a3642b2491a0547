"""What goes wrong with an MCP server."""

from mcp import MCPError

from nbagent.exceptions import NbagentError


class McpServerError(NbagentError, RuntimeError):
    """An MCP server could not be started or reached, did not answer, or answered with an error."""


def root_error(error: Exception) -> Exception:
    """The first error of a group of errors; any other error itself."""
    while (inner := getattr(error, "exceptions", None)) and isinstance(inner[0], Exception):
        error = inner[0]
    return error


def error_text(error: Exception) -> str:
    """What an error says, in one line where its own text is empty."""
    error = root_error(error)
    text = str(error).strip()
    if not text:
        return type(error).__name__
    return (
        text if isinstance(error, MCPError | McpServerError) else f"{type(error).__name__}: {text}"
    )
