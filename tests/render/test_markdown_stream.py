"""Markdown that streams: the page ends up as if the whole text had come at once."""

import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbagent.render.block_patches import AppendText, BlockPatch, PutBlock, PutRows
from nbagent.render.code import LONGEST_CODE
from nbagent.render.markdown import render_markdown
from nbagent.render.markdown_stream import MarkdownStream
from tests.render.corpora import HOSTILE, commonmark_examples
from tests.render.page import read
from tests.render.patched_page import PatchedPage, meaning, meaning_of_html, text_of

PIECES = [
    "# heading\n",
    "a paragraph with *emphasis*, **bold** and `code`\n",
    "two lines\nof text\n",
    "underlined\n===\n",
    "text\n---\n",
    "---\n",
    "***\n",
    "```python\ndef f():\n    return 1\n```\n",
    "~~~\nopen ```\n\n  fence\n",
    "````\n```\ninner\n```\n````\n",
    "   ```\n     indented\n  ```\n",
    "    indented\n\n    code\n",
    "- one\n- two\n",
    "- one\n\n- two\n\n  more\n",
    "1. one\n2. two\n   - inner\n     - deeper\n\n   text\n",
    "10) ten\n    ```\n    code\n    ```\n11) eleven\n",
    "* star\n+ plus\n",
    "-\n  late\n",
    "- [ ] open\n- [x] done\n",
    "> quote\nlazy line\n",
    "> - list in a quote\n>   goes on\n> - second\n",
    "> ```\n> code\n> ```\n> after\n",
    "| a | b |\n|---|:-:|\n| 1 | *2* |\n| [ref] | `x` |\n",
    "a | b\n- | -\n1 | 2\nnot a row: text\n",
    "[ref] and [other][ref] and [none]\n",
    '[ref]: http://example.com "a title"\n',
    "[none]:\n  /url\n  'title\n  on two lines'\n",
    "$x^2$ and \\(y\\), costs $5 to $6\n",
    "$$\n\\frac{a}{b}\n$$\n",
    "text\n\\[\nx\n\\]\n",
    "\\begin{align}\na &= b\n\\end{align}\n",
    "$$\nopen formula\n",
    "<div>\n*raw* html\n</div>\n",
    "<!-- comment\n\nof lines -->\n",
    "line<br>break  \nhard\\\nbreak\n",
    "![picture](http://example.com/a.png) &amp; &copy;\n",
    "*unfinished\n",
    "`unfinished\n",
    "\ttab\n-\ttab item\n",
    "\n",
    "\n\n\n",
]


def shown(parts: Iterable[str], limit: int = 2_500) -> PatchedPage:
    """What the page shows after the text came in these parts."""
    stream, page = MarkdownStream(), PatchedPage()
    for part in parts:
        stream.feed(part)
        page.apply(stream.patch(limit))
    stream.finish()
    while stream.pending:
        page.apply(stream.patch(limit))
    again = PatchedPage()
    again.apply(stream.snapshot())
    assert meaning(again.root.children) == meaning(page.root.children)
    return page


def same_as_at_once(text: str, parts: Iterable[str], limit: int = 2_500) -> bool:
    page = shown(parts, limit)
    expected = render_markdown(text, form="live")
    assert text_of(page.root.children) == text_of(read(expected))
    return meaning(page.root.children) == meaning_of_html(expected)


def split(text: str, chance: random.Random) -> list[str]:
    parts: list[str] = []
    while text:
        length = chance.randint(1, chance.choice([1, 5, 40]))
        parts.append(text[:length])
        text = text[length:]
    return parts


def nested(text: str, chance: random.Random) -> str:
    """`text` inside up to four lists and quotes."""
    for _ in range(chance.choice([0, 0, 1, 2, 4])):
        marker = chance.choice(["- ", "1. ", "10) ", "> ", "-   ", ">"])
        lines = text.split("\n")
        inside = marker if ">" in marker else " " * len(marker)
        rest = [inside + line if line or ">" in marker else line for line in lines[1:]]
        text = "\n".join([marker + lines[0], *rest])
    return text


@pytest.mark.parametrize("piece", PIECES)
def test_one_character_at_a_time(piece: str) -> None:
    for text in (piece, piece + "\nafter\n\nend\n", piece + piece, piece.rstrip("\n")):
        assert same_as_at_once(text, text)


