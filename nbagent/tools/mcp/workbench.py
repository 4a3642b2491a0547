"""McpWorkbench: the tools, resources and prompts of an MCP server."""

import copy
import importlib
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import mcp.types as types
from pydantic import BaseModel, Field
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentLoader, ComponentModel, functions_allowed
from nbagent.exceptions import ApprovalDeniedError, ComponentError
from nbagent.image import Image
from nbagent.tools.approval import require_approval
from nbagent.tools.approval_policy import ApprovalPolicy, ApprovalSettings
from nbagent.tools.base import ToolSchema
from nbagent.tools.mcp.contents import texts_and_pictures
from nbagent.tools.mcp.errors import McpServerError
from nbagent.tools.mcp.sampling import Sampling
from nbagent.tools.mcp.server_params import McpServerParams, StdioServerParams
from nbagent.tools.mcp.session import McpSession
from nbagent.tools.mcp.tool_list import ToolList, all_pages
from nbagent.tools.workbench import (
    ImageResultContent,
    TextResultContent,
    ToolOverride,
    ToolResult,
    Workbench,
    describe_error,
)

if TYPE_CHECKING:
    from nbagent.models.client import ChatCompletionClient


class McpWorkbenchConfig(BaseModel, defer_build=True):
    """Config of `McpWorkbench`."""

    server_params: McpServerParams
    tool_overrides: dict[str, ToolOverride] = Field(default_factory=dict[str, ToolOverride])
    model_client: ComponentModel | None = None
    approval: Literal["always", "never"] = "never"
    approval_timeout: float | None = None
    sampling_approval: Literal["always", "never"] = "always"


class McpWorkbenchState(BaseModel, defer_build=True):
    """State of `McpWorkbench`: none, as the state is the server's."""

    type: Literal["McpWorkBenchState"] = "McpWorkBenchState"


