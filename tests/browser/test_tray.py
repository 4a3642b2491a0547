"""The tray of files and its transport in a page of their own, where everything may go wrong."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, FileChooser, Page, expect

from nbagent.attachments import FOR_MODELS
from tests.browser.sample_files import sample
from tests.browser.widget_page import PIECE, PLAIN, SECURE, Message, WidgetPage, widget_page

pytestmark = pytest.mark.asyncio(loop_scope="session")


def file(name: str, data: bytes, mime_type: str = "text/plain") -> dict[str, Any]:
    return {"name": name, "mimeType": mime_type, "buffer": data}


def png(name: str = "chart.png", size: int = 10_000) -> dict[str, Any]:
    return file(name, sample("png", size), "image/png")


def pieces_of(widget: WidgetPage) -> list[Message]:
    """The messages with pieces that the page has sent."""
    return [message for message in widget.sent if message.get("upload") == "chunk"]


async def settled(widget: WidgetPage) -> None:
    """Wait until each file is ready or refused; the page's clock runs faster than time."""
    while not {*await widget.states()} <= {"ready", "refused"}:
        await widget.page.clock.run_for(1000)
        await asyncio.sleep(0.01)


async def ids_of(widget: WidgetPage) -> list[str]:
    """What the page sends when Done is pressed."""
    await widget.page.get_by_role("button", name="Done").click()
    await widget.until(lambda: widget.sent[-1].get("drop") == "done")
    return list(widget.sent[-1]["ids"])


async def assert_arrived(widget: WidgetPage, *contents: bytes) -> None:
    taken = widget.uploads.take(await ids_of(widget))
    assert taken is not None
    assert [attachment.data for attachment in taken] == list(contents)


@pytest.mark.parametrize("seed", range(6))
async def test_over_a_bad_channel_the_same_bytes_arrive(context: BrowserContext, seed: int) -> None:
    chance = random.Random(seed)
    contents = [chance.randbytes(length) for length in (5 * PIECE + 7, 3 * PIECE, 0, 9)]

    def disturbed(message: Message, buffers: list[bytes]) -> list[tuple[Message, list[bytes]]]:
        if chance.random() < 0.2:
            return []
        if buffers and chance.random() < 0.1:
            buffers = [bytes([buffer[0] ^ 1]) + buffer[1:] for buffer in buffers]
        return [(message, buffers)] * (1 + (chance.random() < 0.2))

    async with widget_page(context) as widget:
        widget.to_python = disturbed
        widget.to_page = lambda message: [message] * chance.choice((0, 1, 1, 1, 2))
        await widget.choose(*(file(f"{n}.bin", data) for n, data in enumerate(contents)))
        await settled(widget)
        assert await widget.states() == ["ready"] * 4
        await assert_arrived(widget, *contents)


async def test_without_cryptography_a_checksum_of_our_own(context: BrowserContext) -> None:
    data = random.Random(1).randbytes(2 * PIECE + 1)
    async with widget_page(context, address=PLAIN) as widget:
        assert await widget.page.evaluate("() => window.isSecureContext") is False
        await widget.choose(file("a.bin", data))
        await settled(widget)
        checks = [str(message["check"]) for message in widget.sent if "check" in message]
        assert len(checks) == 3 and all(check.startswith("crc32:") for check in checks)
        await assert_arrived(widget, data)


async def test_where_there_is_cryptography_it_is_used(context: BrowserContext) -> None:
    async with widget_page(context, address=SECURE) as widget:
        await widget.choose(file("a.bin", b"hello"))
        await settled(widget)
        (check,) = [str(message["check"]) for message in widget.sent if "check" in message]
        assert check.startswith("sha256:2cf24dba5fb0a30e")


