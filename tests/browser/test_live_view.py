"""The live view in real front ends: what a reader sees and does while a run goes on."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, WebSocketRoute, expect

from tests.browser.conftest import OpenNotebook, Servers
from tests.browser.kernels import CURRENT, VERSIONS
from tests.browser.page import NotebookPage
from tests.browser.servers import FrontEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")

SET_UP = "from nbagent.notebook.show import show\nfrom tests.browser import runs"

FRONT_ENDS: tuple[FrontEnd, ...] = ("lab", "notebook")

everywhere = pytest.mark.parametrize(
    ("front_end", "version"),
    [(front_end, version) for front_end in FRONT_ENDS for version in VERSIONS],
)
both_front_ends = pytest.mark.parametrize("front_end", FRONT_ENDS)

POEM_SLOWLY = "result = await show(runs.talk(runs.pieces(runs.POEM * 4, 120), 0.02))"


async def prepared(
    open_notebook: OpenNotebook, front_end: FrontEnd = "lab", version: str = CURRENT
) -> NotebookPage:
    page = await open_notebook(front_end, ipykernel_version=version)
    await page.execute(SET_UP)
    return page


async def running(page: NotebookPage, source: str) -> int:
    """Start a run and wait until something of it is seen; the cell's index."""
    index = await page.run(source)
    await page.live(index).locator(".nbagent-item").first.wait_for()
    return index


