"""The saved form in a real browser, between the style sheets of real front ends."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page

from nbagent.render.html import transcript_to_html
from nbagent.transcript.items import Item, MessageItem, ToolCallItem, Transcript
from tests.render.sample_transcript import hostile_transcript, sample_transcript

SHARE = Path(sys.prefix) / "share" / "jupyter"
THEME = "lab/themes/@jupyterlab/theme-{}-extension/index.css"
OUTPUTS = "nbconvert/templates/lab/static/index.css"

CONTRASTS = """() => {
  const context = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
    .getContext("2d", {willReadFrequently: true});
  const over = (ground, colour) => {
    for (const fill of [ground, colour]) {
      context.fillStyle = fill;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255)
      .map((value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const above = element.parentElement ? ground(element.parentElement) : "white";
    return `rgb(${over(above, getComputedStyle(element).backgroundColor)})`;
  };
  const found = {};
  for (const element of document.querySelectorAll(".nbagent *")) {
    const said = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!said || element.localName === "style") continue;
    const behind = ground(element);
    const [light, dark] = [over(behind, behind), over(behind, getComputedStyle(element).color)]
      .map(luminance).sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    const name = element.className || element.localName;
    found[name] = Math.min(found[name] ?? 99, contrast);
  }
  return found;
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    yield page
    page.close()


def show(page: Page, transcript: Transcript, theme: str | None, *, opened: bool = True) -> None:
    """Show a transcript as the output of a notebook cell.

    Args:
        page: The page to show it in.
        transcript: What to show.
        theme: "light" or "dark", or None for a viewer without JupyterLab's variables.
        opened: Whether all cards are opened.
    """
    html = transcript_to_html(transcript)
    if theme is not None:
        sheets = (SHARE / THEME.format(theme), SHARE / OUTPUTS)
        css = "\n".join(sheet.read_text("utf-8") for sheet in sheets)
        html = (
            f"<style>{css}</style>"
            '<div style="display: table; table-layout: fixed; width: 100%;'
            'background: var(--jp-layout-color0)">'
            f'<div class="jp-RenderedHTMLCommon jp-RenderedHTML">{html}</div></div>'
        )
    light = "true" if theme == "light" else "false"
    body = f'<body data-jp-theme-light="{light}">' if theme else "<body>"
    page.set_content(f"<!doctype html>{body}{html}", wait_until="load")
    if opened:
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")


@pytest.mark.parametrize("theme", ["light", "dark", None])
def test_all_text_has_enough_contrast(page: Page, theme: str | None) -> None:
    show(page, sample_transcript(), theme)
    contrasts: dict[str, float] = page.evaluate(CONTRASTS)

    assert len(contrasts) > 20
    assert {name: value for name, value in contrasts.items() if value < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark", None])
def test_a_narrow_page_never_scrolls_sideways(page: Page, theme: str | None) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    wide = "| " + " | ".join(f"column{n}" for n in range(40)) + " |\n" + "|---" * 40 + "|\n"
    items: list[Item] = [
        *sample_transcript().items,
        MessageItem(id="w1", source="assistant", parts=(wide, "```\n" + "x" * 500 + "\n```")),
        MessageItem(id="w2", source="assistant", parts=("y" * 500, "$$" + "z+" * 200 + "z$$")),
        ToolCallItem(
            id="w3", source="a" * 200, call_id="c", name="f" * 200, arguments="", result="r" * 900
        ),
    ]
    show(page, Transcript(items=items), theme)

    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    overflowing = page.evaluate(
        "[...document.querySelectorAll('table')].some((t) => t.scrollWidth > t.clientWidth)"
    )
    assert overflowing, "the wide table scrolls in itself"


def test_its_rules_win_over_those_of_the_notebook(page: Page) -> None:
    show(page, sample_transcript(), "light")

    def style(selector: str, name: str) -> str:
        found = page.locator(selector).first
        return str(found.evaluate(f"(element) => getComputedStyle(element).{name}"))

    assert style(".nbagent-body td", "textAlign") == "left"
    assert style(".nbagent-data td", "verticalAlign") == "top"
    assert style(".nbagent-body table", "overflowX") == "auto"
    assert style(".nbagent-card blockquote", "marginLeft") == "0px"
    assert style(".nbagent-speaker", "fontWeight") == "600"
    assert style("pre code", "backgroundColor") == "rgba(0, 0, 0, 0)"


def test_cards_open_with_the_keyboard(page: Page) -> None:
    show(page, sample_transcript(), "light", opened=False)
    summary = page.locator(".nbagent-tool.nbagent-done > summary")
    result = page.get_by_text("22 degrees")

    assert not result.is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    assert result.is_visible()


def test_hostile_content_runs_nothing_and_asks_for_nothing(page: Page) -> None:
    requests: list[str] = []
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", refuse)
    show(page, hostile_transcript(), "light")
    page.wait_for_timeout(200)

    assert dialogs == []
    assert [url for url in requests if not url.startswith("data:")] == []
    assert page.locator("script").count() == 0
