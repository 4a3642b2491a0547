"""A page in Python that carries out block patches, and what a reader gets from HTML."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nbagent.render.block_patches import AppendText, BlockPatch, DropBlock, PutBlock, PutRows
from tests.render.page import Element, read

_BLOCKS = frozenset(
    "p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre table thead tbody tr th td hr br div".split()  # noqa: SIM905
)


@dataclass
class _Shown:
    element: Element
    place: Element
    parent: int | None


class PatchedPage:
    """Carries out patches as `nbagent.render.block_patches` describes them."""

    def __init__(self) -> None:
        self.root = Element("body")
        self._shown: dict[int, _Shown] = {}
        self._dropped: set[int] = set()

    def apply(self, patches: Iterable[BlockPatch]) -> None:
        for patch in patches:
            match patch:
                case PutBlock():
                    self._put(patch)
                case AppendText(key, text):
                    assert key in self._shown
                    self._shown[key].element.children.append(text)
                case PutRows(key, keep, html):
                    body = self._shown[key].place
                    rows = [child for child in body.children if isinstance(child, Element)]
                    assert body.tag == "tbody"
                    assert len(rows) >= keep
                    body.children = [*rows[:keep], *_rows(html)]
                case DropBlock(key):
                    self._drop(key)

    def _put(self, patch: PutBlock) -> None:
        nodes = read(patch.html)
        assert len(nodes) == 1
        element = nodes[0]
        assert isinstance(element, Element)
        code = element.find("code") if element.tag == "pre" else element.find("tbody")
        shown = _Shown(element, code or element, patch.parent)
        place = self.root if patch.parent is None else self._shown[patch.parent].place
        old = self._shown.get(patch.key)
        if old is None:
            assert patch.key not in self._dropped
            place.children.append(element)
        else:
            assert old.parent == patch.parent
            assert not any(other.parent == patch.key for other in self._shown.values())
            place.children[place.children.index(old.element)] = element
        self._shown[patch.key] = shown

    def _drop(self, key: int) -> None:
        shown = self._shown[key]
        place = self.root if shown.parent is None else self._shown[shown.parent].place
        place.children.remove(shown.element)
        self._forget(key)

    def _forget(self, key: int) -> None:
        del self._shown[key]
        self._dropped.add(key)
        for child in [child for child, shown in self._shown.items() if shown.parent == key]:
            if child in self._shown:
                self._forget(child)


def meaning(nodes: Iterable[Element | str]) -> list[Any]:
    """What nodes say to a reader: no blanks without effect, no elements without meaning.

    The paragraphs of list items and the `<span>`s of long code and text are such elements.
    """
    result: list[Any] = []
    _add_meaning(result, list(nodes), in_code=False, in_item=False)
    return _tidy(result)


def meaning_of_html(html: str) -> list[Any]:
    return meaning(read(html))


def text_of(nodes: Iterable[Element | str]) -> str:
    """All text, without any blanks."""
    return re.sub(r"\s", "", "".join(n if isinstance(n, str) else n.text for n in nodes))


def _rows(html: str) -> list[Element | str]:
    return [node for node in read(html) if isinstance(node, Element)]


def _add_meaning(
    result: list[Any], nodes: list[Element | str], *, in_code: bool, in_item: bool
) -> None:
    for node in nodes:
        if isinstance(node, str):
            result.append(node if in_code else re.sub(r"[ \t\n]+", " ", node))
            continue
        classes = node.attributes.get("class", "")
        if node.tag == "span" and classes in ("", "nbagent-lines"):
            _add_meaning(result, node.children, in_code=in_code, in_item=False)
            continue
        if node.tag == "p" and in_item:
            result.append(None)
            _add_meaning(result, node.children, in_code=in_code, in_item=False)
            result.append(None)
            continue
        if node.tag == "tbody" and not node.find("tr"):
            continue
        children: list[Any] = []
        _add_meaning(
            children,
            node.children,
            in_code=in_code or node.tag == "pre",
            in_item=node.tag == "li",
        )
        attributes = tuple(sorted(node.attributes.items()))
        inside = children if in_code or node.tag == "pre" else _tidy(children)
        result.append((node.tag, attributes, tuple(_joined(inside))))


def _joined(nodes: list[Any]) -> list[Any]:
    result: list[Any] = []
    for node in nodes:
        if isinstance(node, str) and result and isinstance(result[-1], str):
            result[-1] += node
        elif node != "":
            result.append(node)
    return result


def _tidy(nodes: list[Any]) -> list[Any]:
    """Drop the blanks at the edges of blocks, and the marks (None) of left-out paragraphs."""
    result: list[Any] = []
    nodes = _joined(nodes)
    for index, node in enumerate(nodes):
        if node is None:
            continue
        if isinstance(node, str):
            node = re.sub(" +", " ", node)
            if index == 0 or _is_edge(nodes[index - 1]):
                node = node.lstrip(" ")
            if index == len(nodes) - 1 or _is_edge(nodes[index + 1]):
                node = node.rstrip(" ")
        if node != "":
            result.append(node)
    return result


def _is_edge(node: Any) -> bool:
    return node is None or (isinstance(node, tuple) and node[0] in _BLOCKS)
