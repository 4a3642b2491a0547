"""Parameters, secrets, components, and single tools."""

import json
import subprocess
import sys
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

pytest.importorskip("mcp", reason="the extra nbagent[mcp] is not installed")

import mcp.types as types

from nbagent import AssistantAgent, CancellationToken
from nbagent.component import ComponentLoader, allow_functions
from nbagent.exceptions import ApprovalDeniedError, ComponentError, ToolDefinitionError
from nbagent.image import Image
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.questions import asking_through
from nbagent.tools import StaticWorkbench, ToolOverride, Workbench
from nbagent.tools.mcp import (
    McpServerError,
    McpWorkbench,
    SseMcpToolAdapter,
    SseServerParams,
    StdioMcpToolAdapter,
    StdioServerParams,
    StreamableHttpMcpToolAdapter,
    StreamableHttpServerParams,
    create_mcp_server_session,
    mcp_server_tools,
)
from tests.tools.mcp.servers import program, shop, shop_on
from tests.tools.person import NO, YES, Person

KEY = "sk-very-secret-0123"
TOOL = types.Tool(name="add.numbers", description="Add.", input_schema={"type": "object"})


def secretive() -> list[Any]:
    """Parameters that hold a secret wherever one may be."""
    return [
        StdioServerParams(command="serve", env={"KEY": KEY}),
        SseServerParams(url="http://x/sse", headers={"Authorization": f"Bearer {KEY}"}),
        StreamableHttpServerParams(url="http://x/mcp", headers={"X-Key": SecretStr(KEY)}),
        StreamableHttpServerParams(url=f"http://x/mcp?api_key={KEY}&page=2"),
    ]


@pytest.mark.parametrize("params", secretive())
def test_secrets_are_in_no_repr_and_in_no_dump(params: Any) -> None:
    bench = McpWorkbench(params)
    shown = [repr(params), str(params), params.model_dump_json(), repr(bench)]
    shown.append(bench.dump_component().model_dump_json())
    if isinstance(params, StdioServerParams):
        shown.append(StdioMcpToolAdapter(params, TOOL).dump_component().model_dump_json())
    assert not any(KEY in text for text in shown)


@pytest.mark.parametrize("params", secretive())
async def test_what_was_masked_has_to_be_given_again(params: Any) -> None:
    with allow_functions():
        loaded = McpWorkbench.load_component(McpWorkbench(params).dump_component())
    assert isinstance(loaded, McpWorkbench)
    with pytest.raises(McpServerError, match="masked"):
        await loaded.start()


def test_secrets_are_in_no_error() -> None:
    with pytest.raises(ValidationError) as caught:
        StdioServerParams(command="serve", env={"KEY": [KEY]})  # pyright: ignore
    assert KEY not in str(caught.value)
    for url in (f"http://me:{KEY}@x/mcp", "file:///etc/passwd", "localhost:80"):
        with pytest.raises(ValidationError, match="must") as caught:
            StreamableHttpServerParams(url=url)
        assert KEY not in str(caught.value)


async def test_a_server_that_repeats_its_secrets() -> None:
    source = """
    refuse(welcome(), "wrong key " + os.environ["KEY"])
    time.sleep(100)
    """
    async with McpWorkbench(program(source, env={"KEY": KEY})) as bench:
        result = await bench.call_tool("work")
    assert result.is_error and "wrong key [hidden]" in result.to_text()


async def test_dump_and_load() -> None:
    params = StreamableHttpServerParams(url="http://x/mcp", timeout=7)
    bench = McpWorkbench(
        params,
        {"add": ToolOverride(name="sum")},
        ReplayChatCompletionClient(["a"]),
        approval="always",
        approval_timeout=9,
    )
    dumped = json.loads(bench.dump_component().model_dump_json())
    loaded = Workbench.load_component(dumped)
    assert isinstance(loaded, McpWorkbench) and loaded.server_params == params
    assert json.loads(loaded.dump_component().model_dump_json()) == dumped
    dumped["provider"] = "autogen_ext.tools.mcp.McpWorkbench"
    assert isinstance(Workbench.load_component(dumped), McpWorkbench)
    agent = AssistantAgent("clerk", ReplayChatCompletionClient(["a"]), workbench=bench)
    again = AssistantAgent.load_component(agent.dump_component())
    assert again.dump_component() == agent.dump_component()


