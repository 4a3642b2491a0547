"""Telling reasoning from answer, wherever the text is cut."""

import itertools

import pytest

from nbagent.models.openai.reasoning import ReasoningSplitter

CASES = {
    "<think>ab</think>cd": ("ab", "cd"),
    " \n<think>\nab\n</think>\n\ncd\n": ("\nab\n", "cd\n"),
    "<think></think>cd": ("", "cd"),
    "<think>a</thin b</think>c": ("a</thin b", "c"),
    "<think>a<</think><think>c": ("a<", "<think>c"),
    "<think>never closed </thi": ("never closed </thi", ""),
    "thinking": ("", "thinking"),
    "hint <think>a</think>": ("", "hint <think>a</think>"),
    "<thin": ("", "<thin"),
    "<thinker>": ("", "<thinker>"),
    "  kink": ("", "  kink"),
    "": ("", ""),
}


def split(pieces: list[str]) -> tuple[str, str]:
    splitter = ReasoningSplitter()
    results = [splitter.feed(piece) for piece in pieces]
    results.append(splitter.finish())
    return "".join(thought for thought, _ in results), "".join(text for _, text in results)


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_every_cut_gives_the_same(text: str, expected: tuple[str, str]) -> None:
    assert split([text]) == expected
    assert split(list(text)) == expected
    for first, second in itertools.combinations(range(len(text) + 1), 2):
        assert split([text[:first], text[first:second], text[second:]]) == expected
