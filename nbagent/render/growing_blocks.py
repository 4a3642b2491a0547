"""The blocks of a streaming text: shown as it grows, and settled once they are final."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from nbagent.render import leaf_blocks
from nbagent.render.block_page import Block, BlockPage
from nbagent.render.block_tree import BlockNode
from nbagent.render.markdown_parser import code_language, markdown_parser
from nbagent.render.parsed_rest import ParsedRest
from nbagent.render.reopening import Container, Reopening, containers_of, reopened
from nbagent.render.stream_cut import Cut, find_cut, piece_ends

_LONG_REST = 16_000
"""Beyond so many characters that wait for their block to end, they are parsed more rarely."""


@dataclass
class OpenLeaf:
    """A leaf of which the first part is final.

    Attributes:
        kind: As in `BlockNode`.
        block: Its block.
        language: Of code, its language.
        portions: Of code, the blocks of its portions.
    """

    kind: str
    block: Block
    language: str = ""
    portions: list[Block] = field(default_factory=list[Block])


class GrowingBlocks:
    """Turns a growing text into blocks on a page.

    Args:
        page: The page.

    Attributes:
        references: The link definitions that are final.
        settled: Final blocks that a link definition may still change, each with the number of
            definitions that were final when it was rendered.
        settled_code: Final code: its language and its portions. The owner empties the list.
    """

    def __init__(self, page: BlockPage) -> None:
        self.references: dict[str, Any] = {}
        self.settled: list[tuple[Block, int]] = []
        self.settled_code: list[tuple[str, list[Block]]] = []
        self._page = page
        self._parser = markdown_parser("live")
        self._rest = ""
        self._parse_again_at = 0
        self._look_for_pieces_at = 0
        self._reopening = Reopening()
        self._open: list[tuple[Container, Block]] = []
        self._open_leaf: OpenLeaf | None = None
        self._unstable: list[Block] = []

    def add(self, text: str, *, is_end: bool = False) -> None:
        """Take in more text.

        Args:
            text: Normalized text; the more at once, the longer this takes.
            is_end: Whether no more will follow.
        """
        self._rest += text
        if not is_end and _LONG_REST < len(self._rest) < self._parse_again_at:
            return
        source = self._reopening.source + self._rest
        placeholders = self._reopening.placeholders
        parsed = ParsedRest(self._parser, source, placeholders, self.references)
        shown = self._show(parsed, is_end)
        if parsed.leaves:
            cut = find_cut(parsed, self._reopening.lines, is_end)
            self._settle(parsed, shown, cut, is_end)
        else:
            self._unstable = []
        if is_end:
            self._keep_references(parsed, len(parsed.lines))
        self._parse_again_at = len(self._rest) * 3 // 2

    def _show(self, parsed: ParsedRest, is_end: bool) -> list[Block]:
        """Bring the page up to date, and give what stands at its end now."""
        blocks = self._match(parsed)
        for leaf in parsed.leaves:
            # First the leaf: whether an item is a task is found in its first line.
            made = [] if leaf.is_container else self._leaf_blocks(leaf, parsed, is_end)
            for node in [*leaf.path, leaf] if leaf.is_container else leaf.path:
                if node not in parsed.made:
                    block = leaf_blocks.container_block(node, self._parser)
                    block.parent = _parent_block(node, parsed)
                    parsed.made[node] = [block]
                    blocks.append(block)
            if made:
                if made[0].key < 0:
                    made[0].parent = _parent_block(leaf, parsed)
                parsed.made[leaf] = made
                blocks += made
        shown = self._page.show(blocks, self._unstable)
        now = dict(zip(blocks, shown, strict=True))
        for node, made in parsed.made.items():
            parsed.made[node] = [now[block] for block in made]
        return shown

    def _match(self, parsed: ParsedRest) -> list[Block]:
        """Find what is open on the page in what was parsed."""
        if not parsed.leaves:
            return []
        first = parsed.leaves[0]
        for node, (container, block) in zip(first.path, self._open, strict=False):
            is_reopened = node.start < self._reopening.placeholders
            if node.kind != container.kind or (self._reopening.is_whole and not is_reopened):
                break
            parsed.made[node] = [block]
        parsed.matched = len(parsed.made)
        goes_on = (
            self._open_leaf is not None
            and self._open_leaf.kind == first.kind
            and len(self._open) == len(first.path) == parsed.matched
        )
        if goes_on:
            parsed.strip = self._reopening.strip
        else:
            self._open_leaf = None
        return [block for made in parsed.made.values() for block in made]

    def _leaf_blocks(self, leaf: BlockNode, parsed: ParsedRest, is_end: bool) -> list[Block]:
        """The blocks of a leaf; the first is the leaf's own."""
        opened = self._open_leaf if leaf is parsed.leaves[0] else None
        is_last = leaf is parsed.leaves[-1] and not is_end
        content = parsed.content(leaf)
        if leaf.kind in leaf_blocks.CODE:
            code = opened.block if opened else leaf_blocks.code_block(leaf)
            if is_last and leaf.kind == "fence":
                content = leaf_blocks.without_half_fence(content)
            elif is_last and leaf.kind == "code_block" and leaf.end == len(parsed.lines):
                content = content.removesuffix("\n")  # the parser ends every line
            parts = leaf_blocks.portions(content)
            return [code, *(leaf_blocks.portion_block(part, code) for part in parts)]
        if leaf.kind == "table":
            if opened is None:
                return [leaf_blocks.table_block(leaf, self._parser, parsed.environment)]
            rows = leaf_blocks.table_rows(leaf, self._parser, parsed.environment)
            self._page.change_rows(opened.block, rows)
            return [opened.block]
        if leaf.kind == "paragraph":
            pieces = self._pieces(leaf, content, parsed) if is_last else [content]
            if opened or len(pieces) > 1:
                paragraph = opened.block if opened else leaf_blocks.paragraph_block()
                return [paragraph, *self._piece_blocks(pieces, paragraph, parsed)]
        return [leaf_blocks.simple_block(leaf, self._parser, parsed.environment)]

    def _pieces(self, leaf: BlockNode, content: str, parsed: ParsedRest) -> list[str]:
        """Cut the last paragraph, if it is long."""
        if len(content) < self._look_for_pieces_at:
            return [content]
        parsed.piece_ends = piece_ends(content, self._parser, parsed.environment)
        self._look_for_pieces_at = 0 if parsed.piece_ends else len(content) * 5 // 4
        bounds = [0, *parsed.piece_ends, len(content)]
        return [content[a:b] for a, b in pairwise(bounds)]

    def _piece_blocks(self, pieces: list[str], paragraph: Block, parsed: ParsedRest) -> list[Block]:
        return [
            leaf_blocks.piece_block(piece, paragraph, self._parser, parsed.environment)
            for piece in pieces
            if piece
        ]

    def _settle(
        self, parsed: ParsedRest, shown: list[Block], cut: Cut | None, is_end: bool
    ) -> None:
        """Let go of what is final."""
        path: list[BlockNode] = []
        if cut is not None and not is_end:
            before = cut.kind == "before"
            path = parsed.path_of_final(cut.leaf) if before else parsed.leaves[cut.leaf].path
        known = [
            container
            for (container, _), node in zip(self._open[: parsed.matched], path, strict=False)
            if node in parsed.leaves[0].path
        ]
        containers = containers_of(path, known, parsed.lines)
        if cut is None or containers is None:
            opened = {block for _, block in self._open[: parsed.matched]}
            if self._open_leaf is not None:
                opened.add(self._open_leaf.block)
            self._unstable = [block for block in shown if block not in opened]
            return
        leaf = parsed.leaves[cut.leaf]
        for final in parsed.leaves[: cut.leaf + (cut.kind == "behind")]:
            self._settle_leaf(final, parsed)
        if cut.kind == "inside":
            self._settle_part(leaf, parsed, cut.count)
        else:
            self._open_leaf = None
        self._keep_references(parsed, leaf.start if cut.kind == "inside" else cut.line)
        self._open = [
            (container, parsed.made[node][0])
            for container, node in zip(containers, path, strict=True)
        ]
        self._unstable = self._still_unstable(parsed, shown, cut)
        self._rest = self._rest[self._position(cut) :]
        self._reopening = reopened(cut, leaf, containers, parsed.lines)

    def _still_unstable(self, parsed: ParsedRest, shown: list[Block], cut: Cut) -> list[Block]:
        unstable: set[Block] = set()
        for leaf in parsed.leaves[cut.leaf + (cut.kind == "behind") :]:
            for node in [*leaf.path, leaf]:
                unstable.update(parsed.made[node])
        unstable.difference_update(block for _, block in self._open)
        if cut.kind == "inside":
            made = parsed.made[parsed.leaves[cut.leaf]]
            unstable.difference_update(made[: 1 + cut.count])
        return [block for block in shown if block in unstable]

    def _position(self, cut: Cut) -> int:
        """Where in the rest the cut is."""
        lines = cut.line - self._reopening.lines
        position = 0
        for _ in range(lines):
            position = self._rest.find("\n", position) + 1 or len(self._rest)
        if lines == 0 and cut.column:
            return cut.column - len(self._reopening.last_line)
        return position + cut.column

    def _settle_leaf(self, leaf: BlockNode, parsed: ParsedRest) -> None:
        blocks = parsed.made[leaf]
        self._keep_for_references(blocks)
        if leaf.kind in ("fence", "html_block"):
            opened = self._open_leaf if leaf is parsed.leaves[0] else None
            language = opened.language if opened else code_language(leaf.tokens[0])
            self.settled_code.append((language, (opened.portions if opened else []) + blocks[1:]))

    def _settle_part(self, leaf: BlockNode, parsed: ParsedRest, count: int) -> None:
        """The beginning of the last leaf is final."""
        blocks = parsed.made[leaf]
        if leaf is not parsed.leaves[0] or self._open_leaf is None:
            self._open_leaf = OpenLeaf(leaf.kind, blocks[0])
            if leaf.kind in leaf_blocks.CODE:
                self._open_leaf.language = code_language(leaf.tokens[0])
        if blocks[0].rows is not None:
            blocks[0].rows.final += count
            self._keep_for_references(blocks)
            return
        self._keep_for_references(blocks[1 : 1 + count])
        if leaf.kind in leaf_blocks.CODE:
            self._open_leaf.portions += blocks[1 : 1 + count]

    def _keep_references(self, parsed: ParsedRest, line: int) -> None:
        """The link definitions that end before `line` are final."""
        for label, reference in parsed.new_references.items():
            if reference["map"][1] <= line:
                self.references.setdefault(label, {**reference, "map": [-1, -1]})

    def _keep_for_references(self, blocks: list[Block]) -> None:
        known = len(self.references)
        self.settled += [(b, known) for b in blocks if b.render or (b.rows and b.rows.renders)]


def _parent_block(node: BlockNode, parsed: ParsedRest) -> Block | None:
    return parsed.made[node.parent][0] if node.parent is not None else None
