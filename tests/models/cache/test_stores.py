"""Stores: values by key, written as JSON, described as data."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any, cast

import pytest
from pydantic import BaseModel

from nbagent import CacheStore, InMemoryStore
from nbagent.component import ComponentLoader


class Point(BaseModel):
    """A value."""

    x: int


def test_what_is_set_is_there(reopen: Callable[[], Any]) -> None:
    store = reopen()
    assert issubclass(type(store), CacheStore)
    assert store.get("a") is None
    assert store.get("a", 7) == 7
    for value in ("text", 3, [1, "two", None], {"köln": [True]}, ""):
        store.set("a", value)
        assert reopen().get("a") == value


def test_models_come_back_as_they_are_or_as_dicts(reopen: Callable[[], Any]) -> None:
    reopen().set("p", Point(x=1))
    assert reopen().get("p") in (Point(x=1), {"x": 1})


def test_what_is_no_json_is_refused(reopen: Callable[[], Any]) -> None:
    store = reopen()
    if isinstance(store, InMemoryStore):
        return
    with pytest.raises(TypeError, match="'a' cannot be written as JSON"):
        store.set("a", object())


def test_dump_and_load(reopen: Callable[[], Any]) -> None:
    store = reopen()
    store.set("a", 1)
    dumped = store.dump_component()
    assert "password" not in dumped.model_dump_json()
    data = json.loads(dumped.model_dump_json())
    loaded: Any = cast("Any", ComponentLoader).load_component(data, CacheStore)
    assert loaded.dump_component() == dumped
    if not isinstance(store, InMemoryStore):
        assert loaded.get("a") == 1
        loaded.cache.close()


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("nbagent.cache_store.diskcache", "diskcache", "diskcache"),
        ("nbagent.cache_store.redis", "redis", "redis"),
        ("nbagent.memory.chromadb", "chromadb", "chromadb"),
    ],
)
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    module: str, package: str, extra: str
) -> None:
    code = f"import sys; sys.modules[{package!r}] = None; import {module}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert f"pip install 'jupyter-nbagent[{extra}]'" in run.stderr
