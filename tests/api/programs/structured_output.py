"""Answers that fit a pydantic model: from an agent, and from a model client."""

import asyncio
from typing import Literal, cast

from pydantic import BaseModel

from nbagent.agents import AssistantAgent
from nbagent.messages import StructuredMessage
from nbagent.models import UserMessage
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.ui import Console


class Review(BaseModel):
    reasons: str
    verdict: Literal["keep", "drop"]


async def main() -> Review:
    model_client = OpenAIChatCompletionClient(model="gpt-4o-mini")
    agent = AssistantAgent(
        "reviewer",
        model_client=model_client,
        output_content_type=Review,
        output_content_type_format="{verdict}: {reasons}",
    )
    result = await Console(agent.run_stream(task="The kettle leaks a little."))
    last = result.messages[-1]
    assert isinstance(last, StructuredMessage)
    review = cast("StructuredMessage[Review]", last).content

    direct = await model_client.create(
        [UserMessage(content="The lid is lost.", source="user")], json_output=Review
    )
    assert isinstance(direct.content, str)
    print(Review.model_validate_json(direct.content).verdict)
    await model_client.close()
    return review


if __name__ == "__main__":
    asyncio.run(main())
