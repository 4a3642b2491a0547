"""CodeExecutorAgent: runs code, that of others or its own model's."""

import asyncio
import inspect
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar, Literal, cast

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.agents.base_chat_agent import BaseChatAgent, response_of
from nbagent.agents.code_approval import (
    ApprovalFuncType,
    ApprovalRequest,
    ApprovalResponse,
    ask_for_approval,
)
from nbagent.agents.fenced_code import fenced, fenced_code
from nbagent.agents.hearing import hear
from nbagent.agents.model_call import ModelCall
from nbagent.agents.pause_gate import PauseGate
from nbagent.agents.work import Event, Work
from nbagent.base.chat_agent import Response
from nbagent.cancellation import CancellationToken
from nbagent.code_executor import CodeBlock, CodeExecutor, CodeResult
from nbagent.component import Component, ComponentModel
from nbagent.exceptions import ComponentError, ModelResponseError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    CodeExecutionEvent,
    CodeGenerationEvent,
    TextMessage,
    ThoughtEvent,
)
from nbagent.model_context import ChatCompletionContext, UnboundedChatCompletionContext
from nbagent.models.client import ChatCompletionClient
from nbagent.models.types import AssistantMessage, LLMMessage, SystemMessage, UserMessage
from nbagent.questions import answer_of
from nbagent.state import CodeExecutorAgentState
from nbagent.tools.run_approvals import in_one_run


class CodeExecutorAgentConfig(BaseModel, defer_build=True):
    """Config of `CodeExecutorAgent`.

    Attributes:
        approval: "person" where a person is asked before code runs (`ask_for_approval`). Any
            other approval function is no data, and an agent with one cannot be dumped.
    """

    name: str
    code_executor: ComponentModel
    model_client: ComponentModel | None = None
    model_context: ComponentModel | None = None
    model_client_stream: bool = False
    max_retries_on_error: int = 0
    description: str | None = None
    system_message: str | None = None
    sources: list[str] | None = None
    supported_languages: list[str] | None = None
    approval: Literal["person"] | None = None


