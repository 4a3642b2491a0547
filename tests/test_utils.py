"""The small functions under AgentChat's names."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from nbagent import FunctionCall, Image
from nbagent.models.types import (
    AssistantMessage,
    FunctionExecutionResult,
    SystemMessage,
    UserMessage,
)
from nbagent.utils import (
    content_to_str,
    extract_json_from_str,
    remove_images,
    schema_to_pydantic_model,
)
from tests.agents.test_society_of_mind_agent import PIXEL

PICTURE = Image.from_base64(PIXEL)


class Point(BaseModel):
    """A point."""

    x: int


def test_contents_as_text() -> None:
    call = FunctionCall(id="1", arguments="{}", name="add")
    result = FunctionExecutionResult(content="3", name="add", call_id="1")
    assert content_to_str("words") == "words"
    assert content_to_str(["see", PICTURE, "this"]) == "see\n<image>\nthis"
    assert content_to_str(Point(x=1)) == '{"x":1}'
    assert "add" in content_to_str([call]) and "3" in content_to_str([result])


def test_pictures_are_taken_out_of_a_copy() -> None:
    messages: list[Any] = [
        SystemMessage(content="s"),
        UserMessage(content=["see", PICTURE], source="user"),
        AssistantMessage(content="a", source="agent"),
    ]
    without = remove_images(messages)
    assert [message.content for message in without] == ["s", "see\n<image>", "a"]
    assert messages[1].content == ["see", PICTURE]


IN_TEXTS: list[tuple[str, list[Any]]] = [
    ('{"a": 1}', [{"a": 1}]),
    (
        'Here:\n```json\n{"a": 1}\n```\nand\n```\n{"b": {"c": []}}\n```',
        [{"a": 1}, {"b": {"c": []}}],
    ),
    ('```JSON\n{\n"a": "```x"\n}\n```', [{"a": "```x"}]),
    ('Here: ```json \n{"a": 1}\n``` and so on.', [{"a": 1}]),
]


@pytest.mark.parametrize(("text", "objects"), IN_TEXTS)
def test_json_in_texts(text: str, objects: list[Any]) -> None:
    assert extract_json_from_str(text) == objects


@pytest.mark.parametrize(
    "text", ["", "words", "[1]", "```json\n{\n```", "```python\n{}\n```", '{"a":' * 99_999]
)
def test_texts_without_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON"):
        extract_json_from_str(text)


def test_a_model_from_a_schema() -> None:
    model = schema_to_pydantic_model(Point.model_json_schema(), "Again")
    assert json.loads(model.model_validate({"x": 2}).model_dump_json()) == {"x": 2}
