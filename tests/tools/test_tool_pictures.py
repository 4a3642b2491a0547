"""Tools that return pictures and objects: what the model gets, and what the reader sees."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from nbagent import FunctionTool, Image
from nbagent.agents import AssistantAgent
from nbagent.messages import ToolCallExecutionEvent
from nbagent.models.openai.tokens import estimate_tokens
from nbagent.models.types import (
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    UserMessage,
)
from nbagent.render.html import transcript_to_html
from nbagent.render.markdown_document import transcript_to_markdown
from nbagent.render.text import transcript_to_text
from nbagent.tools import StaticStreamWorkbench, StaticWorkbench
from nbagent.transcript import Transcript, reduce
from nbagent.transcript.items import ToolCallItem
from tests.agents.models import calls, replay
from tests.agents.test_society_of_mind_agent import PIXEL


def picture() -> Image:
    """Draw."""
    return Image.from_base64(PIXEL)


def captioned() -> list[str | Image]:
    """Draw two."""
    return ["Before:", Image.from_base64(PIXEL), "after:", Image.from_base64(PIXEL)]


class Weather(BaseModel):
    """The weather."""

    city: str
    degrees: float


def weather() -> Weather:
    """Tell the weather."""
    return Weather(city="Köln", degrees=21.5)


def forecasts() -> list[Weather]:
    """Tell the weather of several days."""
    return [Weather(city="Köln", degrees=21.5), Weather(city="Bonn", degrees=20)]


async def sent(vision: bool, tool: Any) -> list[Any]:
    client = replay(calls((tool.__name__, "{}")), "I see.")
    client.model_info["vision"] = vision
    agent = AssistantAgent("viewer", client, tools=[tool], max_tool_iterations=2)
    await agent.run(task="Look")
    return client.create_calls[-1]["messages"]


async def test_a_model_with_vision_gets_the_picture_after_the_results() -> None:
    messages = await sent(True, picture)
    assert [type(message).__name__ for message in messages[1:]] == [
        "UserMessage",
        "AssistantMessage",
        "FunctionExecutionResultMessage",
        "UserMessage",
    ]
    assert messages[-2].content[0].content == "[image]"
    shown = messages[-1]
    assert isinstance(shown, UserMessage) and not isinstance(shown.content, str)
    words, image = shown.content
    assert isinstance(words, str) and "picture" in words and "call_0" in words
    assert isinstance(image, Image) and image.size == (1, 1)


async def test_a_model_without_vision_reads_that_there_is_one() -> None:
    messages = await sent(False, captioned)
    assert isinstance(messages[-1], FunctionExecutionResultMessage)
    assert messages[-1].content[0].content == "Before:\n[image]\nafter:\n[image]"


async def test_texts_and_pictures_in_their_order() -> None:
    messages = await sent(True, captioned)
    parts = messages[-1].content
    assert [type(part).__name__ for part in parts] == ["str", "Image", "str", "Image"]


@pytest.mark.parametrize("bench_class", [StaticWorkbench, StaticStreamWorkbench])
async def test_pydantic_objects_are_json(bench_class: type[StaticWorkbench]) -> None:
    bench = bench_class([FunctionTool(weather), FunctionTool(forecasts)])
    one = await bench.call_tool("weather", {})
    assert json.loads(one.to_text()) == {"city": "Köln", "degrees": 21.5}
    assert "Köln" in one.to_text()
    several = json.loads((await bench.call_tool("forecasts", {})).to_text())
    assert several[1] == {"city": "Bonn", "degrees": 20}


async def test_the_card_shows_the_picture_in_every_form() -> None:
    agent = AssistantAgent("viewer", replay(calls(("picture", "{}"))), tools=[picture])
    transcript = Transcript()
    async for item in agent.run_stream(task="Look"):
        reduce(transcript, item)
    card = next(item for item in transcript.items if isinstance(item, ToolCallItem))
    assert [image.size for image in card.images] == [(1, 1)]
    assert transcript_to_html(transcript).count("<img ") == 1
    assert "[picture: PNG, 1 × 1 pixels]" in transcript_to_text(transcript)
    assert "picture: PNG, 1 × 1 pixels" in transcript_to_markdown(transcript)
    again = Transcript.model_validate_json(transcript.model_dump_json())
    assert again.model_dump_json() == transcript.model_dump_json()


async def test_results_with_pictures_survive_as_data() -> None:
    agent = AssistantAgent("viewer", replay(calls(("picture", "{}"))), tools=[picture])
    result = await agent.run(task="Look")
    event = next(m for m in result.messages if isinstance(m, ToolCallExecutionEvent))
    loaded = ToolCallExecutionEvent.load(json.loads(json.dumps(event.dump())))
    assert loaded.content[0].images is not None and loaded.content[0].images[0].size == (1, 1)

    state = json.loads(json.dumps(await agent.save_state()))
    client = replay("Nice.")
    other = AssistantAgent("viewer", client, tools=[picture])
    await other.load_state(state)
    await other.run(task="And?")
    pictures = [
        part
        for message in client.create_calls[0]["messages"]
        if isinstance(message, UserMessage) and not isinstance(message.content, str)
        for part in message.content
        if isinstance(part, Image)
    ]
    assert len(pictures) == 1


def test_a_result_without_pictures_is_as_agentchat_writes_it() -> None:
    old = {"content": "x", "name": "t", "call_id": "1", "is_error": False}
    result = FunctionExecutionResult.model_validate(old)
    assert result.images is None
    assert result.model_dump(exclude_none=True) == old


def test_pictures_count_as_tokens() -> None:
    plain = FunctionExecutionResult(content="[image]", name="t", call_id="1")
    seen = plain.model_copy(update={"images": [Image.from_base64(PIXEL)]})
    few, many = (
        estimate_tokens([FunctionExecutionResultMessage(content=[result])])
        for result in (plain, seen)
    )
    assert many > few + 80
