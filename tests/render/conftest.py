"""A real browser for what is rendered."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.chromium import LAUNCH_ARGUMENTS, chromium_executable
from tests.render.question_page import NewPage, QuestionPage


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_executable(), args=list(LAUNCH_ARGUMENTS)
        )
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Opens pages with a live view, by their theme and width in pixels; they close in the end."""
    pages: list[QuestionPage] = []

    def new(theme: str = "light", width: int = 900) -> QuestionPage:
        pages.append(QuestionPage(browser, theme, width))
        return pages[-1]

    yield new
    for page in pages:
        page.close()


@pytest.fixture
def page(new_page: NewPage) -> QuestionPage:
    """A page with a live view."""
    return new_page()
