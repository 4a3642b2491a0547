"""A notebook in a browser, driven through the application object of the page itself."""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from playwright.async_api import BrowserContext, Locator, Page, WebSocket

from tests.browser.servers import JupyterServer

MEANT = 0.5
"""Seconds after which a press on a question that has just appeared counts."""

SCREENSHOTS = Path(
    os.environ.get("NBAGENT_SCREENSHOTS") or Path(__file__).resolve().parents[2] / "screenshots"
)
"""Where screenshots are kept."""

TIMEOUT = 60_000.0
"""Milliseconds to wait for anything before the test fails."""

_READY = """(kernel) => {
  const widget = window.jupyterapp?.shell?.currentWidget;
  if (!widget?.content?.widgets || !widget.sessionContext || !widget.context.isReady) return false;
  if (!kernel) return true;
  const connection = widget.sessionContext.session?.kernel;
  return connection?.connectionStatus === 'connected'
      && ['idle', 'busy'].includes(connection.status);
}"""

_RUN = """(index) => {
  const app = window.jupyterapp;
  const notebook = app.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  window.__ended ??= {};
  window.__ended[index] = false;
  const end = () => { window.__ended[index] = true; };
  app.commands.execute('notebook:run-cell').then(end, end);
}"""

_OUTPUTS = """(index) => {
  const model = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
  return model.cells[index].toJSON().outputs;
}"""

_ADD = """(source) => {
  const model = window.jupyterapp.shell.currentWidget.content.model.sharedModel;
  model.insertCell(model.cells.length, {cell_type: 'code', source});
  return model.cells.length - 1;
}"""

_COMMAND = """([command, options]) =>
  window.jupyterapp.commands.execute(command, options ?? {}).then(() => true)"""


class NotebookPage:
    """One notebook, open in one page.

    Attributes:
        page: The browser's page.
        console: What the page wrote to its console, and its uncaught errors.
        received: Bytes that came over the kernel's websocket so far.
    """

    def __init__(self, page: Page, server: JupyterServer, name: str) -> None:
        self.page = page
        self.server = server
        self.name = name
        self.console: list[str] = []
        self.received = 0
        page.set_default_timeout(TIMEOUT)
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"))
        page.on("websocket", self._count)

    @classmethod
    async def open(
        cls, context: BrowserContext, server: JupyterServer, name: str, *, kernel: bool = True
    ) -> "NotebookPage":
        """Open the notebook `name` of `server` in a new page.

        Args:
            context: The browser session.
            server: Who serves it.
            name: The notebook's file name.
            kernel: Whether to wait for its kernel.
        """
        notebook = cls(await context.new_page(), server, name)
        await notebook.page.goto(server.address(name))
        await notebook.ready(kernel=kernel)
        return notebook

    def _count(self, socket: WebSocket) -> None:
        if "/channels" not in socket.url:
            return

        def count(payload: str | bytes) -> None:
            self.received += len(payload if isinstance(payload, bytes) else payload.encode())

        socket.on("framereceived", count)

    async def ready(self, *, kernel: bool = True) -> None:
        """Wait until the notebook is loaded, and its kernel connected."""
        await self.page.wait_for_function(_READY, arg=kernel, timeout=TIMEOUT)

    async def reload(self) -> None:
        """Load the page anew; the kernel goes on, perhaps too busy to tell the page of itself."""
        await self.page.reload()
        await self.ready(kernel=False)

    async def run(self, source: str) -> int:
        """Start a cell with this source at the end of the notebook; its index."""
        index = cast("int", await self.page.evaluate(_ADD, source))
        await self.start(index)
        return index

    async def start(self, index: int) -> None:
        """Start the cell at `index`."""
        await self.page.evaluate(_RUN, index)

    async def ended(self, index: int, *, timeout: float = TIMEOUT) -> None:
        """Wait until the cell at `index` has run; `timeout` in milliseconds."""
        await self.page.wait_for_function(
            "(index) => window.__ended?.[index]", arg=index, timeout=timeout
        )

    async def execute(self, source: str) -> str:
        """Run a cell with this source to its end; what it gave, as text."""
        index = await self.run(source)
        await self.ended(index)
        return await self.text(index)

    async def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of the cell at `index`, as the file would hold them."""
        return cast("list[dict[str, Any]]", await self.page.evaluate(_OUTPUTS, index))

    async def text(self, index: int) -> str:
        """The outputs of the cell at `index` as plain text."""
        parts: list[str] = []
        for output in await self.outputs(index):
            if output["output_type"] == "stream":
                parts.append(_joined(output["text"]))
            elif output["output_type"] == "error":
                parts.append(f"{output['ename']}: {output['evalue']}")
            else:
                parts.append(_joined(output["data"].get("text/plain", "")))
        return "\n".join(parts)

    def output(self, index: int) -> Locator:
        """The output area of the cell at `index`."""
        cells = self.page.locator(".jp-Notebook .jp-Cell")
        return cells.nth(index).locator(".jp-Cell-outputArea")

    def live(self, index: int) -> Locator:
        """The live view in the output of the cell at `index`."""
        return self.output(index).locator(".nbagent-live")

    def static(self, index: int) -> Locator:
        """The saved form of the transcript in the output of the cell at `index`."""
        return self.output(index).locator(".nbagent-static")

    async def command(self, command: str, options: Mapping[str, object] | None = None) -> None:
        """Run a command of the application."""
        await self.page.evaluate(_COMMAND, [command, options])

    async def use_no_subshells(self) -> None:
        """Send all of this page's comm messages to the main shell, until it is loaded anew."""
        await self.page.evaluate(
            "() => { window.jupyterapp.serviceManager.kernels.commsOverSubshells = 'disabled'; }"
        )

    async def interrupt(self) -> None:
        """Interrupt the kernel as the square button does."""
        await self.command("notebook:interrupt-kernel")

    async def shut_down_kernel(self) -> None:
        """End the kernel."""
        await self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget?.sessionContext?.shutdown()"
        )

    async def save(self) -> None:
        """Save the notebook."""
        await self.command("docmanager:save")

    async def theme(self, name: str) -> None:
        """Switch to the front end's theme `name`, such as "JupyterLab Dark"."""
        await self.command("apputils:change-theme", {"theme": name})
        light = "false" if "Dark" in name else "true"
        await self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        # JupyterLab covers the page while it changes.
        await self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    async def screenshot(self, name: str, target: Locator | None = None) -> Path:
        """Keep a picture of `target`, or of the page, under `SCREENSHOTS`."""
        path = SCREENSHOTS / f"{name}.png"
        await (target or self.page).screenshot(path=path)  # makes the folder
        return path

    async def until(self, script: str, argument: object = None, *, seconds: float = 30) -> Any:
        """Wait until a script in the page gives something true; what it gave.

        Raises:
            TimeoutError: It did not within `seconds`.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if value := await self.page.evaluate(script, argument):
                return value
            await asyncio.sleep(0.02)
        raise TimeoutError(f"Not within {seconds} s: {script}\nConsole: {self.console[-10:]}")

    async def close(self) -> None:
        """End the kernel and close the page."""
        await self.shut_down_kernel()
        await self.page.close(run_before_unload=False)


def _joined(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
