"""A page in Python: carries out the live view's operations as a browser does."""

from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

_VOID = {"br", "hr", "img", "mspace"}


class Element:
    """An element of a page; text is a `str` among its children."""

    def __init__(self, tag: str, attributes: dict[str, str] | None = None) -> None:
        self.tag = tag
        self.attributes = attributes or {}
        self.children: list[Element | str] = []

    @property
    def text(self) -> str:
        """All text inside."""
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def find(self, *tags: str, class_name: str = "") -> "Element | None":
        """The first element inside, in the order of the page, that matches."""
        for child in self.children:
            if isinstance(child, str):
                continue
            classes = child.attributes.get("class", "").split()
            if child.tag in tags or (class_name and class_name in classes):
                return child
            if found := child.find(*tags, class_name=class_name):
                return found
        return None

    def shape(self) -> Any:
        """The element as plain data, with neighbouring texts as one."""
        children: list[Any] = []
        for child in self.children:
            if isinstance(child, Element):
                children.append(child.shape())
            elif children and isinstance(children[-1], str):
                children[-1] += child
            elif child:
                children.append(child)
        return (self.tag, tuple(sorted(self.attributes.items())), tuple(children))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("fragment")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read(html: str) -> list[Element | str]:
    """The nodes of a piece of HTML, all of which must be closed."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"not closed: {reader.open[-1].tag}"
    return reader.root.children


class Page:
    """What the operations so far have built.

    Attributes:
        root: All of it: items, and cards of inner runs with items in them.
        items: One element an item.
        status: The fields of the last status.
        picture: The picture of the team that runs.
        questions: The fields of each open question, by the item's index.
    """

    def __init__(self, operations: Sequence[list[Any]] = ()) -> None:
        self.root = Element("page")
        self.items: list[Element] = []
        self._runs: list[Element] = []
        self.status: dict[str, Any] = {}
        self.picture = ""
        self.questions: dict[int, dict[str, Any]] = {}
        self._blocks: list[dict[int, tuple[Element, Element]]] = []
        self.carry_out(operations)

    def carry_out(self, operations: Sequence[list[Any]]) -> None:
        """Do what the operations say, in order."""
        for name, *values in operations:
            getattr(self, f"_{name}")(*values)

    @property
    def text(self) -> str:
        """All text of the items."""
        return "\n".join(item.text for item in self.items)

    def shape(self) -> Any:
        """The items and the status as plain data, to compare two pages."""
        return self.root.shape(), self.status, self.picture, self.questions

    def _picture(self, html: str) -> None:
        self.picture = html

    def _status(self, fields: dict[str, Any]) -> None:
        self.status = fields

    def _question(self, index: int, fields: dict[str, Any]) -> None:
        assert self.items[index].find(class_name="nbagent-ask") is not None
        self.questions[index] = fields

    def _place_in(self, inner: int | None) -> Element:
        if inner is None:
            return self.root
        place = self._runs[inner].find("blockquote")
        assert place is not None
        return place

    def _inner(self, key: int, html: str, parent: int | None, call: int | None = None) -> None:
        element = _only_element(html)
        if key == len(self._runs):
            place = self._place_in(parent)
            after = len(place.children)
            if call is not None:
                after = _position(place, self.items[call]) + 1
            place.children.insert(after, element)
            self._runs.append(element)
            return
        old, new = self._runs[key].find("details"), element.find("details")
        assert old is not None and new is not None
        old.attributes = new.attributes
        old.children[0] = new.children[0]

    def _item(self, index: int, html: str, inner: int | None = None) -> None:
        element = _only_element(html)
        self.questions.pop(index, None)
        place = self._place_in(inner)
        if index == len(self.items):
            place.children.append(element)
            self.items.append(element)
            self._blocks.append({})
        else:
            place.children[_position(place, self.items[index])] = element
            self.items[index] = element
            self._blocks[index] = {}

    def _block(self, index: int, key: int, html: str, parent: int | None) -> None:
        blocks = self._blocks[index]
        element = _only_element(html)
        known = blocks.get(key)
        if known is not None:
            old, place = known
            place.children[_position(place, old)] = element
            for inner in [k for k, (_, p) in blocks.items() if _contains(old, p)]:
                del blocks[inner]
        else:
            if parent is None:
                body = self.items[index].find(class_name="nbagent-body")
                assert body is not None
                place = body
            else:
                place = _place(blocks[parent][0])
            place.children.append(element)
        blocks[key] = (element, place)

    def _text(self, index: int, key: int, text: str) -> None:
        _place(self._blocks[index][key][0]).children.append(text)

    def _rows(self, index: int, key: int, keep: int, html: str) -> None:
        body = _place(self._blocks[index][key][0])
        rows = [child for child in body.children if isinstance(child, Element)]
        body.children = [*rows[:keep], *read(html)]

    def _drop(self, index: int, key: int) -> None:
        element, place = self._blocks[index].pop(key)
        del place.children[_position(place, element)]
        for inner in [k for k, (_, p) in self._blocks[index].items() if _contains(element, p)]:
            del self._blocks[index][inner]


def _position(place: Element, element: Element) -> int:
    return next(n for n, child in enumerate(place.children) if child is element)


def _only_element(html: str) -> Element:
    nodes = [node for node in read(html) if not isinstance(node, str) or node.strip()]
    assert len(nodes) == 1, html
    assert isinstance(nodes[0], Element)
    return nodes[0]


def _place(element: Element) -> Element:
    return element.find("code", "tbody") or element


def _contains(outer: Element, inner: Element) -> bool:
    return outer is inner or any(
        isinstance(child, Element) and _contains(child, inner) for child in outer.children
    )
