"""Estimating tokens."""

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
