"""Code blocks in a Markdown text."""

import io
import re
from collections.abc import Iterator, Sequence

from nbagent.code_executor import CodeBlock

_OPENING = re.compile(r"(?P<indent> {0,3})(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*)")


def fenced_code(text: str, languages: Sequence[str]) -> list[CodeBlock]:
    """The fenced code blocks of a text, in order.

    A block without an end is left out: it was cut off, and half a program must not run.

    Args:
        text: Markdown. Fences are as in CommonMark 0.31, section 4.5.
        languages: Only blocks in these languages are taken; upper and lower case are the same.
    """
    wanted = {language.lower() for language in languages}
    blocks: list[CodeBlock] = []
    # As in CommonMark, and unlike splitlines(), nothing but these ends a line: \n, \r, \r\n.
    lines = iter(io.StringIO(text, newline=""))
    for line in lines:
        opening = _OPENING.fullmatch(line.rstrip("\r\n"))
        if opening is None or (opening["fence"][0] == "`" and "`" in opening["info"]):
            continue
        code = _until_closed(lines, opening["fence"], len(opening["indent"]))
        language = opening["info"].split(maxsplit=1)[0] if opening["info"].strip() else ""
        if code is not None and language.lower() in wanted:
            blocks.append(CodeBlock(code=code, language=language.lower()))
    return blocks


def fenced(block: CodeBlock) -> str:
    """A code block as Markdown, with a fence that no line of it closes."""
    longest = max((len(run) for run in re.findall(r"`{3,}", block.code)), default=2)
    fence = "`" * (longest + 1)
    end = "" if block.code.endswith("\n") else "\n"
    return f"{fence}{block.language}\n{block.code}{end}{fence}"


def _until_closed(lines: Iterator[str], fence: str, indent: int) -> str | None:
    """The lines up to the closing fence; None where there is none."""
    closing = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*")
    code: list[str] = []
    for line in lines:
        if closing.fullmatch(line.rstrip("\r\n")):
            return "".join(code)
        code.append(re.sub(rf"^ {{0,{indent}}}", "", line))
    return None
