"""RedisStore: a Redis server, with the package `redis`."""

from typing import Any, TypeVar, cast

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.cache_store.base import CacheStore, read, written
from nbagent.component import Component
from nbagent.exceptions import missing_extra

try:
    import redis
except ImportError as error:
    raise missing_extra("redis", "nbagent.cache_store.redis") from error

T = TypeVar("T")


class RedisStoreConfig(BaseModel, defer_build=True):
    """Config of `RedisStore`: where the server is.

    A password is no part of it. Where the server wants one, make the store yourself.
    """

    host: str = "localhost"
    port: int = 6379
    db: int = 0
    username: str | None = None
    ssl: bool = False
    unix_socket_path: str | None = None


class RedisStore(CacheStore[T], Component[RedisStoreConfig]):
    """Keeps values in a Redis server, as JSON.

    Args:
        redis_instance: The client, `redis.Redis(...)`. Close it yourself.
    """

    component_provider_override = "nbagent.cache_store.redis.RedisStore"
    component_config_schema = RedisStoreConfig

    def __init__(self, redis_instance: "redis.Redis") -> None:
        self.cache: Any = redis_instance  # its types are those of both its clients at once

    def get(self, key: str, default: T | None = None) -> T | None:
        """The value that was set last under `key`; `default` where there is none.

        Raises:
            redis.exceptions.RedisError: The server cannot be reached.
        """
        text = self.cache.get(key)
        return default if text is None else cast(T, read(text))

    def set(self, key: str, value: T) -> None:
        """Keep `value` under `key`, in place of another.

        Raises:
            TypeError: It cannot be written as JSON.
            redis.exceptions.RedisError: The server cannot be reached.
        """
        self.cache.set(key, written(key, value))

    def _to_config(self) -> RedisStoreConfig:
        settings: dict[str, Any] = self.cache.connection_pool.connection_kwargs
        socket = settings.get("path")
        return RedisStoreConfig(
            host=str(settings.get("host", "localhost")),
            port=int(settings.get("port", 6379)),
            db=int(settings.get("db") or 0),
            username=settings.get("username"),
            ssl=issubclass(self.cache.connection_pool.connection_class, redis.SSLConnection),
            unix_socket_path=None if socket is None else str(socket),
        )

    @classmethod
    def _from_config(cls, config: RedisStoreConfig) -> Self:
        return cls(
            redis.Redis(
                host=config.host,
                port=config.port,
                db=config.db,
                username=config.username,
                ssl=config.ssl,
                unix_socket_path=config.unix_socket_path,
            )
        )
