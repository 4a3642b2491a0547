"""Estimating tokens without a tokenizer, and so without a download."""

import json
from collections.abc import Sequence
from math import ceil

from nbagent.image import Image
from nbagent.models.openai.to_openai import tool_schema
from nbagent.models.types import (
    AssistantMessage,
    FunctionCall,
    FunctionExecutionResultMessage,
    LLMMessage,
)
from nbagent.tools.base import Tool, ToolSchema

CONTEXT_WINDOW = 128_000
"""Tokens that a model is assumed to take: what most models of today take at least."""

BYTES_PER_TOKEN = 4
"""UTF-8 bytes that make one token.

OpenAI's rule of thumb for English is four characters; counting bytes makes it fit languages
too whose characters take several bytes and more of a token each. A rough estimate: real counts
may well differ by a third.
"""

_TOKENS_PER_MESSAGE = 4  # role and separators


def estimate_tokens(messages: Sequence[LLMMessage], tools: Sequence[Tool | ToolSchema] = ()) -> int:
    """About how many tokens a conversation and its tools take."""
    tokens = sum(_message_tokens(message) + _TOKENS_PER_MESSAGE for message in messages)
    return tokens + sum(text_tokens(json.dumps(tool_schema(tool))) for tool in tools)


def answer_tokens(text: str, thought: str, calls: Sequence[FunctionCall] = ()) -> int:
    """About how many tokens an answer took."""
    return text_tokens(text) + text_tokens(thought) + sum(map(_call_tokens, calls))


def text_tokens(text: str) -> int:
    """About how many tokens a text takes."""
    return ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


def image_tokens(image: Image) -> int:
    """About how many tokens a picture takes.

    The rule is OpenAI's for pictures in high detail: fit into 2048 x 2048 pixels, scale the
    shorter side down to 768, then 170 tokens for each tile of 512 x 512 and 85 for the picture
    (https://platform.openai.com/docs/guides/images-vision).
    """
    width, height = image.size
    scale = min(1.0, 2048 / max(width, height, 1))
    scale = min(scale, 768 / max(min(width, height), 1))
    tiles = ceil(width * scale / 512) * ceil(height * scale / 512)
    return 85 + 170 * max(tiles, 1)


def _message_tokens(message: LLMMessage) -> int:
    if isinstance(message, FunctionExecutionResultMessage):
        pictures = [image for result in message.content for image in result.images or ()]
        texts = sum(text_tokens(result.content) for result in message.content)
        return texts + sum(map(image_tokens, pictures))
    if isinstance(message.content, str):
        return text_tokens(message.content)
    if isinstance(message, AssistantMessage):
        thought = text_tokens(message.thought or "")
        return thought + sum(map(_call_tokens, message.content))
    return sum(
        image_tokens(part) if isinstance(part, Image) else text_tokens(str(part))
        for part in message.content
    )


def _call_tokens(call: FunctionCall) -> int:
    return text_tokens(call.name) + text_tokens(call.arguments)