@everywhere
async def test_text_grows_while_the_cell_runs(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await prepared(open_notebook, front_end, version)
    index = await running(page, POEM_SLOWLY)
    lengths: list[int] = []
    for _ in range(6):
        lengths.append(len(await page.live(index).inner_text()))
        await asyncio.sleep(0.25)
    assert sorted(set(lengths)) == lengths, "each look shows more than the one before"
    assert await page.live(index).locator("h1").count() >= 1, "Markdown is rendered as it comes"
    await page.ended(index)
    await page.static(index).wait_for()
    assert await page.live(index).count() == 0
    assert "costs $5 to $6" in await page.static(index).inner_text()
    # Notebook 7 itself fails to find a schema on some pages.
    troubles = [line for line in page.console if "uncaught" in line or "anywidget" in line]
    assert not [line for line in troubles if "'schema'" not in line]


@everywhere
async def test_a_tool_card_opens_by_click_and_by_keyboard(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await prepared(open_notebook, front_end, version)
    index = await running(page, "result = await show(runs.with_tool(4))")
    card = page.live(index).locator("details.nbagent-card")
    await expect(card).to_have_class(re.compile("nbagent-running"))
    await card.locator("summary").click()
    await expect(card.locator("pre").first).to_contain_text('"harbour": "Kiel"')
    await expect(card.locator("pre").first).to_be_visible()
    await card.locator("summary").press("Enter")
    await expect(card).not_to_have_attribute("open", "")
    await card.locator("summary").press("Space")
    await expect(card).to_have_attribute("open", "")
    await expect(card.locator(".nbagent-elapsed")).to_have_text(re.compile(r"[123] s"))
    # The call ends: the card is another element now, and as the reader left it.
    await page.until(
        "() => document.querySelector('.nbagent-live details.nbagent-done')"
        "?.hasAttribute('open') || document.querySelector('.nbagent-static')"
    )
    await page.ended(index)
    card = page.static(index).locator("details.nbagent-card")
    await card.locator("summary").click()
    await expect(card.get_by_text("High water at 14:20.")).to_be_visible()
    await expect(card.locator("pre").first).to_contain_text('"harbour": "Kiel"')


@both_front_ends
async def test_an_opened_card_stays_open_and_focused_when_its_call_ends(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await running(page, "await show(runs.without_end(runs.with_tool(1.5)))")
    card = page.live(index).locator("details.nbagent-card")
    await card.locator("summary").press("Enter")
    await expect(card).to_have_class(re.compile("nbagent-done"))
    await expect(card).to_have_attribute("open", "")
    await expect(card.locator("summary")).to_be_focused()
    await page.interrupt()
    await page.ended(index)


LONG_TABLE = "| number | ship |\n|---|---|\n" + "".join(f"| {n} | s{n} |\n" for n in range(350))
LONG_CODE = "```python\n" + "".join(f"line_{n} = {n}\n" for n in range(350)) + "```\n"
LONG_LIST = "".join(f"{n + 1}. point {n}\n" for n in range(350))


@pytest.mark.parametrize(
    ("text", "pattern"),
    [(LONG_TABLE, r"s(\d+)"), (LONG_CODE, r"line_(\d+)"), (LONG_LIST, r"point (\d+)")],
    ids=["table", "code", "list"],
)
async def test_what_is_long_is_whole_while_it_grows(
    open_notebook: OpenNotebook, text: str, pattern: str
) -> None:
    page = await prepared(open_notebook)
    index = await running(
        page, f"await show(runs.without_end(runs.talk(runs.pieces({text!r}, 100), 0.01)))"
    )
    body = page.live(index).locator(".nbagent-body").last
    await expect(body).to_contain_text(re.compile(pattern.replace(r"(\d+)", "349")))
    content = await body.text_content()
    assert [int(number) for number in re.findall(pattern, content or "")] == list(range(350))
    await page.interrupt()
    await page.ended(index)


@both_front_ends
async def test_a_picture_is_shown(open_notebook: OpenNotebook, front_end: FrontEnd) -> None:
    page = await prepared(open_notebook, front_end)
    index = await page.run("result = await show(runs.with_picture())")
    await page.ended(index)
    picture = page.static(index).locator("img")
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 60


PRESS_STOP = """(cell) => new Promise((resolve) => {
  const output = document.querySelectorAll('.jp-Notebook .jp-Cell')[cell]
    .querySelector('.jp-Cell-outputArea');
  const began = performance.now();
  const observer = new MutationObserver(() => {
    if (!output.textContent.includes('Stopped by the user')) return;
    observer.disconnect();
    resolve(performance.now() - began);
  });
  observer.observe(output, {childList: true, subtree: true, characterData: true});
  output.querySelector('button.nbagent-stop').click();
})"""
"""Presses Stop; gives the milliseconds until the reader sees that the run has stopped."""


@everywhere
async def test_stop_ends_a_run_in_the_middle_and_one_that_stalls(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await prepared(open_notebook, front_end, version)
    took: list[float] = []
    for number in range(20):
        source = "stalls()" if number % 2 else "talk(runs.pieces(runs.POEM * 4, 500), 0.01)"
        index = await running(page, f"result = await show(runs.{source})")
        took.append(await page.page.evaluate(PRESS_STOP, index))
        await page.ended(index)
        assert "Stopped by the user" in await page.static(index).inner_text()
        assert await page.execute("print(result.stop_reason)") == "Stopped by the user\n"
        await page.command("notebook:delete-cell")
    p95 = sorted(took)[18]
    print(f"Stop in {front_end} with ipykernel {version}: p95 of 20 is {p95:.0f} ms")
    assert p95 < 1000, "250 ms is the aim, on a machine that does nothing else"


@everywhere
async def test_an_interrupt_ends_the_run(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await prepared(open_notebook, front_end, version)
    index = await running(page, "await show(runs.stalls())")
    await page.interrupt()
    await page.ended(index)
    assert "Interrupted" in await page.static(index).inner_text()
    (error,) = [o for o in await page.outputs(index) if o["output_type"] == "error"]
    assert error["ename"] == "CancelledError"
    assert len(error["traceback"]) <= 3
    assert await page.execute("print('next')") == "next\n"


@both_front_ends
async def test_an_error_is_a_card(open_notebook: OpenNotebook, front_end: FrontEnd) -> None:
    page = await prepared(open_notebook, front_end)
    index = await page.run("await show(runs.fails())")
    await page.ended(index)
    await expect(page.static(index).locator(".nbagent-error")).to_contain_text(
        "the harbour is closed"
    )
    (error,) = [o for o in await page.outputs(index) if o["output_type"] == "error"]
    assert error["ename"] == "HarbourError"
    assert "caught\n" in await page.execute(
        "try:\n    await show(runs.fails())\nexcept runs.HarbourError: print('caught')"
    )


@both_front_ends
async def test_stop_is_reached_and_pressed_by_keyboard(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await running(page, "result = await show(runs.stalls())")
    stop = page.live(index).get_by_role("button", name="Stop")
    await page.live(index).locator(".nbagent").click()
    for _ in range(5):
        await page.page.keyboard.press("Tab")
        if await stop.evaluate("(button) => button === document.activeElement"):
            break
    await expect(stop).to_be_focused()
    cells = await page.page.locator(".jp-Notebook .jp-Cell").count()
    await page.page.keyboard.press("b")  # a shortcut of the notebook: insert a cell below
    await page.page.keyboard.press("Enter")
    await page.ended(index)
    assert await page.page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert "Stopped by the user" in await page.static(index).inner_text()


@both_front_ends
async def test_says_to_assistive_technology_what_it_is(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await running(page, "result = await show(runs.stalls())")
    log = page.live(index).get_by_role("log", name="Transcript")
    await expect(log).to_have_attribute("aria-live", "polite")
    await expect(log).to_have_attribute("aria-busy", "true")
    clock = page.live(index).locator(".nbagent-clock")
    await expect(clock).to_have_text(re.compile(r"[1-9] s"))
    assert await log.locator(".nbagent-clock").count() == 0, "the clock is not read out"
    await page.live(index).get_by_role("button", name="Stop").click()
    await page.ended(index)


@everywhere
async def test_the_transcript_is_there_after_reopening(
    open_notebook: OpenNotebook,
    context: BrowserContext,
    servers: Servers,
    front_end: FrontEnd,
    version: str,
) -> None:
    page = await prepared(open_notebook, front_end, version)
    index = await page.run("result = await show(runs.with_tool(0.1))")
    await page.ended(index)
    await page.save()
    await page.shut_down_kernel()
    again = await NotebookPage.open(context, servers(front_end), page.name)
    await assert_readable(again, index)
    await again.close()
    without = servers(front_end).notebooks / page.name
    without.write_text(without.read_text().replace("ipykernel-" + version, "no-such-kernel"))
    alone = await NotebookPage.open(context, servers(front_end), page.name, kernel=False)
    await alone.page.locator(".jp-Dialog").wait_for()  # it asks for a kernel
    await alone.page.keyboard.press("Escape")
    await assert_readable(alone, index)
    await alone.page.close()


async def assert_readable(page: NotebookPage, index: int) -> None:
    """The tool run's transcript is in the output of a cell, and nothing broken is."""
    await expect(page.static(index)).to_contain_text("The tide is high at 14:20")
    card = page.static(index).locator("details.nbagent-card")
    await card.locator("summary").click()
    await expect(card.get_by_text("High water at 14:20.")).to_be_visible()
    text = await page.output(index).inner_text()
    assert "model not found" not in text.lower()
    assert "Error displaying widget" not in text


@everywhere
async def test_a_page_loaded_anew_shows_the_run_again(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await prepared(open_notebook, front_end, version)
    index = await running(page, "result = await show(runs.stalls())")
    await expect(page.live(index)).to_contain_text("The lamps go on")
    await page.save()
    await page.reload()
    await expect(page.live(index)).to_contain_text("The lamps go on")
    await page.live(index).get_by_role("button", name="Stop").click()
    await expect(page.live(index)).to_contain_text("Stopped by the user")
    assert await page.execute("print(result.stop_reason)") == "Stopped by the user\n"


async def test_what_was_lost_on_the_way_is_repaired(
    open_notebook: OpenNotebook, context: BrowserContext
) -> None:
    dropped: list[int] = []

    async def lossy(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(payload: str | bytes) -> None:
            data = payload if isinstance(payload, bytes) else payload.encode()
            number = re.search(rb'"n":\s*(\d+), ?"ops"', data)
            if number and int(number[1]) in (5, 6, 20):
                dropped.append(int(number[1]))
            else:
                socket.send(payload)

        server.on_message(pass_on)

    await context.route_web_socket(re.compile("/channels"), lossy)
    page = await prepared(open_notebook)
    words = "runs.pieces(' '.join(str(number) for number in range(600)), 100)"
    index = await running(page, f"await show(runs.talk([*{words}, ' end'], 0.04))")
    text = ""
    while "end" not in text and await page.live(index).count():
        latest = await page.live(index).locator(".nbagent-body").last.inner_text()
        text = latest or text
        numbers = [int(word) for word in text.split()[:-1] if word.isdigit()]
        if dropped and len(numbers) > 300:
            assert numbers == list(range(len(numbers))), "nothing is missing in the middle"
            break
        await asyncio.sleep(0.05)
    assert dropped[:2] == [5, 6]
    await page.ended(index)


@both_front_ends
async def test_an_untrusted_notebook_reads_well(
    open_notebook: OpenNotebook,
    context: BrowserContext,
    servers: Servers,
    front_end: FrontEnd,
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await page.run("await show(runs.talk([runs.POEM]))")
    await page.ended(index)
    await page.save()
    source = servers(front_end).notebooks / page.name
    # Another file with a changed cell: nobody has signed it.
    copy = source.with_name("untrusted-" + source.name)
    copy.write_text(source.read_text().replace("await show", "_ = await show"))
    other = await NotebookPage.open(context, servers(front_end), copy.name)
    trusted: Any = await other.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets"
        ".every((cell) => cell.model.trusted)"
    )
    assert trusted is False
    output = other.output(index)
    await expect(output).to_contain_text("The harbour")
    await expect(output).to_contain_text("costs $5 to $6")
    await expect(output.locator("table")).to_contain_text("Berta")
    assert await output.locator("script").count() == 0
    await other.screenshot(f"untrusted-{front_end}", output)
    await other.close()


@both_front_ends
async def test_looks_right_in_light_and_dark(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await running(page, "result = await show(runs.everything())")
    card = page.live(index).locator("details.nbagent-running")
    await card.locator("summary").click()
    colours: dict[str, list[str]] = {}
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        await page.theme(theme)
        colours[theme] = [await ink(page.live(index).locator("h1"))]
        await page.screenshot(f"live-{front_end}-{theme.split()[1].lower()}", page.live(index))
    await page.live(index).get_by_role("button", name="Stop").click()
    await page.ended(index)
    await page.static(index).locator("details.nbagent-done summary").click()
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        await page.theme(theme)
        colours[theme].append(await ink(page.static(index).locator("h1")))
        await page.screenshot(f"static-{front_end}-{theme.split()[1].lower()}", page.static(index))
    for shades in zip(*colours.values(), strict=True):
        assert len(set(shades)) == 2, "text follows the theme"
    await page.page.set_viewport_size({"width": 640, "height": 900})
    overflow = "(element) => element.scrollWidth - element.clientWidth"
    assert await page.static(index).evaluate(overflow) <= 1, "nothing sticks out when narrow"
    await page.screenshot(f"static-{front_end}-narrow", page.static(index))


async def ink(locator: Locator) -> str:
    """The colour of an element's text."""
    return str(await locator.evaluate("(element) => getComputedStyle(element).color"))


async def test_a_scrolling_output_follows_a_reader_who_reads_along(
    open_notebook: OpenNotebook,
) -> None:
    page = await prepared(open_notebook)
    index = await running(page, "await show(runs.talk(runs.pieces(runs.POEM * 8, 200), 0.03))")
    await page.command("notebook:enable-output-scrolling")
    area = page.output(index)
    below = "(area) => area.scrollHeight - area.scrollTop - area.clientHeight"
    await page.until(
        "(cell) => { const area = document.querySelectorAll('.jp-Notebook .jp-Cell')[cell]"
        ".querySelector('.jp-Cell-outputArea');"
        " return area.scrollHeight > area.clientHeight + 200 && area.scrollTop > 100; }",
        index,
    )
    assert await area.evaluate(below) < 60
    await area.evaluate("(area) => { area.scrollTop = 20; }")
    await asyncio.sleep(0.6)
    assert await area.evaluate("(area) => area.scrollTop") == 20, "who reads back is left alone"
    await page.interrupt()
    await page.ended(index)
