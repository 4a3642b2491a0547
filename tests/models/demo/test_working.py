"""The demo model at work: rounds of tool calls, and answers that use the results."""

import json
from typing import Any

import pytest
from PIL import Image as PILImage
from pydantic import BaseModel

from nbagent.agents import AssistantAgent
from nbagent.base import Handoff
from nbagent.image import Image
from nbagent.messages import HandoffMessage, TextMessage, ToolCallExecutionEvent
from nbagent.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
)
from nbagent.models.demo import DemoChatCompletionClient
from nbagent.models.types import FunctionCall
from nbagent.tools import FunctionTool
from tests.models.demo.conversing import ask, said, text_of, work_on
from tests.models.demo.tools import TOOLS, only, search_knowledge_base


class Report(BaseModel):
    summary: str


def result_of(content: str, *, is_error: bool = False) -> list[LLMMessage]:
    """A conversation in which one tool has just given `content`."""
    call = FunctionCall(id="1", name="look", arguments='{"at": "it"}')
    result = FunctionExecutionResult(content=content, name="look", call_id="1", is_error=is_error)
    return [
        said("Look at it"),
        AssistantMessage(content=[call], source="assistant"),
        FunctionExecutionResultMessage(content=[result]),
    ]


async def test_one_call_and_an_answer_with_its_result() -> None:
    made, answer = await work_on("What is 23 times 19?", TOOLS)
    assert made == [("multiply", {"a": 23, "b": 19})]
    assert "**437.0**" in answer
    assert "multiply(a=23, b=19)" in answer
    assert "Demo model" in answer


async def test_several_calls_are_all_told() -> None:
    made, answer = await work_on("What is the weather in Paris and in Rome?", TOOLS)
    assert [arguments["city"] for _, arguments in made] == ["Paris", "Rome"]
    assert "sunny in Paris" in answer
    assert "sunny in Rome" in answer


async def test_a_result_is_passed_on_to_the_next_tool() -> None:
    made, answer = await work_on("multiply 3 by 4, then subtract 5", only("multiply", "subtract"))
    assert made == [("multiply", {"a": 3, "b": 4}), ("subtract", {"a": 12, "b": 5})]
    assert "**7**" in answer
    made, answer = await work_on("Tell me about AutoGen and format it as Markdown", TOOLS)
    assert made == [
        ("search_knowledge_base", {"topic": "AutoGen"}),
        ("format_as_markdown", {"text": "AutoGen is known."}),
    ]
    assert "# Formatted\n\nAutoGen is known." in answer


async def test_a_failure_is_told_and_not_tried_again() -> None:
    def read_table(path: str) -> str:
        """Read a table."""
        raise FileNotFoundError(f"No such table: {path}")

    made, answer = await work_on("Read the table x.csv", [FunctionTool(read_table)])
    assert made == [("read_table", {"path": "x.csv"})]
    assert "No such table: x.csv" in answer
    answer = await text_of(*result_of("No such file: x.csv", is_error=True), tools=TOOLS)
    assert '`look(at="it")` failed: No such file: x.csv' in answer
    assert "no result" in answer


async def test_what_could_not_be_called_is_told_with_the_results() -> None:
    made, answer = await work_on("What time is it in Oslo? Then reverse it.", only("get_time"))
    assert made == [("get_time", {"city": "Oslo"})]
    made, answer = await work_on("multiply 3 by 4. Set the light in the kitchen", TOOLS)
    assert made == [("multiply", {"a": 3, "b": 4})]
    assert "I did not call `set_light`: I have nothing for on." in answer


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("42", "returned **42**."),
        ("", "returned nothing"),
        ("None", "returned nothing"),
        ("A sentence that is somewhat longer than a value is quoted.", "says:\n\n> A sentence"),
        ("first line\nsecond line", "```text\nfirst line\nsecond line\n```"),
        ("has ``` in it\nand more", "````text\nhas ``` in it\nand more\n````"),
        ("- one\n- two", "returned:\n\n- one\n- two"),
        ('{"city": "Oslo", "degrees": 3}', "- **city**: Oslo\n- **degrees**: 3"),
        ('[{"a": 1, "b": "x|y"}, {"a": null}]', "| a | b |\n| --- | --- |\n| 1 | x\\|y |"),
        ('{"deep": {"er": [1]}}', "```json\n{"),
        ("[" * 5000, "the first 2,000 of 5,000 characters"),
        ("*not* emphasis", "**\\*not\\* emphasis**"),
        ("no [formula] and no [link](x)", "**no [formula\\] and no [link\\](x)**"),
    ],
)
async def test_results_become_readable_markdown(content: str, shown: str) -> None:
    assert shown in await text_of(*result_of(content))


@pytest.mark.parametrize(("count", "told"), [(1, "a picture."), (2, "2 pictures.")])
async def test_pictures_are_told_as_such(count: int, told: str) -> None:
    *before, last = result_of("\n".join(["[image]"] * count))
    assert isinstance(last, FunctionExecutionResultMessage)
    last.content[0].images = [Image.from_pil(PILImage.new("RGB", (2, 2)))] * count
    assert f"returned {told}" in await text_of(*before, last)


async def test_long_lists_are_cut_and_say_so() -> None:
    rows = json.dumps([{"row": number} for number in range(50)])
    assert "(the first 20 of 50)" in await text_of(*result_of(rows))


async def test_results_fill_a_requested_schema() -> None:
    content = (await ask(*result_of("It is 21 degrees."), json_output=Report)).content
    assert isinstance(content, str)
    assert Report.model_validate_json(content).summary == "It is 21 degrees."


async def test_an_agent_uses_its_tool_and_reflects() -> None:
    agent = AssistantAgent(
        "research_agent",
        DemoChatCompletionClient(delay=0),
        tools=[search_knowledge_base],
        system_message="Use the search tool to find information before answering.",
        reflect_on_tool_use=True,
        model_client_stream=True,
    )
    for topic, task in (("AutoGen", "Tell me about AutoGen."), ("RAG", "Now tell me about RAG.")):
        result = await agent.run(task=task)
        executed = [each for each in result.messages if isinstance(each, ToolCallExecutionEvent)]
        assert [each.content[0].content for each in executed] == [f"{topic} is known."]
        last = result.messages[-1]
        assert isinstance(last, TextMessage)
        assert f"{topic} is known" in last.content.replace("\\", "")
        assert last.models_usage is not None
        assert last.models_usage.completion_tokens > 0


async def test_an_agent_loops_until_it_is_done() -> None:
    agent = AssistantAgent(
        "worker",
        DemoChatCompletionClient(delay=0),
        tools=only("multiply", "subtract"),
        max_tool_iterations=5,
    )
    result = await agent.run(task="multiply 3 by 4, then subtract 5")
    last: Any = result.messages[-1]
    assert "**7**" in last.content


async def test_an_agent_hands_over() -> None:
    agent = AssistantAgent(
        "desk", DemoChatCompletionClient(delay=0), handoffs=[Handoff(target="writer")]
    )
    result = await agent.run(task="Let the writer do it.")
    last = result.messages[-1]
    assert isinstance(last, HandoffMessage)
    assert last.target == "writer"
