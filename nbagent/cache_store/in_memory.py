"""InMemoryStore: a dict, gone with the process."""

from typing import TypeVar

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.cache_store.base import CacheStore
from nbagent.component import Component

T = TypeVar("T")


class InMemoryStoreConfig(BaseModel, defer_build=True):
    """Config of `InMemoryStore`; what it holds is no part of it."""


class InMemoryStore(CacheStore[T], Component[InMemoryStoreConfig]):
    """Keeps values in this process, as they are."""

    component_provider_override = "nbagent.InMemoryStore"
    component_config_schema = InMemoryStoreConfig

    def __init__(self) -> None:
        self._values: dict[str, T] = {}

    def get(self, key: str, default: T | None = None) -> T | None:
        """The value that was set last under `key`; `default` where there is none."""
        return self._values.get(key, default)

    def set(self, key: str, value: T) -> None:
        """Keep `value` under `key`, in place of another."""
        self._values[key] = value

    def _to_config(self) -> InMemoryStoreConfig:
        return InMemoryStoreConfig()

    @classmethod
    def _from_config(cls, config: InMemoryStoreConfig) -> Self:
        return cls()