class McpWorkbench(Workbench, Component[McpWorkbenchConfig]):
    """The tools, resources and prompts of an MCP server.

    The server starts when it is first needed and stays until `stop()`; `async with` does both.
    One that died starts again with the next call. Errors of the server are error results of
    the call, and a cancelled call ends at once.

    The server may ask a person for something while it works (a form), and may ask
    `model_client`; both only while a call is going on.

    Args:
        server_params: Where the server is.
        tool_overrides: Other names or descriptions, by the server's own names.
        model_client: The model that the server may ask; None refuses it.
        approval: "always" asks a person before each call, "never" asks nobody. A function
            decides call by call: it gets a `CheckedCall` and returns True to ask. The arguments
            are what the model gave; the server is the one that checks them.
        approval_timeout: Seconds after which a call that nobody decided on is denied; by
            default the person may take as long as they like.
        sampling_approval: The same for what the server asks the model: its prompts come from
            the server, and the answers go there.

    Raises:
        ToolDefinitionError: An approval makes no sense.
        ValueError: Two overrides have the same name.
    """

    component_provider_override = "nbagent.tools.mcp.McpWorkbench"
    component_config_schema = McpWorkbenchConfig

    def __init__(
        self,
        server_params: McpServerParams,
        tool_overrides: dict[str, ToolOverride] | None = None,
        model_client: "ChatCompletionClient | None" = None,
        *,
        approval: ApprovalPolicy = "never",
        approval_timeout: float | None = None,
        sampling_approval: ApprovalPolicy = "always",
    ) -> None:
        self._server_params = server_params
        self._overrides = dict(tool_overrides or {})
        names = [override.name for override in self._overrides.values() if override.name]
        if len(set(names)) < len(names):
            raise ValueError(f"two tool_overrides have the same name: {names}.")
        self._approval = ApprovalSettings(approval, approval_timeout)
        self._approval.check("McpWorkbench")
        asking = ApprovalSettings(sampling_approval, approval_timeout)
        asking.check("McpWorkbench, sampling")
        self._sampling = Sampling(model_client, asking) if model_client else None
        self._sampling_approval = asking
        self._tools = ToolList(self._overrides)
        self._session = McpSession(
            server_params, sampling=self._sampling, on_notification=self._tools.outdate
        )
        # A workbench that is dropped, or alive when the program ends, leaves no server behind.
        weakref.finalize(self, self._session.kill)

    @property
    def server_params(self) -> McpServerParams:
        """Where the server is."""
        return self._server_params

    @property
    def initialize_result(self) -> types.InitializeResult | None:
        """What the server said of itself; None while there is no connection."""
        client = self._session.client
        if client is None:
            return None
        return types.InitializeResult(
            protocol_version=client.protocol_version,
            capabilities=client.server_capabilities,
            server_info=client.server_info or types.Implementation(name="unknown", version=""),
            instructions=client.instructions,
        )

    async def list_tools(self) -> list[ToolSchema]:
        """The tools that the server offers now, with the overrides applied.

        A name that no model may call is changed, and a tool whose schema is none is left out;
        a server that runs but does not tell its tools has none. The log of "nbagent.tools.mcp"
        says so.

        Raises:
            McpServerError: The server cannot be started or reached, and the tools were never
                known.
        """
        tools = await self._tools.get(self._session)
        return [tool.schema.copy() for tool in tools.values()]

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        """Call a tool; see `Workbench.call_tool`."""
        token = cancellation_token or CancellationToken()
        # A copy, so that nobody can change what is approved.
        given = copy.deepcopy(dict(arguments or {}))
        try:
            tool = await self._tools.find(name, self._session, token)
            if tool is None:
                return _failed(name, f"Tool {name} not found.")
            await require_approval(
                self._approval,
                tool=tool,
                name=name,
                arguments=given,
                cancellation_token=token,
                call_id=call_id,
            )
            own_name = tool.own_name
            result = await self._session.request(
                lambda client: client.call_tool(own_name, given), token
            )
        except (McpServerError, ApprovalDeniedError) as error:
            return _failed(name, describe_error(error))
        finally:
            self._tools.outdate()
        return ToolResult(
            name=name,
            result=[
                ImageResultContent(content=part)
                if isinstance(part, Image)
                else TextResultContent(content=part)
                for part in texts_and_pictures(result)
            ],
            is_error=bool(result.is_error),
        )

    async def list_prompts(self) -> types.ListPromptsResult:
        """All prompts of the server.

        Raises:
            McpServerError: The server cannot be reached, or has no prompts.
        """
        prompts = await self._session.request(
            lambda client: all_pages(
                lambda cursor: client.list_prompts(cursor=cursor), lambda page: page.prompts
            )
        )
        return types.ListPromptsResult(prompts=prompts)

    async def list_resources(self) -> types.ListResourcesResult:
        """All resources of the server.

        Raises:
            McpServerError: The server cannot be reached, or has no resources.
        """
        resources = await self._session.request(
            lambda client: all_pages(
                lambda cursor: client.list_resources(cursor=cursor), lambda page: page.resources
            )
        )
        return types.ListResourcesResult(resources=resources)

    async def list_resource_templates(self) -> types.ListResourceTemplatesResult:
        """All templates of resources of the server.

        Raises:
            McpServerError: The server cannot be reached, or has no resources.
        """
        templates = await self._session.request(
            lambda client: all_pages(
                lambda cursor: client.list_resource_templates(cursor=cursor),
                lambda page: page.resource_templates,
            )
        )
        return types.ListResourceTemplatesResult(resource_templates=templates)

    async def read_resource(self, uri: str) -> types.ReadResourceResult:
        """The contents of a resource.

        Raises:
            McpServerError: The server cannot be reached, or refuses.
        """
        return await self._session.request(lambda client: client.read_resource(uri))

    async def get_prompt(
        self, name: str, arguments: dict[str, str] | None = None
    ) -> types.GetPromptResult:
        """A prompt, filled in with arguments.

        Raises:
            McpServerError: The server cannot be reached, or refuses.
        """
        return await self._session.request(lambda client: client.get_prompt(name, arguments))

    async def start(self) -> None:
        """Start the server, or connect to it. Not needed: the first call does it too.

        Raises:
            McpServerError: It cannot be started or reached.
        """
        await self._session.start()

    async def stop(self) -> None:
        """End the server, or the connection to it; calls that are going on are cancelled.

        Whatever needs the server next starts it again.
        """
        self._tools.clear()
        await self._session.stop()

    async def reset(self) -> None:
        """Start the server afresh, if it is running."""
        if self._session.client is not None:
            await self.stop()
            await self.start()

    async def save_state(self) -> Mapping[str, Any]:
        """Nothing: the state is the server's."""
        return McpWorkbenchState().model_dump(mode="json")

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""
        McpWorkbenchState.model_validate(state)

    def _to_config(self) -> McpWorkbenchConfig:
        approvals: list[Literal["always", "never"]] = []
        for settings in (self._approval, self._sampling_approval):
            if callable(settings.policy):
                raise ComponentError(
                    "the approval of an McpWorkbench is a function and cannot be dumped. Use "
                    "approval='always'."
                )
            approvals.append(settings.policy)
        client = self._sampling.model_client if self._sampling else None
        return McpWorkbenchConfig(
            server_params=self._server_params,
            tool_overrides=self._overrides,
            model_client=client.dump_component() if client else None,
            approval=approvals[0],
            approval_timeout=self._approval.timeout,
            sampling_approval=approvals[1],
        )

    @classmethod
    def _from_config(cls, config: McpWorkbenchConfig) -> Self:
        check_program_allowed(config.server_params)
        client: Any = None
        if config.model_client is not None:
            # The room of models stands above this one, so it is loaded by name.
            expected = importlib.import_module("nbagent.models.client").ChatCompletionClient
            client = ComponentLoader.load_component(config.model_client, expected)
        return cls(
            config.server_params,
            config.tool_overrides,
            client,
            approval=config.approval,
            approval_timeout=config.approval_timeout,
            sampling_approval=config.sampling_approval,
        )


def check_program_allowed(params: McpServerParams) -> None:
    """Refuse to load a server that is a program, where the user has not allowed it.

    Raises:
        ComponentError: It is not allowed.
    """
    if isinstance(params, StdioServerParams) and not functions_allowed():
        raise ComponentError(
            f"this config starts the program {params.command!r} as an MCP server. If you trust "
            "it: with nbagent.component.allow_functions(): ..."
        )


def _failed(name: str, text: str) -> ToolResult:
    return ToolResult(name=name, result=[TextResultContent(content=text)], is_error=True)
