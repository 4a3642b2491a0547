"""A chat in real front ends, as a person uses it."""

import asyncio
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, expect

from nbagent.transcript import Transcript
from tests.axe import violations_async
from tests.browser.conftest import OpenNotebook, Servers
from tests.browser.handing_over import choose, drag
from tests.browser.kernels import VERSIONS
from tests.browser.page import NotebookPage
from tests.browser.sample_files import write_sample
from tests.browser.servers import FrontEnd, JupyterServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

everywhere = pytest.mark.parametrize(
    ("front_end", "version"), [("lab", VERSIONS[0]), ("notebook", VERSIONS[-1])]
)

SET_UP = """
import asyncio, time
from nbagent import AssistantAgent, UserProxyAgent
from nbagent.notebook.chat import Chat
from tests.browser.partners import *
from tests.browser.runs import POEM
"""


async def shown(page: NotebookPage, source: str) -> tuple[int, Locator]:
    """Make a chat and show it; the cell's index and the chat."""
    index = await page.run(SET_UP + source + "\nchat")
    await page.ended(index)
    chat = page.output(index).locator(".nbagent-chat")
    await chat.wait_for()
    return index, chat


def items(chat: Locator) -> Locator:
    """What was said, each with its speaker's name unless it is the same as before."""
    return chat.locator(".nbagent-item")


def box(chat: Locator) -> Locator:
    return chat.get_by_role("textbox", name="Message")


async def say(chat: Locator, text: str) -> None:
    """Write a message, send it, and wait for the end of the answer."""
    await box(chat).fill(text)
    await box(chat).press("Enter")
    await expect(box(chat)).to_have_value("")
    await answered(chat)


async def answered(chat: Locator) -> None:
    await expect(chat.get_by_role("button", name="Send")).not_to_have_attribute(
        "aria-disabled", "true"
    )


async def saved(page: NotebookPage, index: int) -> str:
    """What the notebook file holds of a cell's output, which is never a widget."""
    outputs = await page.outputs(index)
    assert "widget-view" not in json.dumps(outputs)
    return "\n".join(str(output["data"]["text/plain"]) for output in outputs)


async def cells(page: NotebookPage) -> int:
    return await page.page.locator(".jp-Notebook .jp-Cell").count()


