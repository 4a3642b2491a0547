"""What a stream costs in a real JupyterLab: traffic, processor, frames, and the event loop.

The time of a frame is that of the main thread's task in which the view's animation frame fell:
the scripts of the frame, style, layout and painting, as Chromium's own trace has it. Counted
are the frames in which something was laid out.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, async_playwright

from tests.benchmarks.figure import Figure
from tests.browser.page import NotebookPage
from tests.browser.servers import JupyterServer, jupyter_server
from tests.chromium import LAUNCH_ARGUMENTS, chromium_executable

SET_UP = "from tests.benchmarks.notebook_cells import answer, assigned, prose, shown"

TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]

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
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyter_server("lab", Path(folder) / "lab") as server,
    ):
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium_executable(), args=list(LAUNCH_ARGUMENTS)
            )
            try:
                figures += await _traffic(server, browser)
                for kind in KINDS:
                    figures += await _long_answer(server, browser, kind)
            finally:
                await browser.close()
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
    await browser.start_tracing(page=page.page, categories=TRACED)
    cost = json.loads(await _run(page, f"await shown(answer({kind!r}), 4000, {DELAY})"))
    frames = _frames(json.loads(await browser.stop_tracing()))
    await page.close()
    p95 = frames[int(len(frames) * 0.95)]
    name = f"200 kB, {kind}"
    return [
        Figure(
            f"browser frame, p95: {name} ({len(frames)} frames)", p95, "ms", FRAME_LIMITS.get(kind)
        ),
        Figure(f"browser frame, longest: {name}", frames[-1], "ms"),
        Figure(f"event loop held, longest: {name}", cost["held"], "ms", HELD_LIMIT),
        Figure(f"Python CPU: {name}", cost["cpu"], "s"),
    ]


async def _page(server: JupyterServer, browser: Browser, name: str) -> NotebookPage:
    server.write_notebook(f"{name}.ipynb", [])
    context = await browser.new_context(viewport={"width": 1200, "height": 1000})
    page = await NotebookPage.open(context, server, f"{name}.ipynb")
    await page.execute(SET_UP)
    return page


async def _run(page: NotebookPage, source: str) -> str:
    """Run a cell; what it printed."""
    index = await page.run(source)
    await page.ended(index, timeout=300_000)
    outputs = await page.outputs(index)
    printed = [str(output["text"]) for output in outputs if output["output_type"] == "stream"]
    assert printed, f"The cell gave no figures: {outputs}"
    return printed[-1]


def _frames(trace: dict[str, Any]) -> list[float]:
    """The times of the frames in which something was laid out, in milliseconds, sorted."""
    events: list[dict[str, Any]] = [
        event for event in trace["traceEvents"] if event.get("ph") == "X"
    ]
    threads: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for event in events:
        threads.setdefault((event["pid"], event["tid"]), []).append(event)
    times: list[float] = []
    for thread in threads.values():
        fired = _starts(thread, "FireAnimationFrame")
        laid_out = _starts(thread, "Layout")
        for task in thread:
            if task["name"] != "RunTask":
                continue
            start, end = task["ts"], task["ts"] + task.get("dur", 0)
            if _any_between(fired, start, end) and _any_between(laid_out, start, end):
                times.append(task["dur"] / 1000)
    assert times, "The trace holds no frames."
    return sorted(times)


def _starts(thread: list[dict[str, Any]], name: str) -> list[float]:
    return sorted(event["ts"] for event in thread if event["name"] == name)


def _any_between(times: list[float], start: float, end: float) -> bool:
    from bisect import bisect_left

    position = bisect_left(times, start)
    return position < len(times) and times[position] < end


if __name__ == "__main__":
    for figure in measure():
        print(figure)
