"""A run in which everything is hostile: what a model says, what tools give, all names."""

from collections.abc import AsyncGenerator

from nbagent import FunctionCall, TaskResult
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    ModelClientStreamingChunkEvent,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)
from nbagent.models import FunctionExecutionResult
from tests.render.corpora import HOSTILE, naughty_strings


async def hostile_run() -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
    """Streams each hostile text in two pieces, and shows them all as calls, names and thoughts."""
    messages: list[BaseAgentEvent | BaseChatMessage] = []
    # Lone halves of surrogate pairs never reach a notebook: JSON over HTTP cannot carry them.
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE + naughty_strings()]
    for number, text in enumerate(texts):
        half = len(text) // 2
        for piece in (text[:half], text[half:]):
            yield ModelClientStreamingChunkEvent(
                content=piece, source="bot", full_message_id=f"m{number}"
            )
        messages.append(TextMessage(id=f"m{number}", content=text, source="bot"))
        yield messages[-1]
    for number, text in enumerate(HOSTILE):
        text = text.encode("utf-8", "replace").decode()
        call = FunctionCall(id=f"{number}", name=text, arguments=text)
        yield ToolCallRequestEvent(content=[call], source=text)
        result = FunctionExecutionResult(content=text, name=text, call_id=f"{number}")
        yield ToolCallExecutionEvent(content=[result], source=text)
        yield ThoughtEvent(content=text, source=text)
        yield HandoffMessage(content=text, target=text, source=text)
    yield TaskResult(messages=messages, stop_reason=HOSTILE[0])