async def test_a_silent_kernel_is_told_and_tried_again(context: BrowserContext) -> None:
    data = random.Random(2).randbytes(30 * PIECE)
    async with widget_page(context) as widget:
        widget.to_python = lambda message, buffers: []
        await widget.choose(file("large.bin", data))
        chip = widget.page.locator(".nbagent-chip")
        while await widget.states() != ["silent"]:
            await widget.page.clock.run_for(1000)
        pieces = [message["n"] for message in pieces_of(widget)]
        assert pieces == list(range(8)), "no more is read while nobody answers"
        await expect(chip).to_contain_text("The kernel does not answer")
        await expect(widget.page.get_by_role("status")).to_contain_text("large.bin waits")
        await expect(widget.page.get_by_role("button", name="Done")).to_have_attribute(
            "aria-disabled", "true"
        )
        widget.to_python = lambda message, buffers: [(message, buffers)]
        await chip.get_by_role("button", name="Try again to send large.bin").click()
        await settled(widget)
        await assert_arrived(widget, data)


async def test_a_kernel_that_was_only_busy_needs_nobody_to_try_again(
    context: BrowserContext,
) -> None:
    data = random.Random(3).randbytes(20 * PIECE)
    late: list[tuple[Message, list[bytes]]] = []
    async with widget_page(context) as widget:

        def keep(message: Message, buffers: list[bytes]) -> list[tuple[Message, list[bytes]]]:
            late.append((message, buffers))
            return []

        widget.to_python = keep
        await widget.choose(file("large.bin", data))
        while await widget.states() != ["silent"]:
            await widget.page.clock.run_for(1000)
        widget.to_python = lambda message, buffers: [(message, buffers)]
        for message, buffers in late:
            widget.uploads.receive(message, buffers)
        await expect(widget.page.locator(".nbagent-chip")).to_have_attribute("data-state", "ready")
        await assert_arrived(widget, data)


async def test_a_connection_that_refuses_is_told_at_once(context: BrowserContext) -> None:
    async with widget_page(context) as widget:
        await widget.page.evaluate("() => { window.connectionLost = true; }")
        await widget.choose(file("a.bin", b"hello"))
        chip = widget.page.locator(".nbagent-chip")
        await expect(chip).to_contain_text("The connection to the kernel is lost.")
        await widget.page.evaluate("() => { window.connectionLost = false; }")
        await chip.get_by_role("button", name="Try again").click()
        await settled(widget)
        await assert_arrived(widget, b"hello")


async def test_the_page_holds_a_few_pieces_and_never_a_whole_file(context: BrowserContext) -> None:
    async with widget_page(context) as widget:
        widget.to_page = lambda message: []
        files = [file(f"{number}.bin", bytes(12 * PIECE)) for number in range(4)]
        await widget.choose(*files)
        await widget.until(lambda: len(pieces_of(widget)) == 3 * 8)
        await asyncio.sleep(0.3)
        assert len(pieces_of(widget)) == 3 * 8
        assert (await widget.states())[3] == "waiting"


async def test_removal_stops_the_sending(context: BrowserContext) -> None:
    async with widget_page(context) as widget:
        widget.to_page = lambda message: []
        await widget.choose(file("large.bin", bytes(30 * PIECE)), png())
        await expect(widget.page.locator(".nbagent-chip")).to_have_count(2)
        await widget.page.get_by_role("button", name="Remove large.bin").click()
        widget.to_page = lambda message: [message]
        await settled(widget)
        assert await widget.states() == ["ready"]
        await asyncio.sleep(0.2)
        assert max(message["n"] for message in pieces_of(widget)) < 8
        assert {"upload": "remove", "id": widget.sent[1]["id"]} in widget.sent
        assert await ids_of(widget) == [widget.sent[-1]["ids"][0]]


async def test_a_file_that_changes_while_it_is_sent_is_refused(
    context: BrowserContext, tmp_path: Path
) -> None:
    path = tmp_path / "growing.log"
    path.write_bytes(bytes(20 * PIECE))
    async with widget_page(context) as widget:
        widget.to_page = lambda message: []
        await widget.choose(path)
        await widget.until(lambda: len(pieces_of(widget)) == 8)
        path.write_bytes(b"other")
        widget.to_page = lambda message: [message]
        await settled(widget)
        assert await widget.states() == ["refused"]
        await expect(widget.page.locator(".nbagent-chip")).to_contain_text(
            "“growing.log” was changed or removed meanwhile. Choose it again."
        )


