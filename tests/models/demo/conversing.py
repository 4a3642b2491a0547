"""Talks with the demo model: asks, runs the tools it calls, and gives it their results."""

import json
from collections.abc import Sequence
from typing import Any

from nbagent import CancellationToken
from nbagent.models import (
    AssistantMessage,
    CreateResult,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    UserMessage,
)
from nbagent.models.demo import DemoChatCompletionClient
from nbagent.tools import BaseTool, StaticWorkbench


def said(text: str, source: str = "user") -> UserMessage:
    return UserMessage(content=text, source=source)


def answered(text: str) -> AssistantMessage:
    return AssistantMessage(content=text, source="assistant")


async def ask(*messages: LLMMessage | str, **arguments: Any) -> CreateResult:
    """One answer of the demo model to a conversation."""
    conversation = [said(each) if isinstance(each, str) else each for each in messages]
    return await DemoChatCompletionClient(delay=0).create(conversation, **arguments)


async def text_of(*messages: LLMMessage | str, **arguments: Any) -> str:
    """One answer that has to be text."""
    content = (await ask(*messages, **arguments)).content
    assert isinstance(content, str), content
    return content


async def calls_of(
    *messages: LLMMessage | str, tools: Sequence[BaseTool[Any, Any]], **arguments: Any
) -> list[tuple[str, dict[str, Any]]]:
    """The calls of one answer; empty where it is text."""
    content = (await ask(*messages, tools=tools, **arguments)).content
    if isinstance(content, str):
        return []
    for call in content:
        tool = next(tool for tool in tools if tool.name == call.name)
        tool.args_type().model_validate_json(call.arguments)
    return [(call.name, json.loads(call.arguments)) for call in content]


async def work_on(
    prompt: str, tools: Sequence[BaseTool[Any, Any]], rounds: int = 6
) -> tuple[list[tuple[str, dict[str, Any]]], str]:
    """Let the model work until it answers: all calls it made, and its answer."""
    client = DemoChatCompletionClient(delay=0)
    workbench = StaticWorkbench(tools)
    messages: list[LLMMessage] = [said(prompt)]
    made: list[tuple[str, dict[str, Any]]] = []
    for _ in range(rounds):
        content = (await client.create(messages, tools=tools)).content
        if isinstance(content, str):
            return made, content
        results: list[FunctionExecutionResult] = []
        for call in content:
            arguments = json.loads(call.arguments)
            made.append((call.name, arguments))
            result = await workbench.call_tool(call.name, arguments, CancellationToken())
            results.append(
                FunctionExecutionResult(
                    content=result.to_text(),
                    name=call.name,
                    call_id=call.id,
                    is_error=result.is_error,
                )
            )
        messages.append(AssistantMessage(content=content, source="assistant"))
        messages.append(FunctionExecutionResultMessage(content=results))
    raise AssertionError(f"still calling after {rounds} rounds: {made}")
