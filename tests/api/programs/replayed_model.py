"""A replayed model in place of a real one, as in the tests of one's own agents."""

import asyncio

from nbagent import FunctionCall
from nbagent.agents import AssistantAgent
from nbagent.models import (
    CreateResult,
    LLMMessage,
    ModelFamily,
    ModelInfo,
    RequestUsage,
    UserMessage,
)
from nbagent.models.replay import ReplayChatCompletionClient


async def main() -> None:
    chat_completions = [
        "Hello.",
        CreateResult(
            finish_reason="function_calls",
            content=[FunctionCall(id="a", name="lookup", arguments='{"key": "x"}')],
            usage=RequestUsage(prompt_tokens=10, completion_tokens=5),
            cached=False,
        ),
    ]
    model_client = ReplayChatCompletionClient(
        chat_completions,
        model_info=ModelInfo(
            vision=False,
            function_calling=True,
            json_output=False,
            family=ModelFamily.UNKNOWN,
            structured_output=False,
        ),
    )
    question: list[LLMMessage] = [UserMessage(content="Hi?", source="user")]
    print((await model_client.create(question)).content)
    before = model_client.total_usage()
    print((await model_client.create(question)).content)
    after = model_client.total_usage()
    print(after.prompt_tokens - before.prompt_tokens, len(model_client.create_calls))
    try:
        await model_client.create(question)
    except ValueError as error:
        print("no more:", bool(str(error)))

    model_client.reset()
    model_client.set_cached_bool_value(True)
    async for piece in model_client.create_stream(question):
        if isinstance(piece, CreateResult):
            print(piece.cached)

    def lookup(key: str) -> str:
        """Look a key up."""
        return f"{key} is y"

    agent = AssistantAgent(
        "finder", model_client, tools=[lookup], tool_call_summary_format="{tool_name}: {result}"
    )
    print((await agent.run(task="Find x.")).messages[-1].to_text())


if __name__ == "__main__":
    asyncio.run(main())
