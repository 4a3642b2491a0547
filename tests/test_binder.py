"""Binder's files: what Binder silently gets wrong when they change. See also `binder_replay`."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BINDER = ROOT / "binder"
LESSON = "notebooks/01-first-agent.ipynb"


def requirements() -> list[str]:
    """The lines of requirements.txt that pip reads."""
    lines = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_checkout_is_installed_and_all_else_is_pinned() -> None:
    assert requirements()[0] == "."
    for line in requirements()[1:]:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line), line


def test_every_dependency_has_its_pin() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)^\]", project, re.DOTALL | re.MULTILINE)
    assert block
    wanted = {name.lower() for name in re.findall(r'"([A-Za-z0-9._-]+)>=', block[1])}
    pinned = {line.partition("==")[0].lower() for line in requirements()[1:]}
    assert {"jupyterlab", "notebook"} <= pinned
    assert wanted <= pinned


def test_nothing_makes_binder_ignore_the_requirements() -> None:
    for name in ("environment.yml", "Dockerfile", "Pipfile", "setup.py"):
        assert not (BINDER / name).exists()


def test_the_python_is_one_that_the_project_supports() -> None:
    assert (BINDER / "runtime.txt").read_text(encoding="utf-8") == "python-3.13\n"


@pytest.mark.parametrize("name", ["start", "postBuild"])
def test_the_scripts_are_executable_and_stop_at_an_error(name: str) -> None:
    script = BINDER / name
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in script.read_text(encoding="utf-8")
    kept = subprocess.run(
        ["git", "ls-files", "--stage", f"binder/{name}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,  # an unpacked source distribution is no git repository
    )
    assert not kept.stdout or kept.stdout.startswith("100755 ")


def test_start_hands_over_to_the_command_with_the_lesson_as_the_first_page(tmp_path: Path) -> None:
    show = 'printf "%s\\n" "$JUPYTER_CONFIG_PATH" "$@"'
    ended = subprocess.run(
        [BINDER / "start", "sh", "-c", show, "sh", "one argument", "--port=8888"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "JUPYTER_CONFIG_PATH": "/elsewhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    config_path, *arguments = ended.stdout.splitlines()
    assert config_path == f"{BINDER}:/elsewhere"
    assert arguments == ["one argument", "--port=8888"]
    config = json.loads((BINDER / "jupyter_config.json").read_text(encoding="utf-8"))
    for application in ("ServerApp", "LabApp", "JupyterNotebookApp"):
        assert config[application]["default_url"] == f"/lab/tree/{LESSON}"
    assert (ROOT / LESSON).is_file()
