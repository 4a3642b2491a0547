"""Answers the question which of several agents shall speak next."""

import re

from nbagent.models.demo.words import meanings

_LIST = r"\[([^\[\]\n]{1,2000})\]"
_QUESTIONS = (
    re.compile(
        r"\b(?:select|choose|pick|return|answer with)\b[^\[\]\n]{0,120}"
        rf"\b(?:role|speaker|agent|participant|name)s?\b[^\[\]\n]{{0,60}}{_LIST}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:select|choose|pick) one of {_LIST}[.:]? *(?:return|answer with)\b[^.\n]{{0,60}}"
        r"\b(?:role|speaker|agent|participant|name)\b",
        re.IGNORECASE,
    ),
)
_SAID = re.compile(r"^([^\W\d][\w-]{0,63}):[ \t]*(.*)$", re.MULTILINE)


def pick_name(text: str) -> str | None:
    """One name of the list that a text asks to choose from; None where it does not ask.

    It is the one that the last speaker mentions, else the one whose description has most words
    of what was said, else the one after the last speaker.

    Args:
        text: Such as "... select the next role from ['writer', 'critic'] ...".
    """
    found = (question.search(text) for question in _QUESTIONS)
    question = next((match for match in found if match), None)
    if question is None:
        return None
    names = [name.strip(" '\"`") for name in question.group(1).split(",")]
    names = [name for name in names if name]
    if not names:
        return None
    lines = [(match.group(1), match.group(2)) for match in _SAID.finditer(text)]
    speaker, said = lines[-1] if lines else ("", "")
    for name in names:
        if name != speaker and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said, re.IGNORECASE):
            return name
    if speaker in names:
        return names[(names.index(speaker) + 1) % len(names)]
    described = {name: told for name, told in reversed(lines[:-1]) if name in names}
    return max(names, key=lambda name: len(meanings(described.get(name, "")) & meanings(said)))
