"""Single tools of an MCP server, for `AssistantAgent(tools=...)`."""

from abc import ABC
from typing import Any, Generic, Literal, TypeVar, cast

import mcp.types as types
from mcp import ClientSession
from pydantic import BaseModel, ConfigDict, create_model
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.exceptions import ComponentError, ToolDefinitionError
from nbagent.image import Image
from nbagent.tools.approval_policy import ApprovalPolicy
from nbagent.tools.base import BaseTool, ToolSchema
from nbagent.tools.mcp.contents import plain_text, texts_and_pictures
from nbagent.tools.mcp.errors import McpServerError, error_text
from nbagent.tools.mcp.server_params import (
    McpServerParams,
    SseServerParams,
    StdioServerParams,
    StreamableHttpServerParams,
    hide_secrets,
    server_name,
)
from nbagent.tools.mcp.session import ask_once
from nbagent.tools.mcp.tool_list import (
    LONGEST_DESCRIPTION,
    all_tools,
    safe_name,
    tool_parameters,
)
from nbagent.tools.mcp.workbench import check_program_allowed

ParamsT = TypeVar("ParamsT", StdioServerParams, SseServerParams, StreamableHttpServerParams)


class McpToolAdapterConfig(BaseModel, Generic[ParamsT], defer_build=True):
    """Config of a tool adapter."""

    server_params: ParamsT
    tool: types.Tool
    approval: Literal["always", "never"] = "never"
    approval_timeout: float | None = None


class McpToolAdapter(BaseTool[BaseModel, Any], ABC, Generic[ParamsT]):
    """A tool of an MCP server.

    Without a session, every call starts the server and ends it. `McpWorkbench` keeps it
    running, and is what most programs want.

    The result is a list of texts and pictures.

    Args:
        server_params: Where the server is.
        tool: What the server says of the tool.
        session: An open session, initialized; whoever opened it closes it.
        approval: When a person is asked before a call runs; see `BaseTool`.
        approval_timeout: Seconds after which a call that nobody decided on is denied.

    Raises:
        ToolDefinitionError: The tool's schema is none, or an approval makes no sense.
    """

    def __init__(
        self,
        server_params: ParamsT,
        tool: types.Tool,
        session: ClientSession | None = None,
        *,
        approval: ApprovalPolicy = "never",
        approval_timeout: float | None = None,
    ) -> None:
        try:
            parameters = tool_parameters(tool)
        except ValueError as error:
            raise ToolDefinitionError(
                f"tool {tool.name[:80]!r} of MCP server {server_name(server_params)} cannot be "
                f"offered to a model: {error}."
            ) from error
        # The server checks the arguments. They reach it as they are, with nothing filled in.
        arguments = create_model(
            f"{safe_name(tool.name)}_arguments",
            __config__=ConfigDict(extra="allow", json_schema_extra=cast(Any, parameters)),
        )
        description = (tool.description or "")[:LONGEST_DESCRIPTION]
        super().__init__(
            arguments,
            list,
            safe_name(tool.name),
            description,
            approval=approval,
            approval_timeout=approval_timeout,
        )
        self._schema = ToolSchema(name=self._name, description=description, parameters=parameters)
        self._server_params: ParamsT = server_params
        self._tool = tool
        self._session = session

    @classmethod
    async def from_server_params(cls, server_params: ParamsT, tool_name: str) -> Self:
        """The tool of that name.

        Raises:
            McpServerError: The server cannot be reached.
            ValueError: It has no such tool.
        """
        tools = await tools_of(server_params)
        found = next((tool for tool in tools if tool.name == tool_name), None)
        if found is None:
            names = ", ".join(sorted(tool.name for tool in tools)[:50])
            raise ValueError(
                f"MCP server {server_name(server_params)} has no tool {tool_name!r}; it has: "
                f"{names}."
            )
        return cls(server_params, found)

    async def run(
        self, args: BaseModel, cancellation_token: CancellationToken
    ) -> list[str | Image]:
        """Call the tool.

        Raises:
            McpServerError: The server cannot be reached, or the tool failed.
        """
        arguments = args.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if self._session is None:
            result = await self._call_once(arguments, cancellation_token)
        else:
            result = await self._call(self._session, arguments, cancellation_token)
        parts = texts_and_pictures(result)
        if result.is_error:
            raise McpServerError(plain_text(parts) or "the tool failed")
        return parts

    def return_value_as_string(self, value: Any) -> str:
        """A result as the text that the model reads."""
        if isinstance(value, list):
            return plain_text(cast("list[str | Image]", value))
        return super().return_value_as_string(value)

    async def _call(
        self, session: ClientSession, arguments: dict[str, Any], token: CancellationToken
    ) -> types.CallToolResult:
        try:
            return await token.wait(session.call_tool(self._tool.name, arguments))
        except Exception as error:  # noqa: BLE001 - whatever failed is told as one kind of error
            text = f"MCP server {server_name(self._server_params)} failed: {error_text(error)}"
            raise McpServerError(hide_secrets(text, self._server_params)) from None

    async def _call_once(
        self, arguments: dict[str, Any], token: CancellationToken
    ) -> types.CallToolResult:
        return await ask_once(
            self._server_params,
            lambda client: client.call_tool(self._tool.name, arguments),
            token,
        )

    def _settings(self) -> dict[str, Any]:
        policy = self._approval.policy
        if callable(policy):
            raise ComponentError(
                f"the approval of tool {self.name!r} is a function and cannot be dumped. Use "
                "approval='always'."
            )
        return {
            "server_params": self._server_params,
            "tool": self._tool,
            "approval": policy,
            "approval_timeout": self._approval.timeout,
        }

    @classmethod
    def _load(cls, config: McpToolAdapterConfig[ParamsT]) -> Self:
        check_program_allowed(config.server_params)
        return cls(
            config.server_params,
            config.tool,
            approval=config.approval,
            approval_timeout=config.approval_timeout,
        )


