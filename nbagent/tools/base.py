"""What a tool is: a name, a description, a schema for its arguments, and a way to run it."""

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar, cast, runtime_checkable

from pydantic import BaseModel
from pydantic_core import to_json
from typing_extensions import NotRequired, TypedDict

from nbagent.cancellation import CancellationToken
from nbagent.component import ComponentBase
from nbagent.logging import EVENT_LOGGER_NAME, ToolCallEvent
from nbagent.tools.approval import require_approval
from nbagent.tools.approval_policy import ApprovalPolicy, ApprovalSettings
from nbagent.tools.schema import parameters_schema

_events = logging.getLogger(EVENT_LOGGER_NAME)

ArgsT = TypeVar("ArgsT", bound=BaseModel, contravariant=True)
ReturnT = TypeVar("ReturnT", covariant=True)
StateT = TypeVar("StateT", bound=BaseModel)
StreamT = TypeVar("StreamT", covariant=True)


class ParametersSchema(TypedDict):
    """JSON schema of a tool's arguments."""

    type: str
    properties: dict[str, Any]
    required: NotRequired[Sequence[str]]
    additionalProperties: NotRequired[bool]


class ToolSchema(TypedDict):
    """What a model is told of a tool."""

    parameters: NotRequired[ParametersSchema]
    name: str
    description: NotRequired[str]
    strict: NotRequired[bool]


