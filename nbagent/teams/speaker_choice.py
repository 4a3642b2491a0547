"""SpeakerChoice: asks a model who speaks next."""

import logging
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from nbagent.cancellation import CancellationToken
from nbagent.messages import ModelClientStreamingChunkEvent, SelectorEvent
from nbagent.models.client import ChatCompletionClient
from nbagent.models.model_info import ModelFamily
from nbagent.models.types import (
    AssistantMessage,
    CreateResult,
    FunctionCall,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from nbagent.teams.mentioned_names import mentioned_names

logger = logging.getLogger("nbagent.teams")

DEFAULT_SELECTOR_PROMPT = """Several participants work on a task together. Choose who speaks next.

What each is good for:
{roles}

The conversation so far:
{history}

Choose one of {participants}. Answer with that name and nothing else.
"""


class SpeakerChoice:
    """Asks a model for one name, several times where its answer names none or several.

    Args:
        model_client: The model.
        prompt: With the fields {roles}, {participants} and {history}.
        max_attempts: How many times the model is asked; at least 1.
        streaming: Ask for the answer piece by piece.
        emit_events: Yield what the model says.
        source: Whose events these are.

    Attributes:
        model_client: The model.
        prompt: The prompt.
        max_attempts: How many times the model is asked.
        streaming: Whether it is asked for the answer piece by piece.

    Raises:
        ValueError: The prompt has other fields, or `max_attempts` is below 1.
    """

    def __init__(
        self,
        model_client: ChatCompletionClient,
        *,
        prompt: str,
        max_attempts: int,
        streaming: bool,
        emit_events: bool,
        source: str,
    ) -> None:
        try:
            prompt.format(roles="", participants="", history="")
        except (LookupError, ValueError) as error:
            raise ValueError(
                "selector_prompt may have the fields {roles}, {participants} and {history}, and "
                f"other braces doubled, as in str.format(): {type(error).__name__}: {error}"
            ) from error
        if max_attempts < 1:
            raise ValueError(f"max_selector_attempts must be at least 1, not {max_attempts}.")
        self.model_client = model_client
        self.prompt = prompt
        self.max_attempts = max_attempts
        self.streaming = streaming
        self._emit_events = emit_events
        self._source = source

    async def choose(
        self,
        candidates: Mapping[str, str],
        history: Sequence[LLMMessage],
        cancellation_token: CancellationToken,
    ) -> AsyncGenerator[ModelClientStreamingChunkEvent | SelectorEvent | str, None]:
        """Ask until the model names exactly one.

        Args:
            candidates: What each is good for, by name.
            history: The conversation.
            cancellation_token: Ends the call when cancelled.

        Yields:
            What the model says, where that is wanted; last a name, unless no answer had one.
        """
        messages = [self._question(candidates, history)]
        names = list(candidates)
        for _ in range(self.max_attempts):
            result: CreateResult | None = None
            async with aclosing(self._ask(messages, cancellation_token)) as stream:
                async for item in stream:
                    if isinstance(item, CreateResult):
                        result = item
                    else:
                        yield item
            answer = result.content if result and isinstance(result.content, str) else ""
            mentioned = mentioned_names(answer, names)
            if len(mentioned) == 1:
                yield mentioned[0]
                return
            messages.append(AssistantMessage(content=answer, source="selector"))
            messages.append(UserMessage(content=_complaint(mentioned, names), source="user"))
        logger.warning(
            "The model named none of %s in %d attempts to select a speaker.",
            names,
            self.max_attempts,
        )

    def _question(self, candidates: Mapping[str, str], history: Sequence[LLMMessage]) -> LLMMessage:
        roles = [f"{name}: {' '.join(role.split())}" for name, role in candidates.items()]
        text = self.prompt.format(
            roles="\n".join(roles),
            participants=str(list(candidates)),
            history="\n\n".join(map(_line, history)),
        )
        # Other families' servers want a user's message, and take a lone system message amiss.
        if ModelFamily.is_openai(self.model_client.model_info["family"]):
            return SystemMessage(content=text)
        return UserMessage(content=text, source="user")

    async def _ask(
        self, messages: Sequence[LLMMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[ModelClientStreamingChunkEvent | SelectorEvent | CreateResult, None]:
        """One question to the model: what is shown of its answer, and then the answer."""
        event_id = str(uuid.uuid4())
        result: CreateResult | None = None
        if self.streaming:
            pieces = self.model_client.create_stream(
                messages, cancellation_token=cancellation_token
            )
            async with aclosing(pieces):
                async for piece in pieces:
                    if isinstance(piece, CreateResult):
                        result = piece
                    elif self._emit_events:
                        yield ModelClientStreamingChunkEvent(
                            content=piece, source=self._source, full_message_id=event_id
                        )
        else:
            result = await self.model_client.create(messages, cancellation_token=cancellation_token)
        if result is None:
            return
        if self._emit_events and isinstance(result.content, str):
            yield SelectorEvent(
                id=event_id,
                content=result.content,
                source=self._source,
                models_usage=result.usage,
            )
        yield result


def _complaint(mentioned: Sequence[str], names: Sequence[str]) -> str:
    if not mentioned:
        return f"That names none of them. Answer with exactly one name out of {list(names)}."
    return (
        f"That names {len(mentioned)} of them: {list(mentioned)}. Answer with exactly one name "
        f"out of {list(names)}."
    )


def _line(message: LLMMessage) -> str:
    """A message of the conversation as the model reads it."""
    if isinstance(message, SystemMessage):
        return f"system: {message.content}"
    if isinstance(message, FunctionExecutionResultMessage):
        return "\n".join(f"{result.name}: {result.content}" for result in message.content)
    if isinstance(message.content, str):
        return f"{message.source}: {message.content}"
    parts = [
        part
        if isinstance(part, str)
        else f"{part.name}({part.arguments})"
        if isinstance(part, FunctionCall)
        else "[image]"
        for part in message.content
    ]
    return f"{message.source}: {' '.join(parts)}"
