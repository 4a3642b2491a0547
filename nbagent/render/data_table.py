"""Plain data (what JSON can hold) as a table that people read."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, TypeGuard, cast

from nbagent.render.folded_html import folded_html
from nbagent.render.plain_text import visible

MAX_ROWS = 200
"""So many rows of one table are shown."""

_MAX_DEPTH = 4
_SHORT = 200
# Said in each cell, because JupyterLab puts cells to the right and strips style sheets.
_LEFT = ' style="text-align:left"'


def data_table(data: Mapping[str, Any]) -> str:
    """A mapping as a table with a row for each field; what is nested becomes inner tables."""
    return _mapping(data, 0)


def _value(value: Any, depth: int) -> str:
    if value is None:
        return '<span class="nbagent-none">none</span>'
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) <= _SHORT and "\n" not in value:
        return _text(value)
    if isinstance(value, str):
        return folded_html(value)
    if not isinstance(value, Mapping | list):
        return _text(str(value))
    if not value:
        return '<span class="nbagent-none">empty</span>'
    if depth >= _MAX_DEPTH:
        return folded_html(json.dumps(value, indent=2, ensure_ascii=False))
    if isinstance(value, Mapping):
        return _mapping(cast("Mapping[str, Any]", value), depth + 1)
    rows = cast("list[Any]", value)
    return _records(rows, depth + 1) if _same_fields(rows) else _list(rows, depth + 1)


def _mapping(data: Mapping[str, Any], depth: int) -> str:
    rows = [
        f'<tr><th scope="row"{_LEFT}>{_text(name)}</th><td{_LEFT}>{_value(value, depth)}</td></tr>'
        for name, value in list(data.items())[:MAX_ROWS]
    ]
    return f"<table><tbody>{''.join(rows)}</tbody></table>{_more(len(data))}"


def _records(rows: Sequence[Mapping[str, Any]], depth: int) -> str:
    """Mappings with the same fields: a row each, and the fields' names above."""
    names = list(rows[0])
    head = "".join(f'<th scope="col"{_LEFT}>{_text(name)}</th>' for name in names)
    body = "".join(
        f"<tr>{''.join(f'<td{_LEFT}>{_value(row[name], depth)}</td>' for name in names)}</tr>"
        for row in rows[:MAX_ROWS]
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"{table}{_more(len(rows))}"


def _list(values: Sequence[Any], depth: int) -> str:
    items = "".join(f"<li>{_value(value, depth)}</li>" for value in values[:MAX_ROWS])
    return f"<ul>{items}</ul>{_more(len(values))}"


def _same_fields(rows: list[Any]) -> TypeGuard[list[Mapping[str, Any]]]:
    if not isinstance(rows[0], Mapping) or not rows[0]:
        return False
    names = set(cast("Mapping[str, Any]", rows[0]))
    return all(
        isinstance(row, Mapping) and set(cast("Mapping[str, Any]", row)) == names for row in rows
    )


def _more(count: int) -> str:
    if count <= MAX_ROWS:
        return ""
    return f'<p class="nbagent-note">… {count - MAX_ROWS:,} more not shown</p>'


def _text(text: str) -> str:
    return escape(visible(text), quote=False)
