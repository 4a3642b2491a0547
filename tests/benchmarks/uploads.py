"""Files from the page to Python in a real JupyterLab, beside sending each in one message.

Each file is handed over by itself: from the moment it is dropped, pasted or chosen until the
page shows that Python has it, checked. Its SHA-256 is compared in Python. Sent in one message, a
file over 10 MiB closes the websocket and is lost.
"""

import asyncio
import hashlib
import json
import time
from pathlib import Path

from playwright.async_api import Browser, expect

from tests.benchmarks.figure import Figure, median
from tests.benchmarks.in_jupyterlab import in_jupyterlab
from tests.browser.handing_over import WAYS, Way, hand_over, zone
from tests.browser.page import NotebookPage
from tests.browser.sample_files import FORMATS, write_sample
from tests.browser.servers import JupyterServer

SIZES = {10_000: "10 kB", 1_000_000: "1 MB", 12_000_000: "12 MB", 100_000_000: "100 MB"}

LOST_AFTER = 20.0
"""Seconds after which a file that was sent in one message counts as lost."""

SET_UP = """\
import asyncio, hashlib
from nbagent.notebook.drop import drop

async def one():
    (file,) = await drop()
    print(hashlib.sha256(file.data).hexdigest())
"""

ONE_MESSAGE = '''\
import anywidget, hashlib

class OneMessage(anywidget.AnyWidget):
    _esm = """
    export default { render({ model, el }) {
      const field = document.createElement("input");
      field.type = "file";
      field.className = "one-message";
      field.onchange = async () =>
        model.send({}, undefined, [await field.files[0].arrayBuffer()]);
      el.append(field);
    } };
    """

arrived = []
widget = OneMessage()
widget.on_msg(lambda _, content, buffers: arrived.append(hashlib.sha256(buffers[0]).hexdigest()))
widget
'''


def measure() -> list[Figure]:
    """Measure everything, in one JupyterLab and one browser."""
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    figures: list[Figure] = []
    async with in_jupyterlab() as (server, browser, folder):
        for way in WAYS:
            for running in (True, False):
                figures += await _in_pieces(server, browser, folder, way, running=running)
        for size in SIZES:
            figures.append(await _in_one_message(server, browser, folder, size))
    return figures


async def _in_pieces(
    server: JupyterServer, browser: Browser, folder: Path, way: Way, *, running: bool
) -> list[Figure]:
    """How long files take, and how many are not the same in Python."""
    page = await _page(server, browser, f"{way}-{running}")
    await page.execute(SET_UP)
    name = f"{way}, {'cell runs' if running else 'kernel idle'}"
    figures: list[Figure] = []
    different = 0
    for size, size_name in SIZES.items():
        seconds: list[float] = []
        for kind in FORMATS:
            path = write_sample(folder, kind, size)
            call = "await one()" if running else "task = asyncio.create_task(one())"
            index = await page.run(call)
            await zone(page, index).locator(".nbagent-zone").wait_for()
            if not running:
                await page.ended(index)
            began = time.perf_counter()
            await hand_over(page, index, way, [path])
            seconds.append(time.perf_counter() - began)
            if running:
                await page.ended(index)
                printed = await page.text(index)
            else:
                await page.execute("await task")
                printed = await page.text(index)
            different += hashlib.sha256(path.read_bytes()).hexdigest() not in printed
        figures.append(Figure(f"{name}: {size_name}", median(seconds), "s"))
    count = len(SIZES) * len(FORMATS)
    figures.append(Figure(f"{name}: lost or different, of {count}", different, "", 0))
    await page.close()
    return figures


async def _in_one_message(
    server: JupyterServer, browser: Browser, folder: Path, size: int
) -> Figure:
    """Whether a file that is sent in one message is lost."""
    page = await _page(server, browser, f"one-message-{size}")
    path = write_sample(folder, "png", size)
    index = await page.run(ONE_MESSAGE)
    await page.ended(index)
    field = page.output(index).locator("input.one-message")
    await expect(field).to_be_visible()
    await field.set_input_files(path)
    lost = True
    deadline = time.monotonic() + LOST_AFTER
    while lost and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
        # Asked anew each time: where the connection was closed, the page opens another one.
        printed = await page.execute("import json; print(json.dumps(arrived))")
        arrived: list[str] = json.loads(printed or "[]")
        lost = hashlib.sha256(path.read_bytes()).hexdigest() not in arrived
    await page.close()
    return Figure(f"in one message: {SIZES[size]} lost, of 1", float(lost), "")


async def _page(server: JupyterServer, browser: Browser, name: str) -> NotebookPage:
    server.write_notebook(f"{name}.ipynb", [])
    context = await browser.new_context(viewport={"width": 1200, "height": 1000})
    return await NotebookPage.open(context, server, f"{name}.ipynb")


if __name__ == "__main__":
    for figure in measure():
        print(figure)
