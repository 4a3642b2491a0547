"""The magics `%%agent`, `%agent` and `%nbagent`."""

import inspect
import sys
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, cast

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import needs_local_scope, no_var_expand

from nbagent.attachments import FOR_MODELS, Attachment, compose
from nbagent.base import TaskResult, TaskRunner
from nbagent.exceptions import (
    AttachmentError,
    ConfigurationError,
    ImageError,
    ToolDefinitionError,
    UserInputError,
)
from nbagent.messages import MultiModalMessage, TextMessage
from nbagent.models.client import ChatCompletionClient
from nbagent.notebook.arguments import AgentArguments, near_matches, parse_cell, parse_line
from nbagent.notebook.doctor import Report, doctor
from nbagent.notebook.drop import drop
from nbagent.notebook.help import AGENT_HELP, NBAGENT_HELP
from nbagent.notebook.nesting import run_nested
from nbagent.notebook.prompt import build_task
from nbagent.notebook.session import DEFAULT_AGENT, ModelSpec, Session, forget
from nbagent.notebook.show import show
from nbagent.tools.base import BaseTool
from nbagent.tools.function_tool import FunctionTool

_REFUSED = (
    AttachmentError,
    ConfigurationError,
    ImageError,
    ToolDefinitionError,
    UserInputError,
)
"""What a magic's arguments may raise; told in one line, as the fault is in the line."""


