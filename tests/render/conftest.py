"""A real browser for what is rendered."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import LAUNCH_ARGUMENTS, chromium_executable


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_executable(), args=list(LAUNCH_ARGUMENTS)
        )
        yield chromium
        chromium.close()
