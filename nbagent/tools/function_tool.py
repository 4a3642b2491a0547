"""FunctionTool: a Python function as a tool."""

import asyncio
import contextvars
import functools
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.code_executor import Import, import_line
from nbagent.component import Component, functions_allowed
from nbagent.exceptions import ComponentError, ToolDefinitionError
from nbagent.tools.approval_policy import ApprovalPolicy, ApprovalSettings, marked
from nbagent.tools.base import BaseTool
from nbagent.tools.schema import annotated, signature_model

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class FunctionToolConfig(BaseModel, defer_build=True):
    """Config of `FunctionTool`: the function's source and what it is called."""

    source_code: str
    name: str
    description: str
    global_imports: list[Import] = []
    has_cancellation_support: bool = False
    strict: bool = False
    approval: Literal["always", "never"] = "never"
    approval_timeout: float | None = None


class FunctionTool(BaseTool[BaseModel, Any], Component[FunctionToolConfig]):
    """A Python function as a tool.

    The parameters' annotations become the schema; `Annotated[int, "how many"]` describes one.
    A coroutine function is awaited; any other runs in a thread, so that it does not hold up
    the notebook. A parameter of type `CancellationToken` receives the run's token.

    Args:
        func: The function. Every parameter needs an annotation.
        description: What the tool does, for the model; empty takes the docstring.
        name: The name that the model calls; by default the function's own.
        global_imports: Imports that the function's source needs when it is loaded from data.
        strict: Hold the model to the schema exactly.
        approval: When a person is asked before a call runs; see `BaseTool`. By default as
            `@nbagent.tool` has marked the function, else "never".
        approval_timeout: Seconds after which a call that nobody decided on is denied; by
            default that of the mark, else none.

    Raises:
        ToolDefinitionError: A parameter has no annotation, or the name, `approval` or
            `approval_timeout` is not allowed.
    """

    component_provider_override = "nbagent.tools.FunctionTool"
    component_config_schema = FunctionToolConfig

    def __init__(
        self,
        func: Callable[..., Any],
        description: str = "",
        name: str | None = None,
        global_imports: Sequence[Import] = [],
        strict: bool = False,
        *,
        approval: ApprovalPolicy | None = None,
        approval_timeout: float | None = None,
    ) -> None:
        if not callable(func):
            raise ToolDefinitionError(f"a tool must be a function, not {func!r}.")
        plain = annotated(func)
        tool = name or getattr(func, "__name__", None) or _own_name(func, plain)
        if not _NAME.fullmatch(tool):
            raise ToolDefinitionError(
                f"{tool!r} cannot be a tool's name: use 1 to 64 letters, digits, '_' and '-'. "
                "For a lambda write FunctionTool(func, name='...')."
            )
        self._func = func
        self._global_imports = list(global_imports)
        self._source: str | None = None  # of a tool that was loaded, whose source is in no file
        self._is_async = inspect.iscoroutinefunction(plain)
        args_type = signature_model(func, tool)
        hints = get_type_hints(plain)
        self._token_parameter = next(
            (parameter for parameter, hint in hints.items() if hint is CancellationToken), None
        )
        self._parameters = tuple(args_type.model_fields)
        settings = marked(func, plain) if approval is None else ApprovalSettings(approval)
        super().__init__(
            args_type,
            hints.get("return", object),
            tool,
            description or inspect.getdoc(plain) or "",
            strict,
            approval=settings.policy,
            approval_timeout=settings.timeout if approval_timeout is None else approval_timeout,
        )

    async def run(self, args: BaseModel, cancellation_token: CancellationToken) -> Any:
        """Call the function with checked arguments."""
        values = {name: getattr(args, name) for name in self._parameters}
        if self._token_parameter is not None:
            values[self._token_parameter] = cancellation_token
        if self._is_async:
            return await cancellation_token.wait(self._func(**values))
        # A thread, because a plain function would hold up the event loop. It cannot be
        # stopped from outside: after a cancel its late result is dropped.
        context = contextvars.copy_context()
        call = functools.partial(context.run, self._func, **values)
        result = await cancellation_token.wait(
            asyncio.get_running_loop().run_in_executor(None, call)
        )
        return await cancellation_token.wait(result) if inspect.isawaitable(result) else result

    def _to_config(self) -> FunctionToolConfig:
        policy = self._approval.policy
        if callable(policy):
            raise ComponentError(
                f"the approval of tool {self.name!r} is a function and cannot be dumped. Use "
                "approval='always'."
            )
        try:
            source = self._source or textwrap.dedent(inspect.getsource(self._func))
        except (OSError, TypeError) as error:
            raise ComponentError(
                f"the source of tool {self.name!r} cannot be found, so it cannot be dumped: {error}"
            ) from error
        return FunctionToolConfig(
            source_code=source,
            name=self.name,
            description=self.description,
            global_imports=self._global_imports,
            has_cancellation_support=self._token_parameter is not None,
            strict=self._strict,
            approval=policy,
            approval_timeout=self._approval.timeout,
        )

    @classmethod
    def _from_config(cls, config: FunctionToolConfig) -> Self:
        if not functions_allowed():
            raise ComponentError(
                f"tool {config.name!r} is stored as Python source, and loading it would run that "
                "source. If you trust it: with nbagent.component.allow_functions(): ..."
            )
        namespace: dict[str, Any] = {}
        for item in config.global_imports:
            exec(import_line(item), namespace)
        exec(config.source_code, namespace)
        functions = [
            value
            for key, value in namespace.items()
            if inspect.isfunction(value) and f"def {key}(" in config.source_code
        ]
        if not functions:
            raise ComponentError(f"the source of tool {config.name!r} defines no function.")
        tool = cls(
            functions[0],
            config.description,
            config.name,
            config.global_imports,
            config.strict,
            # Stored data may tighten what the source says of itself, but not loosen it.
            approval="always" if config.approval == "always" else None,
            approval_timeout=config.approval_timeout,
        )
        tool._source = config.source_code
        return tool


def _own_name(func: Callable[..., Any], plain: Callable[..., Any]) -> str:
    """The name of a partial's function, or of a callable object's class."""
    return plain.__name__ if isinstance(func, functools.partial) else type(func).__name__