class AgentMagics:
    """The magics of one shell.

    Args:
        shell: The shell.
        session: The agents they talk to.
    """

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        self._shell: Any = shell
        self._session = session

    def agent_awaited(
        self, line: str, cell: str | None = None
    ) -> Coroutine[Any, Any, TaskResult | None]:
        """What a rewritten cell awaits; see `input_rewriting`."""
        # The variables of an async function that awaits count as well.
        frame = inspect.currentframe()
        caller = frame.f_back if frame is not None else None
        local = caller.f_locals if caller is not None else {}
        return self._run(line, cell, {**self._shell.user_ns, **local})

    @no_var_expand
    @needs_local_scope
    def agent(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> TaskResult | None:
        """Run `%agent` or `%%agent` where no await can stand; `%agent?` shows its help."""
        return run_nested(self._run(line, cell, {**self._shell.user_ns, **(local_ns or {})}))

    agent.__doc__ = AGENT_HELP

    @no_var_expand
    @needs_local_scope
    def nbagent(self, line: str, local_ns: Mapping[str, Any] | None = None) -> Report | None:
        """Run `%nbagent`; `%nbagent?` shows its help."""
        words = line.split()
        if not words or "--help" in words or "-h" in words:
            _say(NBAGENT_HELP)
            return None
        command, arguments = words[0], words[1:]
        namespace = {**self._shell.user_ns, **(local_ns or {})}
        try:
            if command == "model":
                self._model(arguments, namespace)
            elif command == "tools":
                self._tools(arguments, namespace)
            elif command == "doctor":
                return doctor()
            else:
                near = near_matches(command, ("model", "tools", "doctor"))
                raise UsageError(
                    f"there is no command {command!r}{near} "
                    "Usage: %nbagent model [SPEC] | tools [FUNCTION ...] | doctor"
                )
        except _REFUSED as error:
            raise UsageError(str(error)) from error
        return None

    nbagent.__doc__ = NBAGENT_HELP

    async def _run(
        self, line: str, cell: str | None, namespace: Mapping[str, Any]
    ) -> TaskResult | None:
        """Talk to an agent, as the line and the cell say."""
        arguments = (
            parse_line(line, lambda word: self._known_agent(word, namespace))
            if cell is None
            else parse_cell(line, cell)
        )
        if arguments.help:
            _say(AGENT_HELP)
            return None
        if not arguments.prompt and not arguments.new:
            raise UsageError(
                "there is no prompt. Write it on the lines below %%agent, or behind %agent."
            )
        try:
            task = build_task(arguments.prompt, arguments.images, namespace)
            runner = self._runner(arguments, namespace, pictures=not isinstance(task, str))
            if arguments.drop:
                task = _with_files(task, await self._ask_for_files(arguments.name))
                pictures = isinstance(task, MultiModalMessage)
                runner = self._runner(arguments, namespace, pictures=pictures)
        except _REFUSED as error:
            raise UsageError(str(error)) from error
        await self._session.close_unused()
        if arguments.new:
            await forget(runner)
            if not arguments.prompt:
                _say(f"{arguments.name or DEFAULT_AGENT} begins afresh.")
                return None
        result = await show(runner.run_stream(task=task))
        assert isinstance(result, TaskResult)
        self._keep(result, arguments.out)
        return result

    def _known_agent(self, word: str, namespace: Mapping[str, Any]) -> bool:
        return self._session.has_agent(word) or _is_runner(namespace.get(word))

    def _runner(
        self, arguments: AgentArguments, namespace: Mapping[str, Any], *, pictures: bool
    ) -> TaskRunner:
        """The agent or team that is meant: a variable of the notebook, else the session's."""
        name = arguments.name or DEFAULT_AGENT
        own = namespace.get(name) if arguments.name else None
        if _is_runner(own):
            if arguments.model is not None:
                raise UsageError(
                    f"--model cannot change {name!r}, which is a variable of yours: its model "
                    "was chosen where it was made."
                )
            return cast(TaskRunner, own)
        model = None if arguments.model is None else _model(arguments.model, namespace)
        agent = self._session.agent(name, model)
        if pictures and not self._session.sees_pictures(name):
            # Told here, before the picture is in the conversation and spoils every later cell.
            raise UsageError(
                f"the model of {name} takes no pictures. Choose another one with --model or "
                "%nbagent model SPEC, or leave the picture out."
            )
        return agent

    async def _ask_for_files(self, name: str | None) -> list[Attachment]:
        """Ask for what the agent is given along with its prompt."""
        name = name or DEFAULT_AGENT
        takes_pictures = not self._session.has_agent(name) or self._session.sees_pictures(name)
        kinds = "pictures and text files" if takes_pictures else "text files (and no pictures)"
        return await drop(f"Drop {kinds} for {name} here", limits=FOR_MODELS)

    def _keep(self, result: TaskResult, variable: str | None) -> None:
        """Give the result to `--out`, `_` and `Out`."""
        if variable is not None:
            self._shell.user_ns[variable] = result
        # Cells end with a semicolon so that IPython prints no value under the transcript; it
        # would then also not keep the value.
        hook = self._shell.displayhook
        hook.update_user_ns(result)
        hook.fill_exec_result(result)

    def _model(self, arguments: list[str], namespace: Mapping[str, Any]) -> None:
        if len(arguments) > 1:
            raise UsageError(
                f"%nbagent model takes one model, not {' '.join(arguments)!r}. "
                "Usage: %nbagent model [SPEC]"
            )
        if arguments:
            self._session.use_model(_model(arguments[0], namespace))
        choice = self._session.describe_model()
        _say(f"The model is {choice.spec} ({choice.reason}).")
        if choice.problem:
            _say(choice.problem)
        for name, own in self._session.own_models().items():
            _say(f"The agent {name} has a model of its own: {own.spec}.")

    def _tools(self, arguments: list[str], namespace: Mapping[str, Any]) -> None:
        if "--clear" in arguments:
            self._session.tools.clear()
            arguments = [argument for argument in arguments if argument != "--clear"]
        names = [name for argument in arguments for name in argument.split(",") if name]
        for option in (name for name in names if name.startswith("-")):
            raise UsageError(
                f"there is no option {option!r}{near_matches(option, ('--clear', '--help'))} "
                "Usage: %nbagent tools [FUNCTION ...] [--clear]"
            )
        # All of them, before the first is registered.
        tools = [_tool(name, namespace) for name in names]
        for tool in tools:
            self._session.tools.add(tool)
        _say(_list_of(self._session.tools.tools))


def _with_files(
    task: str | MultiModalMessage, files: Sequence[Attachment]
) -> TextMessage | MultiModalMessage:
    """What an agent is told, with files after it, as one message."""
    if isinstance(task, str):
        return compose(task, files)
    more = compose("", files).content
    parts = [more] if isinstance(more, str) else more
    return MultiModalMessage(content=[*task.content, *parts], source=task.source)


def _is_runner(value: object) -> bool:
    return isinstance(value, TaskRunner) and not isinstance(value, type)


def _model(name: str, namespace: Mapping[str, Any]) -> ModelSpec:
    """A model as it was written: the variable of a client, else a spec."""
    value = namespace.get(name)
    return value if isinstance(value, ChatCompletionClient) else name


def _tool(name: str, namespace: Mapping[str, Any]) -> BaseTool[Any, Any]:
    """The function or tool that `name` means, as a tool."""
    first, *attributes = name.split(".")
    value = namespace.get(first)
    for attribute in attributes:
        value = getattr(value, attribute, None)
    if isinstance(value, BaseTool):
        return cast("BaseTool[Any, Any]", value)
    if value is None:
        functions = [
            key for key, item in namespace.items() if callable(item) and not key.startswith("_")
        ]
        raise UsageError(
            f"there is no function {name!r}{near_matches(name, functions)} "
            "Define it first, then run %nbagent tools again."
        )
    return FunctionTool(value)


def _list_of(tools: Iterable[BaseTool[Any, Any]]) -> str:
    lines: list[str] = []
    for tool in tools:
        parameters = ", ".join(tool.schema.get("parameters", {}).get("properties", {}))
        summary = tool.description.strip().partition("\n")[0]
        lines.append(f"{tool.name}({parameters})" + (f": {summary}" if summary else ""))
    if lines:
        return "\n".join(lines)
    return "No tools are registered. Register functions with %nbagent tools f g, or @nbagent.tool."


def _say(text: str) -> None:
    sys.stdout.write(text.rstrip() + "\n")
