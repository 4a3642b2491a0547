"""ModelCall: one question to the model, answered at once or piece by piece."""

import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel

from nbagent.agents.tool_pictures import with_tool_pictures
from nbagent.cancellation import CancellationToken
from nbagent.exceptions import ModelCapabilityError, ModelResponseError
from nbagent.messages import ModelClientStreamingChunkEvent
from nbagent.models.client import ChatCompletionClient
from nbagent.models.types import CreateResult, LLMMessage, UserMessage
from nbagent.tools.base import ToolSchema


class ModelCall:
    """Asks the model once; after `stream()` has ended, `result` holds the whole answer.

    Args:
        model_client: The model.
        source: The agent that asks.
        stream: Whether to yield the answer piece by piece.
        output_type: A pydantic model that the answer must fit.
        metadata: What each yielded event carries.
    """

    def __init__(
        self,
        model_client: ChatCompletionClient,
        *,
        source: str,
        stream: bool,
        output_type: type[BaseModel] | None,
        metadata: Mapping[str, str],
    ) -> None:
        self._client = model_client
        self._source = source
        self._stream = stream
        self._output_type = output_type
        self._metadata = dict(metadata)
        self._message_id = str(uuid.uuid4())
        self._result: CreateResult | None = None

    @property
    def result(self) -> CreateResult:
        """The whole answer."""
        assert self._result is not None, "the model has not answered yet"
        return self._result

    def take_message_id(self) -> str:
        """The id that the chunks named; whoever takes it second gets a new one."""
        message_id, self._message_id = self._message_id, str(uuid.uuid4())
        return message_id

    async def stream(
        self,
        messages: Sequence[LLMMessage],
        tools: Sequence[ToolSchema] | None,
        cancellation_token: CancellationToken,
    ) -> AsyncGenerator[ModelClientStreamingChunkEvent, None]:
        """Ask, and yield the pieces of the answer.

        Args:
            messages: The conversation. A model with vision also gets the pictures that tools
                returned; any other reads "[image]" in their place.
            tools: What the model may call; None forbids calls.
            cancellation_token: Ends the call when cancelled.

        Raises:
            ModelCapabilityError: There are pictures in the conversation and the model takes none.
            ModelError: The call failed.
        """
        self._check_vision(messages)
        if self._client.model_info["vision"]:
            messages = with_tool_pictures(messages)
        # "auto" goes without saying: a client of one's own may not know of choices.
        choice: dict[str, Any] = {} if tools is not None else {"tool_choice": "none"}
        if not self._stream:
            self._result = await self._client.create(
                messages,
                tools=tools or [],
                json_output=self._output_type,
                cancellation_token=cancellation_token,
                **choice,
            )
            return
        pieces = self._client.create_stream(
            messages,
            tools=tools or [],
            json_output=self._output_type,
            cancellation_token=cancellation_token,
            **choice,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, CreateResult):
                    self._result = piece
                else:
                    yield ModelClientStreamingChunkEvent(
                        content=piece,
                        source=self._source,
                        full_message_id=self._message_id,
                        metadata=self._metadata,
                    )
        if self._result is None:
            raise ModelResponseError(
                f"{type(self._client).__name__}.create_stream() ended without a CreateResult."
            )

    def _check_vision(self, messages: Sequence[LLMMessage]) -> None:
        if self._client.model_info["vision"]:
            return
        for message in messages:
            if isinstance(message, UserMessage) and not isinstance(message.content, str):
                if all(isinstance(part, str) for part in message.content):
                    continue
                raise ModelCapabilityError(
                    f"agent {self._source!r} was given a picture, but its model takes none "
                    f"(model_info['vision'] is False of {self._client!r}). Choose a model with "
                    "vision, or pass model_info if this one has it."
                )
