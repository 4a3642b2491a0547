"""The programs about agents, models, tools and memories do what they do with AgentChat."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest

from nbagent.component import ComponentModel
from tests.api.conftest import ModelServer
from tests.api.programs import (
    agents_as_tools,
    components,
    custom_agent,
    custom_memory,
    custom_messages,
    custom_model_context,
    custom_tool,
    custom_workbench,
    event_log,
    model_client,
    own_model_agent,
    pictures,
    quickstart,
    replayed_model,
    streaming_tool,
    structured_output,
    token_usage_log,
    tool_calls_by_hand,
)
from tests.loopback import Answer, ToolCall, loopback_process

Printed: TypeAlias = Callable[[], list[str]]


async def test_quickstart(model: ModelServer, printed: Printed) -> None:
    model.answers(
        Answer(tool_calls=[ToolCall("tide_table", '{"harbour": "Cuxhaven"}', pieces=3)]),
        Answer(text=["At ", "16:40."]),
    )

    await quickstart.main()

    lines = printed()
    assert lines[:3] == [
        "---------- user ----------",
        "When can we leave Cuxhaven?",
        "---------- harbour_master (ToolCallRequestEvent) ----------",
    ]
    assert "name='tide_table'" in lines[3] and "Cuxhaven" in lines[3]
    assert lines[4] == "---------- harbour_master (ToolCallExecutionEvent) ----------"
    assert "content='High tide at Cuxhaven: 16:40.'" in lines[5]
    assert lines[6:] == ["---------- harbour_master ----------", "At 16:40."]
    assert (model.tools_of(0), model.tools_of(1)) == (["tide_table"], [])
    assert model.said_to(1)[0] == ("system", "You know the tides.")
    assert model.said_to(1)[-1] == ("tool", "High tide at Cuxhaven: 16:40.")


def test_a_program_runs_as_a_script() -> None:
    with loopback_process(["--text", "Hello. ", "--deltas", "2"]) as url:
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.api.programs.quickstart"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "k"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

    assert ran.stdout.splitlines()[-1] == "Hello. Hello. "
    assert ran.stderr == ""


async def test_pictures(model: ModelServer, printed: Printed) -> None:
    model.answers("Crimson.")

    response = await pictures.main()

    assert printed() == ["Crimson."]
    assert response.chat_message.source == "critic"
    seen, hint = model.said_to(0)
    text, picture = cast("list[dict[str, Any]]", seen[1])
    assert text["type"] == "text" and "Which colour is this?" in text["text"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    assert hint[0] == "user"


async def test_model_client(model: ModelServer, printed: Printed) -> None:
    model.answers(
        Answer(text=["Blue, it's true."], usage=(20, 6)), Answer(text=["Green", "!"], usage=(20, 2))
    )

    await model_client.main()

    assert printed() == [
        "Blue, it's true. stop RequestUsage(prompt_tokens=20, completion_tokens=6)",
        "[Green][!]",
        "whole: Green!",
        "48 tokens",
    ]
    whole, streamed = (request.body for request in model.requests)
    assert (whole["model"], whole["temperature"], whole["seed"]) == ("house-model", 0.3, 7)
    assert model.said_to(0)[0] == ("system", "Answer in rhyme.")
    assert (streamed["max_tokens"], streamed["stream"]) == (40, True)


async def test_structured_output(model: ModelServer, printed: Printed) -> None:
    model.answers(
        '{"reasons": "It leaks.", "verdict": "drop"}', '{"reasons": "", "verdict": "keep"}'
    )

    review = await structured_output.main()

    assert review == structured_output.Review(reasons="It leaks.", verdict="drop")
    assert printed()[-2:] == ["drop: It leaks.", "keep"]
    for request in model.requests:
        schema = request.body["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["verdict"]["enum"] == ["keep", "drop"]


async def test_tool_calls_by_hand(model: ModelServer, printed: Printed) -> None:
    arguments = '{"amount": 20, "to": "CHF"}'
    model.answers(Answer(tool_calls=[ToolCall("exchange", arguments, id="c7")]), "19 francs.")

    await tool_calls_by_hand.main()

    assert printed() == ["19 francs."]
    first, second = (request.body for request in model.requests)
    parameters = first["tools"][0]["function"]["parameters"]
    assert parameters["properties"]["to"]["description"] == "The currency, such as CHF."
    assert first["parallel_tool_calls"] is False
    called, result = second["messages"][1:]
    assert called["tool_calls"][0]["function"] == {"name": "exchange", "arguments": arguments}
    assert (result["tool_call_id"], result["content"]) == ("c7", "19.0")


async def test_cached_answers(model: ModelServer, printed: Printed, tmp_path: Path) -> None:
    pytest.importorskip("diskcache", reason="needs the extra diskcache")
    from tests.api.programs import cached_answers

    model.answers("Neuwerk.")

    await cached_answers.main(str(tmp_path))
    await cached_answers.main(str(tmp_path))  # the answer is still there

    assert printed() == [
        "Neuwerk. False",
        "Neuwerk. True",
        "Neuwerk. True",
        "Neuwerk. True",
    ]


async def test_token_usage_log(model: ModelServer, printed: Printed) -> None:
    model.answers(
        Answer(tool_calls=[ToolCall("double", '{"number": 21}')], usage=(30, 5)),
        Answer(text=["42."], usage=(40, 3)),
        Answer(text=["Yes", "."], usage=(10, 2)),
    )

    tracker = await token_usage_log.main()

    assert printed() == ["80 10"]
    [called] = tracker.tools
    assert '"tool_name": "double"' in called and '"result": "42"' in called


async def test_custom_tool(printed: Printed) -> None:
    await custom_tool.main()

    assert printed() == ['{"kilometres": 7.0}', "{'seen': {'gull': 2}} 3"]


async def test_streaming_tool(printed: Printed) -> None:
    await streaming_tool.main()

    assert printed() == [
        "launch - Launch a rocket.",
        "report: left=2",
        "report: left=1",
        "launch False Counted from 2.",
        "True True",
    ]


async def test_custom_workbench(model: ModelServer, printed: Printed) -> None:
    model.answers(
        Answer(tool_calls=[ToolCall("put", '{"thing": "cup"}')]),
        Answer(tool_calls=[ToolCall("put", '{"thing": "plate"}')]),
        "Only the cup had room.",
    )

    state = await custom_workbench.main()

    assert state == {"things": ["cup"]}
    assert printed() == ["Only the cup had room.", "0 {'size': 1}"]
    assert [content for role, content in model.said_to(2) if role == "tool"] == [
        "On it: cup.",
        "The shelf is full.",
    ]


async def test_mcp_server(model: ModelServer, printed: Printed) -> None:
    pytest.importorskip("mcp", reason="needs the extra mcp")
    from tests.api.programs import mcp_server
    from tests.tools.mcp.servers import shop

    model.answers(Answer(tool_calls=[ToolCall("add", '{"a": 19, "b": 23}')]), "It is 42.")

    await mcp_server.main(shop())

    assert printed() == ["It is 42.", "3"]
    assert "add" in model.tools_of(0)
    assert model.said_to(1)[-1] == ("tool", "42")


async def test_custom_agent(printed: Printed) -> None:
    await custom_agent.main()

    assert printed() == [
        "20 degrees",
        str(
            [
                "How warm is it?",
                "now 17 degrees",
                "now 19 degrees",
                "now 24 degrees",
                "20 degrees",
            ]
        ),
        str(
            [
                ("user", "28"),
                ("cold", "23"),
                ("cold", "18"),
                ("warm", "21"),
                ("cold", "16"),
                ("warm", "19"),
            ]
        ),
        "6",
    ]


async def test_own_model_agent(model: ModelServer, printed: Printed) -> None:
    model.answers("Ahoy.", "Baa.")

    dumped = await own_model_agent.main()

    assert printed() == [
        "tests.api.programs.own_model_agent.PoetAgent agent limerick",
        "RequestUsage(prompt_tokens=7, completion_tokens=5)",
    ]
    assert ComponentModel.model_validate_json(dumped).config["name"] == "poet"
    assert model.said_to(0)[0] == ("system", "Write a limerick.")
    assert len(model.said_to(1)) == 2  # nothing of the sailor, who was forgotten


async def test_custom_model_context(printed: Printed) -> None:
    await custom_model_context.main()

    assert printed() == [
        "['TextMessage', 'ThoughtEvent', 'TextMessage']",
        "[None]",
        "['question 3', 'answer 3']",
    ]


async def test_custom_memory(model: ModelServer, printed: Printed) -> None:
    model.answers("At noon.")

    await custom_memory.main()

    assert printed() == ["['Ferry leaves at noon']", "['Distances are told in miles.']"]
    told = " ".join(str(content) for role, content in model.said_to(0) if role == "system")
    assert "Distances are told in miles." in told
    assert "- Ferry leaves at noon" in told and "Museum" not in told


async def test_vector_memory(printed: Printed, tmp_path: Path) -> None:
    pytest.importorskip("chromadb", reason="needs the extra chromadb")
    from tests.api.programs import vector_memory

    await vector_memory.main(str(tmp_path))

    lines = printed()
    assert "---------- rag_assistant (MemoryQueryEvent) ----------" in lines
    assert any("fill the tank with vinegar" in line for line in lines)
    assert not any("dark beans" in line for line in lines)


async def test_agents_as_tools(model: ModelServer, printed: Printed) -> None:
    model.answers(
        Answer(tool_calls=[ToolCall("historian", '{"task": "When was it built?"}')]),
        Answer(tool_calls=[ToolCall("desk", '{"task": "Say where it stands."}')]),
        "A tower of 1880 stands here.",
    )

    await agents_as_tools.main()

    assert printed() == ["A tower of 1880 stands here."]
    assert model.tools_of(0) == ["historian", "desk"]
    assert [content for role, content in model.said_to(2) if role == "tool"] == [
        "Built in 1880.",
        "writer: A tower stood here.\n\neditor: A tower stands here.",
    ]


async def test_custom_messages(printed: Printed) -> None:
    await custom_messages.main()

    assert printed() == [
        "TextMessage: Two soups, please.",
        "OrderTakenEvent: An order from table 4.",
        'StructuredMessage[Order]: {"dish":"soup","count":2}',
        "BillMessage: 9.00 EUR",
        "Maximum number of turns 2 reached.",
        "True",
    ]


async def test_components(model: ModelServer, printed: Printed) -> None:
    text = await components.main()

    assert printed() == [
        "nbagent.base.OrTerminationCondition termination 2",
        "RoundRobinGroupChat RoundRobinGroupChat",
        "OpenAIChatCompletionClient True",
    ]
    assert "sk-not-in-the-file" not in text


async def test_replayed_model(printed: Printed) -> None:
    await replayed_model.main()

    assert printed() == [
        "Hello.",
        "[FunctionCall(id='a', arguments='{\"key\": \"x\"}', name='lookup')]",
        "10 2",
        "no more: True",
        "True",
        "lookup: x is y",
    ]


async def test_traced(printed: Printed) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="needs opentelemetry-sdk")
    from tests.api.programs import traced

    exporter = await traced.main()

    assert printed() == [
        "create_agent guide",
        "execute_tool compass",
        "invoke_agent guide",
        "my-run",
    ]
    spans = {span.name: span for span in exporter.get_finished_spans()}
    invoked = spans["invoke_agent guide"]
    assert (invoked.attributes or {})["answer"] == "This way."
    parent = spans["execute_tool compass"].parent
    assert parent is not None and invoked.context is not None
    assert parent.span_id == invoked.context.span_id


async def test_event_log(printed: Printed) -> None:
    await event_log.main()

    assert printed() == [
        "True True",
        "True True",
        "LookupError The key is under no mat.",
        "True",
    ]
