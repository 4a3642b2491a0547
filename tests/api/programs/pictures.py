"""A picture in a message, handed to an agent by `on_messages()`."""

import asyncio

from PIL import Image as PILImage

from nbagent import CancellationToken, Image
from nbagent.agents import AssistantAgent
from nbagent.base import Response
from nbagent.messages import MultiModalMessage, TextMessage
from nbagent.models.openai import OpenAIChatCompletionClient


async def main() -> Response:
    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    agent = AssistantAgent("critic", model_client, system_message=None)

    painting = Image(PILImage.new("RGB", (8, 8), "crimson"))
    question = MultiModalMessage(content=["Which colour is this?", painting], source="User")
    hint = TextMessage(content="One word is enough.", source="User")
    response = await agent.on_messages([question, hint], CancellationToken())

    print(response.chat_message.to_text())
    await model_client.close()
    return response


if __name__ == "__main__":
    asyncio.run(main())
