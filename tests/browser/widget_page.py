"""A widget in a page without Jupyter: its JavaScript in a browser, its Python here.

Between them lies a channel that a test may disturb.
"""

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeAlias, cast

import pytest
from playwright.async_api import BrowserContext, Page, Route

from nbagent.attachments import ANY_FILE, Limits
from nbagent.notebook import uploads as uploads_module
from nbagent.notebook.module import css, javascript
from nbagent.notebook.uploads import Uploads

Message: TypeAlias = dict[str, Any]

SECURE = "http://localhost/"
"""An address where browsers allow everything."""

PLAIN = "http://notebook.example/"
"""An address where they allow no cryptography: plain http from another machine."""

PIECE = 16_384
"""Bytes in a piece here, on both sides: large ones take long without a websocket."""

_PIECE_BYTES = "const PIECE_BYTES = 2 ** 20;"

_HTML = """<!doctype html><html lang="en"><title>A widget</title>
<style>{css}</style><main><h1>A widget</h1><div id="out"></div><p id="beside">Beside it</p></main>
<script type="module">
import make from "./widget.js";
const listeners = new Set();
const text = (buffer) => {{
  const parts = [];
  const bytes = new Uint8Array(buffer);
  for (let at = 0; at < bytes.length; at += 32768) {{
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
  }}
  return btoa(parts.join(""));
}};
const model = {{
  on: (_, listener) => listeners.add(listener),
  off: (_, listener) => listeners.delete(listener),
  send: (content, _, buffers = []) => {{
    if (window.connectionLost) throw new Error("the connection is lost");
    window.toPython(content, buffers.map(text));
  }},
}};
window.fromPython = (message) => listeners.forEach((listener) => listener(message));
window.listeners = listeners;
const widget = make();
const ends = [
  widget.initialize({{ model }}),
  widget.render({{ model, el: document.querySelector("#out") }}),
];
window.endWidget = () => ends.reverse().forEach((end) => end());
window.widgetReady = true;
</script></html>"""


class WidgetPage:
    """The drop zone in a page, with `Uploads` on the other side.

    Attributes:
        page: The page.
        sent: What the page has sent, apart from the bytes.
        uploads: Python's side.
        to_python: May drop, double or change a message of the page: gives those to deliver.
        to_page: The same for an answer.
    """

    def __init__(self, page: Page, limits: Limits) -> None:
        self.page = page
        self.sent: list[Message] = []
        self.uploads = Uploads(self._answer, limits)
        self.to_python: Callable[[Message, list[bytes]], list[tuple[Message, list[bytes]]]] = (
            lambda message, buffers: [(message, buffers)]
        )
        self.to_page: Callable[[Message], list[Message]] = lambda message: [message]
        self._answers: asyncio.Queue[Message] = asyncio.Queue()

    def receive(self, content: Message, buffers: list[str]) -> None:
        """Take what the page sends."""
        self.sent.append(content)
        data = [base64.b64decode(buffer) for buffer in buffers]
        for message, parts in self.to_python(content, data):
            self.uploads.receive(message, parts)

    def _answer(self, message: Message) -> None:
        for answer in self.to_page(message):
            self._answers.put_nowait(answer)

    async def say(self, message: Message) -> None:
        """Send the page a message of another kind."""
        await self.page.evaluate("(message) => window.fromPython(message)", message)

    async def pass_on(self) -> None:
        """Bring answers to the page, in order, until cancelled."""
        while True:
            await self.say(await self._answers.get())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is true.

        Raises:
            TimeoutError: It was not within 10 seconds.
        """
        for _ in range(1000):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"The page sent: {self.sent[-10:]}")

    async def choose(self, *files: Any) -> None:
        """Choose files with the button's file field."""
        await self.page.locator("input[type=file]").set_input_files(cast("Any", list(files)))

    async def states(self) -> list[str]:
        """How each file stands, in the order shown."""
        script = "(chips) => chips.map((chip) => chip.dataset.state)"
        return cast("list[str]", await self.page.locator(".nbagent-chip").evaluate_all(script))


@contextlib.asynccontextmanager
async def widget_page(
    context: BrowserContext, *, address: str = SECURE, limits: Limits = ANY_FILE
) -> AsyncGenerator[WidgetPage]:
    """Open a page with an open drop zone. Its clock can be moved by `page.clock`."""
    page = await context.new_page()
    code = javascript("drop.js").replace(_PIECE_BYTES, f"const PIECE_BYTES = {PIECE};")
    assert _PIECE_BYTES not in code and f"{PIECE}" in code

    async def serve(route: Route) -> None:
        if route.request.url.endswith("widget.js"):
            await route.fulfill(content_type="text/javascript", body=code)
        else:
            sheet = css("tray.css", "drop.css")
            await route.fulfill(content_type="text/html", body=_HTML.format(css=sheet))

    await page.route("**/*", serve)
    await page.clock.install()
    widget = WidgetPage(page, limits)
    await cast("Any", page).expose_function("toPython", widget.receive)
    await page.goto(address)
    await page.wait_for_function("() => window.widgetReady")
    await widget.say({"drop": "open", "prompt": "Drop the charts here", "hint": "Up to 500 MB"})
    answers = asyncio.create_task(widget.pass_on())
    patch = pytest.MonkeyPatch()
    patch.setattr(uploads_module, "PIECE_BYTES", PIECE)
    try:
        yield widget
    finally:
        patch.undo()
        answers.cancel()
        await asyncio.gather(answers, return_exceptions=True)
        await widget.uploads.close()
        await page.close()
