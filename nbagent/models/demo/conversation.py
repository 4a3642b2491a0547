"""Reads a conversation: what is asked now, what was said before, what tools have given."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from nbagent.image import Image
from nbagent.models.types import (
    AssistantMessage,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)

MAX_PROMPT = 8_000
"""How many characters of a prompt are read."""

_HANDED_OVER = re.compile(r"Transferred to \w+, adopting the role of \w+ immediately\.$")


@dataclass
class Conversation:
    """What the demo model knows of a conversation.

    Attributes:
        prompt: What is asked now.
        images: The pictures that came with it.
        asked_by: Who asks.
        results: The tool calls made for this prompt and their results, in order.
        earlier_prompts: What was asked before, oldest first.
        last_answer: The model's answer just before the prompt; empty where there is none.
        has_spoken: Whether the model gave an answer before.
        system: The instructions.
    """

    prompt: str = ""
    images: list[Image] = field(default_factory=list[Image])
    asked_by: str = "user"
    results: list[tuple[FunctionCall, FunctionExecutionResult]] = field(
        default_factory=list[tuple[FunctionCall, FunctionExecutionResult]]
    )
    earlier_prompts: list[str] = field(default_factory=list[str])
    last_answer: str = ""
    has_spoken: bool = False
    system: str = ""

    def was_called(self, name: str, arguments: dict[str, Any]) -> bool:
        """Whether this very call was made for this prompt already."""
        return any(
            call.name == name and read_arguments(call) == arguments for call, _ in self.results
        )


def read_conversation(messages: Sequence[LLMMessage]) -> Conversation:
    """Read a conversation, oldest message first."""
    asked = _position_of_prompt(messages)
    conversation = Conversation()
    calls: dict[str, FunctionCall] = {}
    for position, message in enumerate(messages):
        if isinstance(message, SystemMessage):
            conversation.system += message.content + "\n"
        elif isinstance(message, UserMessage):
            text, images = _text_and_images(message)
            if position == asked:
                conversation.prompt, conversation.images = text[:MAX_PROMPT], images
                conversation.asked_by = message.source
            elif position < asked and text:
                conversation.earlier_prompts.append(text[:MAX_PROMPT])
        elif isinstance(message, AssistantMessage):
            if isinstance(message.content, str):
                conversation.has_spoken = True
                if position < asked:
                    conversation.last_answer = message.content
            else:
                calls.update({call.id: call for call in message.content})
        elif position > asked:
            conversation.results += _with_calls(message, calls)
    return conversation


def read_arguments(call: FunctionCall) -> dict[str, Any]:
    """The arguments of a call; empty where they are no JSON object."""
    try:
        arguments = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return {}
    return cast(dict[str, Any], arguments) if isinstance(arguments, dict) else {}


def _position_of_prompt(messages: Sequence[LLMMessage]) -> int:
    """The index of the message that is to be answered; -1 where there is none.

    That is the last one, except that a note about a hand-over is none, and that a request of
    the user comes before what other agents said to it until it has been answered.
    """
    asked = -1
    for position in range(len(messages) - 1, -1, -1):
        message = messages[position]
        if (
            isinstance(message, AssistantMessage)
            and isinstance(message.content, str)
            and asked >= 0
        ):
            break
        if isinstance(message, UserMessage) and not _HANDED_OVER.match(
            _text_and_images(message)[0]
        ):
            if asked < 0:
                asked = position
            if message.source == "user":
                return position
    return asked


def _text_and_images(message: UserMessage) -> tuple[str, list[Image]]:
    if isinstance(message.content, str):
        return message.content, []
    texts = [part for part in message.content if isinstance(part, str)]
    return "\n".join(texts), [part for part in message.content if isinstance(part, Image)]


def _with_calls(
    message: FunctionExecutionResultMessage, calls: dict[str, FunctionCall]
) -> list[tuple[FunctionCall, FunctionExecutionResult]]:
    """Each result with its call; a call that the context has lost is made up without arguments."""
    return [
        (calls.get(result.call_id, FunctionCall(result.call_id, "{}", result.name)), result)
        for result in message.content
    ]