async def tools_of(server_params: McpServerParams) -> list[types.Tool]:
    """The tools of a server, which is started and ended for it."""
    return await ask_once(server_params, all_tools)


class StdioMcpToolAdapterConfig(McpToolAdapterConfig[StdioServerParams], defer_build=True):
    """Config of `StdioMcpToolAdapter`."""


class StdioMcpToolAdapter(McpToolAdapter[StdioServerParams], Component[StdioMcpToolAdapterConfig]):
    """A tool of a server that is a program; see `McpToolAdapter`."""

    component_provider_override = "nbagent.tools.mcp.StdioMcpToolAdapter"
    component_config_schema = StdioMcpToolAdapterConfig

    def _to_config(self) -> StdioMcpToolAdapterConfig:
        return StdioMcpToolAdapterConfig(**self._settings())

    @classmethod
    def _from_config(cls, config: StdioMcpToolAdapterConfig) -> Self:
        return cls._load(config)


class SseMcpToolAdapterConfig(McpToolAdapterConfig[SseServerParams], defer_build=True):
    """Config of `SseMcpToolAdapter`."""


class SseMcpToolAdapter(McpToolAdapter[SseServerParams], Component[SseMcpToolAdapterConfig]):
    """A tool of a server with server-sent events; see `McpToolAdapter`."""

    component_provider_override = "nbagent.tools.mcp.SseMcpToolAdapter"
    component_config_schema = SseMcpToolAdapterConfig

    def _to_config(self) -> SseMcpToolAdapterConfig:
        return SseMcpToolAdapterConfig(**self._settings())

    @classmethod
    def _from_config(cls, config: SseMcpToolAdapterConfig) -> Self:
        return cls._load(config)


class StreamableHttpMcpToolAdapterConfig(
    McpToolAdapterConfig[StreamableHttpServerParams], defer_build=True
):
    """Config of `StreamableHttpMcpToolAdapter`."""


class StreamableHttpMcpToolAdapter(
    McpToolAdapter[StreamableHttpServerParams], Component[StreamableHttpMcpToolAdapterConfig]
):
    """A tool of a server with streamable HTTP; see `McpToolAdapter`."""

    component_provider_override = "nbagent.tools.mcp.StreamableHttpMcpToolAdapter"
    component_config_schema = StreamableHttpMcpToolAdapterConfig

    def _to_config(self) -> StreamableHttpMcpToolAdapterConfig:
        return StreamableHttpMcpToolAdapterConfig(**self._settings())

    @classmethod
    def _from_config(cls, config: StreamableHttpMcpToolAdapterConfig) -> Self:
        return cls._load(config)
