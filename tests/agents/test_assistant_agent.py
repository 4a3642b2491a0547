"""AssistantAgent: what it yields, what it remembers, and what it refuses."""

import asyncio
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from nbagent import FunctionCall, FunctionTool, Handoff, Image, MultiModalMessage, TaskResult
from nbagent.agents import AssistantAgent
from nbagent.base import Response
from nbagent.cancellation import CancellationToken
from nbagent.exceptions import ModelCapabilityError, ModelResponseError, ToolDefinitionError
from nbagent.memory import ListMemory, MemoryContent, MemoryMimeType
from nbagent.messages import (
    BaseChatMessage,
    HandoffMessage,
    MemoryQueryEvent,
    ModelClientStreamingChunkEvent,
    StructuredMessage,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    ToolCallSummaryMessage,
)
from nbagent.models import (
    AssistantMessage,
    CreateResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.tools import StaticWorkbench, Tool, ToolOverride, ToolSchema
from tests.agents.models import calls, replay, text


def add(a: int, b: Annotated[int, "what to add"] = 1) -> int:
    """Add two numbers."""
    return a + b


async def shout(words: str) -> str:
    """Say it loudly."""
    return words.upper()


def kinds(result: TaskResult) -> list[str]:
    return [type(message).__name__ for message in result.messages]


async def sent_to(client: ReplayChatCompletionClient, call: int = -1) -> list[Any]:
    return list(client.create_calls[call]["messages"])


async def test_answers_in_words_and_reports_usage() -> None:
    agent = AssistantAgent("writer", replay(text("Hello.")))
    result = await agent.run(task="Hi")
    assert kinds(result) == ["TextMessage", "TextMessage"]
    assert result.messages[0].source == "user"
    answer = result.messages[1]
    assert isinstance(answer, TextMessage)
    assert (answer.source, answer.content) == ("writer", "Hello.")
    assert answer.models_usage is not None
    assert answer.models_usage.completion_tokens == 5
    assert result.stop_reason is None


async def test_keeps_its_conversation_between_runs() -> None:
    client = replay("First.", "Second.")
    agent = AssistantAgent("writer", client, system_message="Be brief.")
    await agent.run(task="One")
    await agent.run(task="Two")
    messages = await sent_to(client)
    assert [type(message) for message in messages] == [
        SystemMessage,
        UserMessage,
        AssistantMessage,
        UserMessage,
    ]
    assert [message.content for message in messages] == ["Be brief.", "One", "First.", "Two"]


async def test_no_system_message_when_it_is_none() -> None:
    client = replay("x")
    await AssistantAgent("writer", client, system_message=None).run(task="One")
    assert [type(message) for message in await sent_to(client)] == [UserMessage]


async def test_streams_pieces_that_make_up_the_message() -> None:
    agent = AssistantAgent("writer", replay("one two three"), model_client_stream=True)
    chunks: list[ModelClientStreamingChunkEvent] = []
    answer: TextMessage | None = None
    result: TaskResult | None = None
    async for item in agent.run_stream(task="Go"):
        if isinstance(item, ModelClientStreamingChunkEvent):
            chunks.append(item)
        elif isinstance(item, TextMessage):
            answer = item
        elif isinstance(item, TaskResult):
            result = item
    assert answer is not None and result is not None
    assert len(chunks) > 1
    assert "".join(chunk.content for chunk in chunks) == answer.content
    assert {chunk.full_message_id for chunk in chunks} == {answer.id}
    assert "ModelClientStreamingChunkEvent" not in kinds(result)


async def test_tool_results_are_the_answer_without_reflection() -> None:
    client = replay(calls(("add", '{"a": 2, "b": 3}'), ("shout", '{"words": "hey"}')))
    agent = AssistantAgent("worker", client, tools=[add, shout])
    result = await agent.run(task="Work")
    assert kinds(result) == [
        "TextMessage",
        "ToolCallRequestEvent",
        "ToolCallExecutionEvent",
        "ToolCallSummaryMessage",
    ]
    execution = result.messages[2]
    assert isinstance(execution, ToolCallExecutionEvent)
    assert [item.content for item in execution.content] == ["5", "HEY"]
    assert [item.call_id for item in execution.content] == ["call_0", "call_1"]
    assert all(item.duration is not None for item in execution.content)
    summary = result.messages[3]
    assert isinstance(summary, ToolCallSummaryMessage)
    assert summary.content == "5\nHEY"
    assert len(summary.tool_calls) == len(summary.results) == 2


async def test_calls_run_at_once_and_results_keep_the_calls_order() -> None:
    both = asyncio.Event()
    here: list[str] = []

    async def meet(name: str) -> str:
        """Wait for the other one."""
        here.append(name)
        if len(here) == 2:
            both.set()
        await asyncio.wait_for(both.wait(), 5)
        return name

    client = replay(calls(("meet", '{"name": "a"}'), ("meet", '{"name": "b"}')))
    result = await AssistantAgent("worker", client, tools=[meet]).run(task="Go")
    assert isinstance(result.messages[-1], ToolCallSummaryMessage)
    assert result.messages[-1].content == "a\nb"


async def test_reflection_asks_again_without_tools() -> None:
    client = replay(calls(("add", '{"a": 2}')), "It is 3.")
    agent = AssistantAgent("worker", client, tools=[add], reflect_on_tool_use=True)
    result = await agent.run(task="2 + 1?")
    assert isinstance(result.messages[-1], TextMessage)
    assert result.messages[-1].content == "It is 3."
    assert client.create_calls[0]["tools"]
    assert client.create_calls[1]["tools"] == []
    assert client.create_calls[1]["tool_choice"] == "none"
    last = (await sent_to(client))[-1]
    assert isinstance(last, FunctionExecutionResultMessage)


async def test_reflection_that_calls_a_tool_falls_back_to_the_results() -> None:
    client = replay(calls(("add", '{"a": 2}')), calls(("add", '{"a": 5}')))
    agent = AssistantAgent("worker", client, tools=[add], reflect_on_tool_use=True)
    result = await agent.run(task="2 + 1?")
    assert isinstance(result.messages[-1], ToolCallSummaryMessage)
    assert result.messages[-1].content == "3"


async def test_an_agent_for_structured_answers_reflects_unless_told_not_to() -> None:
    client = replay(calls(("add", '{"a": 2}')), '{"city": "Rome", "population": 3}')
    agent = AssistantAgent("worker", client, tools=[add], output_content_type=Answer)
    assert isinstance((await agent.run(task="?")).messages[-1], StructuredMessage)
    client = replay(calls(("add", '{"a": 2}')))
    agent = AssistantAgent(
        "worker", client, tools=[add], output_content_type=Answer, reflect_on_tool_use=False
    )
    assert isinstance((await agent.run(task="?")).messages[-1], ToolCallSummaryMessage)
    assert len(client.create_calls) == 1


async def test_several_tool_iterations_end_with_the_models_words() -> None:
    client = replay(calls(("add", '{"a": 2}')), calls(("add", '{"a": 3}')), "Done: 4.")
    agent = AssistantAgent("worker", client, tools=[add], max_tool_iterations=5)
    result = await agent.run(task="Count")
    assert kinds(result)[1:] == [
        "ToolCallRequestEvent",
        "ToolCallExecutionEvent",
        "ToolCallRequestEvent",
        "ToolCallExecutionEvent",
        "TextMessage",
    ]


async def test_the_summary_tells_the_calls_of_all_iterations() -> None:
    client = replay(calls(("add", '{"a": 2}')), calls(("add", '{"a": 3}')))
    agent = AssistantAgent(
        "worker",
        client,
        tools=[add],
        max_tool_iterations=2,
        tool_call_summary_format="{tool_name}({arguments}) = {result}, {is_error}",
    )
    result = await agent.run(task="Count")
    assert isinstance(result.messages[-1], ToolCallSummaryMessage)
    assert result.messages[-1].content == ('add({"a": 2}) = 3, False\nadd({"a": 3}) = 4, False')


async def test_a_formatter_takes_precedence_over_the_format() -> None:
    agent = AssistantAgent(
        "worker",
        replay(calls(("add", '{"a": 2}'))),
        tools=[add],
        tool_call_summary_formatter=lambda call, result: f"{call.name} gave {result.content}",
    )
    result = await agent.run(task="Count")
    assert isinstance(result.messages[-1], ToolCallSummaryMessage)
    assert result.messages[-1].content == "add gave 3"


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("nosuch", "{}", "Error: tool 'nosuch' not found in any workbench"),
        ("add", "{not json", "not valid JSON: Expecting property name enclosed in double quotes"),
        ("add", "[1]", "must be a JSON object"),
        ("add", '{"a": "x"}', "a: Input should be a valid integer"),
        ("add", "{}", "a: Field required"),
        ("fails", "{}", "no such city: 'Atlantis'"),
    ],
)
async def test_a_failed_call_is_told_to_the_model(name: str, arguments: str, told: str) -> None:
    def fails() -> str:
        """Fail."""
        raise ValueError("no such city: 'Atlantis'")

    agent = AssistantAgent("worker", replay(calls((name, arguments))), tools=[add, fails])
    result = await agent.run(task="Go")
    execution = result.messages[2]
    assert isinstance(execution, ToolCallExecutionEvent)
    assert execution.content[0].is_error is True
    assert told in execution.content[0].content


