"""The lessons in a front end: copied, run from the menu, answered, looked at."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator

from tests.browser.kernels import VERSIONS, kernel_name
from tests.browser.page import MEANT, NotebookPage
from tests.browser.servers import JupyterServer

LESSONS = Path(__file__).parents[2] / "notebooks"

combinations = pytest.mark.parametrize(
    ("front_end", "version"), [("lab", VERSIONS[0]), ("notebook", VERSIONS[-1])]
)


def copy_lesson(
    server: JupyterServer, name: str, version: str, lesson: str
) -> list[dict[str, Any]]:
    """Put a lesson into the served folder, set to the kernel under test; its cells."""
    notebook = json.loads((LESSONS / lesson).read_text(encoding="utf-8"))
    notebook["metadata"]["kernelspec"] = {
        "name": kernel_name(version),
        "display_name": f"Python (ipykernel {version})",
        "language": "python",
    }
    (server.notebooks / name).write_text(json.dumps(notebook), encoding="utf-8")
    return notebook["cells"]


def cell_with(cells: list[dict[str, Any]], words: str) -> int:
    """The index of the code cell that holds `words`."""
    found = [
        index
        for index, cell in enumerate(cells)
        if cell["cell_type"] == "code" and words in "".join(cell["source"])
    ]
    assert len(found) == 1, f"{words!r} stands in {len(found)} code cells"
    return found[0]


async def run_lesson(
    context: BrowserContext, server: JupyterServer, version: str, lesson: str
) -> tuple[NotebookPage, list[dict[str, Any]]]:
    """Open a lesson and run all of its cells, as a learner does; the page and the cells."""
    name = f"{server.front_end}-{lesson}"
    cells = copy_lesson(server, name, version, lesson)
    page = await NotebookPage.open(context, server, name)
    await run_all_from_the_menu(page)
    return page, cells


async def run_all_from_the_menu(page: NotebookPage) -> None:
    menu_bar = page.page.locator(".lm-MenuBar-content").first
    await menu_bar.get_by_text("Run", exact=True).click()
    await page.page.locator(".lm-Menu").get_by_text("Run All Cells", exact=True).click()


async def seen(page: NotebookPage, index: int) -> Locator:
    """The output of a cell, scrolled to so that the front end draws it."""
    output = page.output(index)
    await page.page.evaluate(
        """(index) => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          return notebook.scrollToItem(index, 'smart');
        }""",
        index,
    )
    return output


async def pictures(page: NotebookPage, name: str, target: Locator) -> None:
    """Keep the looks of something: in JupyterLab light and dark, in Notebook 7 at 400 pixels."""
    if page.server.front_end == "notebook":
        await page.page.set_viewport_size({"width": 400, "height": 900})
        await page.screenshot(f"{name}-400", target)
        await page.page.set_viewport_size({"width": 1200, "height": 1000})
        return
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        await page.theme(theme)
        await page.screenshot(f"{name}-{theme[11:].lower()}", target)


async def controls(page: NotebookPage, index: int, number: int = 0) -> Locator:
    """The controls of an open question in the output of a cell."""
    found = (await seen(page, index)).locator(".nbagent-controls").nth(number)
    await found.wait_for()
    await asyncio.sleep(MEANT)
    return found


async def answer(page: NotebookPage, index: int, text: str) -> None:
    """Write an answer and send it with Enter."""
    box = (await controls(page, index)).get_by_role("textbox")
    await box.fill(text)
    await box.press("Enter")


async def assert_ended_well(
    page: NotebookPage, cells: list[dict[str, Any]], *, failing: int | None = None
) -> None:
    """Every cell has run, and left no error and no live view."""
    last = max(index for index, cell in enumerate(cells) if cell["cell_type"] == "code")
    await page.page.wait_for_function(
        """(index) => {
          const cell = window.jupyterapp.shell.currentWidget.content.model.cells.get(index);
          return cell.executionCount !== null && cell.executionState !== 'running';
        }""",
        arg=last,
    )
    for index, cell in enumerate(cells):
        if cell["cell_type"] == "code" and index != failing:
            outputs = await page.outputs(index)
            assert not [o for o in outputs if o["output_type"] == "error"], cell["source"]
            assert "widget-view" not in json.dumps(outputs), "a live view was left behind"
