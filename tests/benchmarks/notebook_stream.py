"""What a stream costs in a real JupyterLab: traffic, processor, frames, and the event loop.

A frame is a task of the page's main thread, in Chromium's own trace, in which an animation
frame's scripts ran and something was laid out. Its figure is the processor time of scripts,
style and layout, which is what a page can do about a frame; beside it stands the whole task,
with painting. Processor time, not wall time: a busy machine must not change the figure. The
reader follows the end, in an output that scrolls.
"""

import asyncio
import json
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, TypeAlias

from playwright.async_api import Browser

from tests.benchmarks.figure import Figure
from tests.benchmarks.in_jupyterlab import in_jupyterlab
from tests.browser.page import NotebookPage
from tests.browser.servers import JupyterServer

_Event: TypeAlias = dict[str, Any]

SET_UP = "from tests.benchmarks.notebook_cells import answer, assigned, prose, shown"

TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]

PARTS = ("FireAnimationFrame", "UpdateLayoutTree", "Layout")
"""The parts of a frame that are no painting."""

DELAY = 0.005
CHARACTERS_A_DELTA = 8.5
FRAME_LIMITS = {"mixed": 8.0, "list": 16.0, "table": 16.0, "fence": 16.0}
KINDS = (*FRAME_LIMITS, "paragraph", "nested list")
HELD_LIMIT = 50.0


def measure() -> list[Figure]:
    """Measure everything, in one JupyterLab and one browser."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    figures: list[Figure] = []
    async with in_jupyterlab() as (server, browser, _):
        figures += await _traffic(server, browser)
        for kind in KINDS:
            figures += await _long_answer(server, browser, kind)
    return figures


async def _traffic(server: JupyterServer, browser: Browser) -> list[Figure]:
    """Bytes on the websocket for 2,000 and 4,000 deltas, and for a growing HTML widget."""
    page = await _page(server, browser, "traffic")
    figures: list[Figure] = []
    megabytes: dict[str, float] = {}
    for name, way, deltas in (
        ("show(), 2,000 deltas", "shown", 2000),
        ("show(), 4,000 deltas", "shown", 4000),
        ("HTML.value +=, 2,000 deltas", "assigned", 2000),
    ):
        before = page.received
        text = f"prose({int(deltas * CHARACTERS_A_DELTA)})"
        cost = json.loads(await _run(page, f"await {way}({text}, {deltas}, {DELAY})"))
        await asyncio.sleep(1)  # the last of it arrives
        megabytes[name] = (page.received - before) / 1e6
        limit = 0.5 if name == "show(), 2,000 deltas" else None
        figures.append(Figure(f"websocket: {name}", megabytes[name], "MB", limit))
        figures.append(Figure(f"Python CPU: {name}", cost["cpu"], "s"))
    ratio = megabytes["show(), 4,000 deltas"] / megabytes["show(), 2,000 deltas"]
    figures.append(Figure("websocket: 4,000 deltas / 2,000 deltas", ratio, "", 2.1))
    await page.close()
    return figures


async def _long_answer(server: JupyterServer, browser: Browser, kind: str) -> list[Figure]:
    """Frames and the event loop for 200 kB in 4,000 deltas."""
    page = await _page(server, browser, kind.replace(" ", "-"))
    # Warm, as a second answer is: lexers, fonts and the widget's code are loaded.
    await _run(page, f"await shown(answer({kind!r}, 10_000), 200, {DELAY})")
    index = await page.run(f"await shown(answer({kind!r}), 4000, {DELAY})")
    await page.output(index).locator(".nbagent-live").wait_for()
    # The end stays in sight. With the top in sight a frame has nothing to lay out.
    await page.command("notebook:enable-output-scrolling")
    await browser.start_tracing(page=page.page, categories=TRACED)
    cost = json.loads(await _printed(page, index))
    frames = _frames(json.loads(await browser.stop_tracing()))
    await page.close()
    name = f"200 kB, {kind}"
    scripts = [frame.scripts_and_layout for frame in frames]
    tasks = [frame.task for frame in frames]
    return [
        Figure(f"browser frame, p95: {name}", _p95(scripts), "ms", FRAME_LIMITS.get(kind)),
        Figure(f"    with painting ({len(frames)} frames)", _p95(tasks), "ms"),
        Figure(f"event loop held, longest: {name}", cost["held"], "ms", HELD_LIMIT),
        Figure("    of that, work of its own thread", cost["worked"], "ms"),
        Figure(f"Python CPU: {name}", cost["cpu"], "s"),
    ]


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


async def _page(server: JupyterServer, browser: Browser, name: str) -> NotebookPage:
    server.write_notebook(f"{name}.ipynb", [])
    context = await browser.new_context(viewport={"width": 1200, "height": 1000})
    page = await NotebookPage.open(context, server, f"{name}.ipynb")
    await page.execute(SET_UP)
    return page


async def _run(page: NotebookPage, source: str) -> str:
    """Run a cell; what it printed."""
    return await _printed(page, await page.run(source))


async def _printed(page: NotebookPage, index: int) -> str:
    """Wait for the end of a cell; what it printed."""
    await page.ended(index, timeout=300_000)
    outputs = await page.outputs(index)
    printed = [str(output["text"]) for output in outputs if output["output_type"] == "stream"]
    assert printed, f"The cell gave no figures: {outputs}"
    return printed[-1]


@dataclass(frozen=True)
class _Frame:
    """Processor time of a frame, in milliseconds."""

    scripts_and_layout: float
    task: float


def _frames(trace: dict[str, Any]) -> list[_Frame]:
    """The frames of a trace in which something was laid out."""
    threads: dict[tuple[int, int], list[_Event]] = {}
    for event in trace["traceEvents"]:
        if event.get("ph") == "X":
            threads.setdefault((event["pid"], event["tid"]), []).append(event)
    frames: list[_Frame] = []
    for events in threads.values():
        events.sort(key=lambda event: event["ts"])
        starts = [event["ts"] for event in events]
        for task in events:
            if task["name"] != "RunTask":
                continue
            first = bisect_left(starts, task["ts"])
            last = bisect_left(starts, task["ts"] + task["dur"])
            parts = [event for event in events[first:last] if event["name"] in PARTS]
            if {"FireAnimationFrame", "Layout"} <= {part["name"] for part in parts}:
                cost = sum(map(_milliseconds, _outermost(parts)))
                frames.append(_Frame(cost, _milliseconds(task)))
    assert frames, "The trace holds no frames."
    return frames


def _outermost(parts: list[_Event]) -> list[_Event]:
    """The parts without those inside another: a script that measures makes a layout of its own."""
    found: list[_Event] = []
    for part in parts:  # in the order in which they begin
        if not found or part["ts"] >= found[-1]["ts"] + found[-1]["dur"]:
            found.append(part)
    return found


def _milliseconds(event: _Event) -> float:
    return float(event.get("tdur", event["dur"])) / 1000


if __name__ == "__main__":
    for figure in measure():
        print(figure)