class CodeExecutorAgent(BaseChatAgent, Component[CodeExecutorAgentConfig]):
    """Runs code.

    Without a model it runs the fenced code blocks of the text messages that it is handed, and
    answers with what they printed. With a model it writes the code itself, runs it, lets the
    model mend it where it failed, and answers with what the model says about the outcome.

    Args:
        name: Unique in a team, and a valid Python identifier.
        code_executor: Where the code runs. Start and stop it yourself:
            `async with code_executor: ...`.
        model_client: The model that writes code.
        model_context: Keeps the conversation, and decides what of it the model is sent.
        model_client_stream: Yield the model's answers piece by piece while they arrive.
        max_retries_on_error: How often the model may write the code anew after it failed.
        description: What the agent is good for; teams choose speakers by it.
        system_message: Instructions to the model; None for none.
        sources: Run only code from these participants; None for all. Without a model only.
        supported_languages: Blocks in other languages are not run.
        approval_func: Asked before code runs, such as `nbagent.agents.ask_for_approval`, which
            asks a person. A plain function runs in a thread. Without one, code runs unasked.

    Raises:
        ValueError: The name is no identifier, or `max_retries_on_error` is below 0.
    """

    component_provider_override = "nbagent.agents.CodeExecutorAgent"
    component_config_schema = CodeExecutorAgentConfig

    DEFAULT_TERMINAL_DESCRIPTION: ClassVar[str] = (
        "A computer terminal. It runs Python and shell code that it finds in fenced Markdown "
        "blocks, and answers with what the code printed."
    )
    DEFAULT_AGENT_DESCRIPTION: ClassVar[str] = (
        "An agent that writes code, runs it, and reports what came out."
    )
    DEFAULT_SYSTEM_MESSAGE: ClassVar[str] = (
        "You solve tasks by writing code that is run for you. Put it into fenced Markdown blocks "
        "that name the language, ```python or ```sh, each complete and ready to run: nobody "
        "fills in gaps. Print what you need to know. You are shown the output; when the code "
        "failed, mend it. When no code is needed, answer in words."
    )
    NO_CODE_BLOCKS_FOUND_MESSAGE: ClassVar[str] = (
        "There is no code to run. Put the code into a fenced Markdown block that names its "
        "language, such as ```python or ```sh."
    )
    DEFAULT_SUPPORTED_LANGUAGES: ClassVar[list[str]] = ["python", "sh"]

    def __init__(
        self,
        name: str,
        code_executor: CodeExecutor,
        *,
        model_client: ChatCompletionClient | None = None,
        model_context: ChatCompletionContext | None = None,
        model_client_stream: bool = False,
        max_retries_on_error: int = 0,
        description: str | None = None,
        system_message: str | None = DEFAULT_SYSTEM_MESSAGE,
        sources: Sequence[str] | None = None,
        supported_languages: list[str] | None = None,
        approval_func: ApprovalFuncType | None = None,
    ) -> None:
        if description is None:
            description = (
                self.DEFAULT_TERMINAL_DESCRIPTION
                if model_client is None
                else self.DEFAULT_AGENT_DESCRIPTION
            )
        super().__init__(name, description)
        if max_retries_on_error < 0:
            raise ValueError(f"max_retries_on_error must be 0 or more, got {max_retries_on_error}.")
        if approval_func is None:
            warnings.warn(
                f"agent {name!r} runs code that nobody has looked at. Pass approval_func="
                "nbagent.agents.ask_for_approval to be asked before it runs.",
                stacklevel=2,
            )
        self._code_executor = code_executor
        self._model_client = model_client
        self._model_context = model_context or UnboundedChatCompletionContext()
        self._model_client_stream = model_client_stream
        self._max_retries_on_error = max_retries_on_error
        self._system_message = system_message
        self._sources = None if sources is None else list(sources)
        self._supported_languages = list(
            self.DEFAULT_SUPPORTED_LANGUAGES if supported_languages is None else supported_languages
        )
        self._approval_func = approval_func
        self._gate = PauseGate()

    @property
    def remembers_messages(self) -> bool:
        """With a model it keeps a conversation."""
        return self._model_client is not None

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """Text."""
        return (TextMessage,)

    @property
    def model_context(self) -> ChatCompletionContext:
        """The conversation so far; empty without a model."""
        return self._model_context

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Run the code in the messages, or write and run code for them."""
        return await response_of(self.on_messages_stream(messages, cancellation_token))

    def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """Yield the code and what it gave, and last the `Response`.

        Raises:
            AlreadyRunningError: The agent is having another turn.
            ModelError: The model could not answer.
            Exception: Whatever the code executor raises.
        """
        if self._model_client is None:
            return in_one_run(self._run_theirs(messages, cancellation_token))
        return self._turn(self._run_own(self._model_client, messages, cancellation_token))

    async def extract_code_blocks_from_messages(
        self, messages: Sequence[BaseChatMessage]
    ) -> list[CodeBlock]:
        """The code to run in text messages from the `sources`."""
        return [
            block
            for message in messages
            if isinstance(message, TextMessage)
            and (self._sources is None or message.source in self._sources)
            for block in fenced_code(message.content, self._supported_languages)
        ]

    async def execute_code_block(
        self, code_blocks: list[CodeBlock], cancellation_token: CancellationToken
    ) -> CodeResult:
        """Ask for approval where there is an `approval_func`, and run code.

        Returns:
            What the code gave; of code that was not approved, exit code 1 and the reason.
        """
        denial = await self._denial(code_blocks, cancellation_token)
        if denial is not None:
            return denial
        return await cancellation_token.wait(
            self._code_executor.execute_code_blocks(code_blocks, cancellation_token)
        )

    async def _denial(
        self, code_blocks: Sequence[CodeBlock], cancellation_token: CancellationToken
    ) -> CodeResult | None:
        if self._approval_func is None:
            return None
        request = ApprovalRequest(
            code="\n\n".join(map(fenced, code_blocks)),
            context=await self._model_context.get_messages(),
        )
        if inspect.iscoroutinefunction(self._approval_func):
            response = await cancellation_token.wait(self._approval_func(request))
        else:
            # It may block until a person has decided.
            decide = cast(
                "Callable[[ApprovalRequest], ApprovalResponse | Awaitable[ApprovalResponse]]",
                self._approval_func,
            )
            response = await cancellation_token.wait(answer_of(decide, request))
            if inspect.isawaitable(response):
                response = await cancellation_token.wait(response)
        if response.approved is True:
            return None
        return CodeResult(
            exit_code=1, output=f"Code execution was not approved. Reason: {response.reason}"
        )

    async def _executed(
        self,
        code_blocks: list[CodeBlock],
        cancellation_token: CancellationToken,
        results: list[CodeResult],
    ) -> AsyncGenerator[Event, None]:
        """Run code, and yield the questions that come up; the result goes into `results`."""

        async def execute() -> None:
            results.append(await self.execute_code_block(code_blocks, cancellation_token))

        async with aclosing(Work(self.name, cancellation_token).stream([execute])) as events:
            async for event in events:
                yield event
        if not results:
            raise asyncio.CancelledError

    async def _run_theirs(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        inner: list[Event] = []
        await self._gate.passed(cancellation_token)
        blocks = await self.extract_code_blocks_from_messages(messages)
        if blocks:
            results: list[CodeResult] = []
            stream = self._executed(blocks, cancellation_token, results)
            async with aclosing(stream) as events:
                async for event in events:
                    inner.append(event)
                    yield event
            text = _told(results[0])
        else:
            text = self.NO_CODE_BLOCKS_FOUND_MESSAGE
        yield Response(
            chat_message=TextMessage(content=text, source=self.name), inner_messages=inner
        )

    async def _run_own(
        self,
        client: ChatCompletionClient,
        messages: Sequence[BaseChatMessage],
        cancellation_token: CancellationToken,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        inner: list[Event] = []
        await hear(messages, self._model_context)

        for attempt in range(self._max_retries_on_error + 1):
            call = self._model_call(client)
            async with aclosing(self._ask(call, cancellation_token, inner)) as asked:
                async for event in asked:
                    yield event
            content = _text(call, self.name)
            blocks = fenced_code(content, self._supported_languages)
            if not blocks:
                yield self._answer(call, inner)
                return
            generated = CodeGenerationEvent(
                retry_attempt=attempt,
                content=content,
                code_blocks=blocks,
                source=self.name,
                models_usage=call.result.usage,
                metadata=self._metadata(client),
            )
            inner.append(generated)
            yield generated
            results: list[CodeResult] = []
            stream = self._executed(blocks, cancellation_token, results)
            async with aclosing(stream) as events:
                async for event in events:
                    inner.append(event)
                    yield event
            executed = CodeExecutionEvent(
                retry_attempt=attempt, result=results[0], source=self.name
            )
            inner.append(executed)
            await self._model_context.add_message(
                UserMessage(content=_told(results[0]), source=self.name)
            )
            yield executed
            if results[0].exit_code == 0:
                break

        call = self._model_call(client)
        async with aclosing(self._ask(call, cancellation_token, inner)) as asked:
            async for event in asked:
                yield event
        yield self._answer(call, inner)

    def _model_call(self, client: ChatCompletionClient) -> ModelCall:
        return ModelCall(
            client,
            source=self.name,
            stream=self._model_client_stream,
            output_type=None,
            metadata=self._metadata(client),
        )

    def _metadata(self, client: ChatCompletionClient) -> dict[str, str]:
        return {"notice": client.notice} if client.notice else {}

    async def _ask(
        self, call: ModelCall, cancellation_token: CancellationToken, inner: list[Event]
    ) -> AsyncGenerator[Event, None]:
        """Ask the model, and yield the pieces of its answer and then its thought."""
        await self._gate.passed(cancellation_token)
        messages: list[LLMMessage] = await self._model_context.get_messages()
        if self._system_message is not None:
            messages = [SystemMessage(content=self._system_message), *messages]
        async with aclosing(call.stream(messages, None, cancellation_token)) as chunks:
            async for chunk in chunks:
                yield chunk
        result = call.result
        if result.thought:
            thought = ThoughtEvent(
                id=call.take_message_id(), content=result.thought, source=self.name
            )
            inner.append(thought)
            yield thought
        await self._model_context.add_message(
            AssistantMessage(
                content=_text(call, self.name), thought=result.thought, source=self.name
            )
        )

    def _answer(self, call: ModelCall, inner: list[Event]) -> Response:
        """The model's words as the agent's response."""
        message = TextMessage(
            id=call.take_message_id(),
            content=_text(call, self.name),
            source=self.name,
            models_usage=call.result.usage,
            metadata=self._metadata(cast(ChatCompletionClient, self._model_client)),
        )
        return Response(chat_message=message, inner_messages=inner)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Forget the conversation."""
        await self._model_context.clear()
        self._gate.open()

    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        """Begin no further step until `on_resume()`; what has begun is finished."""
        self._gate.close()

    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        """Go on."""
        self._gate.open()

    async def save_state(self) -> Mapping[str, Any]:
        """The conversation, as plain data."""
        context = await self._model_context.save_state()
        return CodeExecutorAgentState(llm_context=context).model_dump(mode="json")

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave."""
        saved = CodeExecutorAgentState.read(state)
        await self._model_context.load_state(saved.llm_context)

    def _to_config(self) -> CodeExecutorAgentConfig:
        if self._approval_func is not None and self._approval_func is not ask_for_approval:
            raise ComponentError(
                f"agent {self.name!r} has an approval_func, which is a function and cannot be "
                "dumped. Only nbagent.agents.ask_for_approval can."
            )
        return CodeExecutorAgentConfig(
            name=self.name,
            code_executor=self._code_executor.dump_component(),
            model_client=self._model_client.dump_component() if self._model_client else None,
            model_context=self._model_context.dump_component(),
            model_client_stream=self._model_client_stream,
            max_retries_on_error=self._max_retries_on_error,
            description=self.description,
            system_message=self._system_message,
            sources=self._sources,
            supported_languages=self._supported_languages,
            approval=None if self._approval_func is None else "person",
        )

    @classmethod
    def _from_config(cls, config: CodeExecutorAgentConfig) -> Self:
        return cls(
            config.name,
            CodeExecutor.load_component(config.code_executor),
            model_client=ChatCompletionClient.load_component(config.model_client)
            if config.model_client
            else None,
            model_context=ChatCompletionContext.load_component(config.model_context)
            if config.model_context
            else None,
            model_client_stream=config.model_client_stream,
            max_retries_on_error=config.max_retries_on_error,
            description=config.description,
            system_message=config.system_message,
            sources=config.sources,
            supported_languages=config.supported_languages,
            approval_func=ask_for_approval if config.approval == "person" else None,
        )


def _text(call: ModelCall, agent: str) -> str:
    content = call.result.content
    if not isinstance(content, str):
        raise ModelResponseError(
            f"the model of agent {agent!r} called tools, but was offered none."
        )
    return content


def _told(result: CodeResult) -> str:
    """What code gave, for whoever asked for it."""
    if result.exit_code == 0:
        return result.output or "The code ran without an error and printed nothing."
    printed = f" and printed:\n{result.output}" if result.output else " and printed nothing."
    return f"The code failed with exit code {result.exit_code}{printed}"
