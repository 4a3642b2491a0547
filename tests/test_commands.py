"""The scripts behind `make lab` and `make test`, run in a checkout of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LESSON = "01-first-agent.ipynb"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the scripts and one lesson, and no virtual environment."""
    shutil.copytree(ROOT / ".ci", tmp_path / "checkout" / ".ci")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "checkout")
    (tmp_path / "checkout" / "notebooks").mkdir()
    empty: dict[str, object] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "checkout" / "notebooks" / LESSON).write_text(json.dumps(empty))
    return tmp_path / "checkout"


def script(path: Path, text: str) -> None:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def run(checkout: Path, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the scripts, with nothing in its environment but what is given."""
    return subprocess.run(
        ["/bin/sh", *command],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "HOME": str(checkout.parent)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def tools_only(folder: Path, *, python: str) -> str:
    """A PATH with the tools that the scripts use, and a python3 of the given behaviour."""
    for tool in ("sh", "cat", "cksum", "dirname", "id", "mkdir", "rm", "tr"):
        found = shutil.which(tool)
        assert found
        folder.mkdir(exist_ok=True)
        (folder / tool).symlink_to(found)
    script(folder / "python3", python)
    return str(folder)


def test_a_python_that_is_too_old_is_named_and_nothing_is_made(checkout: Path) -> None:
    old = 'case "$1" in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac'
    path = tools_only(checkout.parent / "bin", python=old)
    ended = run(checkout, ".ci/set_up.sh", "lab", PATH=path)
    assert ended.returncode == 1
    assert "needs Python 3.10 or newer" in ended.stderr
    assert "Python 3.9.2" in ended.stderr
    assert not (checkout / ".venv").exists()


def test_a_chosen_python_that_is_not_there_is_named(checkout: Path) -> None:
    ended = run(checkout, ".ci/set_up.sh", "lab", PYTHON="/no/such/python")
    assert ended.returncode == 1
    assert "no /no/such/python" in ended.stderr


def test_a_python_without_venv_says_what_to_install(checkout: Path) -> None:
    no_venv = 'case "$1" in -m) echo "No module named $2" >&2; exit 1 ;; *) exit 0 ;; esac'
    path = tools_only(checkout.parent / "bin", python=no_venv)
    ended = run(checkout, ".ci/set_up.sh", "test", PATH=path)
    assert ended.returncode == 1
    assert "No module named venv" in ended.stderr
    assert "apt-get install python3-venv" in ended.stderr


def test_an_unknown_stage_is_refused(checkout: Path) -> None:
    ended = run(checkout, ".ci/set_up.sh", "everything")
    assert ended.returncode == 1
    assert "lab|test|check (not 'everything')" in ended.stderr
    assert not (checkout / ".venv").exists()


def recording_python(checkout: Path, *, fails: bool = False) -> Path:
    """Give the checkout an environment whose python writes down how pip was called."""
    log = checkout / "pip.log"
    outcome = "echo 'ERROR: no route to host' >&2; exit 1" if fails else "exit 0"
    script(
        checkout / ".venv" / "bin" / "python",
        f'case "$*" in *"pip install"*) echo "$*" >>"{log}"; {outcome} ;; esac',
    )
    log.touch()
    return log


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    log = recording_python(checkout)
    for _ in range(3):
        assert run(checkout, ".ci/set_up.sh", "lab").returncode == 0
    assert log.read_text().count("--editable .[lab]") == 1

    with (checkout / "pyproject.toml").open("a") as project:
        project.write("\n# one more dependency\n")
    assert run(checkout, ".ci/set_up.sh", "lab").returncode == 0
    assert log.read_text().count("--editable .[lab]") == 2


def test_a_failed_installation_shows_why_and_is_tried_again(checkout: Path) -> None:
    log = recording_python(checkout, fails=True)
    for attempt in (1, 2):
        ended = run(checkout, ".ci/set_up.sh", "lab")
        assert ended.returncode == 1
        assert "no route to host" in ended.stderr
        assert "Run the same command again" in ended.stderr
        assert log.read_text().count("--editable") == attempt


def test_a_port_that_is_no_number_is_refused(checkout: Path) -> None:
    ended = run(checkout, ".ci/lab.sh", LESSON, PORT="http")
    assert ended.returncode == 1
    assert "PORT must be a number, not 'http'" in ended.stderr


def test_a_browser_is_opened_unless_it_is_none(checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", 'echo "$@" "BROWSER=$BROWSER"')
    chosen = run(checkout, ".ci/lab.sh", LESSON, BROWSER="firefox", PORT="8890").stdout
    assert "BROWSER=firefox" in chosen
    assert "--no-browser" not in chosen
    assert "--port=8890" in chosen
    none = run(checkout, ".ci/lab.sh", LESSON, BROWSER="none").stdout
    assert "--no-browser" in none
    assert "BROWSER=none" not in none
    assert "--port" not in none
    assert ("--allow-root" in none) == (os.getuid() == 0)


@contextmanager
def running_lab(checkout: Path) -> Generator[str]:
    """JupyterLab as `make lab BROWSER=none PORT=0` starts it; gives what it prints."""
    (checkout / ".venv").symlink_to(sys.prefix)
    process = subprocess.Popen(
        ["/bin/sh", ".ci/lab.sh", LESSON],
        cwd=checkout,
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(checkout.parent),
            "BROWSER": "none",
            "PORT": "0",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        printed = ""
        while "http://127.0.0.1" not in printed and (line := process.stdout.readline()):
            printed += line
        yield printed
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def fetched(address: str) -> bytes:
    """What a server gives that has told its address and may not listen yet."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read()
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_lab_prints_the_address_of_the_first_lesson_and_serves_it(checkout: Path) -> None:
    with running_lab(checkout) as printed:
        address = re.search(r"(http://127\.0\.0\.1:\d+)/lab/tree/(\S+)\?token=(\w+)", printed)
        assert address, printed
        server, lesson, token = address.groups()
        assert lesson == LESSON
        assert len(printed.splitlines()) <= 12, printed
        content = fetched(f"{server}/api/contents/{lesson}?token={token}")
        assert json.loads(content)["type"] == "notebook"