async def test_handoff_passes_the_other_calls_on() -> None:
    client = replay(calls(("add", '{"a": 1}'), ("transfer_to_bob", "{}"), thought="Bob knows."))
    agent = AssistantAgent("alice", client, tools=[add], handoffs=["bob"])
    result = await agent.run(task="Go")
    message = result.messages[-1]
    assert isinstance(message, HandoffMessage)
    assert message.target == "bob"
    assert message.content == "Transferred to bob, adopting the role of bob immediately."
    assert isinstance(message.context[0], AssistantMessage)
    assert message.context[0].content == [FunctionCall("call_0", '{"a": 1}', "add")]
    assert isinstance(message.context[1], FunctionExecutionResultMessage)


async def test_only_the_first_handoff_is_followed() -> None:
    client = replay(calls(("transfer_to_bob", "{}"), ("go_to_carol", "{}")))
    handoffs = ["bob", Handoff(target="carol", name="go_to_carol", message="Over to Carol.")]
    agent = AssistantAgent("alice", client, handoffs=handoffs)
    with pytest.warns(UserWarning, match="Only the first"):
        result = await agent.run(task="Go")
    assert isinstance(result.messages[-1], HandoffMessage)
    assert result.messages[-1].target == "bob"


async def test_a_handoff_brings_its_context_to_the_next_agent() -> None:
    client = replay("ok")
    agent = AssistantAgent("bob", client, system_message=None)
    context = [UserMessage(content="earlier", source="user")]
    await agent.run(
        task=HandoffMessage(content="Yours.", source="alice", target="bob", context=[*context])
    )
    assert [message.content for message in await sent_to(client)] == ["earlier", "Yours."]


