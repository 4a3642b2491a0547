"""Recordings: a run's events in a JSON-lines file, and back again.

The first line names the format and its version. Each further line is one event with the time
at which it arrived; the last says how the run ended. A recording replays to the same
transcript, at any pace.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult
from nbagent.exceptions import RecordedFailure, RecordingError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    MessageFactory,
    StructuredMessage,
    StructuredMessageFactory,
)
from nbagent.transcript.items import Transcript
from nbagent.transcript.reduce import StreamItem, reduce
from nbagent.transcript.run_state import fail, stop

FORMAT = "nbagent-recording"
VERSION = 1

StreamItemT = TypeVar("StreamItemT", bound=StreamItem)


class Recorder:
    """Writes a run to a file, event by event, so that what happened survives a crash.

    Args:
        path: The file; it is replaced if it exists.
    """

    def __init__(self, path: str | Path) -> None:
        # Open for as long as the run lasts; close() or the with statement ends it.
        self._file = Path(path).open("w", encoding="utf-8")  # noqa: SIM115
        self._write({"format": FORMAT, "version": VERSION})

    def add(self, event: StreamItem, at: datetime | None = None) -> None:
        """Write an event down.

        Args:
            event: The next item of the stream. Of a `TaskResult` only the end is written, as
                its messages were written one by one.
            at: When it arrived; now by default.
        """
        if isinstance(event, Response):
            self._write({"at": _iso(at), **dump_event(event.chat_message)})
            self._write({"at": _iso(at), "end": "done", "stop_reason": None})
        elif isinstance(event, TaskResult):
            self._write({"at": _iso(at), "end": "done", "stop_reason": event.stop_reason})
        else:
            self._write({"at": _iso(at), **dump_event(event)})

    def fail(self, error: BaseException, at: datetime | None = None) -> None:
        """Write down that the run ended with `error`."""
        name = getattr(error, "error_type", type(error).__name__)
        self._write({"at": _iso(at), "end": "failed", "error_type": name, "message": str(error)})

    def stop(self, reason: str, at: datetime | None = None) -> None:
        """Write down that a person or a cancel ended the run."""
        self._write({"at": _iso(at), "end": "stopped", "stop_reason": reason})

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


async def record(
    stream: AsyncGenerator[StreamItemT, None], path: str | Path
) -> AsyncGenerator[StreamItemT, None]:
    """Pass a stream through and write it to `path` on the way."""
    with Recorder(path) as recorder:
        try:
            async with aclosing(stream):
                async for event in stream:
                    recorder.add(event)
                    yield event
        except Exception as error:
            recorder.fail(error)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            recorder.stop("Cancelled")
            raise


async def replay(
    path: str | Path, *, speed: float | None = None
) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
    """Yield a recorded run again; the last item is its `TaskResult`.

    Args:
        path: A file that `record` or `Recorder` wrote.
        speed: 1.0 keeps the recorded pace, 2.0 is twice as fast; None does not wait.

    Raises:
        RecordingError: The file is no recording.
        RecordedFailure: The recorded run failed.
        asyncio.CancelledError: The recorded run was stopped.
    """
    messages: list[BaseAgentEvent | BaseChatMessage] = []
    before: datetime | None = None
    for line in _read(path):
        at = datetime.fromisoformat(line["at"])
        if speed and before is not None:
            await asyncio.sleep(max(0.0, (at - before).total_seconds() / speed))
        before = at
        match line.get("end"):
            case None:
                event = load_event(line)
                if event.__class__.__name__ != "ModelClientStreamingChunkEvent":
                    messages.append(event)
                yield event
            case "failed":
                raise RecordedFailure(line["error_type"], line["message"])
            case "stopped":
                raise asyncio.CancelledError(line["stop_reason"])
            case _:
                yield TaskResult(messages=messages, stop_reason=line["stop_reason"])


def replay_transcript(path: str | Path) -> Transcript:
    """The transcript of a recorded run.

    Raises:
        RecordingError: The file is no recording.
    """
    transcript = Transcript()
    for line in _read(path):
        at = datetime.fromisoformat(line["at"])
        match line.get("end"):
            case None:
                reduce(transcript, load_event(line), at)
            case "failed":
                fail(transcript, RecordedFailure(line["error_type"], line["message"]), at)
            case "stopped":
                stop(transcript, line["stop_reason"], at)
            case _:
                result = TaskResult(messages=[], stop_reason=line["stop_reason"])
                reduce(transcript, result, at)
    return transcript


def _read(path: str | Path) -> Generator[dict[str, Any]]:
    with Path(path).open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            try:
                line: Any = json.loads(text)
            except json.JSONDecodeError as error:
                if number > 1 and not text.endswith("\n"):
                    return  # the recording process was killed while it wrote its last line
                raise RecordingError(f"{str(path)!r}, line {number}: {error}") from error
            if number == 1:
                if not isinstance(line, dict) or line.get("format") != FORMAT:  # pyright: ignore[reportUnknownMemberType]
                    raise RecordingError(f"{str(path)!r} is no recording of nbagent.")
                if line["version"] != VERSION:
                    raise RecordingError(
                        f"{str(path)!r} has version {line['version']} of the recording format; "  # pyright: ignore[reportUnknownArgumentType]
                        f"this nbagent reads version {VERSION}."
                    )
                continue
            yield line


def dump_event(event: BaseAgentEvent | BaseChatMessage) -> dict[str, Any]:
    """An event as plain data; of a structured message with its schema."""
    data: dict[str, Any] = {"event": {"type": type(event).__name__, **event.dump()}}
    if isinstance(event, StructuredMessage):
        content = cast(BaseModel, event.content)  # pyright: ignore[reportUnknownMemberType]
        data["schema"] = content.model_json_schema()
        data["schema_name"] = type(content).__name__
    return data


def load_event(
    data: Mapping[str, Any], factory: MessageFactory | None = None
) -> BaseAgentEvent | BaseChatMessage:
    """An event from what `dump_event()` gave.

    Args:
        data: The event; further keys do not matter.
        factory: Makes the messages; by default it knows those of `nbagent.messages`.

    Raises:
        ValueError: It is of a type that the factory does not know.
    """
    event: dict[str, Any] = data["event"]
    if "schema" in data:
        structured = StructuredMessageFactory(
            json_schema=data["schema"], content_model_name=data["schema_name"]
        )
        fields = {key: value for key, value in event.items() if key != "type"}
        return structured.StructuredMessage.model_validate(fields)
    return (factory or MessageFactory()).create(event)


def _iso(at: datetime | None) -> str:
    return (at or datetime.now(timezone.utc)).isoformat()
