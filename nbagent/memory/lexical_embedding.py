"""A text as a vector of its words, so that texts with common words are near each other.

This is no understanding: "car" and "automobile" have nothing in common here, and "run" and
"running" only some of their letters. It needs no model, no download and no network.
"""

import hashlib
import math
import re
from collections import Counter

DIMENSIONS = 512
"""Numbers in a vector."""

_WORD = re.compile(r"\w+")
_WORD_WEIGHT = 1.0
_TRIGRAM_WEIGHT = 0.3


def lexical_embedding(text: str) -> list[float]:
    """A vector of `DIMENSIONS` numbers and of length 1; the same in every process.

    Words, and pieces of three letters of them, are counted in places that a hash gives (the
    hashing trick: Weinberger et al., "Feature Hashing for Large Scale Multitask Learning",
    2009). Often repeated words count with the logarithm of their number.
    """
    words = Counter(_WORD.findall(text.casefold()))
    vector = [0.0] * DIMENSIONS
    for word, count in words.items():
        weight = 1.0 + math.log(count)
        _add(vector, word, _WORD_WEIGHT * weight)
        marked = f"<{word}>"
        for start in range(len(marked) - 2):
            _add(vector, f"#{marked[start : start + 3]}", _TRIGRAM_WEIGHT * weight)
    length = math.sqrt(sum(number * number for number in vector))
    if not length:
        vector[0] = length = 1.0  # no word at all; a vector without direction is near nothing
    return [number / length for number in vector]


def _add(vector: list[float], feature: str, weight: float) -> None:
    digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    number = int.from_bytes(digest, "big")
    # One bit decides on the sign, so that features that share a place cancel out on average.
    vector[(number >> 1) % DIMENSIONS] += weight if number & 1 else -weight
