"""From the errors of the openai package to nbagent's own.

The openai package is loaded by the time an error of it arrives here, so it is imported where
it is used. Errors of the HTTP library below it are known by name, as it has changed from httpx
to httpx2 over time, and older releases of the openai package let them through.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, cast

from pydantic import SecretStr

from nbagent.exceptions import (
    ContextLengthError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelRequestError,
    ModelResponseError,
    ModelServerError,
    ModelTimeoutError,
    TruncatedResponseError,
)
from nbagent.models.openai.credentials import redact

_CONTEXT_LENGTH = re.compile(
    r"context[ _](length|window|size)|maximum context|(prompt|input) is too long|too many tokens",
    re.IGNORECASE,
)
_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Server:
    """Who is being asked, for error messages.

    Attributes:
        model: The model's name.
        address: The API's address, without credentials.
        key_hint: How a key is set for this server.
        timeout: The client's time limit in seconds, where it has one of its own.
        secrets: What no message may show.
    """

    model: str
    address: str
    key_hint: str
    timeout: float | None
    secrets: tuple[SecretStr, ...]

    def __str__(self) -> str:
        return f"{self.address} (model {self.model!r})"


def model_error(error: Exception, server: Server) -> ModelError:
    """The error of ours that says what `error` says, without its frames and without keys."""
    if isinstance(error, ModelError):
        failure: ModelError = type(error)(str(error))
    else:
        failure = _translate(error, server)
    failure.args = (redact(str(failure), server.secrets),)
    return failure


def truncated(server: Server, in_tool_call: bool) -> TruncatedResponseError:
    """The error for a stream that ended without a finish reason."""
    where = " in the middle of a tool call" if in_tool_call else ""
    return TruncatedResponseError(
        f"the answer of {server} stopped{where} before it was complete: the stream ended without "
        "a finish reason. What had arrived is kept in partial_text. Try again."
    )


def reported_error(answer: object, server: Server) -> ModelError | None:
    """The error that an answer holds although its status is 200, if it does."""
    empty: Mapping[str, Any] = {}
    data = cast(Mapping[str, Any], answer) if isinstance(answer, Mapping) else empty
    if not data.get("error"):
        return None
    failure = _event_error(data, "", server)
    failure.args = (redact(str(failure), server.secrets),)
    return failure


def _translate(error: Exception, server: Server) -> ModelError:
    import openai

    if isinstance(error, openai.APIStatusError):
        return _status_error(error.status_code, error.body, error.response.headers, server)
    if isinstance(error, openai.APITimeoutError) or _is_http_error(error, "TimeoutException"):
        limit = f"{server.timeout or 600:g} s"
        return ModelTimeoutError(
            f"{server} sent nothing for {limit}. Try again, or allow more with timeout=SECONDS."
        )
    if isinstance(error, openai.APIConnectionError) or _is_http_error(error, "TransportError"):
        return ModelConnectionError(
            f"the connection to {server} failed or was lost: {_innermost(error)}. Check that the "
            "server runs, base_url, and the network."
        )
    if isinstance(error, openai.APIError):
        return _event_error(error.body, str(error), server)
    if isinstance(error, UnicodeDecodeError) and error.reason == "unexpected end of data":
        return truncated(server, in_tool_call=False)
    if isinstance(error, (UnicodeEncodeError, TypeError)):
        return ModelRequestError(
            f"the request to {server} cannot be written as JSON: {error}. Check "
            "extra_create_args, extra_body and the tools' schemas."
        )
    if isinstance(error, ValueError):
        return ModelResponseError(
            f"{server} sent broken data: {error}. What had arrived is kept in partial_text."
        )
    return ModelError(f"the call to {server} failed: {type(error).__name__}: {error}")


def _status_error(
    status: int, body: object, headers: Mapping[str, str], server: Server
) -> ModelError:
    text = _server_text(body)
    said = f"{server} answered {status}: {text}"
    retry_after = _retry_after(headers)
    if status in (401, 403):
        return ModelAuthenticationError(
            f"{said} {server.key_hint}", status_code=status, retry_after=retry_after
        )
    if status in (400, 413, 422) and (
        _code(body) == "context_length_exceeded" or _CONTEXT_LENGTH.search(text)
    ):
        return ContextLengthError(
            f"{said} Shorten the conversation, for example with a "
            "BufferedChatCompletionContext as the agent's model_context.",
            status_code=status,
        )
    if status == 404:
        return ModelNotFoundError(
            f"{said} Check the model's name and base_url; most addresses end in /v1.",
            status_code=status,
        )
    if status == 429:
        wait = "" if retry_after is None else f" The server allows it in {retry_after:g} s."
        return ModelRateLimitError(
            f"{said} Try again later, or check the quota.{wait}",
            status_code=status,
            retry_after=retry_after,
        )
    if status >= 500:
        return ModelServerError(f"{said} Try again later.", status_code=status)
    return ModelRequestError(said, status_code=status, retry_after=retry_after)


def _event_error(body: object, message: str, server: Server) -> ModelError:
    """The error for an error event inside a stream, or in an answer with status 200."""
    text = _server_text(body) if body else message
    said = f"{server} reported an error: {text}"
    if _code(body) == "context_length_exceeded" or _CONTEXT_LENGTH.search(text):
        return ContextLengthError(f"{said} Shorten the conversation.")
    return ModelServerError(f"{said} What had arrived is kept in partial_text.")


def _is_http_error(error: Exception, name: str) -> bool:
    """Whether the error is of that class of httpx or its successor."""
    return any(
        base.__name__ == name and base.__module__.split(".")[0] in ("httpx", "httpx2")
        for base in type(error).__mro__
    )


def _innermost(error: BaseException) -> str:
    """What the first of a chain of errors says; the last one names no reason."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {error}".rstrip(": .")


def _server_text(body: object) -> str:
    """What the server says in the body of an error, in any of the forms in use."""
    text: object = body
    if isinstance(body, Mapping):
        data = cast(Mapping[str, Any], body)
        inner = data.get("error", data)
        if isinstance(inner, Mapping):
            fields = cast(Mapping[str, Any], inner)
            inner = fields.get("message") or fields.get("detail") or fields
        text = inner
    line = " ".join(str(text or "").split())
    if len(line) > _LONGEST_TEXT:
        line = line[:_LONGEST_TEXT] + "…"
    if not line:
        return "(no message)."
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _code(body: object) -> object:
    """The error code in the body of an error."""
    if not isinstance(body, Mapping):
        return None
    data = cast(Mapping[str, Any], body)
    inner = data.get("error", data)
    return cast(Mapping[str, Any], inner).get("code") if isinstance(inner, Mapping) else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds in a Retry-After header, which may also hold a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except ValueError:
        return None
