import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image as PILImage

from nbagent.image import Image
from nbagent.models.types import RequestUsage
from nbagent.render.html import transcript_to_html
from nbagent.render.speakers import COLOURS, Speakers
from nbagent.render.stylesheet import stylesheet
from nbagent.transcript.items import (
    CallState,
    CodeItem,
    Item,
    MessageItem,
    StructuredItem,
    ThoughtItem,
    ToolCallItem,
    Transcript,
)
from tests.render.sample_transcript import (
    START,
    WORDS,
    hostile_transcript,
    picture,
    sample_transcript,
)

VOID = {"br", "hr", "img"}
TAGS = re.compile(
    "a|blockquote|br|code|details|div|em|h[1-6]|hr|img|li|ol|p|pre|s|small|span|strong|style|summary"
    "|table|tbody|td|th|thead|tr|ul"
)
ATTRIBUTES = re.compile("alt|class|height|href|open|rel|scope|src|start|style|target|title|width")


class Page(HTMLParser):
    """Reads HTML as a page would, and checks that elements are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.pieces: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def stripped(html: str) -> str:
    """What a viewer that trusts nothing leaves: no style sheet, no class, style or id."""
    html = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r' (?:class|style|id)="[^"]*"', "", html)


def rendered(*items: Item) -> str:
    return transcript_to_html(Transcript(items=list(items)), style=False)


def call(
    *,
    result: str | None = None,
    state: CallState = "done",
    name: str = "f",
    arguments: str = "{}",
    duration: float | None = None,
) -> ToolCallItem:
    return ToolCallItem(
        id="1",
        source="assistant",
        call_id="c",
        name=name,
        arguments=arguments,
        result=result,
        state=state,
        duration=duration,
    )


def said(*parts: str | Image, source: str = "assistant") -> MessageItem:
    return MessageItem(id="1", source=source, parts=parts)


def test_all_that_happened_is_there() -> None:
    text = Page(transcript_to_html(sample_transcript())).text

    assert [words for words in WORDS if words not in text] == []


def test_without_style_and_class_all_words_remain() -> None:
    page = Page(stripped(transcript_to_html(sample_transcript())))

    assert [words for words in WORDS if words not in page.text] == []
    assert {"h4", "hr", "details", "summary", "blockquote", "pre", "table"} <= page.tags
    assert {name for _, name, _ in page.attributes}.isdisjoint({"class", "style", "id"})


def test_formulas_are_source_and_dollars_are_dollars() -> None:
    html = rendered(said("costs $5 to $6, and $x^2$"))

    assert '<div class="nbagent nbagent-static mathjax_ignore">' in html
    assert "costs $5 to $6" in html
    assert html.count("mathjax_process") == 1
    assert '<span class="mathjax_process">$x^2$</span>' in html


def test_only_harmless_elements_and_attributes() -> None:
    for transcript in (sample_transcript(), hostile_transcript()):
        page = Page(transcript_to_html(transcript))

        assert [tag for tag in page.tags if not TAGS.fullmatch(tag)] == []
        assert [n for _, n, _ in page.attributes if not ATTRIBUTES.fullmatch(n)] == []
        sources = [value for _, name, value in page.attributes if name in ("src", "href")]
        assert all(value.startswith("data:image/png;base64,") for value in sources)
        classes = [
            name for _, key, value in page.attributes if key == "class" for name in value.split()
        ]
        assert all(
            re.fullmatch(r"nbagent[\w-]*|language-\S+|mathjax_\w+", name) for name in classes
        )


def test_hostile_fields_are_shown_as_text() -> None:
    html = transcript_to_html(hostile_transcript(), style=False)
    text = Page(html).text

    assert "<script" not in html
    assert text.count("<script>alert(2)</script>") >= 20
    assert "\u202e" not in html
    assert "\U000e0041" not in html
    assert "\x1b" not in html
    assert "⟨U+202E⟩" in text


def test_there_is_no_blank_line_that_ends_a_block_of_html_in_markdown() -> None:
    html = transcript_to_html(
        Transcript(items=[call(result="a\n\n\nb"), said("```\nx\n\n\ny\n```")], notices=["a\n\nb"])
    )

    assert not re.search(r"\n[ \t]*\n", html)
    text = Page(html).text
    assert "a\n\n\nb" in text
    assert "x\n\n\ny" in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("waiting", "waiting for your answer"),
        ("running", "running"),
        ("done", "done in 0.4 s"),
        ("failed", "failed after 0.4 s"),
        ("cancelled", "cancelled after 0.4 s"),
    ],
)
def test_a_tool_card_says_how_the_call_went(state: CallState, words: str) -> None:
    html = rendered(call(state=state, duration=0.42, result="x", arguments='{"city": "Berlin"}'))
    summary = re.search(r"<summary>(.*?)</summary>", html)

    assert summary is not None
    assert words in Page(summary[1]).text
    assert 'f(city="Berlin")' in Page(summary[1]).text


def test_a_call_that_waits_for_approval_stands_open_with_its_exact_arguments() -> None:
    html = rendered(call(state="waiting", arguments='{"path": "a", "path": "b"}'))

    assert '<details class="nbagent-card nbagent-tool nbagent-waiting" open>' in html
    assert '<pre>{"path": "a", "path": "b"}</pre>' in html
    assert " open" not in rendered(call(state="running"))


@pytest.mark.parametrize(
    "arguments", ["", "not json", "[" * 5_000, '{"a": ' * 900, "1" * 6_000, '"\\ud800"', "null"]
)
def test_arguments_of_any_kind_are_shown(arguments: str) -> None:
    html = rendered(call(arguments=arguments))

    html.encode("utf-8")
    Page(html)


def test_long_output_is_folded() -> None:
    lines = [f"line {number}" for number in range(1_234)]
    html = rendered(call(result="\n".join(lines)))

    assert "<summary>Show all 1,234 lines</summary>" in html
    before, after = html.split("<summary>Show all 1,234 lines</summary>")
    assert "line 29\n" not in before
    assert before.count("line ") == 30
    assert "line 30\n" in after
    assert "line 1233" in after


def test_output_of_one_long_line_is_folded() -> None:
    html = rendered(call(result="x" * 5_000))

    assert "Show all 5,000 characters" in html
    assert html.count("x") >= 5_000


def test_short_output_stands_open() -> None:
    html = rendered(call(result="\n".join("abc" for _ in range(30))))

    assert "nbagent-more" not in html


def test_of_a_flood_one_megabyte_is_kept() -> None:
    html = rendered(call(result="0123456789abcde\n" * 6_250_000))

    assert len(html) < 1_010_000
    assert "… 99 MB left out" in html
    assert "Show the first 62,500 lines" in html


def test_of_a_flood_in_another_script_one_megabyte_is_kept() -> None:
    html = rendered(call(result="漢字" * 1_000_000))

    assert len(html.encode()) < 1_010_000
    assert "… 5 MB left out" in html


def test_a_small_picture_is_embedded_as_it_is() -> None:
    image = picture(64, 40)
    html = rendered(said("look", image))

    assert (
        f'<img src="{image.data_uri}" alt="picture, 64 × 40 pixels" width="64" height="40">' in html
    )


@pytest.mark.parametrize("file_format", ["PNG", "JPEG"])
def test_a_large_picture_is_embedded_as_a_smaller_copy(file_format: str) -> None:
    buffer = io.BytesIO()
    PILImage.effect_noise((2400, 1600), 80).save(buffer, file_format)
    html = rendered(said(Image.from_bytes(buffer.getvalue())))

    assert "picture, 2400 × 1600 pixels, shown smaller" in html
    width = re.search(r'width="(\d+)" height="(\d+)"', html)
    assert width is not None
    assert int(width[1]) <= 1200
    assert abs(int(width[1]) / int(width[2]) - 1.5) < 0.01
    assert len(html) < 1_400_000


def test_a_photo_that_was_taken_upright_stands_upright() -> None:
    exif = PILImage.Exif()
    exif[0x0112] = 6  # turned by a quarter
    buffer = io.BytesIO()
    PILImage.new("RGB", (1600, 900), "teal").save(buffer, "JPEG", exif=exif)
    html = rendered(said(Image.from_bytes(buffer.getvalue())))

    assert 'width="675" height="1200"' in html

    buffer = io.BytesIO()
    PILImage.new("RGB", (160, 90), "teal").save(buffer, "JPEG", exif=exif)
    html = rendered(said(Image.from_bytes(buffer.getvalue())))

    assert "width=" not in html  # the browser turns it, and knows its size


def test_a_damaged_picture_is_said_to_be_damaged() -> None:
    buffer = io.BytesIO()
    PILImage.effect_noise((1600, 1600), 80).save(buffer, "PNG")
    html = rendered(said(Image.from_bytes(buffer.getvalue()[:5_000])))

    assert "A picture of 1600 × 1600 pixels cannot be shown" in html


def test_a_heading_names_the_speaker_once_in_a_turn() -> None:
    html = rendered(
        said("a", source="user"),
        ThoughtItem(id="2", source="writer", text="b"),
        said("c", source="writer"),
        said("d", source="critic"),
    )

    assert re.findall(r"<h4[^>]*>([^<]*)</h4>", html) == ["user", "writer", "critic"]
    assert html.count("<hr>") == 2


def test_a_speaker_has_one_colour_and_shares_it_late() -> None:
    names = [f"agent_{number}" for number in range(COLOURS)]
    first, second = Speakers(), Speakers()
    colours = [first.colour(name) for name in names]

    assert sorted(colours) == list(range(1, COLOURS + 1))
    assert [first.colour(name) for name in names] == colours
    assert first.colour("user") == 0
    assert second.colour("agent_0") == Speakers().colour("agent_0")
    assert 1 <= first.colour("one_more") <= COLOURS


def test_structured_data_is_a_table() -> None:
    item = StructuredItem(
        id="1",
        source="planner",
        type_name="Plan",
        text="Two days in Kyoto",
        data={"days": 2, "stops": [{"name": "Gion"}, {"name": "Nara"}], "more": [[1], {}]},
    )
    html = rendered(item)

    assert "Two days in Kyoto" in html  # formatted by the message, so shown beside the data
    assert Page(html).text.count("name") == 1
    assert html.count("<table>") == 2
    assert "<td" in html


def test_a_long_table_is_cut() -> None:
    item = StructuredItem(
        id="1",
        source="a",
        type_name="T",
        text="{}",
        data={"rows": [{"n": n} for n in range(5_000)]},
    )

    assert "… 4,800 more not shown" in rendered(item)


def test_code_is_coloured_and_its_output_shown() -> None:
    html = transcript_to_html(sample_transcript(), style=False)

    assert 'class="nbagent-c-' in html
    assert "<strong>Output</strong></p><pre>2</pre>" in html


def test_long_code_stays_plain_and_is_folded() -> None:
    from nbagent.code_executor import CodeBlock

    item = CodeItem(id="1", source="a", blocks=(CodeBlock("x = 1\n" * 5_000, "python"),))
    html = rendered(item)

    assert "Show all 5,000 lines" in html
    assert "nbagent-c-" not in html


def test_the_footer_tells_time_tokens_and_reason() -> None:
    html = transcript_to_html(
        Transcript(
            state="stopped",
            stop_reason="stopped by <you>",
            started_at=START,
            ended_at=START.replace(minute=3, second=5),
            usage=RequestUsage(10, 2),
        ),
        style=False,
    )

    assert (
        "Stopped after 3 min 5 s · 10 tokens in, 2 out · stopped by &lt;you&gt;</p></div>" in html
    )


def test_the_style_sheet_is_scoped_and_loads_nothing() -> None:
    css = stylesheet()

    assert f"<style>{css}</style>" in transcript_to_html(Transcript())
    assert "<style>" not in transcript_to_html(Transcript(), style=False)
    assert "url(" not in css
    assert "@import" not in css
    assert "!important" not in css
    assert "<" not in css
    selectors = re.findall(r"(?:^|[},])\s*([^{},@]+)(?=[^{}]*\{)", re.sub(r"\([^()]*\)", "", css))
    assert [s for s in selectors if ".nbagent" not in s and s.strip() not in ("", "to")] == []


def test_every_class_of_the_sample_that_needs_a_look_has_one() -> None:
    html = transcript_to_html(sample_transcript(), style=False)
    used = {
        name
        for value in re.findall(r'class="([^"]*)"', html)
        for name in value.split()
        if name.startswith("nbagent-") and not re.match(r"nbagent-(?:c|mark|colour)-", name)
    }
    known = set(re.findall(r"\.(nbagent[\w-]*)", stylesheet()))
    states = {"nbagent-tool", "nbagent-code", "nbagent-memory", "nbagent-cancelled"}

    assert used - known - states - {"nbagent-answered", "nbagent-picture"} == set()
