"""Cards of an orchestrator's ledgers: what is known and planned; who is next, and why."""

from nbagent.base.ledger import LedgerAnswer, ProgressReport, TaskLedger
from nbagent.render.card_parts import card, escaped_line, label_html
from nbagent.render.data_table import data_table
from nbagent.render.folded_html import folded_html
from nbagent.render.markdown import render_markdown
from nbagent.render.markdown_parser import Form
from nbagent.transcript.items import LedgerItem

_RENDERED = 6_000
"""Longer texts are shown as they are: they come at once, and must not hold up the page."""


def ledger_card(item: LedgerItem, form: Form) -> str:
    """A ledger as a card, open at first."""
    ledger = item.ledger
    if isinstance(ledger, TaskLedger):
        summary = (
            '<span class="nbagent-icon">☰</span> <span class="nbagent-name">Task ledger</span> '
            f'<small class="nbagent-how">{plan_number(ledger)}</small>'
        )
        content = "".join(
            f"{label_html(name)}{_prose(text, form)}"
            for name, text in (("Facts", ledger.facts), ("Plan", ledger.plan))
        )
        return card("ledger", summary, content, is_open=True)
    icon, line = headline(ledger)
    summary = (
        f'<span class="nbagent-icon">{icon}</span> <span class="nbagent-name">'
        f'{escaped_line(line)}</span> <small class="nbagent-how">{standing(ledger)}</small>'
    )
    content = _prose(item.text, form) if asks(ledger) else ""
    content += data_table(dict(findings(ledger)))
    return card("ledger", summary, content, is_open=True)


def plan_number(ledger: TaskLedger) -> str:
    """Which plan it is."""
    return "first plan" if ledger.version <= 1 else f"plan {ledger.version}, after a stall"


def asks(report: ProgressReport) -> bool:
    """Whether somebody is asked to do something."""
    return not report.ledger.is_request_satisfied.answer and not _is_stalled(report)


def headline(report: ProgressReport) -> tuple[str, str]:
    """A sign, and in a line what comes of a look at the progress."""
    if report.ledger.is_request_satisfied.answer:
        return "✓", "The task is done"
    if _is_stalled(report):
        return "↻", "Stalled: a new plan follows"
    return "⇢", f"Next: {report.ledger.next_speaker.answer}"


def standing(report: ProgressReport) -> str:
    """How the run stands."""
    rounds = f" of {report.max_rounds}" if report.max_rounds is not None else ""
    return f"round {report.round}{rounds} · stalls {report.stalls} of {report.max_stalls}"


def findings(report: ProgressReport) -> list[tuple[str, str]]:
    """The answers of the ledger: what was asked, and the answer with its reason."""
    ledger = report.ledger
    found = [
        _finding("Task done", ledger.is_request_satisfied),
        _finding("In a loop", ledger.is_in_loop),
        _finding("Progress", ledger.is_progress_being_made),
    ]
    if asks(report):
        found.append(("Next", _with_reason(ledger.next_speaker.answer, ledger.next_speaker.reason)))
    return found


def _finding(name: str, given: LedgerAnswer) -> tuple[str, str]:
    return name, _with_reason("yes" if given.answer else "no", given.reason)


def _with_reason(answer: str, reason: str) -> str:
    return f"{answer}: {reason}" if reason.strip() else answer


def _is_stalled(report: ProgressReport) -> bool:
    return report.max_stalls > 0 and report.stalls >= report.max_stalls


def _prose(text: str, form: Form) -> str:
    return render_markdown(text, form=form) if len(text) <= _RENDERED else folded_html(text)