def test_data_starts_no_program_unless_it_is_allowed() -> None:
    params = StdioServerParams(command="rm")
    adapter = StdioMcpToolAdapter(params, TOOL)
    for component in (McpWorkbench(params), adapter):
        dumped = component.dump_component()
        with pytest.raises(ComponentError, match="'rm'"):
            ComponentLoader.load_component(dumped, object)
        with allow_functions():
            loaded = ComponentLoader.load_component(dumped, object)
        assert type(loaded) is type(component)


def test_an_approval_function_is_not_dumped() -> None:
    bench = McpWorkbench(shop(), approval=lambda _: True)
    with pytest.raises(ComponentError, match="function"):
        bench.dump_component()
    with pytest.raises(ToolDefinitionError):
        McpWorkbench(shop(), approval="sometimes")  # pyright: ignore


@pytest.mark.parametrize(
    ("params", "kind"),
    [
        (StdioServerParams(command="serve"), StdioMcpToolAdapter),
        (SseServerParams(url="http://x/sse"), SseMcpToolAdapter),
        (StreamableHttpServerParams(url="http://x/mcp"), StreamableHttpMcpToolAdapter),
    ],
)
def test_adapters_dump_and_load(params: Any, kind: Any) -> None:
    adapter = kind(params, TOOL, approval="always")
    assert adapter.name == "add_numbers", "a name that models can call"
    with allow_functions():
        loaded = kind.load_component(adapter.dump_component())
    assert loaded.schema == adapter.schema
    assert loaded.dump_component() == adapter.dump_component()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array"},
        {"type": "object", "properties": [1]},
        {"type": "object", "required": "all"},
        {"type": "object", "x": "z" * 300_000},
    ],
)
def test_a_schema_that_is_none_makes_no_tool(schema: dict[str, Any]) -> None:
    with pytest.raises(ToolDefinitionError, match="'odd'"):
        StdioMcpToolAdapter(shop(), types.Tool(name="odd", input_schema=schema))


async def test_tools_one_by_one_with_a_session() -> None:
    params = shop()
    async with create_mcp_server_session(params) as session:
        await session.initialize()
        tools = {tool.name: tool for tool in await mcp_server_tools(params, session)}
        bench = StaticWorkbench(list(tools.values()))
        assert (await bench.call_tool("add", {"a": 2})).to_text() == "3"
        title, dot = await tools["picture"].run_json({}, CancellationToken())
        assert title == "A dot:" and isinstance(dot, Image)
        failed = await bench.call_tool("fail", {"reason": "fog"})
        assert failed.is_error and "fog" in failed.to_text()


@pytest.mark.parametrize("kind", ["sse", "streamable-http"])
async def test_tools_one_by_one_without_a_session(kind: str) -> None:
    with shop_on(kind) as params:
        tools = {tool.name: tool for tool in await mcp_server_tools(params, approval="always")}
        person = Person(YES, NO)
        with asking_through(person):
            assert await tools["add"].run_json({"a": 2}, CancellationToken()) == ["3"]
            with pytest.raises(ApprovalDeniedError):
                await tools["add"].run_json({"a": 2}, CancellationToken())
        assert person.shown(0) == '{"a":2}'


async def test_a_tool_by_its_name() -> None:
    tool = await StdioMcpToolAdapter.from_server_params(shop(), "add")
    assert tool.schema.get("description") == "Add two numbers."
    with pytest.raises(ValueError, match="has no tool 'sub'"):
        await StdioMcpToolAdapter.from_server_params(shop(), "sub")


def test_the_tools_room_does_not_load_mcp() -> None:
    source = "import sys, nbagent.tools, nbagent.agents; sys.exit('mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", source], timeout=60).returncode == 0


def test_without_the_package_the_error_says_what_to_install() -> None:
    source = """
import sys
sys.modules["mcp"] = None
try:
    import nbagent.tools.mcp
except ImportError as error:
    sys.exit(str(error))
"""
    run = subprocess.run([sys.executable, "-c", source], timeout=60, capture_output=True, text=True)
    assert 'pip install "jupyter-nbagent[mcp]"' in run.stderr
