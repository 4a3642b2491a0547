"""create_mcp_server_session() and mcp_server_tools(): a session, and its tools one by one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import mcp.types as types
from mcp import ClientSession
from mcp.client.session import SamplingFnT

from nbagent.tools.approval_policy import ApprovalPolicy
from nbagent.tools.mcp.server_params import (
    McpServerParams,
    SseServerParams,
    StdioServerParams,
    answer_timeout,
    check_not_masked,
)
from nbagent.tools.mcp.tool_adapter import (
    SseMcpToolAdapter,
    StdioMcpToolAdapter,
    StreamableHttpMcpToolAdapter,
    tools_of,
)
from nbagent.tools.mcp.tool_list import all_pages, unique_tools
from nbagent.tools.mcp.transport import transport_for


@asynccontextmanager
async def create_mcp_server_session(
    server_params: McpServerParams, sampling_callback: SamplingFnT | None = None
) -> AsyncGenerator[ClientSession]:
    """Open a session; it is closed when the block is left.

    Call `session.initialize()` before anything else. The block must be left by the task that
    entered it; `McpWorkbench` has no such rule.

    Args:
        server_params: Where the server is.
        sampling_callback: Answers what the server asks a model.

    Raises:
        McpServerError: The server cannot be started.
    """
    check_not_masked(server_params)
    async with (
        transport_for(server_params).connect() as (read, write),
        ClientSession(
            read,
            write,
            read_timeout_seconds=answer_timeout(server_params),
            sampling_callback=sampling_callback,
        ) as session,
    ):
        yield session


async def mcp_server_tools(
    server_params: McpServerParams,
    session: ClientSession | None = None,
    *,
    approval: ApprovalPolicy = "never",
    approval_timeout: float | None = None,
) -> list[StdioMcpToolAdapter | SseMcpToolAdapter | StreamableHttpMcpToolAdapter]:
    """The tools of a server, one by one.

    A tool whose schema no model takes is left out; the log of "nbagent.tools.mcp" says so.

    Args:
        server_params: Where the server is.
        session: An open session, initialized; the tools use it. Without one, every call starts
            the server and ends it.
        approval: When a person is asked before a call runs; see `BaseTool`.
        approval_timeout: Seconds after which a call that nobody decided on is denied.

    Raises:
        McpServerError: The server cannot be started or reached.
    """
    if session is None:
        tools = await tools_of(server_params)
    else:
        open_session = session
        tools = await all_pages(
            lambda cursor: open_session.list_tools(
                params=types.PaginatedRequestParams(cursor=cursor)
            ),
            lambda page: page.tools,
        )
    adapters: list[StdioMcpToolAdapter | SseMcpToolAdapter | StreamableHttpMcpToolAdapter] = []
    for tool in unique_tools(tools):
        if isinstance(server_params, StdioServerParams):
            adapter = StdioMcpToolAdapter(
                server_params, tool, session, approval=approval, approval_timeout=approval_timeout
            )
        elif isinstance(server_params, SseServerParams):
            adapter = SseMcpToolAdapter(
                server_params, tool, session, approval=approval, approval_timeout=approval_timeout
            )
        else:
            adapter = StreamableHttpMcpToolAdapter(
                server_params, tool, session, approval=approval, approval_timeout=approval_timeout
            )
        adapters.append(adapter)
    return adapters
