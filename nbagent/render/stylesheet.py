"""The one style sheet of the live view and the saved transcript."""

import re
from functools import lru_cache
from importlib.resources import files

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@lru_cache(maxsize=1)
def stylesheet() -> str:
    """The text of transcript.css as one line, without comments and indentation.

    It is part of every saved output, where each line would be one more line to compare.
    """
    text = files("nbagent.render").joinpath("transcript.css").read_text("utf-8")
    lines = (line.strip() for line in _COMMENT.sub("", text).splitlines())
    return " ".join(line for line in lines if line)
