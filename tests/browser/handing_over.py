"""What a person's hands do: files dropped, pasted and chosen in a drop zone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from playwright.async_api import Locator, expect

from tests.browser.page import NotebookPage

Way: TypeAlias = Literal["drop", "paste", "choose"]
WAYS: tuple[Way, ...] = ("drop", "paste", "choose")

PATIENCE = 120_000.0
"""Milliseconds that files may take to arrive."""


def zone(page: NotebookPage, index: int) -> Locator:
    """The drop zone in the output of a cell."""
    return page.output(index).locator(".nbagent-drop")


async def drag(
    page: NotebookPage, target: Locator, paths: Sequence[Path], *, release: bool = True
) -> None:
    """Drag files from outside the browser onto an element, as the desktop does."""
    await target.scroll_into_view_if_needed()
    box = await target.bounding_box()
    assert box is not None
    session: Any = await page.page.context.new_cdp_session(page.page)
    event = {
        "x": box["x"] + box["width"] / 2,
        "y": box["y"] + min(box["height"] / 2, 40),
        "data": {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1},
    }
    for kind in ("dragEnter", "dragOver", "drop") if release else ("dragEnter", "dragOver"):
        await session.send("Input.dispatchDragEvent", {"type": kind, **event})
    await session.detach()


async def paste(page: NotebookPage, target: Locator, paths: Sequence[Path]) -> None:
    """Paste files by an event of our own: a page cannot put files on the real clipboard."""
    await page.page.evaluate(
        """() => {
          const field = Object.assign(document.createElement("input"), {
            type: "file", multiple: true, id: "clipboard", hidden: true,
          });
          document.body.append(field);
        }"""
    )
    await page.page.locator("#clipboard").set_input_files(list(paths))
    await target.locator(".nbagent-zone").focus()
    await target.locator(".nbagent-zone").evaluate(
        """(zone) => {
          const field = document.querySelector("#clipboard");
          const clipboardData = new DataTransfer();
          for (const file of field.files) clipboardData.items.add(file);
          field.remove();
          zone.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )


async def choose(page: NotebookPage, target: Locator, paths: Sequence[Path]) -> None:
    """Choose files with the button."""
    async with page.page.expect_file_chooser() as choosing:
        await target.get_by_role("button", name="Choose files").click()
    chooser = await choosing.value
    await chooser.set_files(list(paths))


async def hand_over(page: NotebookPage, index: int, way: Way, paths: Sequence[Path]) -> None:
    """Hand files over, and press Done once they have arrived."""
    target = zone(page, index)
    if way == "drop":
        await drag(page, target, paths)
    elif way == "paste":
        await paste(page, target, paths)
    else:
        await choose(page, target, paths)
    await expect(target.locator(".nbagent-chip[data-state=ready]")).to_have_count(
        len(paths), timeout=PATIENCE
    )
    await target.get_by_role("button", name="Done").click()
