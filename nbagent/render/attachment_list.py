"""A list of files that a person handed over, as it stays in a notebook."""

from collections.abc import Sequence
from html import escape

from nbagent.attachments import Attachment
from nbagent.attachments.limits import size_text
from nbagent.render.fenced import code_span
from nbagent.render.picture import picture_html
from nbagent.render.plain_text import one_line
from nbagent.render.safety import escape_text

THUMBNAIL_SIDE = 160
"""The longest side of a picture in the list, in pixels."""

_NAME_CHARACTERS = 120
# Said in each cell, because JupyterLab puts cells to the right and strips style sheets.
_LEFT = ' style="text-align:left"'


def attachments_html(heading: str, attachments: Sequence[Attachment]) -> str:
    """The list as plain HTML, which needs no style sheet.

    Args:
        heading: What stands above it, plain text.
        attachments: The files, in order.

    Returns:
        One `<div>`, with a thumbnail of each picture.
    """
    pictures = any(attachment.image for attachment in attachments)
    rows = "".join(_row(attachment, pictures) for attachment in attachments)
    table = f"<table><tbody>{rows}</tbody></table>" if rows else ""
    # MathJax of a notebook would take a pair of dollars in a name for a formula.
    return f'<div class="mathjax_ignore"><p>{escape_text(heading)}</p>{table}</div>'


def attachments_markdown(heading: str, attachments: Sequence[Attachment]) -> str:
    """The list as Markdown."""
    lines = [
        f"- {code_span(_name(attachment))}, {'; '.join(_facts(attachment))}"
        for attachment in attachments
    ]
    return "\n".join([code_span(one_line(heading, 400)), *([""] if lines else []), *lines])


def attachments_text(heading: str, attachments: Sequence[Attachment]) -> str:
    """The list as text."""
    lines = [
        f"- {_name(attachment)}, {'; '.join(_facts(attachment))}" for attachment in attachments
    ]
    return "\n".join([one_line(heading, 400), *lines])


def _row(attachment: Attachment, pictures: bool) -> str:
    """A row of the table, with a cell for the picture where there are any."""
    facts = "<br>".join(escape(fact, quote=False) for fact in _facts(attachment))
    cells = [f"<strong>{escape_text(_name(attachment))}</strong><br>{facts}"]
    if pictures:
        image = attachment.image
        cells.insert(0, "" if image is None else picture_html(image.thumbnail(THUMBNAIL_SIDE)))
    return f"<tr>{''.join(f'<td{_LEFT}>{cell}</td>' for cell in cells)}</tr>"


def _name(attachment: Attachment) -> str:
    return one_line(attachment.name, _NAME_CHARACTERS)


def _facts(attachment: Attachment) -> list[str]:
    """What there is to say of a file beside its name."""
    size = size_text(len(attachment.data))
    if attachment.image is not None:
        width, height = attachment.image.size
        size += f", {width} × {height} pixels"
    return [size, *(one_line(note, 200) for note in attachment.notes)]
