"""A model client by itself: in one piece, piece by piece, and what both cost."""

import asyncio

from nbagent.models import CreateResult, LLMMessage, ModelFamily, SystemMessage, UserMessage
from nbagent.models.openai import OpenAIChatCompletionClient


async def main() -> None:
    client = OpenAIChatCompletionClient(
        model="house-model",
        temperature=0.3,
        seed=7,
        model_info={
            "vision": False,
            "function_calling": True,
            "json_output": False,
            "family": ModelFamily.UNKNOWN,
            "structured_output": False,
        },
    )
    messages: list[LLMMessage] = [
        SystemMessage(content="Answer in rhyme."),
        UserMessage(content="Describe the sea.", source="user"),
    ]

    result = await client.create(messages)
    print(result.content, result.finish_reason, result.usage)

    async for piece in client.create_stream(messages, extra_create_args={"max_tokens": 40}):
        if isinstance(piece, CreateResult):
            print("\nwhole:", piece.content)
        else:
            print(f"[{piece}]", end="")

    usage = client.total_usage()
    print(usage.prompt_tokens + usage.completion_tokens, "tokens")
    await client.close()


if __name__ == "__main__":
    asyncio.run(main())
