"""Counting tokens by listening to the log of model calls."""

import asyncio
import logging

from nbagent import EVENT_LOGGER_NAME
from nbagent.agents import AssistantAgent
from nbagent.logging import LLMCallEvent, LLMStreamEndEvent, ToolCallEvent
from nbagent.models.openai import OpenAIChatCompletionClient


class Meter(logging.Handler):
    """Adds up the tokens of every model call."""

    def __init__(self) -> None:
        super().__init__()
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.tools: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        match record.msg:
            case LLMCallEvent() | LLMStreamEndEvent() as call:
                self.prompt_tokens += call.prompt_tokens
                self.completion_tokens += call.completion_tokens
            case ToolCallEvent() as called:
                self.tools.append(str(called))
            case _:
                pass


def double(number: int) -> int:
    """Double a number."""
    return 2 * number


async def main() -> Meter:
    logger = logging.getLogger(EVENT_LOGGER_NAME)
    logger.setLevel(logging.INFO)
    meter = Meter()
    logger.handlers = [meter]

    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    agent = AssistantAgent("counter", model_client, tools=[double], reflect_on_tool_use=True)
    await agent.run(task="Double 21.")
    agent = AssistantAgent("streamer", model_client, model_client_stream=True)
    await agent.run(task="Well done?")
    await model_client.close()

    logger.handlers = []
    print(meter.prompt_tokens, meter.completion_tokens)
    return meter


if __name__ == "__main__":
    asyncio.run(main())
