"""Stores for caches: where values are kept by key, in memory, on disk or in Redis.

`nbagent.cache_store.diskcache` and `nbagent.cache_store.redis` need extras of nbagent, and are
imported when used.
"""

from nbagent.cache_store.base import CacheStore
from nbagent.cache_store.in_memory import InMemoryStore

__all__ = ["CacheStore", "InMemoryStore"]
