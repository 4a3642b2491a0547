"""What the server can answer, and how that looks in the protocol."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

FaultKind: TypeAlias = Literal["reset", "close", "truncate", "bad_json", "error_event", "stall"]


@dataclass(frozen=True)
class Fault:
    """How an answer goes wrong.

    Attributes:
        kind: "reset" resets the connection (RST), "close" closes it without ending the answer
            (FIN), "truncate" ends the answer properly for HTTP but without a finish reason,
            "bad_json" and "error_event" send such an event, "stall" sends nothing more.
        after: How much of the answer is sent first; None for a fault before the response even
            starts ("reset" and "close" only).
        unit: Whether `after` counts whole events or bytes of the event stream.
    """

    kind: FaultKind
    after: int | None = 0
    unit: Literal["events", "bytes"] = "events"


@dataclass(frozen=True)
class ToolCall:
    """A tool call in an answer.

    Attributes:
        name: The tool's name.
        arguments: The arguments as JSON text.
        id: The call's id.
        pieces: In how many deltas the arguments are sent. The pieces of several calls are
            interleaved.
    """

    name: str
    arguments: str
    id: str = "call_1"
    pieces: int = 1

    def split(self) -> list[str]:
        """The arguments in their pieces."""
        size = max(1, -(-len(self.arguments) // self.pieces))
        return [self.arguments[i : i + size] for i in range(0, len(self.arguments), size)] or [""]


@dataclass(frozen=True)
class Answer:
    """One answer of the model.

    Attributes:
        text: The text, one delta each.
        reasoning: The reasoning, one delta each; it comes first.
        reasoning_field: The name of the field with the reasoning.
        refusal: A refusal, one delta each.
        tool_calls: The tool calls; they come after the text.
        finish_reason: Why the model stopped; None leaves the field out for good.
        usage: Prompt and completion tokens; None where the server does not tell.
        interval: Seconds between two deltas; 0 sends as fast as possible.
        done: Whether the stream ends with `[DONE]`.
        split_seed: Send the stream in pieces of random size, 1 to 40 bytes, from this seed.
        fault: What goes wrong.
        chunks: Whole chunks as plain data, sent instead of all of the above.
    """

    text: Sequence[str] = ()
    reasoning: Sequence[str] = ()
    reasoning_field: str = "reasoning_content"
    refusal: Sequence[str] = ()
    tool_calls: Sequence[ToolCall] = ()
    finish_reason: str | None = "default"
    usage: tuple[int, int] | None = (7, 5)
    interval: float = 0.0
    done: bool = True
    split_seed: int | None = None
    fault: Fault | None = None
    chunks: Sequence[dict[str, Any]] | None = None

    @property
    def shown_finish_reason(self) -> str | None:
        """The finish reason that is sent."""
        if self.finish_reason != "default":
            return self.finish_reason
        return "tool_calls" if self.tool_calls else "stop"


@dataclass(frozen=True)
class HttpError:
    """An error instead of an answer.

    Attributes:
        status: The HTTP status.
        message: What the server says.
        code: The error code, such as "context_length_exceeded".
        retry_after: The Retry-After header, in seconds or as a date.
        body: The whole body, sent instead of a JSON error.
        content_type: The body's type.
    """

    status: int
    message: str = "something is wrong"
    code: str | None = None
    retry_after: float | str | None = None
    body: str | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def encoded(self) -> bytes:
        """The body in bytes."""
        if self.body is not None:
            return self.body.encode()
        error = {"message": self.message, "type": "error", "param": None, "code": self.code}
        return json.dumps({"error": error}).encode()


Reply: TypeAlias = Answer | HttpError


def event(data: object) -> bytes:
    """One server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}\n\n".encode("utf-8", "surrogatepass")


def chunk(
    delta: dict[str, Any], finish_reason: str | None = None, **others: object
) -> dict[str, Any]:
    """One chunk of a streamed answer."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "loopback",
        "choices": [choice],
        **others,
    }


def events(answer: Answer, *, include_usage: bool) -> Iterator[bytes]:
    """The events of a streamed answer, without its fault."""
    for data in answer.chunks if answer.chunks is not None else _chunks(answer):
        yield event(data)
    if include_usage and answer.usage and answer.chunks is None:
        yield event({**chunk({}), "choices": [], "usage": usage(answer.usage)})
    if answer.done:
        yield event("[DONE]")


def usage(tokens: tuple[int, int]) -> dict[str, int]:
    """Tokens as the protocol has them."""
    prompt, completion = tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def completion(answer: Answer) -> dict[str, Any]:
    """An answer in one piece, as it is sent where no stream was asked for."""
    message: dict[str, Any] = {"role": "assistant", "content": "".join(answer.text) or None}
    if answer.reasoning:
        message[answer.reasoning_field] = "".join(answer.reasoning)
    if answer.refusal:
        message["refusal"] = "".join(answer.refusal)
    if answer.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in answer.tool_calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": answer.shown_finish_reason}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "loopback",
        "choices": [choice],
        **({"usage": usage(answer.usage)} if answer.usage else {}),
    }


def _chunks(answer: Answer) -> Iterator[dict[str, Any]]:
    yield chunk({"role": "assistant", "content": ""})
    for piece in answer.reasoning:
        yield chunk({answer.reasoning_field: piece})
    for piece in answer.text:
        yield chunk({"content": piece})
    for piece in answer.refusal:
        yield chunk({"refusal": piece})
    yield from _tool_call_chunks(answer.tool_calls)
    if answer.shown_finish_reason is not None:
        yield chunk({}, answer.shown_finish_reason)


def _tool_call_chunks(calls: Sequence[ToolCall]) -> Iterator[dict[str, Any]]:
    for index, call in enumerate(calls):
        function = {"name": call.name, "arguments": ""}
        piece = {"index": index, "id": call.id, "type": "function", "function": function}
        yield chunk({"tool_calls": [piece]})
    waiting = [(index, call.split()) for index, call in enumerate(calls)]
    while any(pieces for _, pieces in waiting):
        for index, pieces in waiting:
            if pieces:
                piece = {"index": index, "function": {"arguments": pieces.pop(0)}}
                yield chunk({"tool_calls": [piece]})
