"""The embedding that needs no model: near is what has words in common."""

import math
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from nbagent.memory.lexical_embedding import DIMENSIONS, lexical_embedding


def nearness(a: str, b: str) -> float:
    return sum(x * y for x, y in zip(lexical_embedding(a), lexical_embedding(b), strict=True))


@settings(deadline=None)
@given(st.text(max_size=200))
def test_every_text_has_a_vector_of_length_one(text: str) -> None:
    vector = lexical_embedding(text)
    assert len(vector) == DIMENSIONS
    assert math.isclose(sum(number * number for number in vector), 1.0, rel_tol=1e-9)


def test_common_words_are_near_and_others_far() -> None:
    query = "Which units for the weather?"
    assert nearness(query, "The weather is told in metric units.") > 0.3
    assert nearness(query, "Recipes must be vegan.") < 0.15
    assert nearness("running shoes", "he runs in shoes") > nearness("running shoes", "blue sky")
    assert nearness("ÜBER straße", "über STRASSE") > 0.9


def test_the_same_in_every_process() -> None:
    module = "nbagent.memory.lexical_embedding"
    code = f"from {module} import lexical_embedding as e; print(e('a b')[:99])"
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed.strip() == str(lexical_embedding("a b")[:99])
