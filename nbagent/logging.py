"""What is logged of model and tool calls: one object for each, to the logger `nbagent.events`.

Python's logging drops them unless someone listens:

    logging.getLogger(nbagent.EVENT_LOGGER_NAME).setLevel(logging.INFO)

A record's `msg` is the object, and its text is JSON. Messages and results stand in it whole.
"""

import json
from collections.abc import Mapping
from typing import Any

ROOT_LOGGER_NAME = "nbagent"
EVENT_LOGGER_NAME = "nbagent.events"
TRACE_LOGGER_NAME = "nbagent.trace"


class _CallEvent:
    """Something that happened, by name and value in `kwargs`; as text it is JSON."""

    def __init__(self, **kwargs: Any) -> None:
        self.kwargs: dict[str, Any] = kwargs

    def __str__(self) -> str:
        return json.dumps(self.kwargs, ensure_ascii=False, default=str)


class _AnswerEvent(_CallEvent):
    """A model's whole answer, with what it took."""

    @property
    def prompt_tokens(self) -> int:
        """Tokens that were sent."""
        return self.kwargs["prompt_tokens"]

    @property
    def completion_tokens(self) -> int:
        """Tokens of the answer."""
        return self.kwargs["completion_tokens"]


class LLMCallEvent(_AnswerEvent):
    """A model answered in one piece.

    Args:
        messages: The conversation as it was sent.
        response: The answer.
        prompt_tokens: Tokens that were sent.
        completion_tokens: Tokens of the answer.
        kwargs: Whatever else is worth knowing.
    """

    def __init__(
        self,
        *,
        messages: list[dict[str, Any]],
        response: dict[str, Any],
        prompt_tokens: int,
        completion_tokens: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            **kwargs,
            type="LLMCall",
            messages=messages,
            response=response,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )


class LLMStreamStartEvent(_CallEvent):
    """A model began to answer piece by piece.

    Args:
        messages: The conversation as it was sent.
        kwargs: Whatever else is worth knowing.
    """

    def __init__(self, *, messages: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(**kwargs, type="LLMStreamStart", messages=messages)


class LLMStreamEndEvent(_AnswerEvent):
    """A model's answer is whole that came piece by piece.

    Args:
        response: The answer.
        prompt_tokens: Tokens that were sent.
        completion_tokens: Tokens of the answer.
        kwargs: Whatever else is worth knowing.
    """

    def __init__(
        self,
        *,
        response: dict[str, Any],
        prompt_tokens: int,
        completion_tokens: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            **kwargs,
            type="LLMStreamEnd",
            response=response,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )


class ToolCallEvent(_CallEvent):
    """A tool was called and gave its result.

    Args:
        tool_name: The tool's name.
        arguments: The arguments by name.
        result: The result as the model reads it.
    """

    def __init__(self, *, tool_name: str, arguments: Mapping[str, Any], result: str) -> None:
        super().__init__(
            type="ToolCall", tool_name=tool_name, arguments=dict(arguments), result=result
        )
