"""Widgets' JavaScript: several small modules in `static`, joined to the one that a host takes.

Widget hosts get one ES module as a text, which cannot import its neighbours. The sources are
plain ES modules all the same, so that editors and the type check understand them; joining takes
away what ties them together: imports from a neighbour, and `export` before a declaration.
"""

import re
from functools import cache
from pathlib import Path

_STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([a-z_]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)


@cache
def javascript(entry: str) -> str:
    """The ES module of a widget.

    Names are unique across the modules that are joined; the page refuses a second declaration.

    Args:
        entry: The file in `static` with the widget's default export.
    """
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", _source(name))) for name in _order(entry))


@cache
def css(*names: str) -> str:
    """Style sheets of `static`, one after the other."""
    return "\n".join(_source(name) for name in names)


def _order(entry: str) -> list[str]:
    """A module's neighbours and itself, each after those that it imports."""
    order: list[str] = []

    def visit(name: str) -> None:
        for neighbour in _IMPORT.findall(_source(name)):
            visit(neighbour)
        if name not in order:
            order.append(name)

    visit(entry)
    return order


@cache
def _source(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