@everywhere
async def test_a_conversation_with_the_keyboard_alone(
    open_notebook: OpenNotebook, front_end: FrontEnd, version: str
) -> None:
    page = await open_notebook(front_end, ipykernel_version=version)
    index, chat = await shown(page, "client = replay(*'abcdef')\nchat = Chat(client)")
    before = await cells(page)
    await expect(chat).to_contain_text("Write a message, or drop pictures and files")
    await box(chat).focus()
    await page.page.keyboard.type("dd first line a")
    await page.page.keyboard.press("Shift+Enter")
    await page.page.keyboard.type("sécond 🎨")
    await box(chat).evaluate(
        "(box) => box.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    await expect(box(chat)).to_have_value("dd first line a\nsécond 🎨")
    await page.page.keyboard.press("Enter")
    await expect(items(chat)).to_have_count(2)
    await answered(chat)
    await expect(box(chat)).to_be_focused()
    await say(chat, "two")
    assert await violations_async(page.page, ".nbagent-chat") == []
    await page.page.keyboard.press("Shift+Tab")  # Choose files is below; above is Edit
    await expect(chat.get_by_role("button", name="Edit message 2")).to_be_focused()
    await page.page.keyboard.press("Enter")
    await expect(box(chat)).to_have_value("two")
    await expect(chat.get_by_text("You are editing a message.")).to_be_visible()
    assert await violations_async(page.page, ".nbagent-chat") == []
    await page.page.keyboard.type(", better")
    await page.page.keyboard.press("Enter")
    await expect(chat.get_by_text("You are editing a message.")).to_be_hidden()
    await answered(chat)
    await expect(items(chat)).to_have_count(4)
    heard = "['dd first line a\\nsécond 🎨', 'a', 'two, better']"
    assert await page.execute("print(heard(client))") == heard + "\n"
    await chat.get_by_role("button", name="Retry").press("Enter")
    await expect(items(chat).last).to_contain_text("d")
    await answered(chat)
    assert "two, better" in await saved(page, index)
    assert await cells(page) == before + 1, "no shortcut of the notebook was heard"
    again = await page.run("chat")
    await page.ended(again)
    other = page.output(again).locator(".nbagent-chat")
    await expect(items(other)).to_have_count(4)
    anew = chat.get_by_role("button", name="New conversation")
    await anew.press("Enter")
    await expect(items(chat)).to_have_count(4)
    await chat.get_by_role("button", name="Forget all of it?").press("Enter")
    for view in (chat, other):
        await expect(items(view)).to_have_count(0)
    await say(chat, "anew")
    await expect(items(other)).to_have_count(2)
    assert await page.execute("print(heard(client), len(chat.messages))") == "['anew'] 2\n"
    for each in (index, again):
        assert "anew" in await saved(page, each) and "two" not in await saved(page, each)


async def assert_readable(page: NotebookPage, index: int, *texts: str) -> None:
    """The transcript is in the output of a cell, with the way to go on, and nothing broken is."""
    output = page.output(index)
    for text in (*texts, "Run this cell to chat here."):
        await expect(output.get_by_text(text)).to_be_visible()
    text = await output.inner_text()
    assert "model not found" not in text.lower() and "Error displaying widget" not in text
    await expect(output.locator(".nbagent-chat")).to_have_count(0)


@everywhere
async def test_saved_in_the_middle_it_reads_well(
    open_notebook: OpenNotebook,
    context: BrowserContext,
    servers: Servers,
    front_end: FrontEnd,
    version: str,
) -> None:
    page = await open_notebook(front_end, ipykernel_version=version)
    index, chat = await shown(page, "chat = Chat(replay('the *first* answer', 'the second'))")
    static = page.output(index).locator("[class*=nbagent-saved-]")
    await expect(static).to_be_hidden()
    await say(chat, "one")
    await page.save()
    await say(chat, "two")
    await page.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    await assert_readable(page, index, "the first answer", "the second")
    await page.start(index)
    await page.ended(index)
    await expect(page.output(index).locator(".nbagent-chat-welcome")).to_be_visible()
    await page.shut_down_kernel()
    again = await NotebookPage.open(context, servers(front_end), page.name)
    await assert_readable(again, index, "the first answer")
    await again.close()
    file = servers(front_end).notebooks / page.name
    file.write_text(file.read_text().replace("ipykernel-" + version, "no-such-kernel"))
    alone = await NotebookPage.open(context, servers(front_end), page.name, kernel=False)
    await alone.page.locator(".jp-Dialog").wait_for()  # it asks for a kernel
    await alone.page.keyboard.press("Escape")
    await assert_readable(alone, index, "the first answer")
    await alone.page.close()


@everywhere
async def test_a_page_loaded_anew_goes_on(
    open_notebook: OpenNotebook, tmp_path: Path, front_end: FrontEnd, version: str
) -> None:
    page = await open_notebook(front_end, ipykernel_version=version)
    _, chat = await shown(page, "chat = Chat(replay(*'abcd'))")
    outdated = chat.get_by_text("This page was loaded anew")
    await say(chat, "one")
    await box(chat).fill("half a ")
    await choose(page, chat, [write_sample(tmp_path, "png", 10_000)])
    ready = chat.locator(".nbagent-chip[data-state=ready]")
    await expect(ready).to_have_count(1)
    await page.save()
    await page.reload()
    await expect(items(chat)).to_have_count(2)
    await expect(box(chat)).to_have_value("half a ")
    await expect(ready.locator("img")).to_have_count(1)
    await box(chat).press("End")
    await box(chat).press_sequentially("thought")
    await box(chat).press("Enter")
    await expect(items(chat)).to_have_count(4)
    await answered(chat)
    assert await page.execute("print(type(chat.messages[2]).__name__)") == "MultiModalMessage\n"
    await expect(outdated).to_be_visible()
    again = await page.run("chat")
    await page.ended(again)
    assert "half a thought" in await saved(page, again)
    await say(page.output(again).locator(".nbagent-chat"), "three")
    assert "three" in await saved(page, again)
    await expect(outdated).to_be_hidden()
    _, chat = await shown(page, "chat = Chat(slow('word ' * 5000))")
    await box(chat).fill("go on and on")
    await box(chat).press("Enter")
    await expect(items(chat)).to_have_count(2)
    await page.save()
    await page.reload()
    await expect(items(chat).last).to_contain_text("word word word")
    await chat.get_by_role("button", name="Stop").click()
    await answered(chat)
    await expect(chat).to_contain_text("Stopped by the user")


async def test_files_of_all_kinds(
    open_notebook: OpenNotebook, context: BrowserContext, tmp_path: Path
) -> None:
    page = await open_notebook("lab")
    _, chat = await shown(page, "client = replay(*'abcd')\nchat = Chat(client)")
    notes, archive = tmp_path / "tide.txt", tmp_path / "archive.zip"
    notes.write_text("high at 14:20")
    archive.write_bytes(b"PK\x03\x04" + bytes(400))
    picture = write_sample(tmp_path, "jpeg", 10_000)
    await drag(page, chat.locator(".nbagent-chat-area"), [picture], release=False)
    assert "nbagent-dragging" in str(await chat.get_attribute("class"))
    await page.screenshot("chat-dragging", chat)
    await drag(page, chat.locator(".nbagent-chat-area"), [picture, notes])
    await choose(page, chat, [archive])
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.page.evaluate(
        """async () => {
          const canvas = new OffscreenCanvas(30, 20);
          canvas.getContext("2d").fillRect(2, 2, 10, 5);
          const picture = await canvas.convertToBlob({ type: "image/png" });
          await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
        }"""
    )
    await box(chat).focus()
    await page.page.keyboard.press("Control+V")
    chips = chat.locator(".nbagent-chip")
    await expect(chips.nth(3)).to_have_attribute("data-state", "ready")
    refused = chat.locator(".nbagent-chip[data-state=refused]")
    await expect(refused).to_contain_text("Unpack it")
    assert await violations_async(page.page, ".nbagent-chat") == []
    # A large one is underway when Enter is pressed: the message waits for it.
    large = write_sample(tmp_path, "png", 15_000_000)
    await choose(page, chat, [large])
    await box(chat).fill("look")
    await box(chat).press("Enter")
    await expect(items(chat)).to_have_count(2)
    await answered(chat)
    await expect(chips).to_have_count(0)
    kinds = await page.execute(
        "print([part if isinstance(part, str) else (part.format, part.size)"
        " for part in chat.messages[0].content])"
    )
    assert eval(kinds) == [
        "look",
        ("JPEG", (256, 256)),
        'File "tide.txt":\n```text\nhigh at 14:20\n```',
        ("PNG", (30, 20)),
        ("PNG", (256, 256)),
    ]
    await chat.get_by_role("button", name="Edit message 1").click()
    await expect(chips).to_have_count(4)
    await expect(chips.locator("img")).to_have_count(3)
    await chat.get_by_role("button", name="Cancel").click()
    await expect(chips).to_have_count(0)
    # A refusal that comes while the message waits keeps it from being sent.
    await box(chat).fill("second")
    blocking = await page.run("time.sleep(2)")
    await choose(page, chat, [archive])
    await box(chat).press("Enter")
    await expect(chat.get_by_text("This is sent as soon as the files are here.")).to_be_visible()
    await page.ended(blocking)
    await expect(chat.get_by_text("Not sent, as a file was refused.")).to_be_visible()
    await box(chat).press("Enter")
    await expect(items(chat)).to_have_count(4)
    _, blind = await shown(page, "chat = Chat(replay('a', vision=False))")
    await choose(page, blind, [picture])
    await expect(blind).to_contain_text("takes no pictures. Remove them")
    await box(blind).fill("see")
    await box(blind).press("Enter")
    await asyncio.sleep(0.3)
    await expect(items(blind)).to_have_count(0)
    await blind.get_by_role("button", name="Remove 10000.jpeg").click()
    await expect(blind).not_to_contain_text("takes no pictures. Remove them")
    await say(blind, "see")


async def test_where_there_are_no_places_it_is_a_widget(open_notebook: OpenNotebook) -> None:
    page = await open_notebook("lab")
    await page.execute("from nbagent.notebook import chat_page; chat_page._HAVE_PLACES = ()")
    index, chat = await shown(page, "chat = Chat(replay('a', 'b'))")
    assert "widget-view" in json.dumps(await page.outputs(index))
    await say(chat, "one")
    static = page.output(index).locator("[class*=nbagent-saved-]")
    await expect(static).to_be_hidden()
    await page.execute("await chat.close()")
    await expect(static).to_contain_text("one")
    await expect(static).to_be_visible()


async def test_it_can_be_copied_and_downloaded(
    open_notebook: OpenNotebook, context: BrowserContext
) -> None:
    page = await open_notebook("lab")
    _, chat = await shown(page, "chat = Chat(replay(POEM + '<script>alert(1)</script>'))")
    await say(chat, "tell me")
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await chat.get_by_role("button", name="Copy as Markdown").click()
    await expect(chat.get_by_text("The conversation is copied")).to_be_visible()
    copied = await page.page.evaluate("() => navigator.clipboard.readText()")
    assert "# The harbour" in copied and "tell me" in copied
    files: dict[str, str] = {}
    for name in ("HTML", "JSON"):
        async with page.page.expect_download() as downloading:
            await chat.get_by_role("button", name=f"Download as {name}").click()
        download = await downloading.value
        files[download.suggested_filename] = (await download.path()).read_text("utf-8")
    assert "The harbour</h1>" in files["chat.html"] and "<script" not in files["chat.html"]
    transcript = Transcript.model_validate_json(files["chat.json"])
    same = await page.execute("print(chat.transcript.model_dump_json(indent=2))")
    assert transcript == Transcript.model_validate_json(same)
    assert transcript.items[0].source == "user"


async def test_stop_errors_questions_and_busy_kernels(open_notebook: OpenNotebook) -> None:
    page = await open_notebook("lab")
    index, chat = await shown(page, "chat = Chat(slow('word ' * 5000))")
    for number in range(20):
        await box(chat).fill(f"message {number}")
        await box(chat).press("Enter")
        await expect(items(chat)).to_have_count(2 * number + 2)
        await chat.get_by_role("button", name="Stop").click()
        await answered(chat)
    assert (await saved(page, index)).count("message ") == 20
    area = chat.locator(".nbagent-chat-area")
    below = "(area) => area.scrollHeight - area.scrollTop - area.clientHeight"
    assert await area.evaluate(below) < 60, "the newest is in sight"
    _, chat = await shown(page, "chat = Chat(failing('one', 'three'))")
    await say(chat, "first")
    await say(chat, "second")
    await expect(chat).to_contain_text("the model is out of order")
    await chat.get_by_role("button", name="Retry").click()
    await expect(items(chat).last).to_contain_text("three")
    await expect(chat).not_to_contain_text("the model is out of order")
    _, chat = await shown(page, "chat = Chat(UserProxyAgent('human'))")
    await box(chat).fill("Which colour?")
    await box(chat).press("Enter")
    question = chat.get_by_role("textbox", name="Your answer")
    await question.fill("red")
    assert await violations_async(page.page, ".nbagent-chat") == []
    await question.press("Enter")
    await expect(items(chat).last).to_contain_text("red")
    await answered(chat)
    _, chat = await shown(page, "chat = Chat(replay('one', 'two'))")
    waiting = await page.run("await asyncio.sleep(3); print(len(chat.messages))")
    await say(chat, "while a cell awaits")
    await page.ended(waiting)
    assert "2" in await page.text(waiting)
    blocking = await page.run("time.sleep(4); print(len(chat.messages))")
    await asyncio.sleep(0.3)
    await box(chat).fill("while a cell blocks")
    await box(chat).press("Enter")
    await expect(chat).to_contain_text("The kernel is busy.")
    await page.ended(blocking)
    await expect(items(chat)).to_have_count(4)
    await expect(chat).not_to_contain_text("The kernel is busy.")


def attach_only_what_is_in_sight(server: JupyterServer, *, wanted: bool) -> None:
    """Choose JupyterLab's setting for pages that are opened from now on."""
    values = {"windowingMode": "full"} if wanted else {}
    request = urllib.request.Request(
        f"{server.url}/lab/api/settings/@jupyterlab/notebook-extension:tracker",
        data=json.dumps({"raw": json.dumps(values)}).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()


async def test_cells_that_leave_the_page_and_come_back(
    open_notebook: OpenNotebook, servers: Servers
) -> None:
    chat = SET_UP + "chat = Chat(replay('a', 'b'))\nchat"
    attach_only_what_is_in_sight(servers("lab"), wanted=True)
    page = await open_notebook("lab", cells=[chat, *["print('line\\n' * 40)"] * 12])
    attach_only_what_is_in_sight(servers("lab"), wanted=False)
    outer = page.page.locator(".jp-WindowedPanel-outer")
    view = page.page.locator(".nbagent-chat")
    await page.command("notebook:run-all-cells")
    await outer.evaluate("(outer) => { outer.scrollTop = 0; }")
    await say(view, "one")
    await box(view).fill("half")
    await box(view).blur()
    await outer.evaluate("(outer) => { outer.scrollTop = outer.scrollHeight; }")
    await expect(view).not_to_be_in_viewport()
    await outer.evaluate("(outer) => { outer.scrollTop = 0; }")
    await expect(items(view)).to_have_count(2)
    await expect(box(view)).to_have_value("half")
    await say(view, "two")
    await expect(items(view)).to_have_count(4)


@pytest.mark.parametrize("front_end", ["lab", "notebook"])
async def test_looks_right_in_light_and_dark(
    open_notebook: OpenNotebook, tmp_path: Path, front_end: FrontEnd
) -> None:
    page = await open_notebook(front_end)
    agent = "AssistantAgent('harbour_master', slow(POEM), model_client_stream=True)"
    _, chat = await shown(page, f"chat = Chat({agent})")
    await page.screenshot(f"chat-{front_end}-empty", chat)
    await choose(page, chat, [write_sample(tmp_path, "png", 10_000)])
    await expect(chat.locator(".nbagent-chip[data-state=ready]")).to_have_count(1)
    await box(chat).fill("What is in the picture?\nAnd what of the ships?")
    await page.screenshot(f"chat-{front_end}-writing", chat)
    await box(chat).press("Enter")
    await expect(items(chat).nth(1)).to_contain_text("Berta")
    await page.screenshot(f"chat-{front_end}-answering", chat)
    await answered(chat)
    colours: set[Any] = set()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        await page.theme(theme)
        colours.add(await box(chat).evaluate("(box) => getComputedStyle(box).color"))
        assert await violations_async(page.page, ".nbagent-chat") == []
        await page.screenshot(f"chat-{front_end}-{theme.split()[1].lower()}")
    assert len(colours) == 2, "text follows the theme"
    if front_end == "lab":
        await page.command("application:toggle-left-area")
    await page.page.set_viewport_size({"width": 400, "height": 800})
    await chat.scroll_into_view_if_needed()
    assert await chat.evaluate("(chat) => chat.scrollWidth - chat.clientWidth") <= 1
    await page.screenshot(f"chat-{front_end}-narrow")
