"""Lessons 2, 5, 6 and 7 as a learner works through them: run from the menu, asked, looked at."""

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
from tests.browser.servers import FrontEnd

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]


@combinations
async def test_lesson_2(
    servers: Servers, context: BrowserContext, front_end: FrontEnd, version: str
) -> None:
    page, cells = await run_lesson(
        context, servers(front_end), version, "02-running-and-messages.ipynb"
    )
    await assert_ended_well(page, cells)
    assert "The run was cancelled." in await page.text(cell_with(cells, "token.cancel"))
    assert "Trip | Lisbon | 4 days" in await page.text(cell_with(cells, "trip.nights"))
    assert "True" in await page.text(cell_with(cells, "speed=2"))
    await page.close()


@combinations
async def test_lesson_5(
    servers: Servers, context: BrowserContext, front_end: FrontEnd, version: str
) -> None:
    page, cells = await run_lesson(context, servers(front_end), version, "05-tools.ipynb")

    paying = cell_with(cells, "approval_timeout")
    approval = await controls(page, paying)
    await approval.get_by_role("button", name="Approve", exact=True).click()
    await assert_ended_well(page, cells)
    paid = await page.text(paying)
    assert "Paid 20.00 to Ada." in paid and "Paid 500.00 to Bob." in paid
    assert "no such" not in await page.text(cell_with(cells, "careless"))

    # What the inner agent did hangs below the card of the call, folded.
    asked = await seen(page, cell_with(cells, "AgentTool"))
    inner = asked.locator(".nbagent-static .nbagent-of-call > .nbagent-inner")
    await expect(inner.locator("> summary")).to_contain_text("forecaster")
    await expect(inner).not_to_have_attribute("open", "")
    await pictures(page, "lesson-5-agent-tool", asked)
    await inner.locator("> summary").click()
    await expect(inner.get_by_text("get_weather").first).to_be_visible()
    await pictures(page, "lesson-5-agent-tool-open", asked)
    await pictures(page, "lesson-5-pictures", await seen(page, cell_with(cells, "draw_flag")))
    await page.close()


@combinations
async def test_lesson_6(
    servers: Servers, context: BrowserContext, front_end: FrontEnd, version: str
) -> None:
    page, cells = await run_lesson(context, servers(front_end), version, "06-teams.ipynb")

    refunding = cell_with(cells, "I want my money back")
    await answer(page, refunding, "It is A17.")
    await assert_ended_well(page, cells)
    assert "It is A17." in await page.text(refunding)
    assert "Order A17 is refunded." in await page.text(refunding)
    assert "DONE" in await page.text(cell_with(cells, "planner_after_others"))
    assert "Digraph execution is complete" in await page.text(cell_with(cells, "2 plus 2."))
    for label, words in (
        ("round-robin", "slogan for notebooks"),
        ("selector", "planner_after_others"),
        ("swarm", "I want my money back"),
        ("graph", "builder.build()"),
        ("graph-run", "sentence about 2 plus 2."),
        ("nested", "A line for our journal"),
    ):
        await pictures(page, f"lesson-6-{label}", await seen(page, cell_with(cells, words)))
    await page.close()


@combinations
async def test_lesson_7(
    servers: Servers, context: BrowserContext, front_end: FrontEnd, version: str
) -> None:
    page, cells = await run_lesson(
        context, servers(front_end), version, "07-state-and-memory.ipynb"
    )
    await assert_ended_well(page, cells)
    refused = await page.text(cell_with(cells, "SwarmManagerState"))
    assert "the state is of type SwarmManagerState" in refused
    relay = await page.text(cell_with(cells, "no task: go on"))
    assert "Maximum number of messages" in relay
    await page.close()
