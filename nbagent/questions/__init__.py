"""Questions to a person: what they are, who may be asked, and `ask()`."""

from nbagent.questions.announcing import announcing, asking_source
from nbagent.questions.ask import ask, check_timeout
from nbagent.questions.asker import Asker, NobodyToAskError, asking_through, current_asker
from nbagent.questions.blocking import answer_of
from nbagent.questions.checks import YES_NO, check_approval, check_text
from nbagent.questions.form import FieldKind, FormField, form_fields
from nbagent.questions.put import put_question
from nbagent.questions.question import (
    Answer,
    AnsweredBy,
    Approval,
    CallToApprove,
    InputRequest,
    InvalidAnswerError,
    Question,
)
from nbagent.questions.read_form import read_form

__all__ = [
    "YES_NO",
    "Answer",
    "AnsweredBy",
    "Approval",
    "Asker",
    "CallToApprove",
    "FieldKind",
    "FormField",
    "InputRequest",
    "InvalidAnswerError",
    "NobodyToAskError",
    "Question",
    "announcing",
    "answer_of",
    "ask",
    "asking_source",
    "asking_through",
    "check_approval",
    "check_text",
    "check_timeout",
    "current_asker",
    "form_fields",
    "put_question",
    "read_form",
]
