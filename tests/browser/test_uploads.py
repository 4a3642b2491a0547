"""Files in real front ends: dropped, pasted and chosen, while a cell runs and without one."""

import asyncio
import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import BrowserContext, expect

from tests.browser.conftest import OpenNotebook, Servers
from tests.browser.handing_over import WAYS, Way, drag, hand_over, zone
from tests.browser.kernels import CURRENT, VERSIONS
from tests.browser.page import NotebookPage
from tests.browser.sample_files import FORMATS, write_sample
from tests.browser.servers import FrontEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")

SET_UP = """\
import asyncio, hashlib, json
from nbagent.notebook.drop import drop

def hashes(files):
    return json.dumps([hashlib.sha256(file.data).hexdigest() for file in files])
"""

LARGE = 100_000_000
SMALLER = (10_000, 1_000_000, 12_000_000)

both_front_ends = pytest.mark.parametrize("front_end", ["lab", "notebook"])


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the files that are handed over."""
    return tmp_path_factory.mktemp("samples")


async def prepared(
    open_notebook: OpenNotebook, front_end: FrontEnd = "lab", version: str = CURRENT
) -> NotebookPage:
    page = await open_notebook(front_end, ipykernel_version=version)
    await page.execute(SET_UP)
    return page


async def waiting(page: NotebookPage, source: str = "files = await drop()") -> int:
    """Start a cell that asks for files; its index."""
    index = await page.run(source)
    await zone(page, index).locator(".nbagent-zone").wait_for()
    return index


async def assert_same(page: NotebookPage, expression: str, paths: Sequence[Path]) -> None:
    """Python has the bytes of the files, in their order."""
    printed = await page.execute(f"print(hashes({expression}))")
    assert json.loads(printed) == [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


async def both_states(
    page: NotebookPage, way: Way, running: Sequence[Path], idle: Sequence[Path]
) -> None:
    """Hand files over while a cell runs, and others while none does; all must be the same."""
    index = await waiting(page)
    queued = await page.run("print('then', len(files))")
    await hand_over(page, index, way, running)
    await page.ended(queued)
    assert await page.text(queued) == f"then {len(running)}\n"
    await assert_same(page, "files", running)
    index = await waiting(page, "task = asyncio.create_task(drop())")
    await page.ended(index)
    await hand_over(page, index, way, idle)
    await assert_same(page, "await task", idle)


@pytest.mark.parametrize(("way", "large"), [("drop", "png"), ("paste", "jpeg"), ("choose", "webp")])
async def test_the_same_bytes_arrive(
    open_notebook: OpenNotebook, samples: Path, way: Way, large: str
) -> None:
    running = [write_sample(samples, kind, size) for size in SMALLER for kind in FORMATS]
    running.append(write_sample(samples, large, LARGE))
    idle = [write_sample(samples, kind, 1_000_000) for kind in FORMATS]
    idle.append(write_sample(samples, large, 12_000_000))
    await both_states(await prepared(open_notebook), way, running, idle)


@pytest.mark.parametrize(
    ("front_end", "version"), [("lab", VERSIONS[-1]), ("notebook", VERSIONS[0])]
)
async def test_the_same_bytes_arrive_elsewhere_too(
    open_notebook: OpenNotebook, samples: Path, front_end: FrontEnd, version: str
) -> None:
    paths = [write_sample(samples, kind, size) for size in SMALLER[:2] for kind in FORMATS]
    page = await prepared(open_notebook, front_end, version)
    for way in WAYS:
        await both_states(page, way, paths, paths[:2])


@both_front_ends
async def test_a_real_paste_delivers_what_is_on_the_clipboard(
    open_notebook: OpenNotebook, context: BrowserContext, front_end: FrontEnd, samples: Path
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await waiting(page)
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    # The browser writes a PNG of its own; whoever pastes it gets these bytes.
    await page.page.evaluate(
        """async () => {
          const canvas = new OffscreenCanvas(300, 200);
          canvas.getContext("2d").fillRect(20, 20, 100, 50);
          const picture = await canvas.convertToBlob({ type: "image/png" });
          await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
          document.addEventListener("paste", async (event) => {
            const bytes = await event.clipboardData.files[0].arrayBuffer();
            const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
            window.pasted = Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
          }, { capture: true });
        }"""
    )
    target = zone(page, index)
    await target.locator(".nbagent-zone").focus()
    await page.page.keyboard.press("Control+V")
    await page.page.keyboard.press("Control+V")
    chips = target.locator(".nbagent-chip[data-state=ready]")
    await expect(chips).to_have_count(2)
    await expect(chips.nth(1)).to_contain_text("pasted-2.png")
    await target.get_by_role("button", name="Done").click()
    await page.ended(index)
    pasted = await page.page.evaluate("() => window.pasted")
    assert json.loads(await page.execute("print(hashes(files))")) == [pasted] * 2
    assert await page.execute("print(files[0].image.size)") == "(300, 200)\n"


@pytest.mark.parametrize(
    ("front_end", "version"), [("lab", VERSIONS[0]), ("notebook", VERSIONS[-1])]
)
async def test_cancel_and_interrupt_end_it_at_once(
    open_notebook: OpenNotebook, samples: Path, front_end: FrontEnd, version: str
) -> None:
    page = await prepared(open_notebook, front_end, version)
    index = await waiting(page)
    await assert_keys_and_drops_go_nowhere(page, index, write_sample(samples, "txt", 10_000))
    await drag(page, zone(page, index), [write_sample(samples, "png", 10_000)])
    await zone(page, index).get_by_role("button", name="Cancel").click()
    await page.ended(index, timeout=5_000)
    assert "Drop files here: Cancelled: no files were taken." in await page.text(index)
    assert "UserInputError: No files were taken: Cancel was pressed." in await page.text(index)
    index = await waiting(page)
    await page.interrupt()
    await page.ended(index, timeout=5_000)
    assert "The run was interrupted: no files were taken." in await page.text(index)
    assert "CancelledError" in await page.text(index)
    assert await zone(page, index).count() == 0
    assert await page.execute("print('next')") == "next\n"


async def assert_keys_and_drops_go_nowhere(page: NotebookPage, index: int, path: Path) -> None:
    """No shortcut of the notebook fires, and a file dropped beside the zone does not open."""
    await expect(zone(page, index).locator(".nbagent-zone")).to_be_focused()
    cells = await page.page.locator(".jp-Notebook .jp-Cell").count()
    url = page.page.url
    for key in ("b", "a", "d", "d", "x", "Shift+Enter", "Control+Enter"):
        await page.page.keyboard.press(key)
    await drag(page, page.page.locator(".jp-Notebook .jp-Cell").first, [path])
    await asyncio.sleep(0.3)
    assert page.page.url == url
    assert await page.page.locator(".jp-Notebook .jp-Cell").count() == cells
    await expect(zone(page, index).locator(".nbagent-chip")).to_have_count(0)


@both_front_ends
async def test_a_page_loaded_anew_shows_what_had_arrived(
    open_notebook: OpenNotebook, samples: Path, front_end: FrontEnd
) -> None:
    paths = [write_sample(samples, kind, 10_000) for kind in ("png", "txt", "gif")]
    page = await prepared(open_notebook, front_end)
    index = await waiting(page, "files = await drop('Once more')")
    await drag(page, zone(page, index), paths[:2])
    ready = zone(page, index).locator(".nbagent-chip[data-state=ready]")
    await expect(ready).to_have_count(2)
    await page.save()
    await page.reload()
    await expect(ready).to_have_count(2)
    await expect(zone(page, index)).to_contain_text("Once more")
    await drag(page, zone(page, index), paths[2:])
    await expect(ready).to_have_count(3)
    await zone(page, index).get_by_role("button", name="Done").click()
    await expect(zone(page, index)).to_contain_text("3 files, 30 kB")
    await expect(zone(page, index).get_by_role("button")).to_have_count(0)
    await assert_same(page, "files", paths)


async def test_the_magic_asks_for_files_and_sends_them_with_the_prompt(
    open_notebook: OpenNotebook, tmp_path: Path
) -> None:
    Image.new("RGB", (30, 20), "navy").save(tmp_path / "chart.png")
    (tmp_path / "data.csv").write_text("ship,place\nAnna,1\n")
    page = await prepared(open_notebook)
    await page.execute("%load_ext nbagent\n%nbagent model demo")
    index = await waiting(page, "%%agent --drop --out r\nWhat is in these?")
    target = zone(page, index)
    await expect(target).to_contain_text("Drop pictures and text files for assistant here")
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7")
    await drag(page, target, [tmp_path / name for name in ("data.csv", "report.pdf", "chart.png")])
    await expect(target.locator(".nbagent-chip[data-state=refused]")).to_contain_text(
        "'report.pdf' is a PDF document"
    )
    await expect(target.locator(".nbagent-chip[data-state=ready]")).to_have_count(2)
    await target.get_by_role("button", name="Done").click()
    await page.ended(index)
    content = await page.execute("print([str(part) for part in r.messages[0].content])")
    assert re.fullmatch(
        r"\['What is in these\?\\n\\nFile \"data\.csv\":.*Anna,1.*', '<Image PNG 30x20>'\]\n",
        content,
    ), content
    index = await waiting(page, "%agent --drop and these?")
    await zone(page, index).get_by_role("button", name="Cancel").click()
    await page.ended(index)
    assert "UsageError: No files were taken: Cancel was pressed." in await page.text(index)


@both_front_ends
async def test_looks_right_and_stays_as_a_list_with_small_pictures(
    open_notebook: OpenNotebook,
    context: BrowserContext,
    servers: Servers,
    front_end: FrontEnd,
    tmp_path: Path,
) -> None:
    Image.effect_noise((1600, 900), 80).convert("RGB").save(tmp_path / "sales $a$.png")
    Image.linear_gradient("L").save(tmp_path / "harbour in the evening, summer 2026.jpg")
    (tmp_path / "<b>data.csv").write_text("ship,place\nAnna,1\n")
    (tmp_path / "evil\u202egnp.exe").write_bytes(b"hello")
    (tmp_path / "photos").mkdir()
    names = ["sales $a$.png", "harbour in the evening, summer 2026.jpg", "photos"]
    paths = [tmp_path / name for name in (*names, "<b>data.csv", "evil\u202egnp.exe")]
    page = await prepared(open_notebook, front_end)
    index = await waiting(page, "files = await drop('The charts of $5 to $6')")
    target = zone(page, index)
    for theme in ("light", "dark"):
        await page.theme(f"JupyterLab {theme.title()}")
        await page.screenshot(f"drop-empty-{front_end}-{theme}", target)
    await drag(page, target, paths, release=False)
    await expect(target).to_have_class(re.compile("nbagent-dragging"))
    await asyncio.sleep(0.3)  # the colours change gradually
    await page.screenshot(f"drop-dragging-{front_end}-dark", target)
    await drag(page, target, paths)
    await expect(target.locator(".nbagent-chip[data-state=ready]")).to_have_count(4)
    inks: list[str] = []
    for theme in ("dark", "light"):
        await page.theme(f"JupyterLab {theme.title()}")
        name = target.locator(".nbagent-file-name").first
        inks.append(await name.evaluate("(name) => getComputedStyle(name).color"))
        await page.screenshot(f"drop-chips-{front_end}-{theme}", target)
    assert len(set(inks)) == 2, "text follows the theme"
    if front_end == "lab":
        await page.command("application:toggle-left-area")
    await page.page.set_viewport_size({"width": 400, "height": 1400})
    overflow = "(element) => element.scrollWidth - element.clientWidth"
    assert await target.evaluate(overflow) <= 1, "nothing sticks out when narrow"
    await page.screenshot(f"drop-chips-{front_end}-400", target)
    await page.page.set_viewport_size({"width": 1200, "height": 1000})
    await target.get_by_role("button", name="Done").click()
    await page.ended(index)
    (output,) = await page.outputs(index)
    assert set(output["data"]) == {"text/html", "text/markdown", "text/plain"}
    assert len(json.dumps(output)) < 100_000, "the pictures in the notebook are small ones"
    await page.save()
    await page.shut_down_kernel()
    again = await NotebookPage.open(context, servers(front_end), page.name)
    shown = again.output(index)
    await expect(shown).to_contain_text("The charts of $5 to $6: 4 files")
    await expect(shown).to_contain_text("sales $a$.png")
    await expect(shown).to_contain_text("1600 × 900 pixels")
    await expect(shown).to_contain_text("_b_data.csv")
    picture = shown.locator("img").first
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 160
    await again.screenshot(f"drop-static-{front_end}", shown)
    await again.close()
