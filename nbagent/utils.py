"""Small functions on contents and texts, under the names that AgentChat gives them."""

import json
import re
from collections.abc import Sequence
from typing import Any, cast

from pydantic import BaseModel

from nbagent.image import Image
from nbagent.models.types import (
    FunctionCall,
    FunctionExecutionResult,
    LLMMessage,
    UserMessage,
)
from nbagent.structured_schema import schema_to_pydantic_model

__all__ = [
    "content_to_str",
    "extract_json_from_str",
    "remove_images",
    "schema_to_pydantic_model",
]

_OPENING = re.compile(r"```[ \t]*([\w+-]*)$")
"""Three backticks and perhaps a language, at the end of a line."""


def content_to_str(
    content: str
    | Sequence[str | Image]
    | Sequence[FunctionCall]
    | Sequence[FunctionExecutionResult]
    | BaseModel,
) -> str:
    """A message's content as text: parts on lines of their own, "<image>" for a picture."""
    if isinstance(content, str):
        return content
    if isinstance(content, BaseModel):
        return content.model_dump_json()
    return "\n".join(
        part if isinstance(part, str) else "<image>" if isinstance(part, Image) else str(part)
        for part in content
    )


def remove_images(messages: Sequence[LLMMessage]) -> list[LLMMessage]:
    """A conversation with "<image>" in the place of each picture, for models without vision."""
    return [_without_images(message) for message in messages]


def _without_images(message: LLMMessage) -> LLMMessage:
    if isinstance(message, UserMessage) and not isinstance(message.content, str):
        return message.model_copy(update={"content": content_to_str(message.content)})
    return message


def extract_json_from_str(content: str) -> list[dict[str, Any]]:
    """The JSON objects in a text: in its fenced code blocks, or else the text itself.

    Args:
        content: A text as models write it, such as a few words and then a block of ```json.

    Raises:
        ValueError: There is no JSON object, a block is of another language, or what is there
            is no JSON.
    """
    found: list[dict[str, Any]] = []
    for text in _fenced_json(content) or [content]:
        try:
            value: object = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"there is no JSON in {text[:80]!r}: {error}") from error
        if not isinstance(value, dict):
            raise ValueError(f"{text[:80]!r} is JSON, but no object.")
        found.append(cast("dict[str, Any]", value))
    return found


def _fenced_json(content: str) -> list[str]:
    """What stands in fenced blocks; words may stand before and behind a block."""
    blocks: list[str] = []
    lines: list[str] | None = None
    for line in content.splitlines():
        if lines is not None:
            if line.lstrip().startswith("```"):
                blocks.append("\n".join(lines))
                lines = None
            else:
                lines.append(line)
        elif opening := _OPENING.search(line.rstrip()):
            language = opening[1].lower()
            if language not in ("", "json"):
                raise ValueError(f"expected JSON, but a block of {language!r} was found.")
            lines = []
    return blocks
