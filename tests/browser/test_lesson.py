"""Lesson 1 as a learner works through it: from the menu, with Stop, saved and opened again."""

import asyncio
import json
import re

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.conftest import Servers
from tests.browser.kernels import VERSIONS
from tests.browser.lessons import (
    assert_ended_well,
    cell_with,
    copy_lesson,
    run_all_from_the_menu,
    seen,
)
from tests.browser.page import NotebookPage
from tests.browser.servers import FrontEnd

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

LESSON = "01-first-agent.ipynb"

FRONT_ENDS: tuple[FrontEnd, ...] = ("lab", "notebook")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("front_end", FRONT_ENDS)
async def test_lesson_1(
    servers: Servers, context: BrowserContext, front_end: FrontEnd, version: str
) -> None:
    server = servers(front_end)
    name = f"lesson-{version.replace('.', '-')}.ipynb"
    cells = copy_lesson(server, name, version, LESSON)
    table, tool, picture, stop = (
        cell_with(cells, words)
        for words in ("Show me a table", "Tell me about Binder", "PILImage.new", "long answer")
    )
    page = await NotebookPage.open(context, server, name)
    await run_all_from_the_menu(page)

    # The text grows while its cell runs.
    live = (await seen(page, table)).locator(".nbagent-live")
    await live.locator(".nbagent-item").first.wait_for()
    lengths: list[int] = []
    while len(set(lengths)) < 4 and await live.count():
        # What is off the screen counts, too: the page scrolls as it likes.
        lengths.append(len(await live.text_content() or ""))
        await asyncio.sleep(0.05)
    # Now and then it gets shorter by a few letters: what was `**bold` becomes bold.
    assert len(set(lengths)) == 4 and lengths[-1] > lengths[0], lengths

    # The tool's card opens with the call and its result.
    card = (await seen(page, tool)).locator(".nbagent-static details").first
    await card.wait_for()
    await card.locator("summary").click()
    await expect(card.get_by_text("Binder opens a repository")).to_be_visible()
    await expect(card.get_by_text('"topic"')).to_be_visible()

    image = (await seen(page, picture)).locator("img").first
    await image.wait_for()
    assert await image.evaluate("(image) => image.naturalWidth") == 360

    # Stop in the middle of the long answer: the next cells run all the same.
    view = await seen(page, stop)
    await view.locator(".nbagent-live .nbagent-item").nth(1).wait_for()
    await view.get_by_role("button", name="Stop").click()
    await view.locator(".nbagent-static").wait_for()
    await expect(view).to_contain_text("Stopped")
    await expect(view).to_contain_text("stop reason: Stopped by the user")
    await assert_ended_well(page, cells)

    if version == VERSIONS[0]:
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            await page.theme(theme)
            for label, index in (("table", table), ("tool", tool), ("picture", picture)):
                output = await seen(page, index)
                name_of_picture = f"lesson-{front_end}-{theme[11:].lower()}-{label}"
                await page.screenshot(name_of_picture, output)
        await page.theme("JupyterLab Light")

    # Saved, then opened without and with a fresh kernel: everything is there.
    await page.save()
    said = await page.text(tool)
    await page.close()
    saved = json.loads((server.notebooks / name).read_text(encoding="utf-8"))
    assert "widgets" not in saved["metadata"]
    for fresh_kernel in (False, True):
        again = await NotebookPage.open(context, server, name, kernel=fresh_kernel)
        assert await again.text(tool) == said
        output = await seen(again, tool)
        await expect(output.locator("details").first).to_be_visible()
        page_text = await again.page.locator(".jp-Notebook").inner_text()
        assert not re.search("model not found|Error displaying widget", page_text)
        if fresh_kernel:
            assert "3" in await again.execute("1 + 2")
        await again.close()
