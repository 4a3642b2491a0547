"""Markdown as a whole: what it is read as, and what comes out."""

import copy
from typing import Any

import pytest
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from nbagent.render.inline_pieces import LONGEST_PIECE
from nbagent.render.markdown import render_markdown
from nbagent.render.markdown_parser import DEEPEST_NESTING, LONGEST_HEADING, markdown_parser
from nbagent.render.safety import is_link
from tests.render.corpora import commonmark_examples
from tests.render.page import Element, read
from tests.render.patched_page import meaning, meaning_of_html, text_of


def static(text: str) -> str:
    return render_markdown(text, form="static").strip()


def live(text: str) -> str:
    return render_markdown(text, form="live").strip()


SPECIFIED = [
    ("# a", "<h1>a</h1>"),
    ("a\n===", "<h1>a</h1>"),
    ("*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"),
    ("***d***", "<p><em><strong>d</strong></em></p>"),
    ("- a\n- b\n\n  c", "<ul><li><p>a</p></li><li><p>b</p><p>c</p></li></ul>"),
    ("3) a\n4) b", '<ol start="3"><li>a</li><li>b</li></ol>'),
    ("> a\nb\n\nc", "<blockquote><p>a b</p></blockquote><p>c</p>"),
    ("```\n<\n >\n```", "<pre><code>&lt;\n &gt;\n</code></pre>"),
    ("~~~\naaa\n```\n~~~", "<pre><code>aaa\n```\n</code></pre>"),
    ("    a\n\n    b", "<pre><code>a\n\nb\n</code></pre>"),
    ("a  \nb\\\nc", "<p>a<br>b<br>c</p>"),
    ("***", "<hr>"),
    ("&copy; &#35; \\*", "<p>© # *</p>"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "html"), SPECIFIED)
def test_reads_commonmark(source: str, html: str) -> None:
    assert meaning_of_html(static(source)) == meaning_of_html(html)


def test_reads_the_commonmark_examples() -> None:
    """Raw HTML has to be found where the specification has it, and is then shown as text."""
    examples = commonmark_examples()
    wrong = [
        example["example"]
        for example in examples
        if not _is_right(example["markdown"], example["html"])
    ]
    assert len(wrong) <= 3, wrong


def _is_right(source: str, html: str) -> bool:
    parser = markdown_parser("static")
    tokens = parser.parse(source, {})
    raw = [t for token in tokens for t in [token, *(token.children or [])] if "html" in t.type]
    if not raw:
        expected = [_by_our_rules(node) for node in read(html)]
        return meaning(_plain_code(static(source))) == meaning(expected)
    passing = copy.copy(parser)
    passing.renderer = RendererHTML()
    as_specified = passing.renderer.render(tokens, passing.options, {})
    shown = text_of(read(static(source)))
    return as_specified.replace("\n", "") == html.replace("\n", "") and all(
        _squeezed(token) in shown for token in raw
    )


def _squeezed(token: Token) -> str:
    return "" if token.content.startswith("<br") else "".join(token.content.split())


def _by_our_rules(node: Element | str) -> Element | str:
    """What the specification shows, with our rules for links and pictures."""
    if isinstance(node, str):
        return node
    if node.tag == "img":
        link = Element("a", {"href": node.attributes["src"]})
        if "title" in node.attributes:
            link.attributes["title"] = node.attributes["title"]
        link.children.append(node.attributes["alt"] or node.attributes["src"])
        node = link
    node.children = [_by_our_rules(child) for child in node.children]
    if node.tag == "a":
        # No link is inside another.
        node.children = [
            part
            for child in node.children
            for part in (
                child.children if isinstance(child, Element) and child.tag == "a" else [child]
            )
        ]
        if not is_link(node.attributes.get("href", "")):
            node.attributes.pop("href", None)
        node.attributes |= {"target": "_blank", "rel": "noopener noreferrer"}
    return node


def _plain_code(html: str) -> list[Element | str]:
    def plain(nodes: list[Element | str]) -> list[Element | str]:
        result: list[Element | str] = []
        for node in nodes:
            if isinstance(node, Element):
                node.children = plain(node.children)
                if node.attributes.get("class", "").startswith("nbagent-c-"):
                    result += node.children
                    continue
            result.append(node)
        return result

    return plain(read(html))


def test_tables_keep_their_alignment() -> None:
    html = static("| a | b |\n|:-:|--:|\n| 1 | ~~2~~ |")
    assert '<td style="text-align:center">1</td>' in html
    assert '<td style="text-align:right"><s>2</s></td>' in html


def test_task_lists_show_marks_and_no_inputs() -> None:
    html = static("- [ ] open\n- [x] done\n- [y] neither")
    assert "<input" not in html
    assert html.count("☐") == html.count("☑") == 1
    assert html.count('<li class="nbagent-task">') == 2
    assert "[y] neither" in html


def test_break_in_a_cell() -> None:
    assert "<td>a<br>b</td>" in static("| x |\n|---|\n| a<br/>b |")


