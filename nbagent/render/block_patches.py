"""What changed on the page that shows a streaming text.

The page is a tree of blocks, each one element with a key: paragraphs, headings, code, tables, and
the lists, list items and quotes around them. A page keeps, for each key, the element and the
place where its children go: in `<pre><code></code></pre>` the `code`, in a table the `tbody`,
anywhere else the element itself: `element.querySelector("pre > code, tbody") ?? element`.

Patches are applied in order. A key is used for one block only and never again after it was
dropped. A block that is put again has no blocks inside it.
"""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class PutBlock:
    """Show a block.

    Where `key` is new, the element is added as the last child of `parent`. Otherwise it takes the
    place of the element shown under that key.

    Attributes:
        key: The block's key.
        html: Exactly one element, already cleaned.
        parent: Key of the block that it belongs to; None for the outermost.
    """

    key: int
    html: str
    parent: int | None = None


@dataclass(frozen=True)
class AppendText:
    """Add text, not HTML, at the end of the block's element (`element.append(text)`)."""

    key: int
    text: str


@dataclass(frozen=True)
class PutRows:
    """Change the end of a table.

    Attributes:
        key: The table's key.
        keep: How many rows of the body stay; those after them are removed.
        html: The `<tr>` elements that follow, already cleaned; may be empty.
    """

    key: int
    keep: int
    html: str


@dataclass(frozen=True)
class DropBlock:
    """Remove a block and all blocks inside it."""

    key: int


BlockPatch: TypeAlias = PutBlock | AppendText | PutRows | DropBlock
