"""A round of tool calls written out: the model asks, the program runs, the model answers."""

import asyncio
import json
from typing import Annotated

from nbagent import CancellationToken, FunctionCall
from nbagent.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    UserMessage,
)
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.tools import FunctionTool


async def exchange(amount: float, to: Annotated[str, "The currency, such as CHF."]) -> float:
    """Exchange euros."""
    return round(amount * {"CHF": 0.95, "SEK": 11.2}[to], 2)


async def main() -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o-mini", parallel_tool_calls=False)
    exchange_tool = FunctionTool(exchange, description="Exchange euros into another currency.")
    token = CancellationToken()
    messages: list[LLMMessage] = [UserMessage(content="What are 20 euros in CHF?", source="user")]

    asked = await model_client.create(messages, tools=[exchange_tool], cancellation_token=token)
    assert isinstance(asked.content, list)
    assert all(isinstance(call, FunctionCall) for call in asked.content)
    messages.append(AssistantMessage(content=asked.content, source="assistant"))

    results: list[FunctionExecutionResult] = []
    for call in asked.content:
        value = await exchange_tool.run_json(json.loads(call.arguments), token)
        text = exchange_tool.return_value_as_string(value)
        results.append(
            FunctionExecutionResult(call_id=call.id, content=text, is_error=False, name=call.name)
        )
    messages.append(FunctionExecutionResultMessage(content=results))

    answer = await model_client.create(messages=messages, cancellation_token=token)
    print(answer.content)
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main())
