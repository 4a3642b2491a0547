"""mentioned_names(): which of several names a text mentions."""

import re
from collections.abc import Sequence


def mentioned_names(text: str, names: Sequence[str]) -> list[str]:
    r"""Those of `names` that stand in `text` as words of their own, in the order of `names`.

    Models write "_" also as " " and as "\_" (as Markdown wants it). Where one name is a part of
    another, such as "writer" of "writer two", the longer one counts.

    Args:
        text: What a model wrote.
        names: The names, in this case.
    """
    written = {way: name for name in names for way in _ways_to_write(name)}
    longest_first = sorted(written, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    found = {written[match] for match in re.findall(rf"(?<!\w)(?:{pattern})(?!\w)", text)}
    return [name for name in names if name in found]


def _ways_to_write(name: str) -> tuple[str, str, str]:
    return name.replace("_", " "), name.replace("_", r"\_"), name
