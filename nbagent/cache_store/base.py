"""What a store offers, and how stores outside of this process write values down."""

import json
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

from nbagent.component import ComponentBase

T = TypeVar("T")


class CacheStore(ComponentBase[BaseModel], ABC, Generic[T]):
    """Keeps values by key. May be called from any thread."""

    component_type = "cache_store"

    @abstractmethod
    def get(self, key: str, default: T | None = None) -> T | None:
        """The value that was set last under `key`; `default` where there is none."""

    @abstractmethod
    def set(self, key: str, value: T) -> None:
        """Keep `value` under `key`, in place of another."""


def written(key: str, value: object) -> str:
    """A value as JSON, which unlike a pickle runs no code when it is read.

    Raises:
        TypeError: It cannot be written as JSON.
    """
    try:
        return to_json(value).decode()
    except PydanticSerializationError as error:
        raise TypeError(f"the value for {key!r} cannot be written as JSON: {error}") from error


def read(text: str | bytes) -> Any:
    """What `written()` wrote down: plain values; a pydantic model comes back as a dict.

    Raises:
        ValueError: It is no JSON.
    """
    return json.loads(text)
