"""DiskCacheStore: a folder on disk, with the package `diskcache`."""

from typing import Any, TypeVar, cast

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.cache_store.base import CacheStore, read, written
from nbagent.component import Component
from nbagent.exceptions import missing_extra

try:
    import diskcache
except ImportError as error:
    raise missing_extra("diskcache", "nbagent.cache_store.diskcache") from error

T = TypeVar("T")


class DiskCacheStoreConfig(BaseModel, defer_build=True):
    """Config of `DiskCacheStore`: its folder."""

    directory: str


class DiskCacheStore(CacheStore[T], Component[DiskCacheStoreConfig]):
    """Keeps values in a folder, as JSON; several processes may use it at once.

    Args:
        cache_instance: The cache, `diskcache.Cache(directory)`. Use it for nothing else, and
            close it yourself.
    """

    component_provider_override = "nbagent.cache_store.diskcache.DiskCacheStore"
    component_config_schema = DiskCacheStoreConfig

    def __init__(self, cache_instance: "diskcache.Cache") -> None:
        self.cache: Any = cache_instance  # the package has no types

    def get(self, key: str, default: T | None = None) -> T | None:
        """The value that was set last under `key`; `default` where there is none."""
        text = self.cache.get(key)
        return cast(T, read(text)) if isinstance(text, str) else default

    def set(self, key: str, value: T) -> None:
        """Keep `value` under `key`, in place of another.

        Raises:
            TypeError: It cannot be written as JSON.
        """
        self.cache.set(key, written(key, value))

    def _to_config(self) -> DiskCacheStoreConfig:
        return DiskCacheStoreConfig(directory=str(self.cache.directory))

    @classmethod
    def _from_config(cls, config: DiskCacheStoreConfig) -> Self:
        return cls(diskcache.Cache(config.directory))
