"""AssistantAgent: a model with instructions, tools, memory and hand-offs."""

import warnings
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.agents.assistant_agent_config import AssistantAgentConfig, agent_config
from nbagent.agents.base_chat_agent import BaseChatAgent, response_of
from nbagent.agents.hearing import hear
from nbagent.agents.model_call import ModelCall
from nbagent.agents.pause_gate import PauseGate
from nbagent.agents.tool_calls import ToolCalls, cancelled_results
from nbagent.base.chat_agent import Response
from nbagent.base.handoff import Handoff
from nbagent.base.inner_run import CALL
from nbagent.cancellation import CancellationToken
from nbagent.component import Component, ComponentLoader
from nbagent.exceptions import ConfigurationError, ModelResponseError
from nbagent.memory.base import Memory
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    MemoryQueryEvent,
    ModelClientStreamingChunkEvent,
    StructuredMessageFactory,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    ToolCallSummaryMessage,
)
from nbagent.model_context import ChatCompletionContext, UnboundedChatCompletionContext
from nbagent.models.client import ChatCompletionClient
from nbagent.models.types import (
    AssistantMessage,
    CreateResult,
    FunctionCall,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
)
from nbagent.state import AssistantAgentState
from nbagent.tools.base import BaseTool, ToolSchema
from nbagent.tools.function_tool import FunctionTool
from nbagent.tools.workbench import StaticStreamWorkbench, Workbench

Event = BaseAgentEvent | BaseChatMessage
CallAndResult = tuple[FunctionCall, FunctionExecutionResult]

DEFAULT_SYSTEM_MESSAGE = (
    "You are a helpful assistant. Solve the task, with your tools where they help. "
    "When the task is done, end your answer with the word TERMINATE."
)


