"""A chat in Voila and in marimo."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.hosts.servers import marimo_server, voila_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHAT = """from nbagent.notebook.chat import Chat
from tests.browser.partners import replay
chat = Chat(replay("Hello **you**", "The second"))
chat
"""

MARIMO = """
import marimo

app = marimo.App()


@app.cell
def _():
    {chat}
    return
"""


async def assert_it_chats(page: Page) -> None:
    """A message with a file is answered, and edited."""
    chat = page.locator(".nbagent-chat")
    box = chat.get_by_role("textbox", name="Message")
    await box.fill("Hi")
    notes = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"high at 14:20"}
    await chat.locator("input[type=file]").set_input_files([notes])  # type: ignore[list-item]
    await expect(chat.locator(".nbagent-chip[data-state=ready]")).to_have_count(1)
    await box.press("Enter")
    await expect(chat.get_by_text("Hello you")).to_be_visible()
    await expect(chat.get_by_text("high at 14:20")).to_be_visible()
    await chat.get_by_role("button", name="Edit message 1").click()
    await expect(box).to_have_value("Hi")
    await box.fill("Ho")
    await box.press("Enter")
    await expect(chat.get_by_text("The second")).to_be_visible()
    await expect(chat.get_by_text("Hello you")).to_be_hidden()
    await expect(chat.get_by_text("This page was loaded anew")).to_be_hidden(timeout=4_000)
    await expect(page.locator(".nbagent-static")).to_have_count(0)


@pytest.mark.parametrize("options", [(), ("--progressive_rendering=True",)])
async def test_in_voila(page: Page, tmp_path: Path, options: tuple[str, ...]) -> None:
    with voila_server([CHAT, "print('the last cell')"], tmp_path, *options) as url:
        await page.goto(url)
        await assert_it_chats(page)


@pytest.mark.parametrize("mode", ["run"])
async def test_in_marimo(page: Page, tmp_path: Path, mode: str) -> None:
    source = MARIMO.format(chat=CHAT.replace("\n", "\n    "))
    with marimo_server(source, tmp_path, mode=mode) as url:
        await page.goto(url)
        await assert_it_chats(page)