class Answer(BaseModel):
    city: str
    population: int


async def test_structured_answers() -> None:
    client = replay('{"city": "Rome", "population": 2800000}')
    agent = AssistantAgent(
        "geo",
        client,
        output_content_type=Answer,
        output_content_type_format="{city} has {population} people",
    )
    result = await agent.run(task="Rome?")
    message = result.messages[-1]
    assert isinstance(message, StructuredMessage)
    assert message.content == Answer(  # pyright: ignore[reportUnknownMemberType]
        city="Rome", population=2800000
    )
    assert message.to_text() == "Rome has 2800000 people"
    assert client.create_calls[0]["json_output"] is Answer
    assert StructuredMessage[Answer] in agent.produced_message_types
    assert TextMessage not in agent.produced_message_types


async def test_an_answer_that_does_not_fit_is_an_error_that_keeps_it() -> None:
    agent = AssistantAgent("geo", replay('{"city": 3}'), output_content_type=Answer)
    with pytest.raises(ModelResponseError, match="does not fit Answer") as caught:
        await agent.run(task="Rome?")
    assert caught.value.partial_text == '{"city": 3}'


async def test_thoughts_are_events_and_stay_out_of_the_answer() -> None:
    agent = AssistantAgent("thinker", replay(text("42.", thought="Six times seven.")))
    result = await agent.run(task="?")
    assert kinds(result)[1:] == ["ThoughtEvent", "TextMessage"]
    assert isinstance(result.messages[1], ThoughtEvent)
    assert result.messages[1].content == "Six times seven."


async def test_memory_reminds_the_model_once() -> None:
    memory = ListMemory(
        memory_contents=[MemoryContent(content="Likes tea.", mime_type=MemoryMimeType.TEXT)]
    )
    client = replay("a", "b")
    agent = AssistantAgent("host", client, memory=[memory])
    result = await agent.run(task="One")
    assert isinstance(result.messages[1], MemoryQueryEvent)
    await agent.run(task="Two")
    reminders = [
        message
        for message in await sent_to(client)
        if isinstance(message, SystemMessage) and "Likes tea." in message.content
    ]
    assert len(reminders) == 1
    empty = AssistantAgent("host", replay("a"), memory=[ListMemory()])
    assert kinds(await empty.run(task="One")) == ["TextMessage", "TextMessage"]


