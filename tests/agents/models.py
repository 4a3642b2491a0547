"""Model clients for the agents' tests: real clients whose answers a test writes down."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from nbagent import CancellationToken, FunctionCall
from nbagent.models import CreateResult, LLMMessage, RequestUsage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.tools import Tool, ToolSchema


def calls(*named: tuple[str, str], thought: str | None = None) -> CreateResult:
    """An answer that calls tools: each as (name, arguments)."""
    return CreateResult(
        finish_reason="function_calls",
        content=[
            FunctionCall(id=f"call_{number}", name=name, arguments=arguments)
            for number, (name, arguments) in enumerate(named)
        ],
        usage=RequestUsage(prompt_tokens=10, completion_tokens=5),
        cached=False,
        thought=thought,
    )


def text(content: str, thought: str | None = None) -> CreateResult:
    """An answer in words."""
    return CreateResult(
        finish_reason="stop",
        content=content,
        usage=RequestUsage(prompt_tokens=10, completion_tokens=5),
        cached=False,
        thought=thought,
    )


def replay(*answers: str | CreateResult) -> ReplayChatCompletionClient:
    """A model that gives these answers, and can do everything."""
    return ReplayChatCompletionClient(
        list(answers),
        model_info={
            "vision": True,
            "function_calling": True,
            "json_output": True,
            "structured_output": True,
            "family": "unknown",
        },
    )


class StallingClient(ReplayChatCompletionClient):
    """Streams one word and then nothing, until it is cancelled.

    Args:
        on_end: Called when the stream ends, however it ends.
    """

    def __init__(self, on_end: Callable[[], None] = lambda: None) -> None:
        super().__init__([])
        self._on_end = on_end
        self.stalled = asyncio.Event()

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        try:
            yield "Once"
            self.stalled.set()
            token = cancellation_token or CancellationToken()
            await token.wait(asyncio.Event().wait())
        finally:
            self._on_end()
