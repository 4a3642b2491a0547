"""Cutting a conversation only where model servers allow it.

Servers refuse a tool's result without its call, and a call without its result. An exchange is
what must stay together: a message that calls tools with the results that follow it; any other
message is an exchange by itself.
"""

from collections.abc import Sequence

from nbagent.models.types import AssistantMessage, FunctionExecutionResultMessage, LLMMessage


def exchange_starts(messages: Sequence[LLMMessage]) -> list[int]:
    """Where each exchange begins: places in the conversation, in order."""
    starts: list[int] = []
    open_calls: set[str] = set()
    for place, message in enumerate(messages):
        if isinstance(message, FunctionExecutionResultMessage):
            ids = {result.call_id for result in message.content}
            if not (open_calls & ids):
                starts.append(place)
            open_calls -= ids
        else:
            starts.append(place)
            open_calls = _calls(message)
    return starts


def exchanges(messages: Sequence[LLMMessage]) -> list[list[LLMMessage]]:
    """The conversation as its exchanges; joined they are the conversation."""
    starts = exchange_starts(messages)
    ends = [*starts[1:], len(messages)]
    return [list(messages[start:end]) for start, end in zip(starts, ends, strict=False)]


def is_whole(exchange: Sequence[LLMMessage]) -> bool:
    """Whether a server takes it: each result has its call, and each call its result."""
    called: set[str] = set()
    answered: set[str] = set()
    for message in exchange:
        if isinstance(message, FunctionExecutionResultMessage):
            answered |= {result.call_id for result in message.content}
        else:
            called |= _calls(message)
    return called == answered


def head(messages: Sequence[LLMMessage], size: int) -> list[LLMMessage]:
    """The exchanges that lie wholly within the first `size` messages."""
    kept: list[LLMMessage] = []
    for exchange in exchanges(messages):
        if len(kept) + len(exchange) > size:
            break
        kept += exchange
    return kept


def tail(messages: Sequence[LLMMessage], size: int) -> list[LLMMessage]:
    """The exchanges that lie wholly within the last `size` messages; at least the last one."""
    kept: list[LLMMessage] = []
    for exchange in reversed(exchanges(messages)):
        if kept and len(kept) + len(exchange) > size:
            break
        kept = exchange + kept
    return kept


def _calls(message: LLMMessage) -> set[str]:
    if isinstance(message, AssistantMessage) and not isinstance(message.content, str):
        return {call.id for call in message.content}
    return set()