async def test_workbench_with_overrides() -> None:
    bench = StaticWorkbench(
        [FunctionTool(add, "Add.")], {"add": ToolOverride(name="plus", description="Plus.")}
    )
    client = replay(calls(("plus", '{"a": 1}')))
    result = await AssistantAgent("worker", client, workbench=bench).run(task="Go")
    assert isinstance(result.messages[-1], ToolCallSummaryMessage)
    assert result.messages[-1].content == "2"
    assert client.create_calls[0]["tools"][0]["name"] == "plus"
    assert client.create_calls[0]["tools"][0]["description"] == "Plus."


async def test_a_picture_for_a_model_without_vision_is_refused() -> None:
    from PIL import Image as PILImage

    client = ReplayChatCompletionClient(
        ["x"],
        model_info={
            "vision": False,
            "function_calling": True,
            "json_output": True,
            "structured_output": True,
            "family": "unknown",
        },
    )
    picture = Image.from_pil(PILImage.new("RGB", (2, 2)))
    agent = AssistantAgent("seer", client)
    with pytest.raises(ModelCapabilityError, match="'seer' was given a picture"):
        await agent.run(task=MultiModalMessage(content=["What?", picture], source="user"))


@pytest.mark.parametrize("name", ["", "two words", "1st", "a-b"])
def test_a_name_must_be_an_identifier(name: str) -> None:
    with pytest.raises(ValueError, match="must be a valid Python identifier") as caught:
        AssistantAgent(name, replay())
    assert repr(name) in str(caught.value)


def test_constructor_errors() -> None:
    def unannotated(x) -> str:  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        """Nothing."""
        return ""

    with pytest.raises(ValueError, match="Tool names must be unique: "):
        AssistantAgent("a", replay(), tools=[add, add])
    with pytest.raises(ValueError, match="Handoff names must be unique: "):
        AssistantAgent("a", replay(), handoffs=["bob", "bob"])
    with pytest.raises(ValueError, match="Handoff names must be unique from tool names"):
        AssistantAgent("a", replay(), tools=[add], handoffs=[Handoff(target="b", name="add")])
    with pytest.raises(ValueError, match=r"Tools cannot be used with a workbench\."):
        AssistantAgent("a", replay(), tools=[add], workbench=StaticWorkbench([]))
    least = "Maximum number of tool iterations must be greater than or equal to 1, got 0"
    with pytest.raises(ValueError, match=least):
        AssistantAgent("a", replay(), max_tool_iterations=0)
    with pytest.raises(TypeError, match="Expected Memory"):
        AssistantAgent("a", replay(), memory=ListMemory())  # pyright: ignore[reportArgumentType]
    with pytest.raises(ToolDefinitionError, match="parameter 'x' of tool 'unannotated'"):
        AssistantAgent("a", replay(), tools=[unannotated])  # pyright: ignore[reportUnknownArgumentType]
    no_tools = ReplayChatCompletionClient(
        [],
        model_info={
            "vision": True,
            "function_calling": False,
            "json_output": True,
            "structured_output": True,
            "family": "unknown",
        },
    )
    with pytest.raises(ValueError, match=r"The model does not support function calling\."):
        AssistantAgent("a", no_tools, tools=[add])
    with pytest.raises(ValueError, match=r"The model does not support function calling\."):
        AssistantAgent("a", no_tools, handoffs=["bob"])


async def test_tasks() -> None:
    agent = AssistantAgent("a", replay("1", "2", "3"))
    with pytest.raises(ValueError, match=r"Task list cannot be empty\."):
        await agent.run(task=[])
    with pytest.raises(ValueError, match="valid BaseChatMessage"):
        await agent.run(task=["no message"])  # pyright: ignore[reportArgumentType]
    result = await agent.run(
        task=[TextMessage(content="x", source="u"), TextMessage(content="y", source="v")]
    )
    assert kinds(result) == ["TextMessage"] * 3
    hidden = await agent.run(task="z", output_task_messages=False)
    assert kinds(hidden) == ["TextMessage"]
    assert hidden.messages[0].source == "a"
    going_on = await agent.run()
    assert kinds(going_on) == ["TextMessage"]


