"""Recordings replay to the same transcript."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from PIL import Image as PILImage
from pydantic import BaseModel

from nbagent import Image, MultiModalMessage, TaskResult
from nbagent.agents import AssistantAgent
from nbagent.exceptions import RecordedFailure, RecordingError
from nbagent.messages import ModelClientStreamingChunkEvent, StructuredMessage
from nbagent.transcript import Transcript, record, reduce, replay, replay_transcript, stop
from tests.agents.models import StallingClient, calls, text
from tests.agents.models import replay as replay_client


def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


class Answer(BaseModel):
    city: str
    size: int | None = None


async def folded(path: Path) -> Transcript:
    transcript = Transcript()
    async for event in replay(path):
        reduce(transcript, event)
    return transcript


async def test_a_run_with_a_picture_a_tool_and_a_stream(tmp_path: Path) -> None:
    picture = Image.from_pil(PILImage.new("RGBA", (3, 2), (1, 2, 3, 4)))
    client = replay_client(calls(("add", '{"a": 1}')), text("It is 2.", thought="Easy."))
    agent = AssistantAgent(
        "bot", client, tools=[add], reflect_on_tool_use=True, model_client_stream=True
    )
    live = Transcript()
    path = tmp_path / "run.jsonl"
    task = MultiModalMessage(content=["What is it?", picture], source="user")
    async for event in record(agent.run_stream(task=task), path):
        reduce(live, event)
    assert (await folded(path)).items == live.items
    stored = replay_transcript(path)
    assert stored.items == live.items
    assert (stored.state, stored.usage, stored.notices) == ("done", live.usage, live.notices)
    assert path.read_text().splitlines()[0] == '{"format": "nbagent-recording", "version": 1}'
    last = [event async for event in replay(path)][-1]
    assert isinstance(last, TaskResult)
    assert not any(isinstance(m, ModelClientStreamingChunkEvent) for m in last.messages)


async def test_structured_messages_come_back_without_their_class(tmp_path: Path) -> None:
    agent = AssistantAgent(
        "geo", replay_client('{"city": "Rome", "size": 3}'), output_content_type=Answer
    )
    path = tmp_path / "run.jsonl"
    async for _ in record(agent.run_stream(task="Rome?"), path):
        pass
    last = [event async for event in replay(path)][-2]
    assert isinstance(last, StructuredMessage)
    assert last.to_text() == '{"city":"Rome","size":3}'
    assert replay_transcript(path).items[1].kind == "structured"


async def test_a_failed_run_replays_to_its_failure(tmp_path: Path) -> None:
    agent = AssistantAgent("bot", replay_client())
    path = tmp_path / "run.jsonl"
    with pytest.raises(Exception) as original:
        async for _ in record(agent.run_stream(task="x"), path):
            pass
    with pytest.raises(RecordedFailure) as again:
        await folded(path)
    assert again.value.error_type == type(original.value).__name__
    error = replay_transcript(path).items[-1]
    assert error.kind == "error"
    assert error.error_type == type(original.value).__name__


async def test_a_stopped_run_replays_as_stopped(tmp_path: Path) -> None:
    client = StallingClient()
    agent = AssistantAgent("bot", client, model_client_stream=True)
    path = tmp_path / "run.jsonl"
    async with aclosing(record(agent.run_stream(task="x"), path)) as stream:
        async for event in stream:
            if isinstance(event, ModelClientStreamingChunkEvent):
                break
    stored = replay_transcript(path)
    assert stored.state == "stopped"
    expected = Transcript()
    with pytest.raises(asyncio.CancelledError):
        async for event in replay(path):
            reduce(expected, event)
    stop(expected, "Cancelled", stored.ended_at)
    assert stored.items == expected.items


async def test_pace(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    agent = AssistantAgent("bot", replay_client("one two"), model_client_stream=True)
    async for _ in record(agent.run_stream(task="x"), path):
        await asyncio.sleep(0.02)
    loop = asyncio.get_running_loop()
    start = loop.time()
    async for _ in replay(path, speed=1):
        pass
    assert loop.time() - start > 0.05


def test_files_that_are_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n')
    with pytest.raises(RecordingError, match="no recording"):
        replay_transcript(path)
    path.write_text("hello\n")
    with pytest.raises(RecordingError, match="line 1"):
        replay_transcript(path)
    path.write_text('{"format": "nbagent-recording", "version": 99}\n')
    with pytest.raises(RecordingError, match="version 99"):
        replay_transcript(path)


async def test_a_recording_cut_off_in_its_last_line_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    async for _ in record(AssistantAgent("bot", replay_client("hi")).run_stream(task="x"), path):
        pass
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]) + lines[-1][:10])
    stored = replay_transcript(path)
    assert len(stored.items) == 2
    assert stored.state == "running"
