"""What one parse of a streaming text's rest gave."""

from collections import ChainMap
from typing import Any

from markdown_it import MarkdownIt

from nbagent.render.block_page import Block
from nbagent.render.block_tree import BlockNode, block_tree, ends
from nbagent.render.markdown_parser import parse_blocks


class ParsedRest:
    """The leaves of the part of a text that is not final, and what is made of them.

    Args:
        parser: The parser.
        source: The rest of the text, behind the lines that open what it is in.
        placeholders: How many of these lines only open containers.
        references: The link definitions that are final. Those of the rest are kept apart: a half
            arrived definition must not stay, as the first one of a label wins.

    Attributes:
        lines: The lines that were parsed; the last is not complete, and may be empty.
        leaves: The leaves, and the containers with nothing in them, in order.
        environment: The parser's environment, with all link definitions.
        new_references: The link definitions of the rest.
        matched: How many of the containers that are open on the page the first leaf is in.
        strip: How many characters of the first leaf's content come from the reopening.
        piece_ends: Where, in the content of a last long paragraph, its pieces end.
        made: The blocks of each node: of a container one, of a leaf its own and those in it.
    """

    def __init__(
        self, parser: MarkdownIt, source: str, placeholders: int, references: dict[str, Any]
    ) -> None:
        self.lines = source.split("\n")
        self.new_references: dict[str, Any] = {}
        self.environment: dict[str, Any] = {"references": ChainMap(self.new_references, references)}
        roots = block_tree(parse_blocks(parser, source, self.environment))
        self.leaves = [
            leaf for leaf in ends(roots) if leaf.is_container or leaf.start >= placeholders
        ]
        self.matched = 0
        self.strip = 0
        self.piece_ends: list[int] = []
        self.made: dict[BlockNode, list[Block]] = {}

    def content(self, leaf: BlockNode) -> str:
        """The text of a leaf, as far as it belongs to the rest."""
        return leaf.content[self.stripped(leaf) :]

    def stripped(self, leaf: BlockNode) -> int:
        """How much of a leaf's content comes from the reopening."""
        return self.strip if leaf is self.leaves[0] else 0

    def path_of_final(self, index: int) -> list[BlockNode]:
        """The containers around a leaf that others before it are in too, or that are open."""
        before = {node for leaf in self.leaves[:index] for node in leaf.path}
        before.update(self.leaves[0].path[: self.matched])
        return [node for node in self.leaves[index].path if node in before]

    def before_definitions(self, line: int) -> int:
        """The first line of the link definitions that end at `line`: their titles may go on."""
        spans = [reference["map"] for reference in self.new_references.values()]
        spans += [again["map"] for again in self.environment.get("duplicate_refs", [])]
        starts = {end: start for start, end in spans}
        while line in starts:
            line = starts[line]
        return line
