"""marimo: a notebook of functions, whose cells get nothing from the page while they run."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.kernels import REPOSITORY
from tests.browser.page import SCREENSHOTS
from tests.hosts.servers import marimo_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import asyncio
    from pathlib import Path

    import marimo as mo

    from nbagent import UserProxyAgent, show
    from nbagent.questions import ask
    from tests.browser import runs
    from tests.hosts.asking import asking

    return Path, UserProxyAgent, ask, asking, asyncio, mo, runs, show


@app.cell
async def _(runs, show):
    result = await show(runs.with_tool(2))
    return


@app.cell
def _(Path, asking, asyncio, show):
    run = show(asking(), background=True)

    async def use():
        Path("used.txt").write_text((await run).messages[-1].source)

    using = asyncio.create_task(use())
    return (run,)


@app.cell
async def _(UserProxyAgent, ask, mo, run, show):
    lines = []
    stream = UserProxyAgent("other").run_stream(task="Which way?")
    for waiting in (ask("Which size?"), show(stream), run):
        try:
            await waiting
        except RuntimeError as error:
            lines.append(str(error))
    lines.append("said " + await ask("Which colour?", default="red"))
    mo.md("\\n\\n".join(lines))
    return


if __name__ == "__main__":
    app.run()
"""

SMALL = """
import marimo

app = marimo.App()


@app.cell
def _():
    from pathlib import Path

    import marimo as mo

    from nbagent import show
    from tests.browser import runs

    return Path, mo, runs, show


@app.cell
def _(mo):
    ship = mo.ui.text(value="Anna", label="ship")
    ship
    return (ship,)


@app.cell
def _(Path, runs, ship, show):
    async def closing(name):
        try:
            async for event in runs.stalls():
                yield event
        finally:
            Path(name).write_text("ended")

    show(closing(ship.value), background=True)
    return
"""


async def open_notebook(page: Page, url: str, mode: str) -> None:
    """Open a notebook, and run its cells where it does not do so by itself."""
    await page.goto(url)
    if mode == "edit":
        await page.locator(".cm-editor").last.wait_for()
        await page.get_by_test_id("run-button").last.click()


async def answer(view: Locator) -> None:
    box = view.get_by_role("textbox")
    await box.scroll_into_view_if_needed()
    await box.press_sequentially("grün 🎨", delay=60)
    await box.press("Shift+Enter")
    await box.press_sequentially("und rot", delay=60)
    await box.press("Enter")


@pytest.mark.parametrize("mode", ["run", "edit"])
async def test_a_run_is_shown_and_a_question_is_answered(
    page: Page, tmp_path: Path, mode: str
) -> None:
    with marimo_server(NOTEBOOK, tmp_path, mode=mode) as url:
        await open_notebook(page, url, mode)
        await expect(
            page.get_by_text("show(stream, background=True) shows it live")
        ).to_be_visible()
        view = page.locator(".nbagent-live")
        await expect(view.get_by_role("heading", name="The harbour")).to_be_visible()
        awaited = page.locator(".nbagent").filter(has_text="The tide is high at 14:20").first
        await expect(awaited).to_be_visible()
        await page.screenshot(path=SCREENSHOTS / f"marimo-{mode}-question.png")
        await answer(view)
        await expect(view).to_contain_text("answered by the user")
        await expect(view).to_contain_text("The tide is high at 14:20")
        await expect(view).to_contain_text("Done in")
        await page.screenshot(path=SCREENSHOTS / f"marimo-{mode}-answered.png")
        text = "marimo brings answers only when the cell has ended"
        await expect(page.get_by_text(text).filter(has_text="Which size?")).to_be_visible()
        await expect(page.get_by_text(text).filter(has_text="Enter your response")).to_have_count(1)
        await expect(page.get_by_text("In marimo a cell cannot wait")).to_be_visible()
        await expect(page.get_by_text("said red")).to_be_visible()
        await written(tmp_path / "used.txt")


async def test_the_page_loaded_anew_shows_the_run_again(page: Page, tmp_path: Path) -> None:
    with marimo_server(NOTEBOOK, tmp_path, mode="edit") as url:
        await open_notebook(page, url, "edit")
        view = page.locator(".nbagent-live")
        await expect(view.get_by_role("textbox")).to_be_visible()
        await page.reload()
        await expect(view.get_by_role("textbox")).to_be_visible()
        await expect(view.get_by_role("heading", name="The harbour")).to_be_visible()
        await answer(view)
        await expect(view).to_contain_text("Done in")
        await page.reload()
        await expect(view).to_contain_text("Done in")


async def test_a_cell_that_runs_again_ends_its_earlier_run(page: Page, tmp_path: Path) -> None:
    with marimo_server(SMALL, tmp_path, mode="run") as url:
        await open_notebook(page, url, "run")
        view = page.locator(".nbagent-live")
        await expect(view).to_contain_text("The lamps go on")
        box = page.get_by_label("ship")
        await box.fill("Berta")
        await box.press("Enter")
        await written(tmp_path / "Anna")
        await expect(view).to_contain_text("The lamps go on")
        await expect(view).to_have_count(1)
        await view.get_by_role("button", name="Stop").click()
        await expect(view).to_contain_text("Stopped by the user")
        await written(tmp_path / "Berta")


async def written(path: Path) -> None:
    """Wait until a file is there."""

    def wait() -> None:
        deadline = time.monotonic() + 10
        while not path.exists():
            assert time.monotonic() < deadline, f"{path.name} was not written"
            time.sleep(0.05)

    await asyncio.to_thread(wait)


async def test_an_export_does_not_wait(tmp_path: Path) -> None:
    source, result = tmp_path / "notebook.py", tmp_path / "notebook.html"
    source.write_text(NOTEBOOK)
    finished = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "marimo", "export", "html", str(source), "-o", str(result)],
        timeout=100,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
    )
    assert finished.returncode == 0, finished.stderr
    html = result.read_text()
    assert "High water at 14:20." in html
    assert "said red" in html
