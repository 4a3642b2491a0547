"""Notebooks that run with nobody in front: nbclient, and papermill on top of it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import nbclient
import nbformat
import pytest

from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import kernel_manager

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

SET_UP = """
from nbagent import UserProxyAgent, show
from nbagent.questions import ask
from tests.browser import runs
"""

STATIC = {"text/html", "text/markdown", "text/plain"}


async def executed(
    cells: list[str], folder: Path, version: str = VERSIONS[0], *, allow_errors: bool = False
) -> list[Any]:
    """Run a notebook of these cells to its end; the outputs of each cell."""
    notebook: Any = nbformat.v4.new_notebook()  # pyright: ignore[reportUnknownMemberType]
    notebook.cells = [
        nbformat.v4.new_code_cell(source)  # pyright: ignore[reportUnknownMemberType]
        for source in (SET_UP, *cells)
    ]
    await execute(notebook, folder, version, allow_errors=allow_errors)
    assert "widgets" not in notebook.metadata
    return [cell.outputs for cell in notebook.cells[1:]]


async def execute(
    notebook: Any, folder: Path, version: str = VERSIONS[0], *, allow_errors: bool = False
) -> None:
    manager: Any = kernel_manager(version, folder)
    client: Any = nbclient.NotebookClient(
        notebook,
        km=manager,
        timeout=60,
        allow_errors=allow_errors,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        await client.async_execute()
    finally:
        client.kc.stop_channels()
        await manager.shutdown_kernel(now=True)


@pytest.mark.timeout(400)  # the demo model talks at the pace of a reader
@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
async def test_every_notebook_ends(path: Path, tmp_path: Path) -> None:
    read = cast("Callable[..., Any]", nbformat.read)  # pyright: ignore[reportUnknownMemberType]
    notebook = read(path, as_version=4)
    await execute(notebook, tmp_path, allow_errors=True)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":  # only what needs a person, and says so
                assert output.ename == "UserInputError", output.evalue
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


@pytest.mark.parametrize("version", VERSIONS)
async def test_questions_take_their_default_or_fail_at_once(version: str, tmp_path: Path) -> None:
    lone, failing, in_run = await executed(
        [
            "print(await ask('Which colour?', default='red'))",
            "await ask('Which size?')",
            "await show(UserProxyAgent('human').run_stream(task='Which way?'))",
        ],
        tmp_path,
        version,
        allow_errors=True,
    )
    assert "red" in lone[-1].text
    assert failing[-1].ename == in_run[-1].ename == "UserInputError"
    assert "Which size?" in failing[-1].evalue and "default" in failing[-1].evalue
    assert "nobody follows this notebook" in in_run[-1].evalue
    for outputs in (lone, failing, in_run):
        assert set(outputs[0].data) == STATIC


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_run_in_the_background_leaves_no_dead_view(version: str, tmp_path: Path) -> None:
    awaited, _, alone, last = await executed(
        [
            "run = show(runs.with_tool(0.05), background=True)",
            "print((await run).messages[-1].source)",
            "other = show(UserProxyAgent('human').run_stream(task='Go?'), background=True)",
            "import asyncio; await asyncio.sleep(0.5); print(other)",
        ],
        tmp_path,
        version,
    )
    (output,) = awaited
    assert set(output.data) == STATIC
    assert "High water at 14:20." in output.data["text/plain"]
    (output,) = alone
    assert set(output.data) in ({"text/plain"}, STATIC)
    assert "await run" in output.data["text/plain"] or "Go?" in output.data["text/plain"]
    assert last[-1].text == "<BackgroundRun: failed>\n"


def test_papermill_ends_too(tmp_path: Path) -> None:
    notebook: Any = nbformat.v4.new_notebook()  # pyright: ignore[reportUnknownMemberType]
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    notebook.cells = [
        nbformat.v4.new_code_cell(source)  # pyright: ignore[reportUnknownMemberType]
        for source in (
            SET_UP,
            "print(await ask('Which colour?', default='red'))",
            "run = show(runs.with_tool(0.05), background=True)",
            "await run; None",
            "await show(UserProxyAgent('human').run_stream(task='Which way?'))",
        )
    ]
    path, result = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    path.write_text(json.dumps(notebook))
    finished = subprocess.run(
        [sys.executable, "-m", "papermill", str(path), str(result), "--no-progress-bar"],
        timeout=100,
        capture_output=True,
        text=True,
        cwd=NOTEBOOKS.parent,
    )
    assert finished.returncode == 1
    assert "nobody follows this notebook while it runs" in finished.stderr
    cells = json.loads(result.read_text())["cells"]
    texts = [json.dumps(cell.get("outputs", [])) for cell in cells]
    assert any("red" in text for text in texts)
    assert any("High water at 14:20." in text for text in texts)
    assert not any("widget-view" in text for text in texts)