@runtime_checkable
class Tool(Protocol):
    """Anything a model can call."""

    @property
    def name(self) -> str:
        """The name that the model calls."""
        ...

    @property
    def description(self) -> str:
        """What the tool does, for the model."""
        ...

    @property
    def schema(self) -> ToolSchema:
        """Name, description and arguments, for the model."""
        ...

    def args_type(self) -> type[BaseModel]:
        """The pydantic model of the arguments."""
        ...

    def return_type(self) -> type[Any]:
        """The type of the result."""
        ...

    def state_type(self) -> type[BaseModel] | None:
        """The pydantic model of the state, if the tool has one."""
        ...

    def return_value_as_string(self, value: Any) -> str:
        """A result as the text that the model reads."""
        ...

    async def run_json(
        self,
        args: Mapping[str, Any],
        cancellation_token: CancellationToken,
        call_id: str | None = None,
    ) -> Any:
        """Check the arguments and run the tool."""
        ...

    async def save_state_json(self) -> Mapping[str, Any]:
        """The tool's state as plain data."""
        ...

    async def load_state_json(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state_json()` gave."""
        ...


class BaseTool(ComponentBase[BaseModel], ABC, Generic[ArgsT, ReturnT]):
    """Base of tools: override `run()`.

    Whoever calls a tool for a model goes through `run_json()`, which asks for approval where it
    is needed; a class that overrides it leaves that out. `run()` asks nobody.

    Args:
        args_type: The pydantic model of the arguments.
        return_type: The type of the result.
        name: The name that the model calls.
        description: What the tool does, for the model.
        strict: Hold the model to the schema exactly. Then every parameter must be required.
        approval: "always" asks a person before each call, "never" asks nobody. A function
            decides call by call: it gets a `CheckedCall` and returns True to ask, False to run
            it unasked; it may be async. Without a person to ask, the call is denied.
        approval_timeout: Seconds after which a call that nobody decided on is denied; by
            default the person may take as long as they like.

    Raises:
        ToolDefinitionError: `approval` or `approval_timeout` makes no sense.
    """

    component_type = "tool"

    def __init__(
        self,
        args_type: type[ArgsT],
        return_type: type[ReturnT],
        name: str,
        description: str,
        strict: bool = False,
        *,
        approval: ApprovalPolicy = "never",
        approval_timeout: float | None = None,
    ) -> None:
        self._approval = ApprovalSettings(approval, approval_timeout)
        self._approval.check(name)
        self._runs_unasked = self._approval.ask_nobody
        self._args_type = args_type
        self._return_type = return_type
        self._name = name
        self._description = description
        self._strict = strict
        self._schema: ToolSchema | None = None

    @property
    def name(self) -> str:
        """The name that the model calls."""
        return self._name

    @property
    def description(self) -> str:
        """What the tool does, for the model."""
        return self._description

    @property
    def schema(self) -> ToolSchema:
        """Name, description and arguments, for the model. Built once.

        Raises:
            ToolDefinitionError: `strict` is set and a parameter is not required.
        """
        if self._schema is None:
            parameters = parameters_schema(self._name, self._args_type, strict=self._strict)
            schema = ToolSchema(
                name=self._name,
                description=self._description,
                parameters=cast(ParametersSchema, parameters),
            )
            if self._strict:
                # Sent only when wanted: some servers refuse "strict": false.
                schema["strict"] = True
            self._schema = schema
        return self._schema

    def args_type(self) -> type[BaseModel]:
        """The pydantic model of the arguments."""
        return self._args_type

    def return_type(self) -> type[Any]:
        """The type of the result."""
        return self._return_type

    def state_type(self) -> type[BaseModel] | None:
        """The pydantic model of the state; None, as plain tools have none."""
        return None

    def return_value_as_string(self, value: Any) -> str:
        """A result as the text that the model reads."""
        if isinstance(value, BaseModel):
            return json.dumps(value.model_dump(mode="json"), ensure_ascii=False)
        if _holds_model(value):
            return to_json(value).decode()
        return str(value)

    @abstractmethod
    async def run(self, args: ArgsT, cancellation_token: CancellationToken) -> ReturnT:  # pyright: ignore[reportGeneralTypeIssues]
        """Run the tool with checked arguments."""

    async def run_json(
        self,
        args: Mapping[str, Any],
        cancellation_token: CancellationToken,
        call_id: str | None = None,
    ) -> Any:
        """Check the arguments, ask for approval where it is needed, and run the tool.

        Args:
            args: The arguments by name.
            cancellation_token: Ends the run when cancelled.
            call_id: The id of the call, where the model gave one.

        Raises:
            pydantic.ValidationError: The arguments do not fit the schema.
            ApprovalDeniedError: The call needs approval and did not get it.
        """
        checked = self._args_type.model_validate(args)
        if not self._runs_unasked:
            await self._require_approval(checked, cancellation_token, call_id)
        result = await self.run(checked, cancellation_token)
        self._log(args, result)
        return result

    def _log(self, args: Mapping[str, Any], result: Any) -> None:
        """Tell the log of a call, if anybody listens."""
        if _events.isEnabledFor(logging.INFO):
            text = self.return_value_as_string(result)
            _events.info(ToolCallEvent(tool_name=self._name, arguments=args, result=text))

    async def _require_approval(
        self, checked: BaseModel, cancellation_token: CancellationToken, call_id: str | None
    ) -> None:
        """Return where the tool may run with exactly these arguments."""
        await require_approval(
            self._approval,
            tool=self,
            name=self._name,
            arguments=checked,
            cancellation_token=cancellation_token,
            call_id=call_id,
        )

    async def save_state_json(self) -> Mapping[str, Any]:
        """The tool's state as plain data; empty for a tool without state."""
        return {}

    async def load_state_json(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state_json()` gave."""


class BaseStreamTool(BaseTool[ArgsT, ReturnT], ABC, Generic[ArgsT, StreamT, ReturnT]):
    """Base of tools that report on the way: override `run_stream()` too."""

    @abstractmethod
    def run_stream(
        self,
        args: ArgsT,
        cancellation_token: CancellationToken,  # pyright: ignore[reportGeneralTypeIssues]
    ) -> AsyncGenerator[StreamT | ReturnT, None]:
        """Run the tool; the last thing yielded is the result."""

    async def run_json_stream(
        self,
        args: Mapping[str, Any],
        cancellation_token: CancellationToken,
        call_id: str | None = None,
    ) -> AsyncGenerator[StreamT | ReturnT, None]:
        """Do as `run_json()`, with reports on the way; the last thing yielded is the result."""
        checked = self._args_type.model_validate(args)
        if not self._runs_unasked:
            await self._require_approval(checked, cancellation_token, call_id)
        async with aclosing(self.run_stream(checked, cancellation_token)) as stream:
            item = None
            async for item in stream:
                yield item
            self._log(args, item)


@runtime_checkable
class StreamTool(Tool, Protocol):
    """A tool that reports on the way."""

    def run_json_stream(
        self,
        args: Mapping[str, Any],
        cancellation_token: CancellationToken,
        call_id: str | None = None,
    ) -> AsyncGenerator[Any, None]:
        """Check the arguments and run the tool; the last thing yielded is the result."""
        ...


class BaseToolWithState(BaseTool[ArgsT, ReturnT], ABC, Generic[ArgsT, ReturnT, StateT]):
    """Base of tools that keep a state between calls: override `save_state()`, `load_state()`."""

    def __init__(
        self,
        args_type: type[ArgsT],
        return_type: type[ReturnT],
        state_type: type[StateT],
        name: str,
        description: str,
        *,
        approval: ApprovalPolicy = "never",
        approval_timeout: float | None = None,
    ) -> None:
        super().__init__(
            args_type,
            return_type,
            name,
            description,
            approval=approval,
            approval_timeout=approval_timeout,
        )
        self._state_type = state_type

    def state_type(self) -> type[BaseModel] | None:
        """The pydantic model of the state."""
        return self._state_type

    @abstractmethod
    def save_state(self) -> StateT:
        """The state now."""

    @abstractmethod
    def load_state(self, state: StateT) -> None:
        """Take up `state`."""

    async def save_state_json(self) -> Mapping[str, Any]:
        """The tool's state as plain data."""
        return self.save_state().model_dump(mode="json")

    async def load_state_json(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state_json()` gave."""
        self.load_state(self._state_type.model_validate(state))


def _holds_model(value: object) -> bool:
    """Whether a list or a dict holds pydantic models, whose `str()` no model reads well."""
    if isinstance(value, Mapping):
        parts = list(cast("Mapping[Any, object]", value).values())
    elif isinstance(value, list | tuple):
        parts = list(cast("Sequence[object]", value))
    else:
        return False
    return any(isinstance(part, BaseModel) for part in parts)
