"""What cleaning lets through."""

import pytest

from nbagent.render.safety import clean, escape_text, is_link, is_picture
from tests.render.page import Element, read


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<script>x</script>a", "a"),
        ("<b onclick=x>a</b>", "a"),
        ("<p onclick=x id=y name=z data-q=1 role=a style='color:red'>a</p>", "<p>a</p>"),
        ("<form><button>a</button></form>", "a"),
        ("<svg><circle/></svg>a", "a"),
        ("<input type=checkbox>a", "a"),
        ("<!-- x -->a", "a"),
        ('<span class="jp-A nbagent-c-k b">a</span>', '<span class="nbagent-c-k">a</span>'),
        ('<span class="jp-Cell">a</span>', "<span>a</span>"),
        ('<code class="language-c++ x">a</code>', '<code class="language-c++">a</code>'),
        ('<img src="http://a/b.png" alt="c">', '<img alt="c">'),
        ('<img src="data:image/svg+xml;base64,AA==">', "<img>"),
        ('<img src="data:image/png;base64,AA==">', '<img src="data:image/png;base64,AA==">'),
        ("<p>open <em>only", "<p>open <em>only</em></p>"),
    ],
)  # fmt: skip
def test_clean(html: str, kept: str) -> None:
    assert clean(html, formulas=False) == kept
    assert clean(html, formulas=True) == kept


def test_mathml_stays_only_in_the_live_form() -> None:
    formula = '<math display="block"><mi mathvariant="normal">x</mi></math>'
    assert clean(formula, formulas=True) == formula
    assert "<" not in clean(formula, formulas=False)
    marked = '<span class="mathjax_process">$x$</span>'
    assert clean(marked, formulas=False) == marked
    assert clean(marked, formulas=True) == "<span>$x$</span>"


@pytest.mark.parametrize("where", ["href", "xlink:href", "actiontype", "style", "id", "onclick"])
def test_mathml_attributes_that_go(where: str) -> None:
    html = f'<math {where}="javascript:alert(1)"><mi {where}="javascript:alert(1)">x</mi></math>'
    assert clean(html, formulas=True) == "<math><mi>x</mi></math>"


def test_text_align_is_the_only_style() -> None:
    def cell(style: str) -> Element:
        html = clean(
            f'<table><tbody><tr><td style="{style}">x</td></tr></tbody></table>', formulas=False
        )
        table = read(html)[0]
        assert isinstance(table, Element)
        found = table.find("td")
        assert found is not None
        return found

    assert cell("text-align:right").attributes == {"style": "text-align:right"}
    for style in ("color:red", "text-align:right;color:red", "text-align:url(http://a)"):
        assert "red" not in cell(style).attributes.get("style", "")
        assert "url" not in cell(style).attributes.get("style", "")


@pytest.mark.parametrize(
    "target",
    ["http://a", "HTTPS://a", "mailto:a@b", "/a", "a/b:c", "#a", "?a=b:c", "a", "", "//a/b"],
)
def test_links_that_stay(target: str) -> None:
    assert is_link(target)
    html = clean(f'<a href="{target}" title="t">x</a>', formulas=False)
    assert f'href="{target}"' in html
    assert 'rel="noopener noreferrer"' in html
    assert 'target="_blank"' in html


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "data:text/html,x",
        "data:image/png;base64,AA==",
        "blob:http://a/b",
        "ftp://a",
        "jupyter:x",
    ],
)
def test_links_that_go(target: str) -> None:
    assert not is_link(target)
    assert "href" not in clean(f'<a href="{target}">x</a>', formulas=False)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_pictures(kind: str) -> None:
    assert is_picture(f"data:image/{kind};base64,AAAA")
    assert not is_picture(f"data:image/{kind},AAAA")
    assert not is_picture(f'data:image/{kind};base64,AA"AA')


def test_escape_text() -> None:
    assert escape_text("<a> & \u202e\x1b[0m") == "&lt;a&gt; &amp; ⟨U+202E⟩␛[0m"
