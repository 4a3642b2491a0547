"""Hostile output in real pages: the live view, the saved form, and an nbconvert export."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import nbformat
import pytest
from nbconvert import HTMLExporter  # pyright: ignore[reportMissingTypeStubs]
from playwright.async_api import Browser, BrowserContext, Page, Request

from tests.browser.conftest import Servers
from tests.browser.page import NotebookPage

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

ELEMENTS = """
a blockquote br code del details div em figure h1 h2 h3 h4 h5 h6 hr img li ol p pre s small span
strong style summary table tbody td th thead time tr ul
math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms
mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics
"""
"""What may stand in a transcript."""

ATTRIBUTES = """
class href rel target title src alt width height start style open datetime colspan rowspan role
aria-label aria-hidden aria-live aria-busy dir lang
display mathvariant stretchy fence separator form accent accentunder columnalign rowalign
columnspacing rowspacing linethickness lspace rspace minsize maxsize movablelimits largeop
symmetric scriptlevel displaystyle notation encoding depth voffset columnlines rowlines frame
mathcolor mathbackground mathsize xmlns
"""
"""Attributes that those elements may have."""

CLASSES = {"", "mathjax_process", "mathjax_ignore", "numbering-entry"}
"""Classes that are not nbagent's own: MathJax's switches, and a mark that JupyterLab adds."""

INSPECT = """(selector) => {
  const elements = new Set(), attributes = new Set(), protocols = new Set();
  const sources = new Set(), styles = new Set();
  const classes = new Set();
  for (const root of document.querySelectorAll(selector)) {
    for (const node of root.querySelectorAll('*')) {
      if (node.closest('mjx-container, .MathJax, .nbagent-bar')) continue;
      elements.add(node.localName);
      for (const {name, value} of node.attributes) {
        attributes.add(name);
        if (name === 'href') protocols.add(new URL(value, 'http://relative.invalid').protocol);
        if (name === 'src') sources.add(value.slice(0, 15));
        if (name === 'style') styles.add(value.split(':')[0].trim());
        if (name === 'class') value.split(/\\s+/).forEach((one) => classes.add(one));
      }
    }
  }
  const list = (set) => [...set];
  return {elements: list(elements), attributes: list(attributes), protocols: list(protocols),
          sources: list(sources), styles: list(styles), classes: list(classes),
          hacked: window.hacked ?? null, text: document.querySelector(selector)?.textContent ?? ''};
}"""


class Watch:
    """Notes every request that leaves for another host, and every dialog."""

    def __init__(self, page: Page) -> None:
        self.foreign: list[str] = []
        self.dialogs: list[str] = []
        page.on("request", self._request)
        page.on("dialog", lambda dialog: self.dialogs.append(dialog.message))

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.foreign.append(request.url)


def assert_harmless(found: dict[str, Any]) -> None:
    assert found["hacked"] is None
    assert set(found["elements"]) <= set(ELEMENTS.split())
    assert set(found["attributes"]) <= set(ATTRIBUTES.split())
    assert set(found["protocols"]) <= {"http:", "https:", "mailto:"}
    assert all(source.startswith("data:image/") for source in found["sources"])
    assert set(found["styles"]) <= {"text-align"}
    own = ("nbagent", "language-")
    assert {name for name in found["classes"] if not name.startswith(own)} <= CLASSES


async def test_the_live_view_the_saved_form_and_an_export(
    servers: Servers, context: BrowserContext, browser: Browser, tmp_path: Path
) -> None:
    server = servers("lab")
    server.write_notebook("hostile.ipynb", [])
    page = await NotebookPage.open(context, server, "hostile.ipynb")
    watch = Watch(page.page)
    hold = (
        "import asyncio\nfrom nbagent import show\nfrom tests.browser.hostile_run import "
        "hostile_run\nshown = asyncio.Event()\n"
        "async def held():\n"
        "    async for item in hostile_run():\n"
        "        if type(item).__name__ == 'TaskResult':\n"
        "            await asyncio.sleep(6)\n"
        "        yield item\n"
        "result = await show(held())"
    )
    index = await page.run(hold)
    await page.page.wait_for_selector(".nbagent-live .nbagent-item")
    # Wait until the view has caught up: the last hand-over is shown.
    await page.until("() => document.querySelectorAll('.nbagent-live .nbagent-item').length > 200")
    assert_harmless(await page.page.evaluate(INSPECT, ".nbagent-live .nbagent"))
    await page.ended(index)
    await page.page.wait_for_selector(".nbagent-static")
    found = await page.page.evaluate(INSPECT, ".nbagent-static")
    assert_harmless(found)
    assert "alert(1)" in found["text"]  # it is shown, as text
    assert watch.foreign == []
    assert watch.dialogs == []
    await page.save()
    await page.close()

    read = cast("Callable[[Path, int], Any]", nbformat.read)  # pyright: ignore[reportUnknownMemberType]
    new = cast("Callable[[], Any]", nbformat.v4.new_notebook)  # pyright: ignore[reportUnknownMemberType]
    notebooks = {"empty": new(), "export": read(server.notebooks / "hostile.ipynb", 4)}
    requests: list[set[str]] = []
    for name, source in notebooks.items():
        html, _ = HTMLExporter().from_notebook_node(source)  # pyright: ignore[reportUnknownMemberType]
        path = tmp_path / f"{name}.html"
        path.write_text(html, encoding="utf-8")
        exported = await (await browser.new_context()).new_page()
        outside = Watch(exported)
        # nbconvert's own page asks for MathJax and others by name; nothing here may answer.
        await exported.route(
            "**/*",
            lambda route: (
                route.abort()
                if "://" in route.request.url and not route.request.url.startswith("file:")
                else route.continue_()
            ),
        )
        await exported.goto(path.as_uri())
        if name == "export":
            found = await exported.evaluate(INSPECT, ".nbagent-static")
            assert_harmless(found)
            assert "alert(1)" in found["text"]
            assert outside.dialogs == []
        requests.append(set(outside.foreign))
        await exported.context.close()
    assert requests[1] == requests[0], json.dumps(sorted(requests[1] - requests[0]))
