"""Runs in the background, in real front ends: live while other cells run, static afterwards."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenNotebook
from tests.browser.kernels import VERSIONS
from tests.browser.page import MEANT
from tests.browser.servers import FrontEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")

SET_UP = """\
import asyncio
from nbagent import UserProxyAgent, show
from tests.browser import runs
"""

everywhere = pytest.mark.parametrize(
    ("front_end", "version"), [("lab", VERSIONS[0]), ("notebook", VERSIONS[-1])]
)


@everywhere
async def test_a_question_is_answered_between_and_in_other_cells(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await open_notebook(front_end, ipykernel_version=version)
    await page.execute(SET_UP)
    index = await page.run(
        "run = show(UserProxyAgent('human').run_stream(task='Which colour?'), background=True)"
    )
    await page.ended(index)
    assert await page.execute("print(run.done)") == "False\n"
    other = await page.run("for _ in range(30): await asyncio.sleep(0.1)\nprint('slept', run.done)")
    box = page.live(index).get_by_role("textbox")
    await expect(box).to_be_visible()
    await asyncio.sleep(MEANT)
    await box.press_sequentially("grün 🎨", delay=20)
    await box.press("Enter")
    static = page.static(index)
    await expect(static).to_contain_text("grün 🎨")
    await expect(static).to_contain_text("answered by the user")
    await expect(page.live(index)).to_have_count(0)
    await page.ended(other)
    assert await page.text(other) == "slept True\n"
    assert await page.execute("print((await run).messages[-1].content)") == "grün 🎨\n"
    (output,) = await page.outputs(index)
    assert set(output["data"]) == {"text/html", "text/markdown", "text/plain"}
    await page.screenshot(f"background-{front_end}", page.output(index))


@everywhere
async def test_stop_ends_it_and_a_page_loaded_anew_shows_it_again(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await open_notebook(front_end, ipykernel_version=version)
    await page.execute(SET_UP)
    index = await page.run("run = show(runs.stalls(), background=True)")
    await page.ended(index)
    await expect(page.live(index)).to_contain_text("The lamps go on")
    await page.save()
    await page.reload()
    await expect(page.live(index)).to_contain_text("The lamps go on")
    await page.live(index).get_by_role("button", name="Stop").click()
    await expect(page.live(index)).to_contain_text("Stopped by the user")
    assert await page.execute("print(run.result().stop_reason)") == "Stopped by the user\n"
