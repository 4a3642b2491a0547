"""Text as the pieces of a stream, and what it costs, for models that have no tokenizer."""

import asyncio
import re
from collections.abc import Sequence

from nbagent.cancellation import CancellationToken
from nbagent.models.types import FunctionCall, LLMMessage, SystemMessage, UserMessage

IMAGE_TOKENS = 258
"""What one picture counts, in tokens: an order of magnitude, as providers differ."""

_PIECE = re.compile(r"\s*\S+\s*")
_CHARACTERS_PER_TOKEN = 4


def word_pieces(text: str) -> list[str]:
    """Cut a text into words with the white space around them; joined they are the text."""
    return _PIECE.findall(text) if text.strip() else [text] * bool(text)


async def pause(seconds: float, cancellation_token: CancellationToken | None) -> None:
    """Wait before the next piece, 0 for one turn of the loop; end here on a cancel."""
    waiting = asyncio.sleep(seconds)
    await (waiting if cancellation_token is None else cancellation_token.wait(waiting))


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: one for four characters, and one a word at least."""
    return max(len(text.split()), -(-len(text) // _CHARACTERS_PER_TOKEN))


def estimate_message_tokens(messages: Sequence[LLMMessage]) -> int:
    """About how many tokens a conversation has."""
    return sum(_message_tokens(message) for message in messages)


def _message_tokens(message: LLMMessage) -> int:
    if isinstance(message, SystemMessage):
        return estimate_tokens(message.content)
    if isinstance(message, UserMessage) and not isinstance(message.content, str):
        return sum(
            estimate_tokens(part) if isinstance(part, str) else IMAGE_TOKENS
            for part in message.content
        )
    if isinstance(message.content, str):
        return estimate_tokens(message.content)
    return sum(
        estimate_tokens(part.name + part.arguments)
        if isinstance(part, FunctionCall)
        else estimate_tokens(part if isinstance(part, str) else getattr(part, "content", ""))
        for part in message.content
    )
