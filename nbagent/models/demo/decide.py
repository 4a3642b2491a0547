"""Decides what the demo model answers: tool calls, data, or words."""

import json
import uuid
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel

from nbagent.models.demo.choose_tool import fits, is_handoff
from nbagent.models.demo.compose_answer import NOTE, compose_answer, plain_answer
from nbagent.models.demo.conversation import Conversation, read_conversation
from nbagent.models.demo.fill_arguments import fill_arguments
from nbagent.models.demo.fill_schema import fill_model, fill_schema, free_json
from nbagent.models.demo.parameters import read_parameters, tool_schema
from nbagent.models.demo.plan_calls import PlannedCall, ask_for_missing, plan_calls
from nbagent.models.demo.tell_results import result_as_text
from nbagent.models.types import FunctionCall, LLMMessage
from nbagent.tools.base import Tool, ToolSchema


def decide(
    messages: Sequence[LLMMessage],
    tools: Sequence[Tool | ToolSchema],
    tool_choice: Tool | Literal["auto", "required", "none"],
    json_output: bool | type[BaseModel] | None,
) -> str | list[FunctionCall]:
    """The answer to a conversation: text, or the tools to call.

    Arguments are those of `ChatCompletionClient.create`.
    """
    conversation = read_conversation(messages)
    schemas = [tool_schema(tool) for tool in tools]
    if isinstance(tool_choice, Tool):
        schemas = [tool_choice.schema]
    callable_tools = [] if tool_choice == "none" else schemas
    planned = plan_calls(conversation, callable_tools)
    calls = [call for call in planned if not call.missing]
    unmade = [call for call in planned if call.missing]
    must_call = tool_choice == "required" or isinstance(tool_choice, Tool)
    if must_call and not calls and not conversation.results and schemas:
        calls = [_forced(conversation, schemas)]
    if calls:
        return [_as_function_call(call) for call in calls]
    if json_output:
        return _as_json(conversation, json_output)
    if unmade and not conversation.results:
        return f"{ask_for_missing(unmade[0])}\n\n{NOTE}"
    return compose_answer(conversation, schemas, unmade)


def _forced(conversation: Conversation, tools: Sequence[ToolSchema]) -> PlannedCall:
    """A call although no tool was asked for, with plain values where the prompt has none."""
    own = [tool for tool in tools if not is_handoff(tool)] or list(tools)
    tool = max(own, key=lambda each: fits(conversation.prompt, each))
    schema = tool.get("parameters", {})
    arguments = fill_arguments(read_parameters(schema), conversation.prompt).arguments
    plain: dict[str, Any] = {}
    if schema:
        plain = fill_schema(dict(schema), conversation.prompt, conversation.prompt)
    return PlannedCall(tool, {**plain, **arguments})


def _as_function_call(call: PlannedCall) -> FunctionCall:
    # Ids are random, as several agents of one run may each have a model of their own.
    return FunctionCall(
        id=f"call_{uuid.uuid4().hex[:24]}",
        name=call.tool["name"],
        arguments=json.dumps(call.arguments, ensure_ascii=False),
    )


def _as_json(conversation: Conversation, json_output: bool | type[BaseModel]) -> str:
    answer = result_as_text(conversation.results) or plain_answer(conversation)
    if isinstance(json_output, bool):
        return free_json(conversation.prompt, answer)
    return fill_model(json_output, conversation.prompt, answer)
