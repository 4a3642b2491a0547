"""The list of files that stays in a notebook."""

import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image as PILImage

from nbagent.attachments import ANY_FILE, Attachment, read_attachment
from nbagent.render.attachment_list import (
    attachments_html,
    attachments_markdown,
    attachments_text,
)
from tests.render.corpora import HOSTILE, naughty_strings


def picture(width: int, height: int) -> Attachment:
    buffer = io.BytesIO()
    PILImage.effect_noise((width, height), 90).save(buffer, "PNG")
    return read_attachment("chart.png", buffer.getvalue(), ANY_FILE)


def test_it_names_each_file_with_its_size_and_what_was_done_to_it() -> None:
    files = [picture(400, 300), read_attachment("logo.svg", b"<svg/>", ANY_FILE)]
    for text in (
        attachments_text("The charts", files),
        attachments_markdown("The charts", files),
        re.sub("<[^>]*>", " ", attachments_html("The charts", files)),
    ):
        for part in ("The charts", "chart.png", "400 × 300 pixels", "logo.svg", "6 bytes"):
            assert part in text
        assert "an SVG is not drawn" in text


def test_a_picture_is_a_small_one() -> None:
    html = attachments_html("The charts", [picture(3000, 2000)])
    assert 'width="160"' in html and len(html) < 60_000


def test_without_files_there_is_no_table() -> None:
    assert attachments_html("Nothing", []) == '<div class="mathjax_ignore"><p>Nothing</p></div>'
    assert attachments_text("Nothing", []) == "Nothing"


class Tags(HTMLParser):
    """Collects the tags of an HTML text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


@pytest.mark.parametrize("hostile", [*HOSTILE, *naughty_strings()[:200]])
def test_nothing_hostile_acts(hostile: str) -> None:
    file = Attachment(hostile, b"", "text/plain", (hostile,), text="")
    tags = Tags(attachments_html(hostile, [file])).tags
    assert tags <= {"div", "p", "table", "tbody", "tr", "td", "strong", "br"}
    for text in (attachments_markdown(hostile, [file]), attachments_text(hostile, [file])):
        assert len(text.splitlines()) <= 3
