"""The table of many tasks: where each stands, in all the forms that a transcript has."""

import heapq
from collections.abc import Sequence
from html import escape

from nbagent.base.progress import TaskProgress, count_states
from nbagent.render.card_parts import escaped_line
from nbagent.render.folded_html import folded_html
from nbagent.render.markdown_parser import Form
from nbagent.render.plain_text import duration_text, one_line

COLUMNS = ("", "Task", "State", "Time", "Tokens", "Last words")
"""The heads of the columns; the first holds the task's number."""

LIVE_ROWS = 30
"""So many rows a page shows while tasks run; it gets them anew at each change."""

STATIC_ROWS = 500
"""So many rows are kept in the end."""

_ICONS = {"waiting": "◔", "running": "◌", "done": "✓", "failed": "✗", "stopped": "■"}
_URGENCY = {"failed": 0, "running": 1, "stopped": 2, "done": 3, "waiting": 4}
_TASK, _WORDS, _ERROR = 60, 80, 200
# Said in each cell, because JupyterLab puts cells to the right and strips style sheets.
_LEFT = ' style="text-align:left"'


def progress_table(rows: Sequence[TaskProgress], form: Form) -> str:
    """The table in HTML, with the counts above it. A failed task's row opens to its traceback."""
    shown = shown_rows(rows, form)
    head = "".join(f'<th scope="col"{_LEFT}>{name}</th>' for name in COLUMNS)
    body = "".join(_row_html(number, rows[number]) for number in shown)
    more = more_text(len(rows) - len(shown))
    note = f'<p class="nbagent-note">{more}</p>' if more else ""
    return (
        f'<div class="nbagent-data nbagent-progress"><p class="nbagent-label"><strong>'
        f"{escape(counts_text(rows))}</strong></p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{note}</div>"
    )


def counts_text(rows: Sequence[TaskProgress]) -> str:
    """How many tasks there are of each state, in a line."""
    counts = [f"{count:,} {state}" for state, count in count_states(rows).items()]
    recorded = sum(row.recorded for row in rows)
    if recorded:
        counts.append(f"{recorded:,} of them from the record")
    return f"{len(rows):,} {'task' if len(rows) == 1 else 'tasks'}: {', '.join(counts) or 'none'}"


def progress_lines(rows: Sequence[TaskProgress]) -> list[str]:
    """The tasks as plain text, a line each; below a failed one its traceback."""
    shown = shown_rows(rows, "static")
    lines: list[str] = []
    for number in shown:
        lines.append(task_line(number, rows[number]))
        lines += [f"    {line}" for line in _traceback_lines(rows[number])]
    more = more_text(len(rows) - len(shown))
    return [*lines, more] if more else lines


def task_line(number: int, row: TaskProgress) -> str:
    """One task as a line of plain text."""
    _, task, state, seconds, tokens, words = cells(number, row)
    facts = ", ".join(fact for fact in (state, seconds, tokens and f"{tokens} tokens") if fact)
    return f"{number} {task}  [{facts}]  {words}".rstrip()


def cells(number: int, row: TaskProgress) -> tuple[str, ...]:
    """The texts of a row, one for each of `COLUMNS`."""
    tokens = row.usage.prompt_tokens + row.usage.completion_tokens
    words = one_line(row.error, _ERROR) if row.error else _last_words(row.words)
    return (
        str(number),
        one_line(row.task, _TASK),
        f"{_ICONS[row.state]} {row.state}",
        "" if row.seconds is None else _time(row),
        f"{tokens:,}" if tokens else "",
        words,
    )


def shown_rows(rows: Sequence[TaskProgress], form: Form) -> list[int]:
    """The numbers of the rows that are shown, in order.

    Where they are too many, those that a reader looks for come first: failed ones, those that
    run, and of those that are done the last.
    """
    limit = LIVE_ROWS if form == "live" else STATIC_ROWS
    if len(rows) <= limit:
        return list(range(len(rows)))

    def urgency(number: int) -> tuple[int, int]:
        state = rows[number].state
        newest_first = form == "live" and state in ("done", "failed")
        return _URGENCY[state], -number if newest_first else number

    return sorted(heapq.nsmallest(limit, range(len(rows)), key=urgency))


def more_text(count: int) -> str:
    """Says how many rows are not shown; empty for none."""
    return f"… {count:,} more not shown" if count > 0 else ""


def _row_html(number: int, row: TaskProgress) -> str:
    texts = cells(number, row)
    # Facts stay in one line each, also beside long tasks and words.
    _, task, *facts = (escape(text, quote=False) for text in texts[:-1])
    inner = [f"<td{_LEFT}>{text}</td>" for text in (number, task, *map(_in_one_line, facts))]
    last = escape(texts[-1], quote=False)
    if row.traceback:
        summary = f"<summary>{escaped_line(row.error, _ERROR)}</summary>"
        last = f"<details>{summary}{folded_html(row.traceback)}</details>"
    return f"<tr>{''.join(inner)}<td{_LEFT}>{last}</td></tr>"


def _in_one_line(html: str) -> str:
    return html.replace(" ", "\u00a0")


def _time(row: TaskProgress) -> str:
    seconds = row.seconds or 0.0
    # In whole seconds while it runs: so the page changes no oftener than a reader reads.
    return f"{seconds:.0f} s" if row.state == "running" else duration_text(seconds)


def _last_words(words: str) -> str:
    """The end of what was said, as that is what changes."""
    line = one_line(words, 400)
    return line if len(line) <= _WORDS else f"…{line[-_WORDS:].lstrip()}"


def _traceback_lines(row: TaskProgress) -> list[str]:
    lines = (one_line(line, 400) for line in row.traceback.splitlines())
    return [line for line in lines if line]
