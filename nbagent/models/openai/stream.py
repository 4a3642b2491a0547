"""Putting an answer together from the pieces it arrives in."""

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from typing_extensions import TypeIs

from nbagent.exceptions import ModelResponseError
from nbagent.models.openai.reasoning import ReasoningSplitter
from nbagent.models.openai.surrogates import has_surrogate, is_first_half, whole_characters
from nbagent.models.openai.tokens import answer_tokens
from nbagent.models.types import (
    ChatCompletionTokenLogprob,
    CreateResult,
    FinishReasons,
    FunctionCall,
    RequestUsage,
    TopLogprob,
)

_FINISH_REASONS: Final[dict[str, FinishReasons]] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
}


@dataclass
class _PartialCall:
    """A tool call whose pieces are still arriving."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


class AnswerBuilder:
    """Collects the chunks of one answer: text, reasoning, tool calls, usage.

    Chunks are plain data in the form of the chat completions API. The work per chunk does not
    grow with the length of the answer.

    Attributes:
        finish_reason: Why the model stopped, in the server's words; None until it said so.
        usage: Tokens spent, where the server told.
    """

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.usage: RequestUsage | None = None
        self._text: list[str] = []
        self._thought: list[str] = []
        self._splitter = ReasoningSplitter()
        self._half = ""
        self._calls: list[_PartialCall] = []
        self._call_at: dict[Any, _PartialCall] = {}
        self._logprobs: list[ChatCompletionTokenLogprob] = []

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._text)

    @property
    def thought(self) -> str:
        """The reasoning so far."""
        return whole_characters("".join(self._thought)).strip()

    def add(self, chunk: Any) -> str:
        """Take the next chunk of a stream.

        Returns:
            The text that it adds to the answer; may be empty.

        Raises:
            ModelResponseError: The chunk is not what the API describes.
        """
        if not _is_object(chunk):
            raise _unexpected(chunk)
        data: dict[str, Any] = chunk
        usage = data.get("usage")
        if usage is not None:
            self._take_usage(usage)
        choices = data.get("choices")
        if not choices:
            return ""
        if not _is_list(choices) or not _is_object(choices[0]):
            raise _unexpected(data)
        choice: dict[str, Any] = choices[0]
        return self._add_choice(choice, choice.get("delta"))

    def add_whole(self, completion: Any) -> None:
        """Take an answer that came in one piece.

        Raises:
            ModelResponseError: It is not what the API describes.
        """
        data: dict[str, Any] = completion if _is_object(completion) else {}
        choices = data.get("choices")
        if not _is_list(choices) or not choices or not _is_object(choices[0]):
            raise _unexpected(completion)
        if data.get("usage") is not None:
            self._take_usage(data["usage"])
        choice: dict[str, Any] = choices[0]
        self._add_choice(choice, choice.get("message"))
        self.finish()

    def finish(self) -> str:
        """The stream has ended, well or badly.

        Returns:
            The text that was held back because it might have become a tag.
        """
        thought, text = self._splitter.finish()
        if self._half:
            text, self._half = text + whole_characters(self._half), ""
        if thought:
            self._thought.append(thought)
        if text:
            self._text.append(text)
        return text

    @property
    def empty(self) -> bool:
        """Whether nothing has arrived."""
        return not (self._text or self._thought or self._calls)

    @property
    def in_tool_call(self) -> bool:
        """Whether a tool call has arrived, whole or in part."""
        return bool(self._calls)

    def tokens(self) -> int:
        """About how many tokens the answer took, for a server that does not tell."""
        return answer_tokens(self.text, self.thought, self._finished_calls())

    def result(self) -> CreateResult:
        """The whole answer."""
        calls = self._finished_calls()
        text, thought = self.text, self.thought
        known = _FINISH_REASONS.get(self.finish_reason or "")
        if calls:
            # Some servers say "stop" after tool calls, too.
            reason: FinishReasons = (
                known if known in ("length", "content_filter") else "function_calls"
            )
            thought = "\n\n".join(part for part in (thought, text) if part)
        else:
            reason = known or "unknown"
        return CreateResult(
            finish_reason=reason,
            content=calls or text,
            usage=self.usage or RequestUsage(0, 0),
            cached=False,
            logprobs=self._logprobs or None,
            thought=thought or None,
        )

    def _add_choice(self, choice: dict[str, Any], delta: Any) -> str:
        if choice.get("finish_reason"):  # some servers send "" until the end
            self.finish_reason = str(choice["finish_reason"])
        if choice.get("logprobs"):
            self._take_logprobs(choice["logprobs"])
        if delta is None:
            return ""
        if not _is_object(delta):
            raise _unexpected(choice)
        message: dict[str, Any] = delta
        # Not part of OpenAI's API: DeepSeek and vLLM use the first name, OpenRouter, Ollama
        # and newer vLLM the second. Some send both with the same text.
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        if reasoning and isinstance(reasoning, str):
            self._thought.append(reasoning)
        if message.get("tool_calls"):
            self._take_tool_calls(message["tool_calls"])
        # A refusal is the answer then: it is what the model says to the user.
        content = message.get("content") or message.get("refusal")
        if not content:
            return ""
        if not isinstance(content, str):
            content = self._text_of_parts(content)
        if self._half or has_surrogate(content):
            content = self._whole(content)
        if self._splitter.open:
            thought, content = self._splitter.feed(content)
            if thought:
                self._thought.append(thought)
        if content:
            self._text.append(content)
        return content

    def _whole(self, piece: str) -> str:
        """The piece without halves of characters; a last half waits for the next piece."""
        piece, self._half = self._half + piece, ""
        if is_first_half(piece[-1]):
            piece, self._half = piece[:-1], piece[-1]
        return whole_characters(piece)

    def _text_of_parts(self, parts: Any) -> str:
        """Content as a list of parts, as Mistral's reasoning models send it."""
        texts: list[str] = []
        for part in parts if _is_list(parts) else [parts]:
            if _is_object(part) and isinstance(part.get("text"), str):
                texts.append(part["text"])
            elif _is_object(part) and _is_list(part.get("thinking")):
                thinking: list[Any] = part["thinking"]
                self._thought.extend(
                    str(piece.get("text", "")) for piece in thinking if _is_object(piece)
                )
            else:
                raise _unexpected(parts)
        return "".join(texts)

    def _take_tool_calls(self, pieces: Any) -> None:
        if not _is_list(pieces):
            raise _unexpected(pieces)
        for piece in pieces:
            if not _is_object(piece):
                raise _unexpected(piece)
            self._take_tool_call(piece)

    def _take_tool_call(self, piece: dict[str, Any]) -> None:
        """Add a piece of a tool call to the call it belongs to.

        The index tells which one. Servers that send none, or the same for all, are told apart
        by the id.
        """
        index, call_id, function = piece.get("index"), piece.get("id"), piece.get("function")
        if not _is_object(function):
            function = {}
        name, arguments = function.get("name"), function.get("arguments")
        key = index if isinstance(index, int) else None
        call = self._call_at.get(key)
        if call is None or (name and (call_id or key is None) and call_id != call.id):
            call = self._call_at[key] = _PartialCall()
            self._calls.append(call)
        if isinstance(call_id, str) and call_id:
            call.id = call_id
        # Some servers repeat the name in every piece.
        if isinstance(name, str) and name != call.name:
            call.name += name
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif arguments is not None:
            call.arguments.append(json.dumps(arguments, ensure_ascii=False))

    def _finished_calls(self) -> list[FunctionCall]:
        """The tool calls, each with an id of its own."""
        taken: set[str] = set()
        calls: list[FunctionCall] = []
        for call in self._calls:
            call_id = call.id
            if not call_id or call_id in taken:
                call_id = f"call_{uuid.uuid4().hex[:24]}"
            taken.add(call_id)
            arguments = whole_characters("".join(call.arguments))
            calls.append(FunctionCall(call_id, arguments, call.name))
        return calls

    def _take_usage(self, usage: Any) -> None:
        if not _is_object(usage):
            raise _unexpected(usage)
        prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(prompt, int) or isinstance(completion, int):
            self.usage = RequestUsage(
                prompt if isinstance(prompt, int) else 0,
                completion if isinstance(completion, int) else 0,
            )

    def _take_logprobs(self, logprobs: Any) -> None:
        try:
            for token in logprobs["content"] or ():
                self._logprobs.append(
                    ChatCompletionTokenLogprob(
                        token=token["token"],
                        logprob=token["logprob"],
                        top_logprobs=[
                            TopLogprob(logprob=top["logprob"], bytes=top.get("bytes"))
                            for top in token.get("top_logprobs") or ()
                        ],
                        bytes=token.get("bytes"),
                    )
                )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _unexpected(logprobs) from error


def _is_object(value: Any) -> TypeIs[dict[str, Any]]:
    """Whether the value is an object of JSON."""
    return isinstance(value, dict)


def _is_list(value: Any) -> TypeIs[list[Any]]:
    """Whether the value is an array of JSON."""
    return isinstance(value, list)


def _unexpected(data: object) -> ModelResponseError:
    shown = re.sub(r"\s+", " ", repr(data))
    if len(shown) > 200:
        shown = shown[:200] + "…"
    return ModelResponseError(
        f"the server sent something that is no chat completion: {shown}. Check base_url: most "
        "addresses end in /v1."
    )