def test_the_commonmark_examples() -> None:
    chance = random.Random(0)
    for example in commonmark_examples():
        text = example["markdown"]
        assert same_as_at_once(text, text), example["example"]
        assert same_as_at_once(text, split(text, chance)), example["example"]


def test_documents_of_everything() -> None:
    chance = random.Random(7)
    pieces = PIECES + [example["markdown"] for example in commonmark_examples()]
    for _ in range(150):
        chosen = [nested(chance.choice(pieces), chance) for _ in range(chance.randint(2, 8))]
        text = "".join(piece + chance.choice(["", "\n"]) for piece in chosen)
        limit = chance.choice([1, 7, 60, 2_500])
        assert same_as_at_once(text, split(text, chance), limit), repr(text)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(PIECES), st.text("ab*_`[]()<>#-+.1!|\\~$&;: \n\t>", max_size=20)),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_no_text_is_lost_or_doubled(pieces: list[str], chance: random.Random) -> None:
    text = "".join(nested(piece, chance) for piece in pieces)
    page = shown(split(text, chance))
    assert text_of(page.root.children) == text_of(read(render_markdown(text, form="live")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text(text: str) -> None:
    assert same_as_at_once(text, text)


def test_a_snapshot_at_any_time() -> None:
    stream, page = MarkdownStream(), PatchedPage()
    for character in "\n".join(PIECES):
        stream.feed(character)
        page.apply(stream.patch())
        again = PatchedPage()
        again.apply(stream.snapshot())
        assert meaning(again.root.children) == meaning(page.root.children)


def test_a_definition_that_comes_late() -> None:
    paragraphs = "".join(f"see [late] and [never], {n}\n\n" for n in range(50))
    table = "| [late] | b |\n|---|---|\n" + "| x | [late] |\n" * 50 + "\n"
    long = "a long [late] paragraph, " * 200 + "\n\n"
    text = paragraphs + table + long + "end\n\n[late]: http://example.com/late\n"
    page = shown(split(text, random.Random(1)))
    assert same_as_at_once(text, split(text, random.Random(1)))
    links = str(meaning(page.root.children)).count("http://example.com/late")
    assert links == 50 + 1 + 50 + 200


def test_a_definition_that_has_half_arrived_does_not_stay() -> None:
    text = "[a]\n\nx\n\ny\n\nz\n\n[a]: http://example.com/long/path 'title'\n"
    assert same_as_at_once(text, text)


def test_line_ends_that_come_in_halves() -> None:
    text = "a\r\n\r\n- b\r\n- c\rd\r"
    assert meaning(shown(text).root.children) == meaning_of_html(render_markdown(text, form="live"))


def test_code_gets_its_colours_when_it_is_whole() -> None:
    stream, page = MarkdownStream(), PatchedPage()
    stream.feed("```python\ndef f():\n")
    page.apply(stream.patch())
    assert "nbagent-c-k" not in str(meaning(page.root.children))
    stream.feed("    return 1\n```\n")
    page.apply(stream.patch())
    assert "nbagent-c-k" in str(meaning(page.root.children))


def test_code_is_shown_in_portions_of_40_lines() -> None:
    lines = "x = 1\n" * 100
    page = shown(split(f"```\n{lines}```\n", random.Random(2)))
    code = page.root.find("code")
    assert code is not None
    assert [child if isinstance(child, str) else child.text for child in code.children] == [
        "x = 1\n" * 40,
        "x = 1\n" * 40,
        "x = 1\n" * 20,
    ]


def test_the_line_that_closes_code_is_never_shown() -> None:
    stream, page = MarkdownStream(), PatchedPage()
    for character in "```\ncode\n```\n":
        stream.feed(character)
        page.apply(stream.patch())
        assert "`" not in page.root.text or page.root.find("code") is None


def test_text_that_grows_is_sent_as_text() -> None:
    stream = MarkdownStream()
    stream.feed("A paragraph")
    assert stream.patch() == [PutBlock(0, "<p>A paragraph</p>")]
    stream.feed(" that goes on & on")
    assert stream.patch() == [AppendText(0, " that goes on & on")]


def test_rows_are_sent_once() -> None:
    stream = MarkdownStream()
    stream.feed("| a |\n|---|\n| 1 |\n| 2 |\n")
    stream.patch()
    stream.feed("| 3 |\n")
    assert stream.patch() == [PutRows(0, 2, "<tr>\n<td>3</td>\n</tr>")]


def test_the_limit_is_kept_and_pending_says_what_is_left() -> None:
    stream = MarkdownStream()
    assert not stream.pending
    stream.feed("word " * 1_000)
    patches = stream.patch(limit=100)
    assert sum(len(patch.html) for patch in patches if isinstance(patch, PutBlock)) < 200
    assert stream.pending
    calls = 1
    while stream.pending:
        stream.patch(limit=100)
        calls += 1
    assert calls == 50
    stream.finish()
    assert stream.pending
    while stream.pending:
        stream.patch()
    assert stream.patch() == []


def test_nothing_can_follow_the_end() -> None:
    stream = MarkdownStream()
    stream.finish()
    with pytest.raises(ValueError, match="finished"):
        stream.feed("x")


def test_an_empty_text() -> None:
    assert shown([]).root.children == []
    assert shown(["", "\n", "\n\n"]).root.children == []


WORDS = "the **answer** is `code`, a [link](http://example.com) and $x$ or *more* plain words "
LONG: dict[str, Callable[[int], str]] = {
    "mixed": lambda n: (
        f"## Part {n}\n\n{WORDS * 3}\n\n- {WORDS}\n- b\n  - c\n\n```python\nx = {n}\n```\n\n"
        f"| a | b |\n|---|---|\n| {n} | x |\n\n> {WORDS}\n\n"
    ),
    "list": lambda n: f"- {WORDS} {n}\n",
    "numbered loose list": lambda n: f"{n + 1}. {WORDS}\n\n",
    "quote": lambda n: f"> {WORDS} {n}\n" + (">\n" if n % 5 == 0 else ""),
    "paragraph in one line": lambda n: f"{WORDS}{n} ",
    "paragraph in lines": lambda n: f"{WORDS}{n}\n",
    "nested list in one item": lambda n: f"{'  ' if n else ''}- {WORDS} {n}\n",
    "list of ten levels": lambda n: "  " * (n % 10) + f"- {WORDS} {n}\n",
    "list ever deeper": lambda n: "  " * n + f"- {WORDS} {n}\n",
    "paragraphs in one item": lambda n: f"{'   ' if n else '1. '}{WORDS * 4}\n\n",
    "indented code": lambda n: f"    {WORDS} {n}\n",
    "comment": lambda n: f"{'' if n else '<!-- '}{WORDS} {n}\n",
    "table": lambda n: f"| {WORDS} | {n} |\n" + ("" if n else "|---|---|\n"),
    "fence": lambda n: ("" if n else "```python\n") + f"    value_{n} = compute({n}, 'x')  # y\n",
    "fence in a list in a quote": lambda n: f"> {'  x = 1' if n else '- ```python'}\n",
}


def long_text(shape: str, length: int) -> str:
    parts: list[str] = []
    while sum(map(len, parts)) < length:
        parts.append(LONG[shape](len(parts)))
    return "".join(parts)


def traffic(patches: Iterable[BlockPatch]) -> int:
    total = 0
    for patch in patches:
        total += 40
        if isinstance(patch, (PutBlock, PutRows)):
            total += len(patch.html)
        elif isinstance(patch, AppendText):
            total += len(patch.text)
    return total


@pytest.mark.parametrize("shape", LONG)
def test_long_text_of_one_shape(shape: str) -> None:
    text = long_text(shape, 30_000)
    assert same_as_at_once(text, [text])
    assert same_as_at_once(text, split(text, random.Random(3)))


@pytest.mark.parametrize("shape", LONG)
def test_the_traffic_grows_as_the_text_does(shape: str) -> None:
    totals: list[int] = []
    for length in (30_000, 60_000):
        text, stream, total = long_text(shape, length), MarkdownStream(), 0
        for at in range(0, len(text), 300):
            stream.feed(text[at : at + 300])
            total += traffic(stream.patch())
        stream.finish()
        while stream.pending:
            total += traffic(stream.patch())
        totals.append(total)
    assert totals[1] < 60_000 * 6
    assert totals[1] < 2.3 * totals[0]


def test_what_waits_for_its_end_stays_short() -> None:
    """The work of a patch depends on its limit only, not on how much came before."""
    for shape in LONG:
        text, stream = long_text(shape, 60_000), MarkdownStream()
        most = 0
        stream.feed(text)
        while stream.pending:
            most = max(most, traffic(stream.patch()))
        assert most < 80_000, shape


def test_long_code_stays_plain() -> None:
    text = "```python\n" + "x = 1\n" * (LONGEST_CODE // 5) + "```\n"
    assert "nbagent-c-" not in str(meaning(shown([text]).root.children))