class AssistantAgent(BaseChatAgent, Component[AssistantAgentConfig]):
    """An agent that asks a model, runs the tools it calls for, and answers.

    It keeps its conversation between runs: hand it only what is new.

    Args:
        name: Unique in a team, and a valid Python identifier.
        model_client: The model.
        tools: What the model may call: tools, or plain functions with annotations.
        workbench: One or several sets of tools, instead of `tools`.
        handoffs: Agents that the model may hand over to, by name or as `Handoff`.
        model_context: Keeps the conversation, and decides what of it is sent.
        description: What the agent is good for; teams choose speakers by it.
        system_message: Instructions to the model; None for none.
        model_client_stream: Yield the answer piece by piece while it arrives.
        reflect_on_tool_use: After tool calls, ask the model again for an answer in words,
            rather than answering with the results. By default only with
            `output_content_type`.
        max_tool_iterations: How many times in a row the model may call tools; at least 1.
        tool_call_summary_format: How a call's result is told without reflection; may use
            {tool_name}, {arguments}, {result} and {is_error}.
        tool_call_summary_formatter: A function that does the same, used instead.
        output_content_type: A pydantic model that the answer must fit.
        output_content_type_format: How such an answer is written as text.
        memory: What the agent is reminded of before it answers.
        metadata: Whatever else is known of the agent.

    Raises:
        ValueError: The name is no identifier, names of tools or hand-offs are not unique, both
            `tools` and `workbench` are given, the model calls no functions, or
            `max_tool_iterations` is less than 1.
        TypeError: `memory` is no list, or `handoffs` holds something else.
        ToolDefinitionError: A function cannot become a tool.
    """

    component_provider_override = "nbagent.agents.AssistantAgent"
    component_config_schema = AssistantAgentConfig
    component_version = 2

    def __init__(
        self,
        name: str,
        model_client: ChatCompletionClient,
        *,
        tools: Sequence[BaseTool[Any, Any] | Callable[..., Any] | Callable[..., Awaitable[Any]]]
        | None = None,
        workbench: Workbench | Sequence[Workbench] | None = None,
        handoffs: Sequence[Handoff | str] | None = None,
        model_context: ChatCompletionContext | None = None,
        description: str = "An agent that provides assistance with ability to use tools.",
        system_message: str | None = DEFAULT_SYSTEM_MESSAGE,
        model_client_stream: bool = False,
        reflect_on_tool_use: bool | None = None,
        max_tool_iterations: int = 1,
        tool_call_summary_format: str = "{result}",
        tool_call_summary_formatter: Callable[[FunctionCall, FunctionExecutionResult], str]
        | None = None,
        output_content_type: type[BaseModel] | None = None,
        output_content_type_format: str | None = None,
        memory: Sequence[Memory] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        super().__init__(name, description)
        self._gate = PauseGate()
        self._model_client = model_client
        self._model_context = model_context or UnboundedChatCompletionContext()
        self._system_message = system_message
        self._model_client_stream = model_client_stream
        self._metadata = dict(metadata or {})
        # What each yielded message tells of the model, such as that it is a demo.
        self._message_metadata = {"notice": model_client.notice} if model_client.notice else {}

        if memory is not None and not isinstance(memory, list):
            raise TypeError(f"Expected Memory, List[Memory], or None, got {type(memory)}")
        self._memory: list[Memory] = list(memory or [])

        self._tools: list[BaseTool[Any, Any]] = [
            cast("BaseTool[Any, Any]", tool) if isinstance(tool, BaseTool) else FunctionTool(tool)
            for tool in tools or []
        ]
        self._handoffs = {handoff.name: handoff for handoff in _handoffs(handoffs or [])}
        self._handoff_tools = {
            handoff.name: handoff.handoff_tool for handoff in self._handoffs.values()
        }
        self._check_tools(handoffs or [])
        if workbench is not None and self._tools:
            raise ValueError("Tools cannot be used with a workbench.")
        if workbench is None:
            self._workbenches: list[Workbench] = [StaticStreamWorkbench(self._tools)]
        else:
            self._workbenches = [workbench] if isinstance(workbench, Workbench) else [*workbench]
        self._own_workbench = workbench is None

        if max_tool_iterations < 1:
            raise ValueError(
                "Maximum number of tool iterations must be greater than or equal to 1, "
                f"got {max_tool_iterations}"
            )
        self._max_tool_iterations = max_tool_iterations
        self._output_content_type = output_content_type
        self._output_content_type_format = output_content_type_format
        self._structured_message_factory = (
            StructuredMessageFactory(
                input_model=output_content_type, format_string=output_content_type_format
            )
            if output_content_type is not None
            else None
        )
        if reflect_on_tool_use is None:
            reflect_on_tool_use = output_content_type is not None
        self._reflect_on_tool_use = reflect_on_tool_use
        self._tool_call_summary_format = tool_call_summary_format
        self._tool_call_summary_formatter = tool_call_summary_formatter

    def _check_tools(self, handoffs: Sequence[Handoff | str]) -> None:
        if (self._tools or handoffs) and not self._model_client.model_info["function_calling"]:
            raise ValueError("The model does not support function calling.")
        tool_names = [tool.name for tool in self._tools]
        if len(set(tool_names)) != len(tool_names):
            raise ValueError(f"Tool names must be unique: {tool_names}")
        handoff_names = [handoff.name for handoff in _handoffs(handoffs)]
        if len(set(handoff_names)) != len(handoff_names):
            raise ValueError(f"Handoff names must be unique: {handoff_names}")
        if set(handoff_names) & set(tool_names):
            raise ValueError(
                f"Handoff names must be unique from tool names. "
                f"Handoff names: {handoff_names}; tool names: {tool_names}"
            )

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        """The kinds of message that this agent may answer with."""
        factory = self._structured_message_factory
        answer = TextMessage if factory is None else factory.StructuredMessage
        return (HandoffMessage, ToolCallSummaryMessage, answer)

    @property
    def handoff_targets(self) -> list[str]:
        """The names of those to whom the agent can hand over."""
        return [handoff.target for handoff in self._handoffs.values()]

    @property
    def remembers_messages(self) -> bool:
        """Always: they go into the model context first."""
        return True

    @property
    def model_context(self) -> ChatCompletionContext:
        """The conversation so far."""
        return self._model_context

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        """Take up new messages and answer."""
        return await response_of(self.on_messages_stream(messages, cancellation_token))

    def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        """Take up new messages; yield what happens, and last the `Response`.

        Raises:
            AlreadyRunningError: The agent is having another turn.
            ModelError: The model could not answer.
        """
        return self._turn(self._respond(messages, cancellation_token))

    async def _respond(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        inner: list[Event] = []
        await hear(messages, self._model_context)
        async for event in self._remember(inner):
            yield event

        calls: list[CallAndResult] = []
        for _ in range(self._max_tool_iterations):
            await self._gate.passed(cancellation_token)
            call = self._model_call()
            tools = await self._tool_schemas()
            async with aclosing(self._ask(call, tools, cancellation_token, inner)) as events:
                async for event in events:
                    yield event
            result = call.result
            if isinstance(result.content, str):
                yield await self._answer(call, result.content, inner)
                return
            # From here on the context holds calls, and it must get their results whatever
            # happens: an error, a cancel, or the reader leaving between two events.
            request = ToolCallRequestEvent(
                content=result.content,
                source=self.name,
                models_usage=result.usage,
                metadata=self._message_metadata,
            )
            tool_calls = ToolCalls(
                result.content,
                self._workbenches,
                self._handoff_tools,
                cancellation_token,
                source=self.name,
                call_keys=[request.call_key(number) for number in range(len(result.content))],
            )
            await self._model_context.add_message(
                AssistantMessage(content=result.content, thought=result.thought, source=self.name)
            )
            try:
                inner.append(request)
                yield request
                async with aclosing(tool_calls.stream()) as events:
                    async for event in events:
                        # What happens in a run inside of a tool is shown, and is no part of
                        # what this agent did: it must not end the team by what is said there.
                        if CALL not in event.metadata:
                            inner.append(event)
                        yield event
            finally:
                results = tool_calls.results()
                await self._model_context.add_message(
                    FunctionExecutionResultMessage(content=results)
                )
            execution = ToolCallExecutionEvent(content=results, source=self.name)
            inner.append(execution)
            yield execution
            done = list(zip(result.content, results, strict=True))
            calls += done
            handoff = self._handoff(done, result.thought, inner)
            if handoff is not None:
                yield handoff
                return

        if self._reflect_on_tool_use:
            await self._gate.passed(cancellation_token)
            call = self._model_call()
            async with aclosing(self._ask(call, None, cancellation_token, inner)) as events:
                async for event in events:
                    yield event
            if isinstance(call.result.content, str):
                yield await self._answer(call, call.result.content, inner)
                return
            # The model called tools although none were offered: the results still stand.
        yield Response(chat_message=self._summary(calls), inner_messages=inner)

    async def _remember(self, inner: list[Event]) -> AsyncGenerator[MemoryQueryEvent, None]:
        for memory in self._memory:
            update = await memory.update_context(self._model_context)
            if update.memories.results:
                event = MemoryQueryEvent(content=update.memories.results, source=self.name)
                inner.append(event)
                yield event

    def _model_call(self) -> ModelCall:
        return ModelCall(
            self._model_client,
            source=self.name,
            stream=self._model_client_stream,
            output_type=self._output_content_type,
            metadata=self._message_metadata,
        )

    async def _model_messages(self) -> list[LLMMessage]:
        messages = await self._model_context.get_messages()
        if self._system_message is not None:
            return [SystemMessage(content=self._system_message), *messages]
        return messages

    async def _tool_schemas(self) -> list[ToolSchema]:
        schemas = [schema for bench in self._workbenches for schema in await bench.list_tools()]
        schemas += [tool.schema for tool in self._handoff_tools.values()]
        if len(self._workbenches) > 1 or not self._own_workbench:  # else checked already
            counts = Counter(schema["name"] for schema in schemas)
            twice = [name for name, count in counts.items() if count > 1]
            if twice:
                raise ConfigurationError(
                    f"agent {self.name!r} has two tools called {twice[0]!r}. Give one of them "
                    "another name, with tool_overrides of its workbench."
                )
        return schemas

    async def _ask(
        self,
        call: ModelCall,
        tools: list[ToolSchema] | None,
        cancellation_token: CancellationToken,
        inner: list[Event],
    ) -> AsyncGenerator[ModelClientStreamingChunkEvent | ThoughtEvent, None]:
        """Ask the model, and yield the pieces of its answer and then its thought."""
        messages = await self._model_messages()
        async with aclosing(call.stream(messages, tools, cancellation_token)) as chunks:
            async for chunk in chunks:
                yield chunk
        if call.result.thought:
            thought = ThoughtEvent(
                # As in AgentChat: the thought takes the id that the chunks named.
                id=call.take_message_id(),
                content=call.result.thought,
                source=self.name,
                metadata=self._message_metadata,
            )
            inner.append(thought)
            yield thought

    async def _answer(self, call: ModelCall, content: str, inner: list[Event]) -> Response:
        """The model's words as the agent's response."""
        result: CreateResult = call.result
        await self._model_context.add_message(
            AssistantMessage(content=content, thought=result.thought, source=self.name)
        )
        message: BaseChatMessage
        if self._structured_message_factory is None or self._output_content_type is None:
            message = TextMessage(
                id=call.take_message_id(),
                content=content,
                source=self.name,
                models_usage=result.usage,
                metadata=self._message_metadata,
            )
        else:
            message = self._structured_message_factory.StructuredMessage(
                id=call.take_message_id(),
                content=_parse(self._output_content_type, content, self.name),
                format_string=self._output_content_type_format,
                source=self.name,
                models_usage=result.usage,
                metadata=self._message_metadata,
            )
        return Response(chat_message=message, inner_messages=inner)

    def _handoff(
        self, calls: Sequence[CallAndResult], thought: str | None, inner: list[Event]
    ) -> Response | None:
        """The response that hands over, if one of the calls asked for it."""
        handoffs = [
            (call, result)
            for call, result in calls
            if call.name in self._handoffs and not result.is_error
        ]
        if not handoffs:
            return None
        handoff = self._handoffs[handoffs[0][0].name]
        if len(handoffs) > 1:
            names = [self._handoffs[call.name].name for call, _ in handoffs]
            warnings.warn(
                f"Multiple handoffs detected. Only the first is executed: {names}. "
                "Tell the model to hand over to one agent, or disable parallel tool calls.",
                stacklevel=2,
            )
        others = [(call, result) for call, result in calls if call.name not in self._handoffs]
        context: list[LLMMessage] = []
        if others:
            context = [
                AssistantMessage(
                    content=[call for call, _ in others], thought=thought, source=self.name
                ),
                FunctionExecutionResultMessage(content=[result for _, result in others]),
            ]
        elif thought:
            context = [AssistantMessage(content=thought, source=self.name)]
        message = HandoffMessage(
            content=handoffs[0][1].content,
            target=handoff.target,
            source=self.name,
            context=context,
            metadata=self._message_metadata,
        )
        return Response(chat_message=message, inner_messages=inner)

    def _summary(self, calls: Sequence[CallAndResult]) -> ToolCallSummaryMessage:
        """All calls of the run, told as text."""
        told = [(call, result) for call, result in calls if call.name not in self._handoffs]
        return ToolCallSummaryMessage(
            content="\n".join(self._tell(call, result) for call, result in told),
            source=self.name,
            tool_calls=[call for call, _ in told],
            results=[result for _, result in told],
            metadata=self._message_metadata,
        )

    def _tell(self, call: FunctionCall, result: FunctionExecutionResult) -> str:
        if self._tool_call_summary_formatter is not None:
            return self._tool_call_summary_formatter(call, result)
        return self._tool_call_summary_format.format(
            tool_name=call.name,
            arguments=call.arguments,
            result=result.content,
            is_error=result.is_error,
        )

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """Forget the conversation."""
        await self._model_context.clear()
        self._gate.open()

    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        """Ask the model nothing more until `on_resume()`; what has begun is finished."""
        self._gate.close()

    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        """Go on."""
        self._gate.open()

    async def save_state(self) -> Mapping[str, Any]:
        """The conversation, and what tools remember, as plain data."""
        saved = AssistantAgentState(llm_context=await self._model_context.save_state())
        tools = {str(n): await bench.save_state() for n, bench in enumerate(self._workbenches)}
        saved.workbenches = {n: state for n, state in tools.items() if state.get("tools", True)}
        return saved.model_dump(mode="json", exclude=None if saved.workbenches else {"workbenches"})

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a state that `save_state()` gave.

        Raises:
            ValueError: It is the state of an agent with other workbenches.
        """
        saved = AssistantAgentState.read(state)
        tools = saved.workbenches or {}
        unknown = [n for n in tools if n not in map(str, range(len(self._workbenches)))]
        if unknown:
            raise ValueError(
                f"The state is about workbench {unknown[0]}, but agent {self.name!r} has "
                f"{len(self._workbenches)}, counted from 0."
            )
        await self._model_context.load_state(saved.llm_context)
        for number, bench in enumerate(self._workbenches):
            if str(number) in tools:
                await bench.load_state(tools[str(number)])
        # It may have been saved while tools ran; servers refuse calls without results.
        messages = await self._model_context.get_messages()
        last = messages[-1] if messages else None
        if isinstance(last, AssistantMessage) and not isinstance(last.content, str):
            await self._model_context.add_message(
                FunctionExecutionResultMessage(content=cancelled_results(last.content))
            )

    def _to_config(self) -> AssistantAgentConfig:
        return agent_config(
            name=self.name,
            description=self.description,
            model_client=self._model_client,
            tools=self._tools,
            workbenches=None if self._own_workbench else self._workbenches,
            handoffs=list(self._handoffs.values()),
            model_context=self._model_context,
            memory=self._memory,
            system_message=self._system_message,
            model_client_stream=self._model_client_stream,
            reflect_on_tool_use=self._reflect_on_tool_use,
            max_tool_iterations=self._max_tool_iterations,
            tool_call_summary_format=self._tool_call_summary_format,
            tool_call_summary_formatter=self._tool_call_summary_formatter,
            structured_message_factory=self._structured_message_factory,
            metadata=self._metadata,
        )

    @classmethod
    def _from_config(cls, config: AssistantAgentConfig) -> Self:
        def load(model: Any, expected: type[Any]) -> Any:
            return ComponentLoader.load_component(model, expected)

        factory = (
            load(config.structured_message_factory, StructuredMessageFactory)
            if config.structured_message_factory
            else None
        )
        return cls(
            config.name,
            load(config.model_client, ChatCompletionClient),
            tools=[load(tool, BaseTool) for tool in config.tools or []] or None,
            workbench=[load(bench, Workbench) for bench in config.workbench or []] or None,
            handoffs=cast("list[Handoff | str]", config.handoffs),
            model_context=load(config.model_context, ChatCompletionContext)
            if config.model_context
            else None,
            description=config.description,
            system_message=config.system_message,
            model_client_stream=config.model_client_stream,
            reflect_on_tool_use=config.reflect_on_tool_use,
            max_tool_iterations=config.max_tool_iterations,
            tool_call_summary_format=config.tool_call_summary_format,
            output_content_type=factory.ContentModel if factory else None,
            output_content_type_format=factory.format_string if factory else None,
            memory=[load(memory, Memory) for memory in config.memory or []] or None,
            metadata=config.metadata,
        )


def _handoffs(handoffs: Sequence[Handoff | str]) -> list[Handoff]:
    result: list[Handoff] = []
    for handoff in handoffs:
        if isinstance(handoff, str):
            result.append(Handoff(target=handoff))
        elif isinstance(handoff, Handoff):  # pyright: ignore[reportUnnecessaryIsInstance]
            result.append(handoff)
        else:
            raise TypeError(f"a handoff must be a Handoff or an agent's name, not {handoff!r}")
    return result


def _parse(output_type: type[BaseModel], content: str, agent: str) -> BaseModel:
    try:
        return output_type.model_validate_json(content)
    except ValueError as error:
        raise ModelResponseError(
            f"the answer of agent {agent!r} does not fit {output_type.__name__}: {error}. "
            "The answer is kept in this error's partial_text.",
            partial_text=content,
        ) from error
