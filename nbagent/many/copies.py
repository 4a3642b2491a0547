"""Where the agents of many tasks come from: each task has one of its own."""

import builtins
import inspect
import logging
import symtable
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast

from nbagent.base.task import TaskRunner
from nbagent.code_executor import import_line
from nbagent.component import (
    ComponentLoader,
    ComponentModel,
    ComponentToConfig,
    allow_functions,
    built_components,
)
from nbagent.exceptions import ComponentError
from nbagent.tools.function_tool import FunctionToolConfig

AgentFactory: TypeAlias = Callable[[], TaskRunner | Awaitable[TaskRunner]]
"""Makes an agent or a team, or a coroutine that does."""

AgentSource: TypeAlias = ComponentModel | AgentFactory
"""What each task's agent is made from."""

_logger = logging.getLogger(__name__)

_WAY_OUT = (
    "Pass a function in its place that makes a new one for each task: "
    "run_many(lambda: AssistantAgent(...), tasks)."
)


def agent_source(agent: TaskRunner | AgentFactory) -> AgentSource:
    """What each task's agent is made from.

    Args:
        agent: An agent or a team, of which copies are made; or a function that makes one.

    Raises:
        ComponentError: It cannot be copied; the message names the way out.
        TypeError: It is neither.
    """
    if inspect.isclass(agent) or not isinstance(agent, TaskRunner):
        if not callable(agent):
            raise TypeError(
                f"run_many() needs an agent, a team, or a function that makes one, not {agent!r}."
            )
        return agent
    name = getattr(agent, "name", type(agent).__name__)
    if not isinstance(agent, ComponentToConfig):
        raise ComponentError(f"{name!r} has no dump_component() to be copied by. {_WAY_OUT}")
    try:
        model = cast("ComponentToConfig[Any]", agent).dump_component()
    except ComponentError as error:
        raise ComponentError(
            f"run_many() gives each task a copy of its own, and {name!r} cannot be copied: "
            f"{error} {_WAY_OUT}"
        ) from error
    for tool, missing in _tools_with_missing_names(model.config):
        raise ComponentError(
            f"run_many() gives each task a copy of {name!r}, and a copy of its tool {tool!r} is "
            f"made from its source, which uses names from outside: {', '.join(missing)}. "
            f"{_WAY_OUT} Or import them inside of the function."
        )
    return model


def check_source(source: AgentSource) -> None:
    """Make one copy to see that it can be done here; a function is not called.

    Raises:
        ComponentError: It cannot; the message names the way out.
    """
    if not isinstance(source, ComponentModel):
        return
    try:
        _load(source)
    except Exception as error:
        raise ComponentError(
            f"run_many() gives each task a copy of its own, and a copy cannot be made: {error} "
            f"{_WAY_OUT}"
        ) from error


@asynccontextmanager
async def fresh_agent(source: AgentSource) -> AsyncGenerator[TaskRunner]:
    """An agent or team for one task; what was made with a copy is closed afterwards.

    Of what a function gives, the function's owner closes what is to be closed: it may share a
    model client among all.

    Raises:
        TypeError: The function gave something else.
    """
    if isinstance(source, ComponentModel):
        with built_components() as built:
            agent = _load(source)
        try:
            yield agent
        finally:
            for component in reversed(built):
                await _close(component)
        return
    made = source()
    agent = await made if inspect.isawaitable(made) else made
    if not isinstance(agent, TaskRunner):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"the function that makes the agents gave {agent!r}, which runs no tasks.")
    yield agent


def _load(source: ComponentModel) -> TaskRunner:
    # The functions are this program's own, dumped a moment ago.
    with allow_functions():
        loaded: object = ComponentLoader.load_component(source)
    if not isinstance(loaded, TaskRunner):
        raise ComponentError(f"{source.provider!r} is loaded as {loaded!r}, which runs no tasks.")
    return loaded


async def _close(component: Any) -> None:
    """Release what a component holds, such as a model client's connections."""
    end = getattr(component, "close", None) or getattr(component, "stop", None)
    if not callable(end):
        return
    try:
        ended = end()
        if inspect.isawaitable(ended):
            await ended
    except Exception:  # the task has its result
        _logger.warning("%s could not be closed.", type(component).__name__, exc_info=True)


def _tools_with_missing_names(config: object) -> Iterator[tuple[str, list[str]]]:
    """The tools in a config whose source alone does not run, with the names that it lacks."""
    if isinstance(config, Mapping):
        data = cast("Mapping[str, object]", config)
        if "source_code" in data and "global_imports" in data:
            tool = FunctionToolConfig.model_validate(data)
            missing = _missing_names(tool)
            if missing:
                yield tool.name, missing
        for value in data.values():
            yield from _tools_with_missing_names(value)
    elif isinstance(config, list):
        for value in cast("list[object]", config):
            yield from _tools_with_missing_names(value)


def _missing_names(tool: FunctionToolConfig) -> list[str]:
    """The names that a tool's source uses and neither defines nor imports."""
    imports = "\n".join(import_line(item) for item in tool.global_imports)
    module = symtable.symtable(f"{imports}\n{tool.source_code}", tool.name, "exec")
    defined = {symbol.get_name() for symbol in module.get_symbols() if symbol.is_local()}
    return sorted(_used_names(module) - defined - set(dir(builtins)))


def _used_names(scope: symtable.SymbolTable) -> set[str]:
    """The names that a scope, or one inside of it, takes from the module."""
    is_module = scope.get_type() == "module"
    used = {
        symbol.get_name()
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or is_module)
    }
    return used.union(*(_used_names(inner) for inner in scope.get_children()))
