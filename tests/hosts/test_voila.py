"""Voila: a notebook as an app, whose page is there only when all cells have ended."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.kernels import VERSIONS
from tests.browser.page import SCREENSHOTS
from tests.hosts.servers import voila_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

SET_UP = """
from nbagent import UserProxyAgent, show
from nbagent.questions import ask
from tests.browser import runs
from tests.hosts.asking import asking
"""


@pytest.mark.parametrize(
    ("version", "options"),
    [
        (VERSIONS[0], ()),
        (VERSIONS[-1], ()),
        (VERSIONS[0], ("--progressive_rendering=True",)),
        (VERSIONS[0], ("--preheat_kernel=True", "--pool_size=1")),
    ],
    ids=["newest", "oldest", "progressive", "preheated"],
)
async def test_a_question_is_answered_in_the_page(
    page: Page, tmp_path: Path, version: str, options: tuple[str, ...]
) -> None:
    cells = [SET_UP, "run = show(asking(), background=True)", "print('the last cell')"]
    with voila_server(cells, tmp_path, *options, ipykernel_version=version) as url:
        await page.goto(url)
        view = page.locator(".nbagent-live")
        await expect(view.get_by_role("heading", name="The harbour")).to_be_visible()
        box = view.get_by_role("textbox")
        await expect(box).to_be_visible()
        await expect(page.get_by_text("the last cell")).to_be_visible()
        await page.screenshot(path=SCREENSHOTS / f"voila-question-{version}.png")
        await box.press_sequentially("grün 🎨", delay=60)
        await box.press("Shift+Enter")
        await box.press_sequentially("und rot", delay=60)
        await box.press("Enter")
        await expect(view).to_contain_text("High water at 14:20.")
        await expect(view).to_contain_text("Done in")
        await expect(view).to_contain_text("answered by the user")
        await expect(view).to_contain_text(re.compile(r"grün 🎨\s+und rot"))
        await expect(view.get_by_role("textbox")).to_have_count(0)
        await expect(view.get_by_role("button", name="Stop")).to_be_hidden()
        await page.screenshot(path=SCREENSHOTS / f"voila-answered-{version}.png", full_page=True)


async def test_stop_in_the_page_ends_the_run(page: Page, tmp_path: Path) -> None:
    cells = [SET_UP, "run = show(runs.stalls(), background=True)"]
    with voila_server(cells, tmp_path) as url:
        await page.goto(url)
        await page.get_by_role("button", name="Stop").click()
        await expect(page.locator(".nbagent-live")).to_contain_text("Stopped by the user")


async def test_a_run_that_ended_before_the_page_was_there_is_shown(
    page: Page, tmp_path: Path
) -> None:
    cells = [
        SET_UP,
        "run = show(runs.with_tool(0), background=True)",
        "import asyncio; await asyncio.sleep(0.5); print(run)",
        "print((await run).messages[-1].source)",
    ]
    with voila_server(cells, tmp_path) as url:
        await page.goto(url)
        await expect(page.get_by_text("<BackgroundRun: done>")).to_be_visible()
        await expect(page.locator(".nbagent")).to_contain_text("The tide is high at 14:20")


async def test_a_cell_that_waits_never_hangs(page: Page, tmp_path: Path) -> None:
    told = "try:\n    {}\nexcept RuntimeError as error:\n    print('{}', error)"
    asks = "show(UserProxyAgent('human').run_stream(task='Which way?'){})"
    cells = [
        SET_UP,
        "print('default', await ask('Which colour?', default='red'))",
        told.format("await ask('Which size?')", "lone:"),
        told.format(f"await {asks.format('')}", "in a run:"),
        f"run = {asks.format(', background=True')}",
        told.format("await run", "waiting:"),
        "result = await show(runs.with_tool(0))",
    ]
    with voila_server(cells, tmp_path) as url:
        await page.goto(url)
        await expect(page.get_by_text("default red")).to_be_visible()
        for label in ("lone:", "in a run:"):
            text = page.get_by_text(label)
            await expect(text).to_contain_text("Voila shows a cell only when it has ended")
            await expect(text).to_contain_text("show(stream, background=True)")
        waiting = page.get_by_text("waiting:")
        await expect(waiting).to_contain_text("In Voila a cell cannot wait")
        await expect(page.locator(".nbagent").last).to_contain_text("The tide is high at 14:20")
        live = page.locator(".nbagent-live")  # only what can be answered is live
        await expect(live).to_have_count(1)
        await expect(live.get_by_role("textbox")).to_be_visible()
        await page.screenshot(path=SCREENSHOTS / "voila-waiting.png", full_page=True)
