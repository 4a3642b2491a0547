"""Lessons 3 and 4 as a learner works through them: with files, answers and permissions."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, expect

from tests.browser.conftest import Servers
from tests.browser.lessons import (
    answer,
    assert_ended_well,
    cell_with,
    combinations,
    controls,
    pictures,
    run_lesson,
    seen,
)
from tests.browser.page import MEANT
from tests.browser.sample_files import write_sample
from tests.browser.servers import FrontEnd

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


@combinations
async def test_lesson_3(
    servers: Servers,
    context: BrowserContext,
    front_end: FrontEnd,
    version: str,
    tmp_path: Path,
) -> None:
    page, cells = await run_lesson(
        context, servers(front_end), version, "03-pictures-and-files.ipynb"
    )

    files = [write_sample(tmp_path, "png", 10_000), write_sample(tmp_path, "txt", 10_000)]
    dropping = await seen(page, cell_with(cells, "await drop("))
    zone = dropping.locator(".nbagent-drop")
    await zone.wait_for()
    await zone.locator("input[type=file]").set_input_files([str(path) for path in files])
    await expect(zone.locator(".nbagent-chip[data-state=ready]")).to_have_count(2)
    await zone.get_by_role("button", name="Done").click()

    chat = (await seen(page, cell_with(cells, "Chat(agent)"))).locator(".nbagent-chat")
    await chat.wait_for()
    # The next cells have said something in it, and closed it.
    await assert_ended_well(page, cells)
    composed = await page.text(cell_with(cells, "compose("))
    assert all(path.name in composed for path in files if path.suffix == ".txt")
    holiday = await page.text(cell_with(cells, "holiday.jpg"))
    assert "upright" in holiday and "removed" in holiday
    assert "hello in three languages" in await page.text(cell_with(cells, "Chat(agent)"))
    await pictures(page, "lesson-3-chat", await seen(page, cell_with(cells, "Chat(agent)")))
    await page.close()


@combinations
async def test_lesson_4(
    servers: Servers, context: BrowserContext, front_end: FrontEnd, version: str
) -> None:
    page, cells = await run_lesson(context, servers(front_end), version, "04-ask-the-human.ipynb")

    await answer(page, cell_with(cells, "What is your name?"), "Grace")
    choosing = cell_with(cells, "Which colour?")
    await (await controls(page, choosing)).get_by_role("button", name="green").click()
    sure = (
        (await seen(page, choosing)).locator(".nbagent-controls").get_by_role("button", name="Yes")
    )
    await sure.wait_for()
    await asyncio.sleep(MEANT)
    await sure.click()

    form = await controls(page, cell_with(cells, "class Trip"))
    await form.get_by_role("textbox", name="City").fill("Porto")
    await pictures(page, "lesson-4-form", await seen(page, cell_with(cells, "class Trip")))
    await form.get_by_role("button", name="Send").click()

    await answer(page, cell_with(cells, "ask_guest"), "by the window")
    await answer(page, cell_with(cells, "UserProxyAgent"), "Too long.")

    both = cell_with(cells, "Coffee?")
    await controls(page, both, 1)
    questions = (await seen(page, both)).locator(".nbagent-live")
    await questions.filter(has_text="Coffee?").get_by_role("button", name="Yes").click()
    await questions.filter(has_text="Tea?").get_by_role("button", name="No").click()

    clerk = cell_with(cells, "send_mail")
    approval = await controls(page, clerk)
    await pictures(page, "lesson-4-approval", await seen(page, clerk))
    await approval.get_by_role("button", name="Approve", exact=True).click()

    builder = cell_with(cells, "the builder")
    denial = await controls(page, builder)
    await denial.get_by_role("button", name="Deny…").click()
    await asyncio.sleep(MEANT)
    await denial.get_by_role("textbox").fill("too dear")
    await denial.get_by_role("textbox").press("Enter")

    await answer(page, cell_with(cells, "run_sync"), "6")
    await assert_ended_well(page, cells)
    for words, result in (
        ("What is your name?", "Hello, Grace!"),
        ("Which colour?", "green True"),
        ("class Trip", "city='Porto'"),
        ("ask_guest", "by the window"),
        ("UserProxyAgent", "Too long."),
        ("Coffee?", "[False, True]"),
        ("send_mail", "1 mail sent"),
        ("the builder", "too dear"),
        ("run_sync", "36"),
    ):
        assert result in await page.text(cell_with(cells, words)), words
    await pictures(page, "lesson-4-answered", await seen(page, clerk))
    await page.close()
