"""Where the final part of a streaming text ends.

Markdown is read line by line: a line that is complete either goes on in the block that is open,
or closes it for ever. So, of the blocks that a text so far has, at most the last two can still
change: the one that is open, and one that an incomplete last line seems to begin. Inside the last
block, too, most lines are final.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from markdown_it import MarkdownIt

from nbagent.render.block_tree import BlockNode
from nbagent.render.formula import BEGINNING, LONGEST_FORMULA, MOST_LINES
from nbagent.render.inline_pieces import piece_end
from nbagent.render.leaf_blocks import CODE, portions
from nbagent.render.markdown_parser import LONGEST_HEADING
from nbagent.render.parsed_rest import ParsedRest

_FORMULA_LINE = re.compile(r"[\s>]*(?:(?:[-+*]|\d+[.)])\s+)*(?:" + BEGINNING.pattern + ")")
_EMPTY_LINE = re.compile(r"\s*")
_EMPTY_LINE_OF_QUOTE = re.compile(r"[\s>]*")
_COMPLETE_BY_THEMSELVES = frozenset(["heading", "hr", "formula_block"])


@dataclass(frozen=True)
class Cut:
    """The end of the final part.

    Attributes:
        kind: "before" a leaf that may still change, "behind" the last leaf, or "inside" it.
        leaf: The index of that leaf.
        line: The first line that is not final, or not all of it.
        column: Where in that line the final part ends.
        count: How many portions of code, pieces of a paragraph or rows of a table are final,
            where the cut is inside one.
    """

    kind: Literal["before", "behind", "inside"]
    leaf: int
    line: int
    column: int = 0
    count: int = 0


def find_cut(parsed: ParsedRest, first_line: int, is_end: bool) -> Cut | None:
    """Find the end of the final part.

    Args:
        parsed: What was parsed; it has leaves.
        first_line: The line on which the text begins, behind those that only open containers.
        is_end: Whether nothing follows, and so all is final.

    Returns:
        The cut, or None if nothing is final.
    """
    leaves, lines = parsed.leaves, parsed.lines
    index, last = len(leaves) - 1, leaves[-1]
    if is_end:
        return Cut("behind", index, len(lines))
    hold = _open_formula(lines, last.start if last.kind == "fence" else len(lines))
    if last.end < len(lines) and last.end <= hold and _completes_itself(last):
        return Cut("behind", index, last.end)
    cut = _cut_inside(parsed)
    if cut is not None and cut.line < hold:
        return cut
    for index in range(len(leaves) - 2, 0, -1):
        line = _line_before(parsed, index)
        if first_line < line <= hold:
            return Cut("before", index, line)
    return None


def piece_ends(content: str, parser: MarkdownIt, environment: dict[str, Any]) -> list[int]:
    """Where the pieces of a paragraph end, but for the last."""
    result: list[int] = []
    start = 0
    while end := piece_end(parser, content[start:], environment):
        start += end
        result.append(start)
    return result


def _line_before(parsed: ParsedRest, index: int) -> int:
    """The line on which a leaf begins, with all around it that nothing before it is in."""
    leaf = parsed.leaves[index]
    for node in leaf.path:
        if node not in parsed.path_of_final(index):
            return node.start
    line = parsed.before_definitions(leaf.start)
    inside = set(leaf.path)
    for before in parsed.leaves[:index]:
        if any(node.end > line for node in [*before.path, before] if node not in inside):
            return leaf.start  # the definition is in a container that has ended
    return line


def _open_formula(lines: list[str], before: int) -> int:
    """The first line on which a formula may begin whose end has not come, or one behind all."""
    for start, line in enumerate(lines[:before]):
        if not _FORMULA_LINE.match(line):
            continue
        following = lines[start : start + MOST_LINES + 1]
        if len(following) > MOST_LINES or sum(map(len, following)) > LONGEST_FORMULA:
            continue
        empty = _EMPTY_LINE_OF_QUOTE if line.lstrip().startswith(">") else _EMPTY_LINE
        if not any(empty.fullmatch(other) for other in following[:-1]):
            return start
    return len(lines)


def _completes_itself(leaf: BlockNode) -> bool:
    """Whether a leaf whose lines are complete is final though nothing follows it."""
    if leaf.kind == "fence":
        content = leaf.content
        content_lines = content.count("\n") + (bool(content) and not content.endswith("\n"))
        return leaf.end - leaf.start - 1 > content_lines  # the line that closes it is there
    return leaf.kind in _COMPLETE_BY_THEMSELVES


def _cut_inside(parsed: ParsedRest) -> Cut | None:
    """Find how much of the last leaf, which is still open, is final."""
    leaf, lines = parsed.leaves[-1], parsed.lines
    if leaf.kind == "table":
        rows = min(leaf.end, len(lines) - 1) - leaf.start - 2
        cut = Cut("inside", len(parsed.leaves) - 1, leaf.start + 2 + rows, count=rows)
        return cut if rows > 0 else None
    if leaf.kind in CODE and len(lines[leaf.start]) <= LONGEST_HEADING:
        final = portions(parsed.content(leaf))[:-1]
        return _cut_at(parsed, sum(map(len, final)), len(final)) if final else None
    for count in range(len(parsed.piece_ends), 0, -1):
        cut = _cut_at(parsed, parsed.piece_ends[count - 1], count)
        # The line before the last may still become the header of a table, if it is short.
        is_header = cut.line > len(lines) - 2 or (cut.line == len(lines) - 2 and cut.column)
        if not is_header or cut.column > LONGEST_HEADING:
            return cut
    return None


def _cut_at(parsed: ParsedRest, end: int, count: int) -> Cut:
    """The cut at an index of the last leaf's content."""
    leaf, content = parsed.leaves[-1], parsed.leaves[-1].content
    end += parsed.stripped(leaf)
    line = leaf.start + (leaf.kind == "fence") + content.count("\n", 0, end)
    line_start = content.rfind("\n", 0, end) + 1
    index = len(parsed.leaves) - 1
    if not content[line_start:end].strip():
        return Cut("inside", index, line, 0, count)
    # A line of the content is the end of a line of the source, but for blanks behind it.
    rest = content[end:].split("\n", 1)[0]
    column = len(parsed.lines[line].rstrip()) - len(rest.rstrip())
    return Cut("inside", index, line, column, count)
