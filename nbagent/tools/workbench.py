"""Workbenches: sets of tools that an agent works with."""

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field, ValidationError
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentBase, ComponentModel
from nbagent.image import Image
from nbagent.tools.base import BaseTool, StreamTool, ToolSchema


class TextResultContent(BaseModel, defer_build=True):
    """Text in a tool's result."""

    type: Literal["TextResultContent"] = "TextResultContent"
    content: str


class ImageResultContent(BaseModel, defer_build=True):
    """A picture in a tool's result."""

    type: Literal["ImageResultContent"] = "ImageResultContent"
    content: Image


class ToolResult(BaseModel, defer_build=True):
    """What a tool gave back.

    Attributes:
        name: The tool's name.
        result: Texts and pictures, in order.
        is_error: Whether the call failed.
    """

    type: Literal["ToolResult"] = "ToolResult"
    name: str
    result: list[Annotated[TextResultContent | ImageResultContent, Field(discriminator="type")]]
    is_error: bool = False

    def to_text(self, replace_image: str | None = None) -> str:
        """The result as text.

        Args:
            replace_image: What stands for a picture; by default its base64 text.
        """
        parts: list[str] = []
        for content in self.result:
            if isinstance(content, TextResultContent):
                parts.append(content.content)
            elif replace_image is not None:
                parts.append(replace_image)
            else:
                parts.append(f"[Image: {content.content.to_base64()}]")
        return "\n".join(parts)


class ToolOverride(BaseModel, defer_build=True):
    """Another name or description for a tool of a workbench."""

    name: str | None = None
    description: str | None = None


class Workbench(ComponentBase[BaseModel], ABC):
    """A set of tools, possibly with a life of its own (a server, a session)."""

    component_type = "workbench"

    @abstractmethod
    async def list_tools(self) -> list[ToolSchema]:
        """The tools there are now."""

    @abstractmethod
    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        """Call a tool. A tool's failure is a result with `is_error`, not an exception.

        Args:
            name: The tool's name, as listed.
            arguments: The arguments by name.
            cancellation_token: Ends the call when cancelled.
            call_id: The id of the call, where the model gave one.
        """

    @abstractmethod
    async def start(self) -> None:
        """Open what the tools need."""

    @abstractmethod
    async def stop(self) -> None:
        """Close what `start()` opened."""

    @abstractmethod
    async def reset(self) -> None:
        """Back to the state after `start()`."""

    @abstractmethod
    async def save_state(self) -> Mapping[str, Any]:
        """The state of the tools as plain data."""

    @abstractmethod
    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


