"""The project's own files: what the wheel holds, and that its documents tell the truth."""

import importlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import nbagent

ROOT = Path(__file__).resolve().parents[1]
NBFORMAT: Any = importlib.import_module("nbformat")  # it carries no types
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|Users|work)/|[A-Z]:\\\\")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (built,) = folder.glob("*.whl")
    return built


def names_in(wheel: Path) -> set[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_named_after_the_version(wheel: Path) -> None:
    assert wheel.name == f"jupyter_nbagent-{nbagent.__version__}-py3-none-any.whl"


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    packaged = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "nbagent").rglob("*")
        if path.is_file() and path.name != "jsconfig.json" and "__pycache__" not in path.parts
    }
    assert "nbagent/py.typed" in packaged
    assert any(name.endswith(".js") for name in packaged)
    assert any(name.endswith(".css") for name in packaged)
    held = {name for name in names_in(wheel) if ".dist-info/" not in name}
    assert held == packaged


def test_the_wheel_carries_licence_and_description(wheel: Path) -> None:
    names = names_in(wheel)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
    assert "Requires-Python: >=3.10" in text
    assert "# nbagent" in text


def test_the_package_works_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "import nbagent; import nbagent.notebook.show; print(nbagent.__file__)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert Path(run.stdout.strip()).is_relative_to(tmp_path)


def test_the_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = "Unreleased" if "dev" in nbagent.__version__ else nbagent.__version__
    section = changelog.partition(f"## [{heading}]")[2].partition("\n## ")[0]
    assert "- " in section, f"CHANGELOG.md says nothing under [{heading}]"


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_command_a_document_names_exists(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"lab", "test"} <= named
    assert named <= targets


def test_help_tells_every_command() -> None:
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for command in ("lab", "test", "check", "bench", "clean"):
        assert f"make {command} " in told.stdout


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_file_a_document_links_to_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_lesson_is_a_valid_notebook_that_any_machine_can_run(path: Path) -> None:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    NBFORMAT.validate(notebook)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    cells = notebook["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output["output_type"] == "error"]
    for cell in cells:
        assert not ABSOLUTE_PATH.search("".join(cell["source"])), cell["source"]
    for output in outputs:
        assert not ABSOLUTE_PATH.search(json.dumps(output))


def test_there_is_a_first_lesson() -> None:
    assert "01-first-agent.ipynb" in {path.name for path in NOTEBOOKS}
