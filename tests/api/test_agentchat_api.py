"""Code written for AgentChat finds every name, parameter, field and value in nbagent."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.describe import Facts, completed, describe, public_names, shortened
from tests.api.differences import ACTOR_RUNTIME, LEFT_OUT, OTHERWISE

INVENTORY = Path(__file__).with_name("agentchat.json")


def _renamed(text: str) -> str:
    return re.sub(r"\bautogen_(core|agentchat)\b", "nbagent", text)


def _agentchat() -> Facts:
    """AgentChat's facts under nbagent's module names, those of the actor runtime left out.

    Where both of its packages have a name, `autogen_core` has the say.
    """
    facts: Facts = {}
    for module, names in json.loads(INVENTORY.read_text(encoding="utf-8")).items():
        for name, own in names.items():
            if name not in ACTOR_RUNTIME:
                facts.setdefault(_renamed(module), {})[name] = {
                    key: _renamed(text) for key, text in own.items()
                }
    return completed(facts)


AGENTCHAT = _agentchat()
NBAGENT = describe(AGENTCHAT)
NAMES = [(module, name) for module, names in AGENTCHAT.items() for name in names]


def _differences(module: str, name: str) -> dict[str, tuple[str, str | None]]:
    """What AgentChat has, and nbagent, for each dotted name where the two are not the same."""
    ours = NBAGENT[module].get(name, {})
    return {
        f"{module}.{name}{key}": (theirs, ours.get(key))
        for key, theirs in AGENTCHAT[module][name].items()
        if not _same(theirs, ours.get(key))
    }


def _same(theirs: str, ours: str | None) -> bool:
    if theirs == "= <a text>":  # a prompt, which each has its own of
        return ours is not None and ours.startswith(("= <a text>", "= '", '= "'))
    return theirs == ours


def _is_meant(path: str, ours: str | None) -> bool:
    if ours is None:
        return any(path.rpartition(".")[2] == left.rpartition(".")[2] for left in LEFT_OUT)
    return path in OTHERWISE and ours == OTHERWISE[path][0]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_is_as_in_agentchat(module: str, name: str) -> None:
    unexpected = {
        path: f"{ours} and not {theirs}"
        for path, (theirs, ours) in _differences(module, name).items()
        if not _is_meant(path, ours)
    }

    assert unexpected == {}


@pytest.mark.parametrize("module", AGENTCHAT)
def test_the_names_are_public(module: str) -> None:
    public = public_names(importlib.import_module(module))

    assert [name for name in AGENTCHAT[module] if name not in public] == []


def test_every_listed_difference_is_one() -> None:
    found = {path for module, name in NAMES for path in _differences(module, name)}

    assert set(OTHERWISE) | set(LEFT_OUT) <= found


@pytest.mark.parametrize("name", sorted(ACTOR_RUNTIME))
def test_nbagent_has_nothing_of_the_actor_runtime(name: str) -> None:
    homes = [importlib.import_module(module) for module in AGENTCHAT]

    assert [home.__name__ for home in homes if hasattr(home, name)] == []


def test_the_inventory_is_whole() -> None:
    """So that a file that was cut short cannot pass for the interface."""
    facts = [key for names in AGENTCHAT.values() for own in names.values() for key in own]

    assert len(AGENTCHAT) == 15
    assert len(NAMES) > 150
    assert len(facts) > 1500


# --- The describing itself -------------------------------------------------------------------


class Base:
    """Something to describe."""

    LIMIT = 3

    def __init__(self, a: int, *, b: str = "x", c: tuple[int, ...] = ()) -> None:
        self.given: Any = (a, b, c)

    async def run(self) -> None: ...


class Derived(Base):
    async def run(self, quickly: bool = False) -> None: ...


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    monkeypatch.setattr("tests.api.describe.PACKAGES", ("tests",))
    return describe({__name__: ["Base", "Derived", "Absent"]})[__name__]


def test_a_class_is_described_by_its_parameters_and_members(
    described: dict[str, dict[str, str]],
) -> None:
    assert described["Base"] == {
        "": "class",
        "()": "(a, *, b='x', c=[])",
        ".LIMIT": "= 3",
        ".run": "async ()",
    }
    assert described["Derived"]["(Base)"] == "base"
    assert "Absent" not in described


def test_a_changed_override_is_a_difference(described: dict[str, dict[str, str]]) -> None:
    short = shortened({__name__: described})

    assert short[__name__]["Derived"] == {
        "": "class",
        "()": "(a, *, b='x', c=[])",
        "(Base)": "base",
        ".run": "async (quickly=False)",
    }
    assert completed(short) == {__name__: described}