class StreamWorkbench(Workbench, ABC):
    """A workbench whose tools report on the way."""

    @abstractmethod
    def call_tool_stream(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> AsyncGenerator[Any | ToolResult, None]:
        """Call a tool; what it reports is yielded, and last its `ToolResult`."""


class StaticWorkbenchConfig(BaseModel, defer_build=True):
    """Config of `StaticWorkbench`."""

    tools: list[ComponentModel] = []
    tool_overrides: dict[str, ToolOverride] = Field(default_factory=dict[str, ToolOverride])


class StaticWorkbenchState(BaseModel, defer_build=True):
    """State of `StaticWorkbench`: that of each tool, by name."""

    type: Literal["StaticWorkbenchState"] = "StaticWorkbenchState"
    tools: dict[str, Mapping[str, Any]] = {}


class StaticWorkbench(Workbench, Component[StaticWorkbenchConfig]):
    """A fixed list of tools.

    Args:
        tools: The tools.
        tool_overrides: Other names or descriptions, by the tool's own name.

    Raises:
        ValueError: Two tools have the same name, or an override names no tool.
    """

    component_provider_override = "nbagent.tools.StaticWorkbench"
    component_config_schema = StaticWorkbenchConfig

    def __init__(
        self,
        tools: Sequence[BaseTool[Any, Any]],
        tool_overrides: dict[str, ToolOverride] | None = None,
    ) -> None:
        self._tools = list(tools)
        self._overrides = dict(tool_overrides or {})
        own_names = {tool.name for tool in self._tools}
        unknown = [name for name in self._overrides if name not in own_names]
        if unknown:
            raise ValueError(
                f"tool_overrides names {unknown[0]!r}, but the tools are {sorted(own_names)}."
            )
        self._by_name: dict[str, BaseTool[Any, Any]] = {}
        for tool in self._tools:
            override = self._overrides.get(tool.name)
            name = (override.name if override else None) or tool.name
            if name in self._by_name:
                raise ValueError(f"two tools are called {name!r}; each needs a name of its own.")
            self._by_name[name] = tool
        self._reporting: dict[str, bool] = {}

    async def list_tools(self) -> list[ToolSchema]:
        """The tools, with the overrides applied."""
        schemas: list[ToolSchema] = []
        for name, tool in self._by_name.items():
            schema = tool.schema
            override = self._overrides.get(tool.name)
            if override:
                schema = schema.copy()
                schema["name"] = name
                if override.description is not None:
                    schema["description"] = override.description
            schemas.append(schema)
        return schemas

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        """Call a tool; see `Workbench.call_tool`."""
        tool = self._by_name.get(name)
        if tool is None:
            return _failed(name, f"Tool {name} not found.")
        token = cancellation_token or CancellationToken()
        try:
            value = await tool.run_json(arguments or {}, token, call_id=call_id)
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is told to the model
            return _failed(name, describe_error(error))
        return _succeeded(name, tool, value)

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def reset(self) -> None:
        """Nothing to reset: each tool keeps its own state."""

    async def save_state(self) -> Mapping[str, Any]:
        """The state of each tool that has one, by name."""
        states = {tool.name: await tool.save_state_json() for tool in self._tools}
        kept = {name: state for name, state in states.items() if state}
        return StaticWorkbenchState(tools=kept).model_dump(mode="json")

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""
        states = StaticWorkbenchState.model_validate(state).tools
        for tool in self._tools:
            if tool.name in states:
                await tool.load_state_json(states[tool.name])

    def _to_config(self) -> StaticWorkbenchConfig:
        return StaticWorkbenchConfig(
            tools=[tool.dump_component() for tool in self._tools], tool_overrides=self._overrides
        )

    @classmethod
    def _from_config(cls, config: StaticWorkbenchConfig) -> Self:
        tools = [
            cast(BaseTool[Any, Any], BaseTool.load_component(tool, BaseTool))
            for tool in config.tools
        ]
        return cls(tools, config.tool_overrides)


class StaticStreamWorkbench(StaticWorkbench, StreamWorkbench):
    """A fixed list of tools, some of which report on the way."""

    component_provider_override = "nbagent.tools.StaticStreamWorkbench"

    async def call_tool_stream(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> AsyncGenerator[Any | ToolResult, None]:
        """Call a tool; what it reports is yielded, and last its `ToolResult`."""
        tool = self._by_name.get(name)
        if tool is None or not self._reports(tool):
            yield await self.call_tool(name, arguments, cancellation_token, call_id)
            return
        token = cancellation_token or CancellationToken()
        result_type = cast("object", tool.return_type())
        held: list[Any] = []
        try:
            stream = cast(StreamTool, tool).run_json_stream(arguments or {}, token, call_id=call_id)
            async with aclosing(stream):
                async for item in stream:
                    # The last item is the result. What can be none is passed on at once, and
                    # anything else when the next one arrives.
                    if isinstance(result_type, type) and not isinstance(item, result_type):
                        yield item
                        continue
                    if held:
                        yield held.pop()
                    held.append(item)
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is told to the model
            yield _failed(name, describe_error(error))
            return
        if not held:
            yield _failed(name, f"Tool {name} ended without a result.")
            return
        yield _succeeded(name, tool, held[0])

    def _reports(self, tool: BaseTool[Any, Any]) -> bool:
        """Whether a tool reports on the way; asking for the protocol is dear, so it is kept."""
        reports = self._reporting.get(tool.name)
        if reports is None:
            reports = self._reporting[tool.name] = isinstance(tool, StreamTool)
        return reports


def describe_error(error: BaseException) -> str:
    """An exception as one text for a model: its message, and its cause where it has one.

    A pydantic error is told field by field, so that a model can mend its arguments.
    """
    if isinstance(error, ValidationError):
        lines = [
            f"{'.'.join(map(str, detail['loc'])) or 'arguments'}: {detail['msg']}"
            f" (got {json.dumps(detail.get('input'), default=str)[:200]})"
            for detail in error.errors(include_url=False)
        ]
        return "Invalid arguments. " + "; ".join(lines)
    text = str(error)
    if not text or isinstance(error, KeyError):  # which says the key and nothing else
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if error.__cause__ is not None:
        text += f" (caused by {type(error.__cause__).__name__}: {error.__cause__})"
    return text


def _succeeded(name: str, tool: BaseTool[Any, Any], value: Any) -> ToolResult:
    if isinstance(value, Image):
        return ToolResult(name=name, result=[ImageResultContent(content=value)])
    if isinstance(value, list | tuple) and any(isinstance(part, Image) for part in value):  # pyright: ignore[reportUnknownVariableType]
        # Texts and pictures in their order, as a message has them.
        parts = cast("Sequence[object]", value)
        return ToolResult(name=name, result=[_part(tool, part) for part in parts])
    return ToolResult(
        name=name, result=[TextResultContent(content=tool.return_value_as_string(value))]
    )


def _part(tool: BaseTool[Any, Any], part: object) -> TextResultContent | ImageResultContent:
    if isinstance(part, Image):
        return ImageResultContent(content=part)
    return TextResultContent(content=tool.return_value_as_string(part))


def _failed(name: str, text: str) -> ToolResult:
    return ToolResult(name=name, result=[TextResultContent(content=text)], is_error=True)
