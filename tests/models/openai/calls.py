"""Calling a client the way the tests do."""

from collections.abc import Sequence
from typing import Any

from nbagent.exceptions import ModelError
from nbagent.models import ChatCompletionClient, CreateResult, LLMMessage, UserMessage
from nbagent.models.openai import OpenAIChatCompletionClient
from tests.loopback import LoopbackServer

ASK: list[LLMMessage] = [UserMessage(content="go", source="user")]


def client_of(server: LoopbackServer, **options: Any) -> OpenAIChatCompletionClient:
    """A client of the server; it does not retry unless told to."""
    given: Any = {"model": "gpt-5", "base_url": server.url, "max_retries": 0, **options}
    return OpenAIChatCompletionClient(**given)


async def stream(
    client: ChatCompletionClient, messages: Sequence[LLMMessage] = ASK, **options: Any
) -> tuple[list[str], CreateResult]:
    """Stream one answer: its pieces, and the result."""
    pieces: list[str] = []
    async for item in client.create_stream(messages, **options):
        if isinstance(item, CreateResult):
            return pieces, item
        pieces.append(item)
    raise AssertionError("the stream ended without a result")


async def failing_stream(client: ChatCompletionClient) -> tuple[list[str], ModelError]:
    """Stream an answer that fails: its pieces, and the error."""
    pieces: list[str] = []
    try:
        async for item in client.create_stream(ASK):
            assert isinstance(item, str), "the stream ended well"
            pieces.append(item)
    except ModelError as error:
        return pieces, error
    raise AssertionError("the stream ended without an error")
