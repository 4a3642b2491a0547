"""McpWorkbench against real servers: tools, resources, prompts, questions, approvals."""

import asyncio
from collections.abc import Generator
from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="the extra nbagent[mcp] is not installed")

from nbagent import AssistantAgent, CancellationToken
from nbagent.image import Image
from nbagent.messages import ToolCallExecutionEvent, ToolCallSummaryMessage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import CreateResult, FunctionCall, RequestUsage
from nbagent.questions import asking_through
from nbagent.tools import CheckedCall, ImageResultContent, ToolOverride
from nbagent.tools.mcp import (
    McpServerParams,
    McpWorkbench,
    SseServerParams,
    StdioServerParams,
    StreamableHttpServerParams,
)
from tests.tools.mcp.servers import shop, shop_on
from tests.tools.person import FOR_RUN, NO, YES, Nobody, Person

KINDS = ("stdio", "sse", "streamable-http")


@pytest.fixture(scope="module", params=KINDS)
def anywhere(request: pytest.FixtureRequest) -> Generator[McpServerParams]:
    """The shop, reached in each of the three ways."""
    if request.param == "stdio":
        yield shop()
        return
    with shop_on(request.param) as params:
        yield params


async def test_the_tools_of_a_server(anywhere: McpServerParams) -> None:
    async with McpWorkbench(anywhere) as bench:
        tools = {tool["name"]: tool for tool in await bench.list_tools()}
        assert tools["add"].get("description") == "Add two numbers."
        parameters = tools["add"].get("parameters")
        assert parameters is not None and parameters.get("required") == ["a"]
        added = await bench.call_tool("add", {"a": 2, "b": 3})
        assert (added.to_text(), added.is_error, added.name) == ("5", False, "add")
        said = bench.initialize_result
        assert said is not None and said.instructions == "Sell things."
    assert bench.initialize_result is None


async def test_a_failing_tool_is_an_error_result(anywhere: McpServerParams) -> None:
    async with McpWorkbench(anywhere) as bench:
        failed = await bench.call_tool("fail", {"reason": "rain"})
        assert failed.is_error and "rain" in failed.to_text()
        misused = await bench.call_tool("add", {"a": "two"})
        assert misused.is_error and "a" in misused.to_text()
        unknown = await bench.call_tool("nothing", {})
        assert unknown.is_error and unknown.to_text() == "Tool nothing not found."


async def test_a_picture_in_a_result(anywhere: McpServerParams) -> None:
    async with McpWorkbench(anywhere) as bench:
        result = await bench.call_tool("picture")
    title, dot = result.result
    assert title.content == "A dot:"
    assert isinstance(dot, ImageResultContent) and isinstance(dot.content, Image)
    assert dot.content.size == (1, 1)


async def test_resources_and_prompts(anywhere: McpServerParams) -> None:
    async with McpWorkbench(anywhere) as bench:
        listed = await bench.list_resources()
        assert [str(resource.uri) for resource in listed.resources] == ["shop://prices"]
        read = await bench.read_resource("shop://prices")
        assert "tea 2" in read.model_dump_json()
        templates = await bench.list_resource_templates()
        assert templates.resource_templates[0].uri_template == "shop://price/{article}"
        prompts = await bench.list_prompts()
        assert [prompt.name for prompt in prompts.prompts] == ["sell"]
        prompt = await bench.get_prompt("sell", {"article": "tea"})
        assert "Sell tea, please." in prompt.model_dump_json()


async def test_the_server_asks_the_person(anywhere: McpServerParams) -> None:
    person = Person("Answer", {"name": "Ada", "age": "36"}, "Decline")
    with asking_through(person):
        async with McpWorkbench(anywhere) as bench:
            greeting = await bench.call_tool("greet")
            assert greeting.to_text() == "Hello Ada (36)"
            declined = await bench.call_tool("greet")
    assert "Who are you?" in person.asked[0].question.prompt
    assert "name, age" in person.asked[0].question.prompt, "the person sees what is wanted"
    assert person.asked[1].question.kind == "form"
    assert "decline" in declined.to_text()


async def test_where_nobody_is_there_the_server_hears_it(anywhere: McpServerParams) -> None:
    with asking_through(Nobody()):
        async with McpWorkbench(anywhere) as bench:
            assert "cancel" in (await bench.call_tool("greet")).to_text()


async def test_the_server_asks_the_model_where_a_person_allows_it(
    anywhere: McpServerParams,
) -> None:
    client = ReplayChatCompletionClient(["Knock, knock."])
    person = Person(YES, NO)
    with asking_through(person):
        async with McpWorkbench(anywhere, model_client=client) as bench:
            assert (await bench.call_tool("laugh")).to_text() == "ha: Knock, knock."
            denied = await bench.call_tool("laugh")
            assert denied.is_error and "too dear" in denied.to_text()
    assert "Tell a joke." in person.shown(0)
    assert len(client.create_calls) == 1


async def test_without_a_model_client_the_server_gets_no_model() -> None:
    person = Person(YES)
    with asking_through(person):
        async with McpWorkbench(shop()) as bench:
            assert (await bench.call_tool("laugh")).is_error
    assert person.asked == []


