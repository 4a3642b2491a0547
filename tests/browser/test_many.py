"""Many tasks in real front ends: the table while they run, Stop, and what stays."""

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.servers import FrontEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")

SET_UP = """
from pathlib import Path
from nbagent import run_many
from tests.many.agents import Diary
folder = Path({folder!r})
tasks = ['Tide tables of Kiel', 'fail to divide', 'wait for the pilot', 'wait for the tide']
"""


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
async def test_the_table_stop_and_what_stays(
    open_notebook: OpenNotebook, front_end: FrontEnd, tmp_path: Path
) -> None:
    page = await open_notebook(front_end)
    await page.execute(SET_UP.format(folder=str(tmp_path)))
    index = await page.run("result = await run_many(Diary(folder), tasks, concurrency=3)\nresult")
    live = page.live(index)
    await expect(live).to_contain_text("4 tasks: 1 done, 1 failed, 2 running")
    await page.screenshot(f"many-live-{front_end}", page.output(index))

    await live.get_by_role("button", name="Stop").click()
    await page.ended(index)
    saved = page.static(index)
    await expect(saved).to_contain_text("4 tasks: 1 done, 1 failed, 2 stopped")
    await saved.locator("summary").click()
    await expect(saved.get_by_text("raise ArithmeticError")).to_be_visible()
    assert "widget-view" not in json.dumps(await page.outputs(index))
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        await page.theme(theme)
        await page.screenshot(f"many-stopped-{front_end}-{theme.split()[1].lower()}", saved)
    if front_end == "notebook":  # JupyterLab's side bar leaves nothing of so narrow a page
        await page.page.set_viewport_size({"width": 400, "height": 900})
        await page.screenshot(f"many-stopped-{front_end}-400", saved)
