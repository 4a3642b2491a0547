"""Servers and browsers for the tests; each server starts once, when first asked for."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright

from tests.browser.kernels import CURRENT
from tests.browser.page import NotebookPage
from tests.browser.servers import FrontEnd, JupyterServer, jupyter_server
from tests.chromium import LAUNCH_ARGUMENTS, chromium_executable

Servers = Callable[[FrontEnd], JupyterServer]
OpenNotebook = Callable[..., Awaitable[NotebookPage]]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    """Gives the server of a front end."""
    running: dict[FrontEnd, JupyterServer] = {}
    with contextlib.ExitStack() as stack:

        def server(front_end: FrontEnd) -> JupyterServer:
            if front_end not in running:
                folder = tmp_path_factory.mktemp(front_end)
                running[front_end] = stack.enter_context(jupyter_server(front_end, folder))
            return running[front_end]

        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """One Chromium for all tests."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=chromium_executable(), args=list(LAUNCH_ARGUMENTS)
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncGenerator[BrowserContext]:
    """A fresh browser session."""
    session = await browser.new_context(viewport={"width": 1200, "height": 1000})
    yield session
    await session.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_notebook(
    servers: Servers, context: BrowserContext, request: pytest.FixtureRequest
) -> AsyncGenerator[OpenNotebook]:
    """Opens a new notebook: `await open_notebook("lab", cells=[...], ipykernel_version=...)`."""
    pages: list[NotebookPage] = []

    async def open_one(
        front_end: FrontEnd = "lab",
        *,
        cells: list[str] | None = None,
        ipykernel_version: str = CURRENT,
        subshells: bool = True,
    ) -> NotebookPage:
        server = servers(front_end)
        server.use_subshells(wanted=subshells)
        letters = (letter if letter.isalnum() else "-" for letter in request.node.name)
        name = "".join(letters) + f"-{len(pages)}.ipynb"
        server.write_notebook(name, cells or [], ipykernel_version=ipykernel_version)
        page = await NotebookPage.open(context, server, name)
        pages.append(page)
        if not subshells and front_end == "notebook":
            await page.use_no_subshells()
        return page

    yield open_one
    for page in pages:
        await page.close()
