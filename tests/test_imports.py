"""What importing nbagent costs and brings along, each seen in a fresh process."""

import importlib
import json
import subprocess
import sys

import pytest

import nbagent

JUPYTER = {"IPython", "ipywidgets", "anywidget", "traitlets", "ipykernel", "comm"}
FIRST_USED_LATER = {"openai", "PIL", "pygments", "markdown_it", "nh3", "math_core", "pydantic"}

CORE_ROOMS = (
    "nbagent.agents",
    "nbagent.attachments",
    "nbagent.base",
    "nbagent.many",
    "nbagent.memory",
    "nbagent.messages",
    "nbagent.model_context",
    "nbagent.models",
    "nbagent.questions",
    "nbagent.render",
    "nbagent.tools",
    "nbagent.transcript",
    "nbagent.ui",
)


def modules_after(statement: str) -> set[str]:
    """The top-level modules that a fresh process has loaded after one statement."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    names: list[str] = json.loads(run.stdout)
    return {name.partition(".")[0] for name in names}


def test_import_nbagent_loads_nothing_that_is_used_later() -> None:
    loaded = modules_after("import nbagent")
    assert "nbagent" in loaded
    assert not loaded & (JUPYTER | FIRST_USED_LATER)


@pytest.mark.parametrize("room", CORE_ROOMS)
def test_no_room_but_the_notebook_loads_jupyter_or_a_provider(room: str) -> None:
    loaded = modules_after(f"import {room}")
    assert not loaded & (JUPYTER | {"openai"})


def test_the_notebook_does_load_jupyter() -> None:
    # Without this the tests above would pass on a misspelt name.
    assert modules_after("import nbagent.notebook.show") >= {"IPython", "ipywidgets", "anywidget"}


def test_every_public_name_resolves() -> None:
    assert nbagent.__all__
    for name in nbagent.__all__:
        assert getattr(nbagent, name) is not None, name
    assert set(nbagent.__all__) <= set(dir(nbagent))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = nbagent.no_such_name  # pyright: ignore


@pytest.mark.parametrize("room", [*CORE_ROOMS, "nbagent.notebook"])
def test_every_name_a_room_exports_resolves(room: str) -> None:
    module = importlib.import_module(room)
    exported: list[str] = getattr(module, "__all__", [])
    for name in exported:
        assert getattr(module, name) is not None, f"{room}.{name}"
