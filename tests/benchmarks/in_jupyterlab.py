"""Where figures of the page are measured: one JupyterLab and one browser."""

import contextlib
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.browser.servers import JupyterServer, jupyter_server
from tests.chromium import LAUNCH_ARGUMENTS, chromium_executable


@contextlib.asynccontextmanager
async def in_jupyterlab() -> AsyncGenerator[tuple[JupyterServer, Browser, Path]]:
    """A JupyterLab, a browser, and a folder that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyter_server("lab", Path(folder) / "lab") as server,
    ):
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium_executable(), args=list(LAUNCH_ARGUMENTS)
            )
            try:
                yield server, browser, Path(folder)
            finally:
                await browser.close()
