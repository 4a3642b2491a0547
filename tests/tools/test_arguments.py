"""Tool arguments: whatever a model writes ends in a value or an error, never in a crash."""

from pathlib import Path
from typing import Any

import pytest

from nbagent import CancellationToken, FunctionCall, FunctionTool
from nbagent.agents.tool_calls import ToolCalls
from nbagent.tools import StaticWorkbench
from nbagent.tools.arguments import read_arguments, read_json

SUITE = Path(__file__).parents[3] / "shared" / "corpora" / "jsontestsuite" / "test_parsing"

ACCEPTED = ['{"x": 1}', "[]", '"ä"', "-0", "1e3", "true", '{"a": {"b": [null]}}', ' "\\u00e4"\n']
REJECTED = [
    "{", "}", "[1,]", "{'x': 1}", "NaN", "[Infinity]", "-Infinity", "01", "+1", ".5", "1.",
    '{"x" 1}', '{"x": 1,}', '"\x01"', "tru", "\ufeff{}", '"\\x"', "[1] 2", "// c\n1", "[" * 100_000,
    '"\udc80"',
]  # fmt: skip


def suite(prefix: str) -> list[str]:
    """The files of the JSON test suite, where it is at hand; bytes that are no UTF-8 stay odd."""
    paths = sorted(SUITE.glob(f"{prefix}_*.json")) if SUITE.exists() else []
    return [path.read_bytes().decode("utf-8", "surrogateescape") for path in paths]


def test_the_suite_is_whole_where_it_is_at_hand() -> None:
    if SUITE.exists():
        assert (len(suite("y")), len(suite("n")), len(suite("i"))) == (95, 188, 35)


@pytest.mark.parametrize("text", ACCEPTED + suite("y"))
def test_valid_json_is_read(text: str) -> None:
    read_json(text)


@pytest.mark.parametrize("text", REJECTED + suite("n"))
def test_invalid_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)


async def test_every_call_gets_a_result_the_model_can_read() -> None:
    async def echo(x: str = "") -> str:
        """Give it back."""
        return x

    bench = StaticWorkbench([FunctionTool(echo)])
    texts = ACCEPTED + REJECTED + suite("y") + suite("n") + suite("i")
    calls = [FunctionCall(id=str(i), arguments=text, name="echo") for i, text in enumerate(texts)]
    tool_calls = ToolCalls(calls, [bench], {}, CancellationToken(), source="a")
    assert [event async for event in tool_calls.stream()] == []
    results = tool_calls.results()
    assert [result.call_id for result in results] == [call.id for call in calls]
    refused = {str(i) for i, text in enumerate(texts) if text in REJECTED or text in suite("n")}
    empty = {str(i) for i, text in enumerate(texts) if not text.strip()}
    assert all(result.is_error for result in results if result.call_id in refused - empty)


def test_no_arguments_at_all() -> None:
    assert read_arguments("") == {}
    assert read_arguments(" ") == {}


@pytest.mark.parametrize("text", ["[1]", '"x"', "3", "null"])
def test_other_values_than_objects_are_named(text: str) -> None:
    with pytest.raises(ValueError, match="must be a JSON object"):
        read_arguments(text)


def test_errors_are_made_for_the_model() -> None:
    value: Any = None
    with pytest.raises(ValueError, match="not valid JSON: Expecting"):
        value = read_arguments('{"x": ')
    assert value is None
