"""The card of an inner run: whose it is, how much was said in it, and its last words."""

from collections.abc import Sequence

from nbagent.render.card_parts import card, escaped_line
from nbagent.render.inner_runs import InnerRun, icon, last_words, message_count
from nbagent.transcript.items import Item

_LAST_WORDS = 280


def inner_run_card(
    run: InnerRun, items: Sequence[Item], content: str = "", *, works: bool = False
) -> str:
    """An inner run as a card, folded unless it goes on.

    Args:
        run: A team's turn, or what a tool call has run.
        items: All items of the transcript.
        content: HTML of what is in it. A live page gets an empty card and then fills it.
        works: Whether it is at work.
    """
    parts = [
        f'<span class="nbagent-icon">{icon(run)}</span>',
        f'<span class="nbagent-name">{escaped_line(run.name) or "unnamed"}</span>',
    ]
    count = message_count(run)
    if count:
        parts.append(f'<small class="nbagent-how">{count}</small>')
    words = last_words(run, items)
    if words is not None:
        source, text = words
        parts.append(
            f'<small class="nbagent-last"><strong>{escaped_line(source)}:</strong> '
            f"{escaped_line(text, _LAST_WORDS)}</small>"
        )
    # Whoever is asked something must see it.
    is_open = works or bool(run.unfinished)
    inside = card("inner", " ".join(parts), content, is_open=is_open)
    of_call = "" if run.call is None else " nbagent-of-call"
    return f'<div class="nbagent-item nbagent-inner-run{of_call}">{inside}</div>'
