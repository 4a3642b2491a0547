"""Colours for code."""

import random
import re
from html import unescape

import pytest

from nbagent.render.code import LONGEST_CODE, highlight, highlight_in_portions

PYTHON = '@decorator\nclass A(B):\n    """Two\n    lines & <more>."""\n    x: int = 1\n\n\ny'


def plain(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


@pytest.mark.parametrize("language", ["python", "html", "json", "bash", "diff", "nothing", ""])
def test_the_code_stays_the_same(language: str) -> None:
    for code in (PYTHON, "\n\n  <b>\t&amp;\n", "", "\n"):
        assert plain(highlight(code, language)) == code


def test_portions_make_the_whole() -> None:
    chance = random.Random(1)
    for _ in range(50):
        lengths: list[int] = []
        while sum(lengths) < len(PYTHON):
            lengths.append(chance.randint(1, 30))
        lengths[-1] -= sum(lengths) - len(PYTHON)
        portions = list(highlight_in_portions(PYTHON, "python", lengths))
        assert [len(plain(portion)) for portion in portions] == lengths
        assert plain("".join(portions)) == PYTHON


def test_a_string_over_several_portions_keeps_its_colour() -> None:
    portions = list(highlight_in_portions('"""a\nb\nc"""', "python", [5, 2, 4]))
    assert all('class="nbagent-c-' in portion for portion in portions)


def test_unknown_and_long_code_is_plain() -> None:
    assert highlight("<x>", "no such language") == "&lt;x&gt;"
    assert "<span" not in highlight("x = 1\n" * LONGEST_CODE, "python")
