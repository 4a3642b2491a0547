"""The card of an inner team's turn: who worked, how much was said, and its last words."""

from collections.abc import Sequence

from nbagent.render.card_parts import card, escaped_line
from nbagent.render.inner_teams import InnerTeam, last_words, message_count
from nbagent.transcript.items import Item

_LAST_WORDS = 280


def inner_team_card(
    team: InnerTeam, items: Sequence[Item], content: str = "", *, works: bool = False
) -> str:
    """An inner team's turn as a card, folded unless it goes on.

    Args:
        team: The turn.
        items: All items of the transcript.
        content: HTML of what is in it. A live page gets an empty card and then fills it.
        works: Whether the team is at work.
    """
    parts = [
        '<span class="nbagent-icon">❖</span>',
        f'<span class="nbagent-name">{escaped_line(team.name) or "unnamed"}</span>',
    ]
    count = message_count(team)
    if count:
        parts.append(f'<small class="nbagent-how">{count}</small>')
    words = last_words(team, items)
    if words is not None:
        source, text = words
        parts.append(
            f'<small class="nbagent-last"><strong>{escaped_line(source)}:</strong> '
            f"{escaped_line(text, _LAST_WORDS)}</small>"
        )
    # Whoever is asked something must see it.
    is_open = works or bool(team.unfinished)
    inside = card("inner", " ".join(parts), content, is_open=is_open)
    return f'<div class="nbagent-item nbagent-inner-team">{inside}</div>'
