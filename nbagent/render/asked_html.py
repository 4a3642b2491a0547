"""Questions and approvals as HTML: what was asked, what was answered, by whom and when."""

from html import escape

from nbagent.render.arguments import arguments_apart, pretty_arguments
from nbagent.render.card_parts import call_html, exact_code_html, label_html, languages_of
from nbagent.render.data_table import data_table
from nbagent.render.exact_text import exact
from nbagent.render.folded_html import exact_html, folded_html
from nbagent.render.markdown_parser import Form
from nbagent.render.outcome import Asked, answered_fields, is_approval, outcome
from nbagent.render.plain_text import FOLD_CHARACTERS, is_prose, visible
from nbagent.transcript.items import AskedApproval, QuestionItem

ASK = '<div class="nbagent-ask"></div>'
"""Where a live page puts the controls of an open question."""

_ICON = {"open": "?", "answered": "✓", "cancelled": "⊘"}
_DENIED = "⊖"
_SHORT_CHOICES = 300


def question_card(item: QuestionItem, form: Form) -> str:
    """A question that has a card of its own."""
    end = outcome(item)
    title = "Approval" if is_approval(item) else "Question"
    denied = end.approved is False
    state = "denied" if denied else item.state
    icon = _DENIED if denied else _ICON[item.state]
    if is_approval(item):
        content = approval_html(item, form)
    else:
        content = f"{_prompt(item)}{_choices(item, form)}{_ask(item, form)}{_answer(item)}"
    # The decision on a call or code stands below it; what else became of a question, up here.
    how = "" if is_approval(item) and item.state == "answered" else end.line
    return (
        f'<div class="nbagent-card nbagent-question nbagent-{state}">'
        f'<p class="nbagent-title"><span class="nbagent-icon">{icon}</span> '
        f'<strong class="nbagent-name">{title}</strong> '
        f'<small class="nbagent-how">{escape(how, quote=False)}</small></p>{content}</div>'
    )


def approval_html(asked: Asked, form: Form) -> str:
    """What may or may not run, exactly, and who decided what; the inside of a card."""
    question = asked.question
    # Nobody can allow what they cannot see; afterwards it is a record, of which a flood is cut.
    is_open = asked.state == "open"
    parts = [_prompt(asked)]
    if question is not None and question.call is not None:
        if isinstance(asked, QuestionItem):
            parts.append(f"<p>{call_html(question.call.name, question.call.arguments)}</p>")
        parts.append(_arguments(question.call.arguments, whole=is_open))
    if question is not None and question.code:
        languages = escape(languages_of(question.code), quote=False)
        parts.append(label_html(f"Code <small>{languages}</small>"))
        parts += [exact_code_html(block, whole=is_open) for block in question.code]
    parts.append(_ask(asked, form))
    if not is_open and (isinstance(asked, AskedApproval) or asked.state == "answered"):
        parts.append(_decision(asked))
    return "".join(parts)


def said_html(text: str) -> str:
    """What somebody said, with its line breaks; exactly as it was typed where it is no prose."""
    shown = visible(text).strip("\n")
    if not shown.strip():
        return '<p class="nbagent-note">(empty)</p>'
    if not is_prose(shown):
        return folded_html(text)
    return f"<p>{escape(shown, quote=False).replace(chr(10), '<br>')}</p>"


def _arguments(arguments: str, *, whole: bool) -> str:
    apart = arguments_apart(arguments)
    if apart is None:
        return f"{label_html('Arguments')}{exact_html(pretty_arguments(arguments), whole=whole)}"
    parts: list[str] = []
    for name, value in apart:
        parts.append(label_html(f"Argument <code>{escape(exact(name), quote=False)}</code>"))
        parts.append(exact_html(value, whole=whole))
    return "".join(parts)


def _prompt(asked: Asked) -> str:
    question = asked.question
    if question is None or not question.prompt.strip():
        return ""
    return f'<div class="nbagent-prompt">{said_html(question.prompt)}</div>'


def _choices(item: QuestionItem, form: Form) -> str:
    """What could be chosen; the page's own buttons say it while the question is open."""
    choices = item.question.choices if item.question is not None else ()
    if not choices or (form == "live" and item.state == "open"):
        return ""
    if sum(map(len, choices)) > _SHORT_CHOICES or any("\n" in choice for choice in choices):
        return f"{label_html('Choices')}{folded_html(chr(10).join(choices))}"
    names = " · ".join(f"<span>{escape(visible(choice), quote=False)}</span>" for choice in choices)
    return f'<p class="nbagent-choices">Choices: {names}</p>'


def _ask(asked: Asked, form: Form) -> str:
    return ASK if form == "live" and asked.state == "open" and asked.question is not None else ""


def _answer(item: QuestionItem) -> str:
    said = outcome(item).said
    if said is None:
        return ""
    fields = answered_fields(item)
    content = said_html(said) if fields is None else data_table(fields)
    return f'{label_html("Answer")}<blockquote class="nbagent-answer">{content}</blockquote>'


def _decision(asked: Asked) -> str:
    end = outcome(asked)
    word = {True: "allowed", False: "denied", None: "cancelled"}[end.approved]
    line = escape(end.line, quote=False)
    open_end = f'<p class="nbagent-decision nbagent-{word}"><strong>{line}</strong>'
    if end.said is None:
        return f"{open_end}</p>"
    reason = visible(end.said).strip()
    if "\n" not in reason and len(reason) <= FOLD_CHARACTERS:
        return f"{open_end}: {escape(reason, quote=False)}</p>"
    return f'{open_end}:</p><blockquote class="nbagent-answer">{said_html(end.said)}</blockquote>'
