"""The chat completions protocol over an openai client, whichever service it talks to."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, SecretStr
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.exceptions import (
    ComponentError,
    ConfigurationError,
    ModelConnectionError,
    ModelError,
    ModelRequestError,
    ModelResponseError,
    ModelTimeoutError,
)
from nbagent.logging import (
    EVENT_LOGGER_NAME,
    LLMCallEvent,
    LLMStreamEndEvent,
    LLMStreamStartEvent,
)
from nbagent.models.client import ChatCompletionClient
from nbagent.models.model_info import (
    ModelCapabilities,
    ModelInfo,
    assume_model_info,
    validate_model_info,
)
from nbagent.models.openai.credentials import shown_address, without_frames
from nbagent.models.openai.errors import Server, model_error, reported_error, truncated
from nbagent.models.openai.request import Request, RequestBuilder
from nbagent.models.openai.stream import AnswerBuilder
from nbagent.models.openai.tokens import CONTEXT_WINDOW, estimate_tokens
from nbagent.models.types import CreateResult, LLMMessage, RequestUsage
from nbagent.tools.base import Tool, ToolSchema

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream

logger = logging.getLogger(__name__)
_events = logging.getLogger(EVENT_LOGGER_NAME)


class BaseOpenAIChatCompletionClient(ChatCompletionClient):
    """A model behind an openai client of your own.

    Errors leave without the frames they came through and without a cause, because those hold
    the key; the message says what the cause said.

    Args:
        client: The openai client. It is closed with this one.
        create_args: What goes into every request; "model" is required.
        model_capabilities: The older, smaller form of `model_info`.
        model_info: What the model can do; assumed from its name by default.
        add_name_prefixes: Put "NAME said:" in front of what each user said.
        include_name_in_message: Send the speakers' names along.
    """

    key_hint: ClassVar[str] = "Check the key of the openai client."

    def __init__(
        self,
        client: "AsyncOpenAI",
        *,
        create_args: dict[str, Any],
        model_capabilities: ModelCapabilities | None = None,
        model_info: ModelInfo | None = None,
        add_name_prefixes: bool = False,
        include_name_in_message: bool = True,
    ) -> None:
        if not create_args.get("model"):
            raise ConfigurationError("create_args must name a model: create_args={'model': ...}.")
        self._client = client
        self._model_info = _model_info(create_args["model"], model_info, model_capabilities)
        self._requests = RequestBuilder(
            create_args,
            self._model_info,
            add_name_prefixes=add_name_prefixes,
            include_name=include_name_in_message,
        )
        self._server = Server(
            model=create_args["model"],
            address=shown_address(str(client.base_url)),
            key_hint=self.key_hint,
            timeout=client.timeout if isinstance(client.timeout, (int, float)) else None,
            secrets=(SecretStr(client.api_key or ""),),
        )
        self._usage = RequestUsage(0, 0)
        # Some servers refuse to be asked for usage; each client finds out once.
        self._usage_refused = False

    @classmethod
    def create_from_config(cls, config: dict[str, Any]) -> Self:
        """Build a client from its options as a dict."""
        return cls(**config)

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Answer a conversation.

        Args and errors are those of `ChatCompletionClient.create()`.

        Args:
            messages: The conversation, oldest first.
            tools: What the model may call.
            tool_choice: "auto", "required", "none" or the tool to call.
            json_output: True asks for JSON, a pydantic model for JSON of its schema.
            extra_create_args: Further fields of the request, and `extra_headers`,
                `extra_query`, `extra_body` and `timeout` (seconds) as the openai package has
                them.
            cancellation_token: Ends the call when cancelled.
        """
        request = self._requests.build(messages, tools, tool_choice, json_output, extra_create_args)
        answer = AnswerBuilder()
        failure = self._read(await self._post(request, cancellation_token), answer)
        if failure is not None:
            raise failure
        result = self._finished(answer, messages, tools)
        if _events.isEnabledFor(logging.INFO):
            _events.info(LLMCallEvent(messages=request.body["messages"], **_answer_of(result)))
        return result

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = [],
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
        max_consecutive_empty_chunk_tolerance: int = 0,
        include_usage: bool | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Answer a conversation piece by piece: pieces of the text, then the whole result.

        Leaving the iteration early (`aclose()`, cancelling) closes the connection at once.

        Args:
            messages: The conversation, oldest first.
            tools: What the model may call.
            tool_choice: "auto", "required", "none" or the tool to call.
            json_output: True asks for JSON, a pydantic model for JSON of its schema.
            extra_create_args: As for `create()`.
            cancellation_token: Ends the call when cancelled.
            max_consecutive_empty_chunk_tolerance: Accepted for code written for AgentChat;
                empty chunks never end a stream here.
            include_usage: Whether to ask for the tokens spent; by default yes. Where the
                server does not tell, the result holds an estimate.

        Raises:
            TruncatedResponseError: The stream ended without a finish reason.
            ModelError: The call failed otherwise. What had arrived stands in `partial_text`
                and `partial_thought`.
        """
        request = self._requests.build(messages, tools, tool_choice, json_output, extra_create_args)
        stream = await self._open_stream(request, include_usage, cancellation_token)
        if _events.isEnabledFor(logging.INFO):
            _events.info(LLMStreamStartEvent(messages=request.body["messages"]))
        next_chunk, token = stream.__anext__, cancellation_token
        answer = AnswerBuilder()
        failure: ModelError | None = None
        interruption: BaseException | None = None
        try:
            while True:
                try:
                    text = answer.add(await (token.wait(next_chunk()) if token else next_chunk()))
                except StopAsyncIteration:
                    break
                except (asyncio.CancelledError, KeyboardInterrupt) as error:
                    interruption = without_frames(error)
                    break
                except Exception as error:  # noqa: BLE001 - the frames of any error hold the key
                    failure = model_error(error, self._server)
                    break
                if text:
                    yield text
        finally:
            await stream.close()
        if interruption is not None:
            raise interruption
        held = answer.finish()
        if held:
            yield held
        if answer.finish_reason is None:
            failure = failure or self._incomplete(stream, answer)
        elif isinstance(failure, ModelConnectionError | ModelTimeoutError):
            # The answer is whole; only what comes after it, such as the usage, was lost.
            failure = None
        if failure is not None:
            failure.partial_text, failure.partial_thought = answer.text, answer.thought
            raise failure
        result = self._finished(answer, messages, tools)
        if _events.isEnabledFor(logging.INFO):
            _events.info(LLMStreamEndEvent(**_answer_of(result)))
        yield result

    async def close(self) -> None:
        """Close the connections. The client cannot be used afterwards."""
        await self._client.close()

    def actual_usage(self) -> RequestUsage:
        """Tokens spent by this client."""
        return self._usage

    def total_usage(self) -> RequestUsage:
        """Tokens spent by this client; the same as `actual_usage()`, as it has no cache."""
        return self._usage

    def count_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """About how many tokens the conversation and the tools take.

        An estimate from the length of the texts and the sizes of the pictures (see
        `nbagent.models.openai.tokens`). Needs no network.
        """
        return estimate_tokens(messages, tools)

    def remaining_tokens(
        self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = []
    ) -> int:
        """About how many tokens the model can still take; negative when there are too many.

        Every model is assumed to take `nbagent.models.openai.tokens.CONTEXT_WINDOW` tokens.
        """
        return CONTEXT_WINDOW - estimate_tokens(messages, tools)

    @property
    def model_info(self) -> ModelInfo:
        """What the model can do."""
        return self._model_info

    def __repr__(self) -> str:
        if not hasattr(self, "_server"):  # in a traceback of the constructor
            return f"<{type(self).__name__}>"
        return (
            f"<{type(self).__name__} model={self._server.model!r} "
            f"base_url={self._server.address!r}>"
        )

    def __reduce__(self) -> Any:
        raise ComponentError(
            f"a {type(self).__name__} around an openai client of your own cannot be pickled or "
            "copied. Build it from options instead, as OpenAIChatCompletionClient(...)."
        )

    async def _open_stream(
        self, request: Request, include_usage: bool | None, token: CancellationToken | None
    ) -> "AsyncStream[Any]":
        """Start a stream, with usage unless the server refuses to be asked for it."""
        request.body["stream"] = True
        if include_usage is not None:
            request.body["stream_options"] = {"include_usage": include_usage}
        if "stream_options" in request.body or self._usage_refused:
            return await self._post(request, token)
        request.body["stream_options"] = {"include_usage": True}
        try:
            return await self._post(request, token)
        except ModelRequestError as error:
            if error.status_code not in (400, 422) or "stream_options" not in str(error):
                raise
        logger.debug("%s takes no stream_options; it is not asked for usage again", self)
        del request.body["stream_options"]
        self._usage_refused = True
        return await self._post(request, token)

    async def _post(self, request: Request, token: CancellationToken | None) -> Any:
        """Send a request; the answer is plain data, or the stream of it.

        The plain form costs less per chunk than the openai package's typed objects, and keeps
        fields that those do not know.
        """
        from openai import AsyncStream

        client: Any = self._connected()
        call = client.post(
            "/chat/completions",
            cast_to=object,
            body=request.body,
            options=request.options,
            stream=request.body.get("stream", False),
            stream_cls=AsyncStream[object],
        )
        try:
            return await (token.wait(call) if token else call)
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            failure: BaseException = without_frames(error)
        except Exception as error:  # noqa: BLE001 - the frames of any error hold the key
            failure = model_error(error, self._server)
        raise failure

    def _read(self, completion: Any, answer: AnswerBuilder) -> ModelError | None:
        """Take an answer that came in one piece, or give the error that it holds.

        The error is not raised here, because a server may repeat the key in what it sends, and
        what it sent is a local variable of this frame.
        """
        failure = reported_error(completion, self._server)
        if failure is not None:
            return failure
        try:
            answer.add_whole(completion)
        except ModelResponseError as error:
            return model_error(error, self._server)
        return None

    def _connected(self) -> "AsyncOpenAI":
        """The openai client to send with."""
        return self._client

    def _incomplete(self, stream: "AsyncStream[Any]", answer: AnswerBuilder) -> ModelError:
        """The error for a stream that ended without a finish reason."""
        kind = stream.response.headers.get("content-type", "").split(";")[0]
        if answer.empty and kind != "text/event-stream":
            return ModelResponseError(
                f"{self._server} answered with {kind or 'something'} and not with a stream of "
                "events. Check base_url: most addresses end in /v1."
            )
        return truncated(self._server, answer.in_tool_call)

    def _finished(
        self,
        answer: AnswerBuilder,
        messages: Sequence[LLMMessage],
        tools: Sequence[Tool | ToolSchema],
    ) -> CreateResult:
        """The result of a whole answer; its usage is added to the client's."""
        if answer.usage is None:
            answer.usage = RequestUsage(estimate_tokens(messages, tools), answer.tokens())
        self._usage += answer.usage
        return answer.result()


def _answer_of(result: CreateResult) -> dict[str, Any]:
    """What an event in the log tells of an answer."""
    return {
        "response": result.model_dump(mode="json"),
        "prompt_tokens": result.usage.prompt_tokens,
        "completion_tokens": result.usage.completion_tokens,
    }


def _model_info(
    model: str, info: ModelInfo | None, capabilities: ModelCapabilities | None
) -> ModelInfo:
    if info is None:
        assumed = assume_model_info(model)
        assumed.update(capabilities or {})  # pyright: ignore[reportArgumentType, reportCallIssue]
        return assumed
    try:
        validate_model_info(info)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return info
