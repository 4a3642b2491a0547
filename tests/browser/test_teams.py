"""Teams in real front ends: who is at work, what inner teams did, and a team's picture."""

import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import OpenNotebook
from tests.browser.page import NotebookPage
from tests.browser.servers import FrontEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")

SET_UP = "from nbagent.notebook.show import show\nfrom tests.browser import team_runs"

THEMES = ("JupyterLab Light", "JupyterLab Dark")

both_front_ends = pytest.mark.parametrize("front_end", ["lab", "notebook"])


async def prepared(open_notebook: OpenNotebook, front_end: FrontEnd) -> NotebookPage:
    page = await open_notebook(front_end)
    await page.execute(SET_UP)
    return page


def working(place: Locator) -> Locator:
    """The chips that are lit."""
    return place.locator(".nbagent-member[aria-current=true]")


@both_front_ends
async def test_a_team_shows_who_works_and_folds_the_team_inside(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    task = "team_runs.nested(0.25).run_stream(task='Write about the tides of Kiel.')"
    index = await page.run(f"result = await show({task})")
    live = page.live(index)
    chips = live.get_by_role("list", name="Team newsroom").get_by_role("listitem")
    await expect(chips).to_have_text(["planner", "research", "writer"])
    await expect(working(live)).to_have_text(["planner"])

    await expect(working(live)).to_have_text(["research", "searcher"])
    card = live.locator(".nbagent-inner")
    await expect(card).to_have_attribute("open", "")
    await expect(card).to_contain_text("High water")
    await expect(working(live)).to_have_text(["research", "analyst"])
    await page.screenshot(f"team-live-{front_end}", page.output(index))

    await expect(working(live)).to_have_text(["writer"])
    await expect(card).not_to_have_attribute("open", "")
    await expect(card.locator("summary")).to_contain_text("analyst: It is **small**: wind")
    await page.ended(index)

    saved = page.static(index)
    summary = saved.locator(".nbagent-inner > summary")
    await expect(summary).to_have_text(re.compile("research.*2 messages.*analyst: It is"))
    await expect(saved.locator(".nbagent-shares")).to_have_text(re.compile("^Tokens: analyst 30"))
    await expect(saved.get_by_text("High water")).to_be_hidden()
    for theme in THEMES:
        await page.theme(theme)
        await page.screenshot(f"team-folded-{front_end}-{theme.split()[1].lower()}", saved)
    await summary.press("Enter")
    await expect(saved.get_by_text("High water")).to_be_visible()
    for theme in THEMES:
        await page.theme(theme)
        await page.screenshot(f"team-open-{front_end}-{theme.split()[1].lower()}", saved)
    troubles = [line for line in page.console if "uncaught" in line or "anywidget" in line]
    assert not [line for line in troubles if "'schema'" not in line]


@both_front_ends
async def test_the_reader_decides_whether_the_team_inside_is_open(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await page.run("await show(team_runs.nested(0.2).run_stream(task='Write.'))")
    live = page.live(index)
    card = live.locator(".nbagent-inner")
    await expect(working(live)).to_have_text(["research", "searcher"])
    await card.locator("summary").click()
    await expect(card).not_to_have_attribute("open", "")
    await expect(working(live)).to_have_text(["research", "analyst"])
    await expect(card.locator("summary")).to_contain_text("1 message")
    await expect(card).not_to_have_attribute("open", "")
    await card.locator("summary").click()
    await expect(working(live)).to_have_text(["writer"])
    await expect(card.locator("summary")).to_contain_text("2 messages")
    await expect(card).to_have_attribute("open", "")
    await page.ended(index)


@both_front_ends
async def test_a_team_as_a_value_is_a_picture(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    for name in ("nested", "flow"):
        index = await page.run(f"team_runs.{name}()")
        await page.ended(index)
        (output,) = await page.outputs(index)
        assert "<svg" in "".join(output["data"]["image/svg+xml"])
        picture = page.output(index).locator(".jp-RenderedSVG")
        await expect(picture).to_be_visible()
        box = await picture.locator("img, svg").first.bounding_box()
        assert box is not None and box["width"] > 150 and box["height"] > 60
        for theme in THEMES:
            await page.theme(theme)
            shade = theme.split()[1].lower()
            await page.screenshot(f"team-picture-{name}-{front_end}-{shade}", picture)


@both_front_ends
async def test_a_graph_that_runs_is_drawn_and_lit(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    task = "team_runs.flow(0.3).run_stream(task='Write about the tides of Kiel.')"
    index = await page.run(f"await show({task})")
    live = page.live(index)
    lit = live.locator(".nbagent-graph .nbagent-lit > text")
    await expect(lit).to_have_text(["planner"])
    await expect(lit).to_have_text(["searcher"])
    if front_end == "notebook":
        await page.page.set_viewport_size({"width": 400, "height": 900})
        await page.screenshot("graph-live-400", page.output(index))
    else:
        for theme in THEMES:
            await page.theme(theme)
            await page.screenshot(f"graph-live-{theme.split()[1].lower()}", page.output(index))
    await expect(lit).to_have_text(["writer"])
    await page.ended(index)
    await expect(live.locator(".nbagent-graph > svg")).to_have_count(0)