@pytest.mark.parametrize(
    ("source", "formulas"),
    [
        ("costs $5 to $6", []),
        ("from $5-$6, or $ 7 $, or US$8", []),
        ("\\$a\\$ and `$b$`", []),
        ("$x^2$ and $y$.", ["$x^2$", "$y$"]),
        ("\\(a+b\\) but not \\(\\) or \\[", ["$a+b$"]),
        ("$$x$$", ["$$x$$"]),
        ("text\n$$\nx\n= 1\n$$\nmore", ["$$x\n= 1$$"]),
        ("- a\n\n  \\[\n  y\n  \\]", ["$$y$$"]),
        ("\\begin{align}\na &= b\\\\\nc &= d\n\\end{align}", None),
        ("> $$x$$\n> after", ["$$x$$"]),
        ("$$\nnot closed\n\nx", []),
    ],
)
def test_formulas_in_the_static_form(source: str, formulas: list[str] | None) -> None:
    found: list[str] = []

    def collect(nodes: list[Element | str]) -> None:
        for node in nodes:
            if isinstance(node, Element):
                if node.attributes.get("class") == "mathjax_process":
                    found.append(node.text)
                collect(node.children)

    html = static(source)
    collect(read(html))
    if formulas is None:
        formulas = [source]
    assert [f.replace("\n", "") for f in found] == [f.replace("\n", "") for f in formulas]
    assert "<math" not in html


def test_formulas_in_the_live_form() -> None:
    html = live("$\\frac{1}{2}$ and $$\\begin{align}a&=b\\\\c&=d\\end{align}$$")
    assert "<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>" in html
    assert '<mtd class="nbagent-formula-right">' in html
    assert "(1)" not in html  # equations have no numbers that the writer did not give
    assert " style=" not in html


def test_a_formula_that_cannot_be_read_is_shown_as_its_source() -> None:
    assert '<code class="nbagent-formula-source">$\\bad{x}$</code>' in live("see $\\bad{x}$")


def test_remote_pictures_become_links() -> None:
    html = static("![a cat](http://example.com/cat.png)")
    assert "<img" not in html
    assert ">a cat</a>" in html
    assert 'href="http://example.com/cat.png"' in html
    inside = static("[![a cat](http://example.com/cat.png)](http://example.com)")
    assert inside.count("<a ") == 1
    assert "a cat</a>" in inside


def test_pictures_in_the_text_are_shown() -> None:
    source = "data:image/png;base64," + "iVBORw0KGgo" * 2_000
    html = static(f"before ![a long picture]({source}) after")
    assert f'<img src="{source}" alt="a long picture">' in html


def test_nothing_is_lost_where_nesting_is_too_deep() -> None:
    for marker in ("> ", "- ", "1. "):
        deep = static(marker * (3 * DEEPEST_NESTING) + "end")
        assert "end" in deep
        assert deep.count("<blockquote>") + deep.count("<li>") == DEEPEST_NESTING * (
            2 if marker == "> " else 1
        )


def test_what_is_too_long_for_a_heading_is_text() -> None:
    long = "word " * (LONGEST_HEADING // 4)
    assert static(f"# {long}").startswith("<p># word")
    assert "<h1>" not in static(f"{long}\n===")
    assert "<h1>" in static("short\n===")


def test_long_paragraphs_keep_their_markup() -> None:
    source = ("**bold** and *emphasis* with [a link](http://e.com) and `code`. " * 500).strip()
    assert len(source) > 4 * LONGEST_PIECE
    html = static(source)
    for tag in ("<strong>", "<em>", "<a ", "<code>"):
        assert html.count(tag) == 500
    assert text_of(read(html)) == "boldandemphasiswithalinkandcode." * 500


@pytest.mark.parametrize(
    "unit", ["[", "![", "*a **b ", "`", "$a ", "\\(", "<a ", "_x_ _", "> ", "- ", "|a|\n|-|\n"]
)
def test_hostile_lengths_are_rendered(unit: str) -> None:
    assert render_markdown(unit * (30_000 // len(unit)), form="live")


def test_hidden_characters_are_shown() -> None:
    html = static("a\u202eb &#x202e; `\U000e0041` \x1b[31m")
    assert "\u202e" not in html
    assert html.count("⟨U+202E⟩") == 2
    assert "⟨U+E0041⟩" in html
    assert "\x1b" not in html


def test_line_ends_and_broken_characters() -> None:
    assert static("a\r\n\r\nb\rc\x00\ud800").split() == ["<p>a</p>", "<p>b", "c\ufffd\ufffd</p>"]


def test_code_has_classes_and_no_styles() -> None:
    html: Any = static("```python\ndef f(): pass  # x\n```")
    assert '<pre><code class="language-python">' in html
    assert '<span class="nbagent-c-k">def</span>' in html
    assert "style=" not in html
    assert "<span" not in static("```no-such-language\ndef f(): pass\n```")
