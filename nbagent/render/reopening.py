"""How to go on parsing in the middle of a text.

What is final of a streaming text is not parsed again. The rest is parsed behind a few lines that
open the same lists, items and quotes anew, in the same columns, so that the parser takes it for
what it is: each open item or quote is written as a marker and an empty heading, which nothing
that follows can be joined to.
"""

import re
from dataclasses import dataclass

from nbagent.render.block_tree import BlockNode
from nbagent.render.markdown_parser import LONGEST_HEADING
from nbagent.render.stream_cut import Cut

FILLER = "x" * (LONGEST_HEADING + 1)
"""Stands for what came before in a paragraph: too long for a heading or a table's header."""

_ITEM = re.compile(r" *([-+*]|\d{1,9}[.)])( *)")


@dataclass(frozen=True)
class Container:
    """A container that is open.

    Attributes:
        kind: As in `BlockNode`.
        marker: What an item begins with, such as "-" or "2.".
        marker_column: Where the marker is, counted from the innermost quote around it.
        content_column: Where the item's content is, counted in the same way.
    """

    kind: str
    marker: str = ""
    marker_column: int = 0
    content_column: int = 0


@dataclass(frozen=True)
class Reopening:
    """What is put before the rest of a text.

    Attributes:
        source: The lines; the last may be without an end, and then the text goes on in it.
        placeholders: How many of the lines only open containers.
        strip: How many characters at the beginning of the open leaf's content come from here.
        is_whole: Whether all that is open is in these lines; otherwise the text begins inside
            the lists that are open.
    """

    source: str = ""
    placeholders: int = 0
    strip: int = 0
    is_whole: bool = False

    @property
    def last_line(self) -> str:
        """Its last line, if the text goes on in it."""
        return self.source[self.source.rfind("\n") + 1 :]

    @property
    def lines(self) -> int:
        """How many whole lines it has."""
        return self.source.count("\n")


def containers_of(
    path: list[BlockNode], known: list[Container], lines: list[str]
) -> list[Container] | None:
    """What has to be known about containers to open them again.

    Args:
        path: The containers, the outermost first.
        known: What is known already of the first of them.
        lines: The source that they were parsed from.

    Returns:
        One for each of `path`, or None if the column of an item is not certain.
    """
    containers = known[: len(path)]
    for node in path[len(containers) :]:
        if node.kind != "list_item":
            containers.append(Container(node.kind))
            continue
        line = lines[node.start].expandtabs(4)
        base, position = _walk(line, containers)
        marker = _ITEM.match(line, position)
        # How wide a tab is inside a quote is not for the column alone to say.
        if marker is None or (base and "\t" in lines[node.start]):
            return None
        after = marker.end(1)
        blanks = len(marker[2])
        has_content = marker.end() < len(line)
        content = after + (blanks if has_content and 1 <= blanks <= 4 else 1)
        containers.append(Container(node.kind, marker[1], marker.start(1) - base, content - base))
    return containers


def reopened(cut: Cut, leaf: BlockNode, containers: list[Container], lines: list[str]) -> Reopening:
    """Write what opens everything again that is open at a cut.

    Args:
        cut: The cut.
        leaf: The leaf at the cut.
        containers: The containers, the outermost first.
        lines: The lines that were parsed.
    """
    placeholders = [
        _prefix(containers[:index], opened) + "#\n"
        for index, opened in enumerate(containers)
        if opened.kind == "list_item"
    ]
    quotes = [index for index, opened in enumerate(containers) if opened.kind == "blockquote"]
    if quotes and not any(opened.kind == "list_item" for opened in containers[quotes[-1] :]):
        placeholders.append(_prefix(containers[: quotes[-1] + 1]) + "#\n")
    opening, strip = ("", 0) if cut.kind != "inside" else _leaf(cut, leaf, containers, lines)
    prefix = _prefix(containers)
    opening = "".join(prefix + line for line in re.findall(r"[^\n]*\n|[^\n]+", opening))
    return Reopening(
        "".join(placeholders) + opening, len(placeholders), strip, cut.kind == "behind"
    )


def _leaf(
    cut: Cut, leaf: BlockNode, containers: list[Container], lines: list[str]
) -> tuple[str, int]:
    """The lines that open a leaf again, and how much of its content they make."""
    if leaf.kind == "table":
        header, columns = lines[leaf.start], lines[leaf.start + 1]
        return f"{_inner(header, containers)}\n{_inner(columns, containers)}\n", 0
    if leaf.kind == "paragraph":
        opening = FILLER if cut.column else FILLER + "\n"
        return opening, len(opening)
    if leaf.kind == "code_block":
        opening = "x" if cut.column else "x\n"
        return f"    {opening}", len(opening)
    # What goes on inside a line must not be taken for the line that closes the code.
    glue = "x" if cut.column else ""
    if leaf.kind == "fence":
        return f"{_inner(lines[leaf.start], containers)}\n{glue}", len(glue)
    opening = leaf.content.split("\n", 1)[0] + "\n" + glue
    return opening, len(opening)


def _inner(line: str, containers: list[Container]) -> str:
    """`line` without what its containers put at its beginning."""
    line = line.expandtabs(4)
    return line[_walk(line, containers)[1] :]


def _prefix(containers: list[Container], opened: Container | None = None) -> str:
    """What a line inside the containers begins with, and the marker of an item opened in it."""
    prefix, base = "", 0
    for container in containers:
        if container.kind == "blockquote":
            prefix += "> "
            base = len(prefix)
        elif container.kind == "list_item":
            prefix = prefix.ljust(base + container.content_column)
    if opened is not None:
        prefix = prefix.ljust(base + opened.marker_column) + opened.marker
        prefix = prefix.ljust(base + opened.content_column)
    return prefix


def _walk(line: str, containers: list[Container]) -> tuple[int, int]:
    """Where, in a line with blanks for tabs, the innermost quote's and all content begins."""
    base = position = 0
    for container in containers:
        if container.kind == "blockquote":
            while line[position : position + 1] == " ":
                position += 1
            position += line[position : position + 1] == ">"
            position += line[position : position + 1] == " "
            base = position
        elif container.kind == "list_item":
            position = base + container.content_column
    return base, position
