"""The browser for these tests."""

from collections.abc import AsyncGenerator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import browser

__all__ = ["browser"]


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncGenerator[Page]:
    """A fresh page."""
    context = await browser.new_context(viewport={"width": 900, "height": 1000})
    page = await context.new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=30_000)  # servers and kernels start slowly on a busy machine
    yield page
    expect.set_options(timeout=None)
    await context.close()