async def test_pictures_are_shown_from_the_local_file_until_they_are_removed(
    context: BrowserContext,
) -> None:
    count = """() => {
      window.shown = new Set();
      const { createObjectURL, revokeObjectURL } = URL;
      URL.createObjectURL = (file) => {
        const address = createObjectURL(file);
        window.shown.add(address);
        return address;
      };
      URL.revokeObjectURL = (address) => {
        window.shown.delete(address);
        revokeObjectURL(address);
      };
    }"""
    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>window.ran = true</script></svg>"
    async with widget_page(context) as widget:
        await widget.page.evaluate(count)
        await widget.choose(
            png("a.png"),
            file("b.jpg", sample("jpeg", 10_000), "image/jpeg"),
            file("c.gif", sample("gif", 10_000), "image/gif"),
            file("d.webp", sample("webp", 10_000), "image/webp"),
            file("e.svg", svg, "image/svg+xml"),
            file("f.png", svg, "image/png"),
            file("g.png", sample("png", 10_000)[:5_000], "image/png"),
        )
        await settled(widget)
        chips = widget.page.locator(".nbagent-chip")
        pictures = [await chips.nth(n).locator("img").count() for n in range(7)]
        assert pictures == [1, 1, 1, 1, 0, 0, 0], "no SVG, whatever it is called, and none damaged"
        await expect(chips.nth(4)).to_contain_text("an SVG is not drawn")
        decoded = "(image) => image.decode().then(() => image.naturalWidth)"
        assert await chips.first.locator("img").evaluate(decoded) == 256
        assert await widget.page.evaluate("() => window.shown.size") == 4
        await widget.page.get_by_role("button", name="Remove a.png").click()
        assert await widget.page.evaluate("() => window.shown.size") == 3
        await widget.page.evaluate("() => window.endWidget()")
        assert await widget.page.evaluate("() => [window.shown.size, window.listeners.size]") == [
            0,
            0,
        ]
        assert await widget.page.evaluate("() => window.ran") is None


async def test_names_show_what_they_hide(context: BrowserContext) -> None:
    names = ["evil\u202egnp.exe", "<img src=x onerror=alert(1)>.txt", "a\u200bb.txt", "x" * 200]
    async with widget_page(context) as widget:
        await widget.choose(*(file(name, b"hello") for name in names))
        await settled(widget)
        shown = await widget.page.locator(".nbagent-file-name").all_inner_texts()
        assert shown == [
            "evil⟨U+202E⟩gnp.exe",
            "<img src=x onerror=alert(1)>.txt",
            "a⟨U+200B⟩b.txt",
            "x" * 39 + "…" + "x" * 20,
        ]
        assert await widget.page.locator("#out img").count() == 0


async def test_what_is_refused_stays_with_its_reason_and_is_not_handed_over(
    context: BrowserContext,
) -> None:
    async with widget_page(context, limits=FOR_MODELS) as widget:
        await widget.choose(file("report.pdf", b"%PDF-1.7"), png())
        await settled(widget)
        assert await widget.states() == ["refused", "ready"]
        status = widget.page.get_by_role("status")
        await widget.page.clock.run_for(1000)
        await expect(status).to_contain_text("'report.pdf' is a PDF document")
        await expect(status).to_contain_text("chart.png added.")
        await assert_arrived(widget, sample("png", 10_000))


async def drop_real_files(page: Page, x: float, y: float, paths: list[Path]) -> None:
    """Drag files from outside the browser onto a point of the page."""
    session: Any = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})
    await session.detach()


