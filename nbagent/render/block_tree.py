"""The blocks that a parser found, as a tree: containers, and the leaves in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it.token import Token

CONTAINERS = frozenset(["bullet_list", "ordered_list", "list_item", "blockquote"])


@dataclass(eq=False)
class BlockNode:
    """A block.

    Attributes:
        kind: The name of its token without "_open", such as "list_item" or "paragraph".
        tokens: Of a leaf all tokens; of a container only the one that opens it.
        start: The line it begins on, counted from 0.
        end: The line behind its last one.
        parent: The container it is in.
        children: The blocks in it.
    """

    kind: str
    tokens: list[Token]
    start: int
    end: int
    parent: "BlockNode | None" = None
    children: list["BlockNode"] = field(default_factory=list["BlockNode"])

    @property
    def is_container(self) -> bool:
        """Whether other blocks may be inside."""
        return self.kind in CONTAINERS

    @property
    def path(self) -> list["BlockNode"]:
        """The containers around it, the outermost first."""
        if self.parent is None:
            return []
        return [*self.parent.path, self.parent]

    @property
    def content(self) -> str:
        """The text of a leaf as the parser read it."""
        return next((token.content for token in self.tokens if token.content), "")


def block_tree(tokens: list[Token]) -> list[BlockNode]:
    """The outermost blocks of parsed text."""
    roots: list[BlockNode] = []
    parents: list[BlockNode] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.nesting < 0:
            parents.pop()
            index += 1
            continue
        kind = token.type.removesuffix("_open")
        end = index + 1
        if kind not in CONTAINERS and token.nesting > 0:
            while tokens[end - 1].nesting >= 0 or tokens[end - 1].level != token.level:
                end += 1
        first_line, last_line = token.map or (0, 0)
        parent = parents[-1] if parents else None
        node = BlockNode(kind, tokens[index:end], first_line, last_line, parent)
        (parent.children if parent else roots).append(node)
        if kind in CONTAINERS:
            parents.append(node)
        index = end
    return roots


def ends(nodes: list[BlockNode]) -> Iterator[BlockNode]:
    """The leaves, and the containers with nothing in them, in their order."""
    for node in nodes:
        if node.children:
            yield from ends(node.children)
        else:
            yield node
