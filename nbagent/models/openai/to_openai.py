"""From messages and tools to the parameters of a chat completions request."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from nbagent.exceptions import ConfigurationError, ToolDefinitionError
from nbagent.image import Image
from nbagent.models.openai.surrogates import whole_characters
from nbagent.models.types import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from nbagent.tools.base import Tool, ToolSchema


def messages_to_openai(
    messages: Sequence[LLMMessage],
    *,
    add_name_prefixes: bool = False,
    include_name: bool = True,
    many_system_messages: bool = True,
) -> list[dict[str, Any]]:
    """A conversation as the `messages` of a request.

    Args:
        messages: The conversation, oldest first.
        add_name_prefixes: Put "NAME said:" in front of what each user said.
        include_name: Send the speakers' names along, as the API's `name`.
        many_system_messages: Whether the model takes system messages anywhere. If not, their
            texts are joined into one at the start.
    """
    if not many_system_messages:
        messages = _with_one_system_message(messages)
    result: list[dict[str, Any]] = []
    for message in messages:
        if isinstance(message, SystemMessage):
            result.append({"role": "system", "content": whole_characters(message.content)})
        elif isinstance(message, UserMessage):
            result.append(_user(message, add_name_prefixes, include_name))
        elif isinstance(message, AssistantMessage):
            result.append(_assistant(message, include_name))
        else:
            result.extend(_tool_results(message))
    return result


def tools_to_openai(tools: Sequence[Tool | ToolSchema]) -> list[dict[str, Any]]:
    """Tools as the `tools` of a request.

    Raises:
        ToolDefinitionError: A name is not one that models accept.
    """
    result: list[dict[str, Any]] = []
    for tool in tools:
        schema = tool_schema(tool)
        name = schema["name"]
        if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
            raise ToolDefinitionError(
                f"{name!r} cannot be the name of a tool: models take 1 to 64 letters a-z, "
                "digits, '_' and '-'. Pass another as FunctionTool(..., name=...)."
            )
        function: dict[str, Any] = {"name": name, "description": schema.get("description", "")}
        if "parameters" in schema:
            function["parameters"] = schema["parameters"]
        # Never sent as false: servers built on Mistral's or vLLM's schemas refuse the field.
        if schema.get("strict"):
            function["strict"] = True
        result.append({"type": "function", "function": function})
    return result


def tool_choice_to_openai(
    tool_choice: Tool | Literal["auto", "required", "none"],
    tools: Sequence[Tool | ToolSchema],
) -> str | dict[str, Any] | None:
    """The `tool_choice` of a request; None where nothing needs to be sent.

    Raises:
        ConfigurationError: It names a tool that is not among `tools`, or is no valid choice.
    """
    if isinstance(tool_choice, str):
        if tool_choice not in ("auto", "required", "none"):
            raise ConfigurationError(
                f"tool_choice={tool_choice!r} is unknown. Use 'auto', 'required', 'none' or a tool."
            )
        if tool_choice == "required" and not tools:
            raise ConfigurationError("tool_choice='required' needs tools, but none were given.")
        return tool_choice if tools and tool_choice != "auto" else None
    names = [tool_schema(tool)["name"] for tool in tools]
    if tool_choice.name not in names:
        given = ", ".join(names) or "none"
        raise ConfigurationError(
            f"tool_choice names {tool_choice.name!r}, which is not among the tools ({given})."
        )
    return {"type": "function", "function": {"name": tool_choice.name}}


def tool_schema(tool: Tool | ToolSchema) -> ToolSchema:
    """What a model is told of a tool."""
    return tool.schema if isinstance(tool, Tool) else tool


def has_image(messages: Sequence[LLMMessage]) -> bool:
    """Whether a picture is anywhere in the conversation."""
    return any(
        isinstance(message, UserMessage)
        and not isinstance(message.content, str)
        and any(isinstance(part, Image) for part in message.content)
        for message in messages
    )


def _user(message: UserMessage, add_name_prefixes: bool, include_name: bool) -> dict[str, Any]:
    prefix = f"{message.source} said:\n" if add_name_prefixes else ""
    content: str | list[dict[str, Any]]
    if isinstance(message.content, str):
        content = whole_characters(prefix + message.content)
    else:
        content = [{"type": "text", "text": prefix}] if prefix else []
        for part in message.content:
            if isinstance(part, Image):
                content.append(part.to_openai_format())
            else:
                content.append({"type": "text", "text": whole_characters(part)})
    return {"role": "user", "content": content, **_name(message.source, include_name)}


def _assistant(message: AssistantMessage, include_name: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"role": "assistant", **_name(message.source, include_name)}
    if isinstance(message.content, str):
        result["content"] = whole_characters(message.content)
        return result
    result["content"] = whole_characters(message.thought) if message.thought else None
    result["tool_calls"] = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": whole_characters(call.arguments)},
        }
        for call in message.content
    ]
    return result


def _tool_results(message: FunctionExecutionResultMessage) -> list[dict[str, Any]]:
    return [
        {
            "role": "tool",
            "tool_call_id": result.call_id,
            "content": whole_characters(result.content),
        }
        for result in message.content
    ]


def _name(source: str, include_name: bool) -> dict[str, str]:
    """The speaker's name in the characters that the API takes."""
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", source)[:64]
    return {"name": name} if include_name and name.strip("_") else {}


def _with_one_system_message(messages: Sequence[LLMMessage]) -> list[LLMMessage]:
    system = [message.content for message in messages if isinstance(message, SystemMessage)]
    if len(system) < 2:
        return list(messages)
    rest = [message for message in messages if not isinstance(message, SystemMessage)]
    return [SystemMessage(content="\n".join(system)), *rest]
