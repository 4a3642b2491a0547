"""Building the request for one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from pydantic import BaseModel

from nbagent.exceptions import ConfigurationError, ModelCapabilityError
from nbagent.models.model_info import ModelFamily, ModelInfo
from nbagent.models.openai.structured_output import response_format
from nbagent.models.openai.to_openai import (
    has_image,
    messages_to_openai,
    tool_choice_to_openai,
    tools_to_openai,
)
from nbagent.models.types import LLMMessage
from nbagent.tools.base import Tool, ToolSchema

# Sent beside the body of a request and not in it; the openai package's own names.
_BESIDE_THE_BODY = {"extra_headers": "headers", "extra_query": "params", "timeout": "timeout"}
_SET_BY_THE_CALL = ("messages", "stream", "tools", "tool_choice")
_REASONING_FAMILIES = (ModelFamily.O1, ModelFamily.O3, ModelFamily.O4, ModelFamily.GPT_5)


@dataclass(repr=False)
class Request:
    """One request. It has no repr of its contents, as tracebacks would fill with pictures.

    Attributes:
        body: The body, as plain data.
        options: What the openai package takes beside the body.
    """

    body: dict[str, Any]
    options: dict[str, Any]


class RequestBuilder:
    """Builds the requests of one client.

    Args:
        create_args: What goes into every request.
        model_info: What the model can do.
        add_name_prefixes: Put "NAME said:" in front of what each user said.
        include_name: Send the speakers' names along.
    """

    def __init__(
        self,
        create_args: Mapping[str, Any],
        model_info: ModelInfo,
        *,
        add_name_prefixes: bool,
        include_name: bool,
    ) -> None:
        self._create_args = dict(create_args)
        self._model_info = model_info
        self._add_name_prefixes = add_name_prefixes
        self._include_name = include_name

    def build(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
        tool_choice: Tool | Literal["auto", "required", "none"],
        json_output: bool | type[BaseModel] | None,
        extra_create_args: Mapping[str, Any],
    ) -> Request:
        """The request for one call, without what a stream adds to it.

        Raises:
            ModelCapabilityError: The model cannot take what it was given.
            ConfigurationError: An argument is wrong.
            ToolDefinitionError: A tool has a name that no model takes.
        """
        self._check_capabilities(messages, tools, json_output)
        taken = [name for name in _SET_BY_THE_CALL if name in extra_create_args]
        if taken:
            raise ConfigurationError(
                f"extra_create_args must not hold {taken[0]!r}: it is an argument of the call."
            )
        body: dict[str, Any] = dict(self._create_args)
        if json_output or (json_output is False and "response_format" in body):
            body["response_format"] = response_format(json_output)
        body.update(extra_create_args)
        options = {
            option: body.pop(name) for name, option in _BESIDE_THE_BODY.items() if name in body
        }
        if body.get("n") not in (None, 1):
            raise ConfigurationError(f"n={body['n']}: one call gives one answer, so n must be 1.")
        if self._model_info["family"] in _REASONING_FAMILIES and "max_tokens" in body:
            # These models know the limit under its newer name only.
            body.setdefault("max_completion_tokens", body.pop("max_tokens"))
            body.pop("max_tokens", None)
        if tools:
            body["tools"] = tools_to_openai(tools)
        else:
            # Refused by OpenAI where there are no tools.
            body.pop("parallel_tool_calls", None)
        choice = tool_choice_to_openai(tool_choice, tools)
        if choice is not None:
            body["tool_choice"] = choice
        body["messages"] = messages_to_openai(
            messages,
            add_name_prefixes=self._add_name_prefixes,
            include_name=self._include_name,
            many_system_messages=self._model_info.get("multiple_system_messages") is not False,
        )
        body.update(body.pop("extra_body", None) or {})
        return Request(body, options)

    def _check_capabilities(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
        json_output: bool | type[BaseModel] | None,
    ) -> None:
        info = self._model_info
        if not info["vision"] and has_image(messages):
            self._refuse("takes no pictures, but the conversation holds one", "vision")
        if not info["function_calling"] and tools:
            self._refuse("calls no tools, but tools were given", "function_calling")
        if json_output is True and not info["json_output"]:
            self._refuse("cannot be held to JSON, but json_output is set", "json_output")
        if isinstance(json_output, type) and not info["structured_output"]:
            self._refuse(
                f"cannot be held to a schema, but json_output is {json_output.__name__}",
                "structured_output",
            )

    def _refuse(self, what: str, capability: str) -> NoReturn:
        raise ModelCapabilityError(
            f"the model {self._create_args['model']!r} {what}. Use another model; or, if this one "
            f"can do it after all, say so with model_info={{..., {capability!r}: True}}."
        )