@pytest.mark.parametrize("shown", [True, False])
async def test_the_stream_begins_with_the_task_and_ends_with_the_result(shown: bool) -> None:
    agent = AssistantAgent("a", replay("1"))
    task = [TextMessage(content="x", source="u"), TextMessage(content="y", source="v")]
    *messages, result = [
        item async for item in agent.run_stream(task=task, output_task_messages=shown)
    ]
    assert isinstance(result, TaskResult)
    assert messages == result.messages
    assert messages[:-1] == (task if shown else [])
    assert result.stop_reason is None


async def test_state_round_trip_and_reset() -> None:
    agent = AssistantAgent("a", replay(calls(("add", '{"a": 1}')), "ok"), tools=[add])
    await agent.run(task="One")
    state = json.loads(json.dumps(await agent.save_state()))
    assert state["type"] == "AssistantAgentState"
    assert state["version"] == "1.0.0"
    client = replay("later")
    other = AssistantAgent("a", client, system_message=None, tools=[add])
    await other.load_state(state)
    await other.run(task="Two")
    assert [type(message).__name__ for message in await sent_to(client)] == [
        "UserMessage",
        "AssistantMessage",
        "FunctionExecutionResultMessage",
        "UserMessage",
    ]
    from nbagent import CancellationToken

    await other.on_reset(CancellationToken())
    assert await other.model_context.get_messages() == []


async def test_dump_and_load() -> None:
    agent = AssistantAgent(
        "geo",
        replay('{"city": "Rome", "population": 1}'),
        handoffs=["bob"],
        memory=[ListMemory(memory_contents=[MemoryContent(content="x", mime_type="text/plain")])],
        output_content_type=Answer,
        system_message="Be exact.",
        max_tool_iterations=3,
        model_client_stream=True,
    )
    dumped = json.loads(agent.dump_component().model_dump_json())
    assert dumped["provider"] == "nbagent.agents.AssistantAgent"
    loaded = AssistantAgent.load_component(dumped)
    assert loaded.dump_component() == agent.dump_component()
    result = await loaded.run(task="Rome?")
    assert isinstance(result.messages[-1], StructuredMessage)
    autogen = {**dumped, "provider": "autogen_agentchat.agents.AssistantAgent"}
    assert AssistantAgent.load_component(autogen).name == "geo"


async def test_the_models_notice_travels_with_what_it_says() -> None:
    class Honest(ReplayChatCompletionClient):
        notice = "I am a demo."

    agent = AssistantAgent("a", Honest(["one two"]), model_client_stream=True)
    told = {
        item.metadata.get("notice")
        async for item in agent.run_stream(task="Hi")
        if not isinstance(item, TaskResult) and item.source == "a"
    }
    assert told == {"I am a demo."}


async def test_no_warning_from_a_whole_run() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        await AssistantAgent("a", replay(calls(("add", '{"a": 1}'))), tools=[add]).run(task="x")


async def test_request_events_carry_the_usage() -> None:
    agent = AssistantAgent("a", replay(calls(("add", '{"a": 1}'))), tools=[add])
    result = await agent.run(task="x")
    request = result.messages[1]
    assert isinstance(request, ToolCallRequestEvent)
    assert request.models_usage is not None
    assert request.models_usage.prompt_tokens == 10


async def test_run_takes_the_answer_of_a_subclass_that_changes_on_messages() -> None:
    class Loud(AssistantAgent):
        async def on_messages(
            self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
        ) -> Response:
            response = await super().on_messages(messages, cancellation_token)
            said = response.chat_message.to_text().upper()
            return Response(chat_message=TextMessage(content=said, source=self.name))

    class Louder(Loud):
        pass

    for kind in (Loud, Louder):
        result = await kind("loud", replay("quiet")).run(task="Speak")
        assert [message.to_text() for message in result.messages] == ["Speak", "QUIET"]


async def test_a_model_client_of_ones_own_need_not_know_of_tool_choices() -> None:
    class Plain(ReplayChatCompletionClient):
        async def create(  # type: ignore[override]
            self,
            messages: Sequence[LLMMessage],
            *,
            tools: Sequence[Tool | ToolSchema] = (),
            json_output: bool | type[BaseModel] | None = None,
            extra_create_args: Mapping[str, Any] | None = None,
            cancellation_token: CancellationToken | None = None,
        ) -> CreateResult:
            return await super().create(messages, tools=tools)

    agent = AssistantAgent("a", Plain(["Hello."]), tools=[])
    assert (await agent.run(task="Hi")).messages[-1].to_text() == "Hello."
