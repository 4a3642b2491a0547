"""Estimating tokens."""

import socket
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image as PILImage

from nbagent.image import Image
from nbagent.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    SystemMessage,
    UserMessage,
)
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.models.openai.tokens import CONTEXT_WINDOW, image_tokens, text_tokens
from nbagent.models.types import FunctionCall
from nbagent.tools import ToolSchema

CLIENT = OpenAIChatCompletionClient(model="m", base_url="http://localhost:1/v1")


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("word " * 4, 5), ("天", 1), ("天气" * 4, 6)]
)
def test_four_bytes_are_a_token(text: str, tokens: int) -> None:
    assert text_tokens(text) == tokens


@pytest.mark.parametrize(
    ("size", "tokens"), [((100, 100), 255), ((1024, 1024), 765), ((2048, 4096), 1105)]
)
def test_a_picture_counts_as_openai_counts_it(size: tuple[int, int], tokens: int) -> None:
    assert image_tokens(Image(PILImage.new("1", size))) == tokens


def test_a_conversation_counts_all_its_parts() -> None:
    words = "word " * 100
    conversation = [
        SystemMessage(content=words),
        UserMessage(content=[words, Image(PILImage.new("1", (100, 100)))], source="user"),
        AssistantMessage(
            content=[FunctionCall("c", '{"text": "' + words + '"}', "f")],
            thought=words,
            source="agent",
        ),
        FunctionExecutionResultMessage(
            content=[FunctionExecutionResult(content=words, name="f", call_id="c")]
        ),
    ]
    counts = [CLIENT.count_tokens([message]) for message in conversation]
    assert [count // 125 for count in counts] == [1, 3, 2, 1]
    assert CLIENT.count_tokens(conversation) == sum(counts)
    tools = [ToolSchema(name="f", description=words)]
    assert CLIENT.count_tokens(conversation, tools=tools) > sum(counts) + 125
    assert CLIENT.remaining_tokens(conversation) == CONTEXT_WINDOW - sum(counts)


def test_counting_needs_no_network_and_no_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> Any:
        raise AssertionError("counting tokens reached for the network")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, unreachable)
    for model in ("gpt-4o", "gpt-5.9", "brand-new-9"):
        client = OpenAIChatCompletionClient(model=model, base_url="http://localhost:1/v1")
        assert client.count_tokens([UserMessage(content="word " * 400, source="user")]) > 400


def test_counting_loads_no_package_that_downloads_vocabularies() -> None:
    code = """
import sys
sys.modules["tiktoken"] = None  # importing it fails
from nbagent.models import UserMessage
from nbagent.models.openai import OpenAIChatCompletionClient
client = OpenAIChatCompletionClient(model="gpt-4o", base_url="http://localhost:1/v1")
print(client.count_tokens([UserMessage(content="word " * 400, source="user")]) > 400)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
