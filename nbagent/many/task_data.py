"""Tasks and results as plain data, and what a task is recognised by.

This is what a record file holds, and what travels between a cluster's processes.
"""

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from nbagent.base.task import Task, TaskResult, task_messages
from nbagent.messages import BaseAgentEvent, BaseChatMessage, MessageFactory, MessageType
from nbagent.models.types import RequestUsage
from nbagent.transcript.record import dump_event, load_event

_OF_ONE_OBJECT = ("id", "created_at")
"""What differs between two messages that say the same."""

Data: TypeAlias = dict[str, Any]


def dump_task(task: Task) -> list[Data] | str | None:
    """A task as plain data."""
    if task is None or isinstance(task, str):
        return task
    return [dump_event(message) for message in task_messages(task)]


def load_task(data: Sequence[Data] | str | None) -> Task:
    """A task from what `dump_task()` gave."""
    if data is None or isinstance(data, str):
        return data
    factory = known_messages()
    events = [load_event(each, factory) for each in data]
    return [event for event in events if isinstance(event, BaseChatMessage)]


def task_hash(task: Task) -> str:
    """What a task is recognised by: the same for tasks that say the same."""
    said: list[Data] = []
    for message in task_messages(task):
        data = dump_event(message)
        data["event"] = {k: v for k, v in data["event"].items() if k not in _OF_ONE_OBJECT}
        said.append(data)
    text = json.dumps(said, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def task_text(task: Task) -> str:
    """A task in words."""
    return "\n".join(message.to_text() for message in task_messages(task))


def dump_result(result: TaskResult) -> Data:
    """A result as plain data."""
    return {
        "stop_reason": result.stop_reason,
        "messages": [dump_event(message) for message in result.messages],
    }


def load_result(data: Mapping[str, Any]) -> TaskResult:
    """A result from what `dump_result()` gave.

    Raises:
        ValueError: It holds a message of a type that this process does not know.
    """
    factory = known_messages()
    messages = [load_event(message, factory) for message in data["messages"]]
    return TaskResult(messages=messages, stop_reason=data["stop_reason"])


def dump_usage(usage: RequestUsage) -> list[int]:
    """Tokens as plain data."""
    return [usage.prompt_tokens, usage.completion_tokens]


def load_usage(data: Sequence[int]) -> RequestUsage:
    """Tokens from what `dump_usage()` gave."""
    prompt, completion = data
    return RequestUsage(int(prompt), int(completion))


def known_messages() -> MessageFactory:
    """A factory for every type of message that this process has defined."""
    factory = MessageFactory()
    kinds = [*_kinds_of(BaseChatMessage), *_kinds_of(BaseAgentEvent)]
    for kind in reversed(kinds):  # of a name that was defined again, the newest counts
        if not factory.is_registered(kind):
            factory.register(kind)
    return factory


def _kinds_of(base: MessageType) -> Iterator[MessageType]:
    """The types below `base` of which messages can be, older ones first."""
    for kind in base.__subclasses__():
        yield from _kinds_of(kind)
        # Structured messages come with their schema.
        if not inspect.isabstract(kind) and "[" not in kind.__name__:
            yield kind
