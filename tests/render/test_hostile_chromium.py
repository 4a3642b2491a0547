"""Hostile Markdown in a real browser: nothing runs, nothing loads, nothing foreign is left."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, Route

from nbagent.render.block_patches import PutBlock, PutRows
from nbagent.render.markdown import render_markdown
from nbagent.render.markdown_stream import MarkdownStream
from tests.render.corpora import HOSTILE, naughty_strings

ADDRESS = "http://notebook.test/lab/tree/lesson.ipynb"

ELEMENTS = (
    "a blockquote br code div em h1 h2 h3 h4 h5 h6 hr img li ol p pre s span strong table tbody td "
    "th thead tr ul math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle msub msup msubsup "
    "munder mover munderover mmultiscripts mprescripts mtable mtr mtd mpadded mphantom menclose "
    "merror semantics"
)
ATTRIBUTES = (
    "alt class href rel src start style target title accent accentunder columnspan depth display "
    "displaystyle fence form height largeop linethickness lspace mathvariant maxsize minsize "
    "movablelimits notation rowspan rspace scriptlevel separator stretchy symmetric voffset width"
)

AUDIT = """([elements, attributes]) => {
  const allowed = new Set(elements.split(" "));
  const allowedAttributes = new Set(attributes.split(" "));
  const found = [];
  const walk = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const name = element.localName;
      if (!allowed.has(name)) found.push(`<${name}>`);
      if (element.shadowRoot || element.content) found.push(`inside <${name}>`);
      for (const {name: attribute, value} of element.attributes) {
        if (!allowedAttributes.has(attribute)) found.push(`<${name} ${attribute}>`);
        if (attribute === "style" && !/^text-align: ?(left|right|center);?$/.test(value))
          found.push(`style ${value}`);
        if (attribute === "class")
          for (const part of element.classList)
            if (!/^(nbagent-[a-z0-9-]+|language-\\S+|mathjax_process)$/.test(part))
              found.push(`class ${part}`);
        if (attribute === "src" && !/^data:image\\/(png|jpeg|gif|webp);base64,/i.test(value))
          found.push(`src ${value}`);
        if (attribute === "href") {
          let protocol = "";
          try { protocol = new URL(value, document.baseURI).protocol; } catch { continue; }
          if (!["http:", "https:", "mailto:"].includes(protocol)) found.push(`href ${value}`);
          if (element.rel !== "noopener noreferrer") found.push(`rel ${element.rel}`);
          if (element.target !== "_blank") found.push(`target ${element.target}`);
        }
      }
    }
  };
  walk(document.querySelector("main"));
  return found;
}"""

INSERT = """(htmls) => {
  const main = document.querySelector("main");
  for (const html of htmls) {
    const template = document.createElement("template");
    template.innerHTML = html;
    main.append(document.createElement("div"));
    main.lastChild.append(template.content);
  }
  for (const element of main.querySelectorAll("*")) {
    for (const kind of ["mouseover", "mouseenter", "focus", "error", "load", "toggle"])
      element.dispatchEvent(new Event(kind));
    if (!element.closest("a")) element.click?.();
  }
  return main.querySelectorAll("*").length;
}"""


class Watched:
    """A page that notes all that rendered text must not do."""

    def __init__(self, browser: Browser, body: str) -> None:
        self.page: Page = browser.new_page()
        self.deeds: list[str] = []
        document = f"<!doctype html><title>x</title><main>{body}</main>"

        def answer(route: Route) -> None:
            if route.request.url == ADDRESS:
                route.fulfill(content_type="text/html; charset=utf-8", body=document)
            else:
                route.abort()

        def request(request: Request) -> None:
            if request.url != ADDRESS and not request.url.startswith("data:image/"):
                self.deeds.append(f"request {request.url}")

        def dialog(dialog: Dialog) -> None:
            self.deeds.append(f"dialog {dialog.message}")
            dialog.dismiss()

        self.page.route("**/*", answer)
        self.page.on("request", request)
        self.page.on("dialog", dialog)
        self.page.on("popup", lambda _: self.deeds.append("popup"))
        self.page.on("pageerror", lambda error: self.deeds.append(f"error {error}"))
        self.page.goto(ADDRESS)

    def check(self) -> None:
        """Wait for what may still happen, and see that nothing did and nothing foreign is there."""
        self.page.wait_for_timeout(300)
        assert self.page.evaluate("window.hacked") is None
        assert self.page.url == ADDRESS
        assert self.page.evaluate(AUDIT, [ELEMENTS, ATTRIBUTES]) == []
        assert self.deeds == []
        self.page.close()


def streamed(text: str) -> list[str]:
    """The HTML of all patches of a stream, one character at a time."""
    stream, htmls = MarkdownStream(), dict[str, None]()
    for character in text:
        stream.feed(character)
        htmls.update(dict.fromkeys(_htmls(stream.patch())))
    stream.finish()
    while stream.pending:
        htmls.update(dict.fromkeys(_htmls(stream.patch())))
    return list(htmls)


def _htmls(patches: list[Any]) -> Iterator[str]:
    for patch in patches:
        if isinstance(patch, PutBlock):
            yield patch.html
        elif isinstance(patch, PutRows):
            yield f"<table><tbody>{patch.html}</tbody></table>"


def wrapped(text: str) -> list[str]:
    """A string where Markdown may take it for something: text, link, picture, code, formula."""
    line = " ".join(text.split())
    return [
        text,
        f"[a]({line})",
        f"![a]({line})",
        f"[a](<{line}> '{line}')",
        f"<{line}>",
        f"```{line}\n{text}\n```",
        f"${line}$",
        f"| {line} |\n|---|\n| {line} |",
        f"[{line}]: {line}\n\n[{line}]",
    ]


@pytest.mark.parametrize("form", ["live", "static"])
@pytest.mark.parametrize("way", ["inserted", "loaded"])
def test_hostile_text(browser: Browser, form: Literal["live", "static"], way: str) -> None:
    htmls = [render_markdown(text, form=form) for text in HOSTILE]
    htmls += [render_markdown(part, form=form) for text in HOSTILE for part in wrapped(text)]
    watched = Watched(browser, "".join(htmls) if way == "loaded" else "")
    assert watched.page.evaluate(INSERT, htmls if way == "inserted" else []) > len(HOSTILE)
    watched.check()


@pytest.mark.parametrize("form", ["live", "static"])
def test_naughty_strings(browser: Browser, form: Literal["live", "static"]) -> None:
    strings = naughty_strings() or HOSTILE
    htmls = [render_markdown(part, form=form) for text in strings for part in wrapped(text)]
    watched = Watched(browser, "".join(htmls))
    watched.page.evaluate(INSERT, htmls)
    watched.check()


def test_hostile_text_that_streams(browser: Browser) -> None:
    """Every state in between is as harmless as the last."""
    watched = Watched(browser, "")
    for text in HOSTILE:
        watched.page.evaluate(INSERT, streamed(text))
    watched.check()


def test_the_audit_finds_what_it_looks_for(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(
        "<main><p id=x data-y=1 class=z style='color:red'>"
        "<a href='javascript:0'>a</a><button>b</button></main>"
    )
    found = page.evaluate(AUDIT, [ELEMENTS, ATTRIBUTES])
    page.close()
    assert {"<p id>", "<p data-y>", "class z", "style color:red", "<button>"} <= set(found)
    assert "href javascript:0" in found
