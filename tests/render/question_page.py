"""The live view in a page of its own: a transcript's operations go in, answers come out."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, cast

from playwright.sync_api import Browser, Locator, Page, Route

from nbagent.base.at_work import WorkNote
from nbagent.base.task import TaskResult
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.notebook.module import css, javascript
from nbagent.render.live import LiveRenderer
from nbagent.render.stylesheet import stylesheet
from nbagent.transcript import note_work, reduce
from nbagent.transcript.items import Transcript

ADDRESS = "http://notebook.test/"

_SHARE = Path(sys.prefix) / "share" / "jupyter"
_THEME = "lab/themes/@jupyterlab/theme-{}-extension/index.css"
_OUTPUTS = "nbconvert/templates/lab/static/index.css"

_DOCUMENT = """<!doctype html><html lang="en"><title>A notebook</title>
<style>{css}</style>
<style>body {{ background: var(--jp-layout-color0); margin: 0; padding: 8px; }}</style>
<body data-jp-theme-light="{light}">
<main><textarea id="cell" aria-label="Another cell"></textarea>
<div id="output"></div></main>
<script type="module">
  import widget from "./view.js";
  const listeners = new Set();
  window.sent = [];
  window.connected = true;
  const model = {{
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    send: (content) => {{
      if (!window.connected) throw new Error("the connection is closed");
      window.sent.push(content);
    }},
  }};
  window.deliver = (message) => listeners.forEach((listener) => listener(message));
  const {{initialize, render}} = widget();
  initialize({{model}});
  render({{model, el: document.querySelector("#output")}});
  window.ready = true;
</script>"""

_PRESS_AT_ONCE = """(name) => {
  window.presser = new MutationObserver(() => {
    for (const button of document.querySelectorAll(".nbagent-push")) {
      if (button.textContent !== name) continue;
      button.focus();
      button.click();
    }
  });
  window.presser.observe(document.querySelector(".nbagent"), {childList: true, subtree: true});
}"""


class QuestionPage:
    """A page with the live view of a transcript.

    Attributes:
        page: The browser's page.
        transcript: What is shown; `take()` changes it.
        errors: Uncaught errors of the page.
    """

    def __init__(self, browser: Browser, theme: str = "light", width: int = 900) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": 800})
        self.page.set_default_timeout(5_000)
        self.transcript = Transcript()
        self.errors: list[str] = []
        self._renderer = LiveRenderer(self.transcript)
        self._number = 0
        sheets = (_SHARE / _THEME.format(theme), _SHARE / _OUTPUTS)
        style = "\n".join(sheet.read_text("utf-8") for sheet in sheets)
        style += stylesheet() + css("view.css", "question.css")
        self._document = _DOCUMENT.format(css=style, light=str(theme == "light").lower())
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route("**/*", self._answer)
        self._load()

    def _answer(self, route: Route) -> None:
        if route.request.url == ADDRESS:
            route.fulfill(content_type="text/html; charset=utf-8", body=self._document)
        elif route.request.url == f"{ADDRESS}view.js":
            route.fulfill(content_type="text/javascript", body=javascript("view.js"))
        else:
            route.abort()

    def _load(self) -> None:
        self.page.goto(ADDRESS)
        self.page.wait_for_function("window.ready")

    def reload(self) -> None:
        """Load the page anew, which then gets a snapshot."""
        self._load()
        self.snapshot()

    def take(self, *events: BaseAgentEvent | BaseChatMessage | TaskResult | WorkNote) -> None:
        """Show events of the run, and notes on who works."""
        for event in events:
            if isinstance(event, WorkNote):
                self._renderer.apply(note_work(self.transcript, event))
            else:
                self._renderer.apply(reduce(self.transcript, event))
        while self._renderer.pending:
            self.deliver(self._renderer.flush())

    def snapshot(self) -> None:
        """Send the whole transcript again."""
        self._post({"n": self._number, "ops": self._renderer.snapshot(), "snapshot": True})

    def deliver(self, operations: list[list[Any]]) -> None:
        """Send operations."""
        self._number += 1
        self._post({"n": self._number, "ops": operations})

    def _post(self, message: dict[str, Any]) -> None:
        deliver = "(message) => { window.before?.(); deliver(message); }"
        self.page.evaluate(deliver, message | {"now": time.time()})
        self.page.evaluate("() => new Promise(requestAnimationFrame)")
        self.page.evaluate("() => new Promise(requestAnimationFrame)")

    def refuse(self, message: str, errors: dict[str, str] | None = None, index: int = -1) -> None:
        """Say that the answer to item `index` does not fit."""
        index %= len(self.transcript.items)
        self.deliver([["refused", index, message, errors or {}]])

    def type_elsewhere(self) -> None:
        """From now on somebody is typing in another cell whenever a message arrives."""
        self.page.locator("#cell").click()
        self.page.evaluate(
            "() => { window.before = () => document.querySelector('#cell').dispatchEvent("
            "new KeyboardEvent('keydown', {key: 'x', bubbles: true})); }"
        )

    def press_at_once(self, button: str) -> None:
        """From now on a button of this name is pressed whenever the transcript changes."""
        self.page.evaluate(_PRESS_AT_ONCE, button)

    def wait_until_meant(self) -> None:
        """Wait until a press counts."""
        self.page.wait_for_timeout(450)

    @property
    def answers(self) -> list[dict[str, Any]]:
        """The answers that the page has sent."""
        sent = cast("list[dict[str, Any]]", self.page.evaluate("window.sent"))
        return [content for content in sent if "answer" in content]

    @property
    def focused(self) -> Locator:
        """The element with the focus."""
        return self.page.locator("*:focus")

    @property
    def said(self) -> list[str]:
        """What screen readers were told beside the transcript."""
        return self.page.locator(".nbagent-announcer p").all_text_contents()

    def controls(self, number: int = 0) -> Locator:
        """The controls of an open question, counted from above."""
        return self.page.locator(".nbagent-controls").nth(number)

    def close(self) -> None:
        """Close the page, which must have had no error."""
        self.page.close()
        assert self.errors == []


NewPage: TypeAlias = Callable[..., QuestionPage]
"""Opens a page: `new_page(theme, width)`."""
