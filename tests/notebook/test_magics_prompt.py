"""Variables and pictures in a prompt."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import IPython.display
import pytest
from IPython.core.error import UsageError
from PIL import Image as PILImage

from nbagent import Image, MultiModalMessage
from nbagent.exceptions import ImageError
from nbagent.notebook.prompt import build_task, fill_in, find_picture


def png(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    PILImage.new("RGB", (4, 3), colour).save(buffer, "PNG")
    return buffer.getvalue()


NAMESPACE: dict[str, Any] = {
    "name": "Ada",
    "n": 7,
    "x": 2,
    "a": 1,
    "b": 2,
    "price": 12.5,
    "rows": [{"city": "Rome"}, {"city": "Oslo"}],
    "item": SimpleNamespace(price=3),
    "low": 10,
    "high": 20,
    "color": "blue",
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Hello {name}!", "Hello Ada!"),
        ("{name}{n}", "Ada7"),
        ("{ name }", "Ada"),
        ("{item.price} and {rows[0]['city']}", "3 and Rome"),
        ("{len(rows)} rows, {n + 1}", "2 rows, 8"),
        ("{[row['city'] for row in rows][1]}", "Oslo"),
        ("{price:.2f} {n:03d} {price:,}", "12.50 007 12.5"),
        ("file_{n}.txt", "file_7.txt"),
        ("${low}-${high}, or $5 to ${high}", "$10-$20, or $5 to $20"),
        ("solve $x^2 = {n}$", "solve $x^2 = 7$"),
        ("{{name}} is {name}", "{name} is Ada"),
    ],
)
def test_values_are_filled_in(template: str, expected: str) -> None:
    assert fill_in(template, NAMESPACE) == [expected]


@pytest.mark.parametrize(
    "template",
    [
        '{"a": 1, "b": {"n": 2}}',
        '{"name"}',
        "{}",
        "{...}",
        "{1, 2}",
        "{a, b}",
        "{x | x > 0}",
        "{a: b}",
        "{nobody}",
        "{nobody.price} {nobody()} {name + nobody}",
        "{len}",
        "{id}",
        "body {color: red; margin: 0}",
        r"\frac{a}{b} and x^{n}",
        r"$x_{n} + \sqrt{a}$",
        r"\{a\}",
        "{{ item_name }}",
        "{{}}",
        "{lambda: n}",
        "a lone { and a lone }",
        "{return n}",
        "{x\n}",
        "",
    ],
)
def test_other_braces_stay_as_they_are(template: str) -> None:
    assert "".join(map(str, fill_in(template, NAMESPACE))) == template


def test_a_variable_whose_expression_fails_is_an_error_that_names_it() -> None:
    with pytest.raises(UsageError, match=r"cannot fill in \{item\.cost\}: AttributeError.*write"):
        fill_in("It costs {item.cost}.", NAMESPACE)
    with pytest.raises(UsageError, match=r"cannot fill in \{rows\[9\]\}: IndexError"):
        fill_in("{rows[9]}", NAMESPACE)


def test_a_value_is_not_filled_in_again() -> None:
    assert fill_in("{template}", {"template": "{name}", "name": "x"}) == ["{name}"]


@pytest.mark.parametrize(
    "picture",
    [
        Image.from_bytes(png()),
        PILImage.open(io.BytesIO(png())),
        IPython.display.Image(data=png()),
    ],
    ids=["nbagent", "pillow", "ipython"],
)
def test_a_picture_stands_where_it_is_named(picture: object) -> None:
    task = build_task("Compare {p} with\n{p}.", [], {"p": picture})
    assert isinstance(task, MultiModalMessage)
    before, first, between, second, after = task.content
    assert (before, between, after) == ("Compare ", " with\n", ".")
    assert isinstance(first, Image) and isinstance(second, Image)
    assert first.size == second.size == (4, 3)
    assert task.source == "user"


def test_pictures_of_the_option_follow_the_text(tmp_path: Path) -> None:
    path = tmp_path / "my picture.png"
    path.write_bytes(png())
    named = PILImage.new("RGB", (5, 5))
    task = build_task("Look:", [str(path), "named"], {"named": named})
    assert isinstance(task, MultiModalMessage)
    text, first, second = task.content
    assert text == "Look:"
    assert isinstance(first, Image) and first.data == png()
    assert isinstance(second, Image) and second.size == (5, 5)


def test_a_prompt_without_pictures_is_text() -> None:
    assert build_task("Hello {name}", [], NAMESPACE) == "Hello Ada"


@pytest.mark.parametrize(
    "value", ["PATH", b"PNG", bytearray(b"PNG")], ids=["path", "bytes", "bytearray"]
)
def test_a_variable_may_hold_a_path_or_bytes(value: object, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png())
    if value == "PATH":
        value = path
    else:
        assert isinstance(value, bytes | bytearray)
        value = type(value)(png())
    assert find_picture("p", {"p": value}).data == png()
    assert find_picture("{p}", {"p": value}).data == png()
    assert find_picture("ps[0]", {"ps": [value]}).data == png()


def test_a_file_is_found_though_its_name_looks_like_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chart.png").write_bytes(png())
    assert find_picture("chart.png", {"chart": object()}).data == png()


def test_a_picture_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"'nope\.png': No such file.*No variable .*'nope\.png'"):
        find_picture("nope.png", {})
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture at all")
    with pytest.raises(ImageError, match=r"broken\.png' is not a picture that can be read"):
        find_picture(str(broken), {})


def test_a_variable_without_a_picture_is_named() -> None:
    with pytest.raises(UsageError, match=r"--image 'rows': the variable holds list, and no pic"):
        find_picture("rows", NAMESPACE)


def test_nothing_is_fetched_from_the_network() -> None:
    with pytest.raises(UsageError, match=r"'https://example\.org/a\.png': .*Download"):
        find_picture("https://example.org/a.png", {})
