"""Agents for many tasks: each writes what it does into a file, from whatever process it runs in.

They are known components, so that they can be copied, and made again in another process.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.agents import BaseChatAgent
from nbagent.base import Response
from nbagent.cancellation import CancellationToken
from nbagent.component import Component, register_component
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    TextMessage,
)
from nbagent.models.types import RequestUsage


class DiaryConfig(BaseModel):
    """Config of `Diary`."""

    folder: str


@register_component
class Diary(BaseChatAgent, Component[DiaryConfig]):
    """Does what its task says, and keeps a diary of it.

    "fail ..." raises an error, "wait ..." waits until there is a file `open` in the folder, and
    all else is repeated. Each task appends "begun" and "ended" lines to the file `diary`.

    Args:
        folder: Where the files are.
    """

    component_config_schema = DiaryConfig

    def __init__(self, folder: Path) -> None:
        super().__init__("diary", "keeps a diary")
        self._folder = folder
        self._heard = 0

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        async for item in self.on_messages_stream(messages, cancellation_token):
            if isinstance(item, Response):
                return item
        raise AssertionError

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        task = messages[-1].to_text()
        self._heard += 1
        note(self._folder, "begun", task)
        try:
            yield ModelClientStreamingChunkEvent(content=f"on {task}", source=self.name)
            if task.startswith("wait"):
                await until((self._folder / "open").exists)
            if task.startswith("fail") and not (self._folder / "repaired").exists():
                raise ArithmeticError(f"{task} cannot be done")
        except asyncio.CancelledError:
            note(self._folder, "cancelled", task)
            raise
        note(self._folder, "ended", task)
        said = TextMessage(
            content=f"{task}, {self._heard}", source=self.name, models_usage=RequestUsage(10, 5)
        )
        yield Response(chat_message=said)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self._heard = 0

    def _to_config(self) -> DiaryConfig:
        return DiaryConfig(folder=str(self._folder))

    @classmethod
    def _from_config(cls, config: DiaryConfig) -> Self:
        return cls(Path(config.folder))


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something that other processes bring about."""
    while not holds():  # noqa: ASYNC110 - no event reaches from there
        await asyncio.sleep(0.01)


def note(folder: Path, what: str, task: str) -> None:
    """Append a line in one piece, as several processes do at once."""
    line = f"{what}\t{task}\t{os.getpid()}\n".encode()
    file = os.open(folder / "diary", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def diary(folder: Path, what: str) -> list[str]:
    """The tasks that the diary says this of, in order."""
    path = folder / "diary"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.split("\t")[1] for line in lines if line.startswith(f"{what}\t")]


def processes(folder: Path) -> dict[str, int]:
    """The process that began each task last."""
    lines = (folder / "diary").read_text().splitlines()
    fields = [line.split("\t") for line in lines if line.startswith("begun\t")]
    return {task: int(process) for _, task, process in fields}


def words(outcome: Any) -> Any:
    """What was said last in a result."""
    return outcome.result.messages[-1].content
