"""The saved form of a transcript: one element of plain HTML that needs no script."""

import re
from collections.abc import Sequence

from nbagent.render.inner_run_card import inner_run_card
from nbagent.render.inner_runs import Entry, InnerRuns
from nbagent.render.items_html import INTERRUPTED, item_html
from nbagent.render.markdown import render_markdown
from nbagent.render.picture import picture_html
from nbagent.render.run_html import footer_html, notices_html
from nbagent.render.speakers import Speakers
from nbagent.render.stylesheet import stylesheet
from nbagent.transcript.items import Item, MessageItem, ThoughtItem, Transcript

_BLANK_LINE = re.compile(r"\n(?=[ \t]*\n)")


def transcript_to_html(transcript: Transcript, *, style: bool = True) -> str:
    """Render a transcript for a saved notebook, an export or a mail.

    Plain semantic HTML first and styled second: it reads well where style and class are
    stripped. There is no script, no MathML (untrusted viewers turn it into wrong text; a
    formula is its LaTeX source, marked for MathJax), no `id` and no `data-*`, and nothing is
    loaded from anywhere.

    Args:
        transcript: What to render, at whatever state it is.
        style: Whether the style sheet is part of it.

    Returns:
        One `<div>`. It has no blank line, at which Markdown would end an HTML block.
    """
    runs = InnerRuns(transcript.items)
    content = _entries(runs.entries, runs, transcript.items, Speakers())
    sheet = f"<style>{stylesheet()}</style>" if style else ""
    # MathJax of a notebook would take every pair of dollars for a formula: mathjax_ignore.
    document = (
        f'<div class="nbagent nbagent-static mathjax_ignore">{sheet}'
        f"{notices_html(transcript.notices)}{content}{footer_html(transcript)}</div>"
    )
    return _BLANK_LINE.sub("&#10;", document)


def _entries(
    entries: Sequence[Entry], runs: InnerRuns, items: Sequence[Item], speakers: Speakers
) -> str:
    parts: list[str] = []
    for entry in entries:
        if isinstance(entry, int):
            item = items[entry]
            before = runs.speaker_before(entry)
            body = body_html(item)
            parts.append(
                item_html(item, before=before, speakers=speakers, form="static", body=body)
            )
        else:
            inside = _entries(entry.entries, runs, items, speakers)
            parts.append(inner_run_card(entry, items, inside))
    return "".join(parts)


def body_html(item: Item) -> str:
    """The text of a message or thought, rendered; empty for other items."""
    if isinstance(item, ThoughtItem):
        return render_markdown(item.text, form="static")
    if not isinstance(item, MessageItem):
        return ""
    parts = [
        render_markdown(part, form="static") if isinstance(part, str) else picture_html(part)
        for part in item.parts
    ]
    if item.state == "interrupted":
        parts.append(INTERRUPTED)
    return "".join(parts)