async def test_a_folder_is_refused_and_nothing_leaves_the_page(
    context: BrowserContext, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "a.txt").write_text("hello")
    paths = [tmp_path / "photos", tmp_path / "a.txt"]
    async with widget_page(context) as widget:
        page = widget.page
        beside = await page.locator("#beside").bounding_box()
        zone = await page.locator(".nbagent-zone").bounding_box()
        assert beside is not None and zone is not None
        # Without a window a browser opens no dropped file; what it was told is seen all the same.
        await page.evaluate(
            """() => window.addEventListener("dragover", (event) => {
              window.prevented = event.defaultPrevented;
            })"""
        )
        await drop_real_files(page, beside["x"] + 5, beside["y"] + 5, paths)
        await page.wait_for_function("() => window.prevented !== undefined")
        assert await page.evaluate("() => window.prevented") is True
        assert page.url == SECURE and await widget.states() == []
        await drop_real_files(page, zone["x"] + 20, zone["y"] + 20, paths)
        await expect(page.locator(".nbagent-chip")).to_have_count(2)
        await settled(widget)
        assert await widget.states() == ["refused", "ready"]
        await expect(page.locator(".nbagent-chip").first).to_contain_text(
            "“photos” is a folder. Drop the files that are in it."
        )
        await assert_arrived(widget, b"hello")


async def test_everything_is_done_by_keyboard(context: BrowserContext) -> None:
    async with widget_page(context) as widget:
        page, keys = widget.page, widget.page.keyboard
        # Long before the key: it takes the browser a moment to hand choosers over.
        choosing: asyncio.Future[FileChooser] = asyncio.get_running_loop().create_future()
        page.once("filechooser", lambda chooser: choosing.set_result(chooser))
        await expect(page.locator(".nbagent-zone")).to_be_focused()
        await keys.press("Tab")
        await expect(page.get_by_role("button", name="Choose files")).to_be_focused()
        await keys.press("Enter")
        chooser = await choosing
        assert chooser.is_multiple()
        files: Any = [png("a.png"), png("b.png"), file("c.txt", b"hello")]
        await chooser.set_files(files)
        await settled(widget)
        await keys.press("Tab")
        await expect(page.get_by_role("button", name="Remove a.png")).to_be_focused()
        await keys.press("Enter")
        await expect(page.get_by_role("button", name="Remove b.png")).to_be_focused()
        await page.clock.run_for(1000)
        await expect(page.get_by_role("status")).to_contain_text("a.png removed.")
        await keys.press("Tab")
        await keys.press("Tab")
        await expect(page.get_by_role("button", name="Done")).to_be_focused()
        await keys.press("Enter")
        await widget.until(lambda: widget.sent[-1].get("drop") == "done")
        assert len(widget.sent[-1]["ids"]) == 2


async def test_done_waits_for_what_is_underway(context: BrowserContext) -> None:
    async with widget_page(context) as widget:
        done = widget.page.get_by_role("button", name="Done")
        await expect(done).to_have_attribute("aria-disabled", "true")
        widget.to_page = lambda message: []
        await widget.choose(png())
        await done.dispatch_event("click")
        await asyncio.sleep(0.1)
        assert not [message for message in widget.sent if "drop" in message]
        widget.to_page = lambda message: [message]
        await settled(widget)
        await expect(done).not_to_have_attribute("aria-disabled", "true")


async def test_a_paste_elsewhere_is_left_alone(context: BrowserContext) -> None:
    paste = """(element) => {
      const data = new DataTransfer();
      data.items.add(new File(["hello"], "a.txt", { type: "text/plain" }));
      element.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }"""
    async with widget_page(context) as widget:
        await widget.page.evaluate("() => document.activeElement.blur()")
        await widget.page.locator("#beside").evaluate(paste)
        await asyncio.sleep(0.1)
        assert await widget.states() == []
        await widget.page.locator(".nbagent-zone").focus()
        await widget.page.locator("body").evaluate(paste)
        await settled(widget)
        assert await widget.states() == ["ready"]


async def test_it_passes_an_accessibility_check(context: BrowserContext) -> None:
    async with widget_page(context, limits=FOR_MODELS) as widget:
        axe: Any = Axe()
        empty = await axe.run(widget.page)
        assert empty.violations_count == 0, empty.generate_report()
        await widget.choose(png(), file("report.pdf", b"%PDF-1.7"), file("a.txt", b"hello"))
        await settled(widget)
        widget.to_page = lambda message: []
        await widget.choose(png("large.png", 3_000_000))
        filled = await axe.run(widget.page)
        assert filled.violations_count == 0, filled.generate_report()
