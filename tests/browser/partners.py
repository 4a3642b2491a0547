"""Whom the chats of the tests are with: models that answer as they were told, slowly, or not."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import PIL.Image

from nbagent import Image
from nbagent.attachments import Attachment
from nbagent.exceptions import ModelServerError
from nbagent.models import CreateResult, ModelInfo
from nbagent.models.replay import ReplayChatCompletionClient

__all__ = ["failing", "heard", "picture", "replay", "slow", "text_file"]


def replay(*answers: str, vision: bool = True) -> ReplayChatCompletionClient:
    """A model that gives these answers."""
    return ReplayChatCompletionClient(answers, model_info=_info(vision=vision))


def slow(answer: str) -> ReplayChatCompletionClient:
    """A model that says the same again and again, word by word, 200 a second."""
    return _Slow([answer] * 100, model_info=_info())


def failing(first: str, third: str) -> ReplayChatCompletionClient:
    """A model that cannot answer the second time."""
    return _Failing([first, "", third], model_info=_info())


def heard(client: ReplayChatCompletionClient) -> list[str]:
    """What the model got in its last call from persons and agents, as text."""
    messages = client.create_calls[-1]["messages"]
    return [str(message.content) for message in messages if message.type != "SystemMessage"]


def picture(name: str, size: tuple[int, int] = (60, 40)) -> Attachment:
    """A picture of one colour."""
    image = Image.from_pil(PIL.Image.new("RGB", size, (200, 40, 90)))
    return Attachment(name, image.data, "image/png", image=image)


def text_file(name: str, text: str) -> Attachment:
    """A text file."""
    return Attachment(name, text.encode(), "text/plain", text=text)


def _info(*, vision: bool = True) -> ModelInfo:
    return ModelInfo(
        vision=vision,
        function_calling=True,
        json_output=True,
        family="unknown",
        structured_output=True,
    )


class _Slow(ReplayChatCompletionClient):
    async def create_stream(self, *args: Any, **named: Any) -> AsyncGenerator[str | CreateResult]:
        async for piece in super().create_stream(*args, **named):
            await asyncio.sleep(0.005)
            yield piece


class _Failing(ReplayChatCompletionClient):
    async def create_stream(self, *args: Any, **named: Any) -> AsyncGenerator[str | CreateResult]:
        async for piece in super().create_stream(*args, **named):
            if len(self.create_calls) == 2:
                raise ModelServerError("the model is out of order")
            yield piece
