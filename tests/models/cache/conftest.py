"""Each kind of store, opened so that a test can open it again."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from nbagent import InMemoryStore
from tests.models.cache.redis_server import redis_server

Reopen = Callable[[], Any]


@pytest.fixture(params=["memory", "disk", "redis"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Reopen, None, None]:
    """Opens the same store anew, as another process would; one in memory stays the same."""
    if request.param == "memory":
        store = InMemoryStore[Any]()
        yield lambda: store
        return
    if request.param == "redis":
        pytest.importorskip("redis", reason="needs the extra redis")
        from nbagent.cache_store.redis import RedisStore

        with redis_server() as client:
            yield lambda: RedisStore[Any](client)
        return
    diskcache = pytest.importorskip("diskcache", reason="needs the extra diskcache")
    from nbagent.cache_store.diskcache import DiskCacheStore

    opened: list[Any] = []

    def open_disk() -> Any:
        opened.append(diskcache.Cache(str(tmp_path / "cache")))
        return DiskCacheStore[Any](opened[-1])

    yield open_disk
    for cache in opened:
        cache.close()