async def test_overrides() -> None:
    overrides = {"add": ToolOverride(name="sum", description="Sum up."), "fail": ToolOverride()}
    async with McpWorkbench(shop(), overrides) as bench:
        tools = {tool["name"]: tool.get("description") for tool in await bench.list_tools()}
        assert tools["sum"] == "Sum up." and "add" not in tools
        assert tools["fail"] == "Always fail."
        assert (await bench.call_tool("sum", {"a": 1})).to_text() == "2"
        assert (await bench.call_tool("add", {"a": 1})).is_error


def test_two_overrides_of_one_name_are_refused() -> None:
    same = ToolOverride(name="same")
    with pytest.raises(ValueError, match="same name"):
        McpWorkbench(shop(), {"add": same, "fail": same})


async def test_a_person_approves_each_call() -> None:
    person = Person(YES, NO, FOR_RUN)
    with asking_through(person):
        async with McpWorkbench(shop(), approval="always") as bench:
            assert (await bench.call_tool("add", {"a": 1}, call_id="c1")).to_text() == "2"
            denied = await bench.call_tool("add", {"a": 2})
            assert denied.is_error and "too dear" in denied.to_text()
    assert person.shown(0) == '{"a":1}'
    call = person.asked[0].question.call
    assert call is not None and (call.name, call.call_id) == ("add", "c1")


async def test_a_function_decides_which_tools_need_approval() -> None:
    def dangerous(call: CheckedCall) -> bool:
        return call.name != "add"

    with asking_through(Nobody()):
        async with McpWorkbench(shop(), approval=dangerous) as bench:
            assert (await bench.call_tool("add", {"a": 1})).to_text() == "2"
            assert (await bench.call_tool("wait", {"seconds": 0})).is_error


async def test_an_agent_works_with_a_server(anywhere: McpServerParams) -> None:
    """The whole run: two calls at once, one of which shows a picture and one asks the person."""
    calls = [
        FunctionCall(id="1", name="add", arguments='{"a": 20, "b": 22}'),
        FunctionCall(id="2", name="picture", arguments="{}"),
        FunctionCall(id="3", name="greet", arguments="{}"),
        FunctionCall(id="4", name="fail", arguments='{"reason": "hail"}'),
    ]
    usage = RequestUsage(prompt_tokens=1, completion_tokens=1)
    client = ReplayChatCompletionClient(
        [
            CreateResult(finish_reason="function_calls", content=calls, usage=usage, cached=False),
            "All done.",
        ],
        model_info={
            "vision": True,
            "function_calling": True,
            "json_output": True,
            "family": "unknown",
            "structured_output": True,
        },
    )
    person = Person("Answer", {"name": "Ada"})
    with asking_through(person):
        async with McpWorkbench(anywhere) as bench:
            agent = AssistantAgent(
                "clerk", client, workbench=bench, max_tool_iterations=2, reflect_on_tool_use=True
            )
            result = await agent.run(task="Work.")
    executed = next(
        message for message in result.messages if isinstance(message, ToolCallExecutionEvent)
    )
    told = {each.call_id: (each.content, each.is_error) for each in executed.content}
    assert told["1"] == ("42", False)
    assert told["2"] == ("A dot:\n[image]", False)
    assert told["3"][0].startswith("Hello Ada")
    assert told["4"][1] and "hail" in told["4"][0]
    assert person.asked[0].source == "clerk", "the person is asked in the agent's name"
    last = result.messages[-1]
    assert not isinstance(last, ToolCallSummaryMessage) and last.to_text() == "All done."


async def test_a_program_gets_nothing_of_the_environment_but_what_it_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MY_SECRET", "from the parent")
    async with McpWorkbench(shop(env={"WANTED": "1"}, cwd=tmp_path)) as bench:
        names = (await bench.call_tool("environment")).to_text()
    assert "WANTED" in names and "MY_SECRET" not in names


@pytest.mark.parametrize("kind", ["sse", "streamable-http"])
async def test_headers_reach_the_server(kind: str) -> None:
    with shop_on(kind, headers={"X-Key": "the key"}) as params:
        async with McpWorkbench(params) as bench:
            assert (await bench.call_tool("headers")).to_text() == "the key"


async def test_state_and_reset() -> None:
    async with McpWorkbench(shop()) as bench:
        await bench.load_state(await bench.save_state())
        await bench.reset()
        assert (await bench.call_tool("add", {"a": 1})).to_text() == "2"
    await bench.reset()
    assert bench.initialize_result is None, "what does not run is not started"


async def test_a_cancelled_token_ends_a_call_before_it_begins() -> None:
    token = CancellationToken()
    token.cancel()
    bench = McpWorkbench(shop())
    with pytest.raises(asyncio.CancelledError):
        await bench.call_tool("add", {"a": 1}, token)


def test_the_three_kinds_are_told_apart() -> None:
    assert McpWorkbench(shop()).server_params.type == "StdioServerParams"
    for params in (SseServerParams(url="http://x/sse"), StreamableHttpServerParams(url="http://x")):
        assert McpWorkbench(params).server_params is params
    assert isinstance(shop(), StdioServerParams)
