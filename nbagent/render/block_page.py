"""What the page shows of a streaming text, and the patches that bring it up to date."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from nbagent.render.block_patches import AppendText, BlockPatch, DropBlock, PutBlock, PutRows

Render = Callable[[dict[str, Any]], str]
"""Renders something again, with the parser's environment given."""


@dataclass(eq=False, slots=True)
class TableRows:
    """The rows of a table's body.

    Attributes:
        html: Each row's element, cleaned.
        renders: Renders a row again, by its index, where link definitions matter.
        final: How many of the rows are final.
    """

    html: list[str] = field(default_factory=list[str])
    renders: dict[int, Render] = field(default_factory=dict[int, Render])
    final: int = 0


@dataclass(eq=False, slots=True)
class Block:
    """A block that the page shows, or is about to.

    Attributes:
        kind: Two blocks of different kinds never take each other's place.
        html: Its element, cleaned. Of a container, the element without the blocks in it.
        parent: The block that it is in.
        rows: Of a table, its rows.
        render: Renders it again; None if link definitions do not matter.
        source: Its source, where that is needed later.
        key: Its key, once it is on the page.
    """

    kind: str
    html: str
    parent: "Block | None" = None
    rows: TableRows | None = None
    render: Render | None = None
    source: str = ""
    key: int = -1

    @property
    def patches(self) -> list[BlockPatch]:
        """The patches that show it, without the blocks in it."""
        put = PutBlock(self.key, self.html, self.parent.key if self.parent else None)
        if self.rows is None or not self.rows.html:
            return [put]
        return [put, PutRows(self.key, 0, "".join(self.rows.html))]


class BlockPage:
    """Keeps the blocks of a page and collects the patches for it."""

    def __init__(self) -> None:
        self._blocks: dict[int, Block] = {}
        self._patches: list[BlockPatch] = []
        self._next_key = 0

    def take_patches(self) -> list[BlockPatch]:
        """The patches since the last call."""
        patches, self._patches = self._patches, []
        return patches

    def snapshot(self) -> Iterator[BlockPatch]:
        """The patches that build the page from nothing."""
        for block in self._blocks.values():
            yield from block.patches

    def show(self, blocks: list[Block], shown: list[Block]) -> list[Block]:
        """Bring the end of the page up to date.

        Args:
            blocks: What is to be at the end, each behind its parent. Those that have a key
                already are on the page and stay; only a table's rows may have changed.
            shown: What is at the end now, without those that have a key in `blocks`.

        Returns:
            `blocks`, where those that were on the page already are the same objects.
        """
        result: list[Block] = []
        taken: dict[Block, Block] = {}
        remaining = list(reversed(shown))
        for block in blocks:
            if block.parent is not None:
                block.parent = taken[block.parent]
            if block.key >= 0:
                taken[block] = block
                result.append(block)
                continue
            old = remaining[-1] if remaining else None
            if old is not None and _can_become(old, block):
                remaining.pop()
                self._change(old, block)
                taken[block] = old
            else:
                self._drop(remaining)
                self._add(block)
                taken[block] = block
            result.append(taken[block])
        self._drop(remaining)
        return result

    def change_rows(self, table: Block, new: TableRows) -> None:
        """Give a table the rows of `new` behind those that are final."""
        assert table.rows is not None
        final, renders = table.rows.final, table.rows.renders
        for index in range(final, len(table.rows.html)):
            renders.pop(index, None)
        renders.update({final + index: render for index, render in new.renders.items()})
        self._put_rows(table, final, new.html)

    def replace_rows(self, table: Block, rows: list[str]) -> None:
        """Give a table other rows."""
        self._put_rows(table, 0, rows)

    def replace(self, block: Block, html: str) -> None:
        """Give a block without blocks inside it another element."""
        if html == block.html:
            return
        block.html = html
        self._patches += block.patches

    def _add(self, block: Block) -> None:
        block.key = self._next_key
        self._next_key += 1
        self._blocks[block.key] = block
        self._patches += block.patches

    def _change(self, old: Block, new: Block) -> None:
        old.render, old.source = new.render, new.source
        if old.html != new.html:
            added = _added_text(old.html, new.html)
            if added is None:
                self.replace(old, new.html)
            else:
                old.html = new.html
                self._patches.append(AppendText(old.key, added))
        if new.rows is not None:
            self.change_rows(old, new.rows)

    def _put_rows(self, table: Block, keep: int, rows: list[str]) -> None:
        assert table.rows is not None
        before = table.rows.html[keep:]
        same = 0
        while same < min(len(before), len(rows)) and before[same] == rows[same]:
            same += 1
        if same == len(before) == len(rows):
            return
        table.rows.html[keep:] = rows
        self._patches.append(PutRows(table.key, keep + same, "".join(rows[same:])))

    def _drop(self, remaining: list[Block]) -> None:
        """Take the blocks off the page; dropping one takes those inside it along."""
        dropped: set[Block] = set()
        for block in reversed(remaining):
            del self._blocks[block.key]
            if block.parent not in dropped:
                self._patches.append(DropBlock(block.key))
            dropped.add(block)
        remaining.clear()


def _can_become(old: Block, new: Block) -> bool:
    if old.kind != new.kind or old.parent is not new.parent:
        return False
    # A block that holds others is never put again.
    return old.html == new.html or not new.kind.startswith("holder")


def _added_text(old: str, new: str) -> str | None:
    """The text that was added at the end of an element, if that is all that changed."""
    at = old.rfind("</")
    closing = old[at:]
    if at < 0 or not new.endswith(closing) or len(new) <= len(old):
        return None
    before = old[: -len(closing)]
    added = new[len(before) : -len(closing)]
    return unescape(added) if new.startswith(before) and "<" not in added else None
