"""Questions to a person: what they are, who may be asked, and `ask()`."""

from nbagent.questions.asker import Asker, asking_through, current_asker
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

__all__ = [
    "Answer",
    "AnsweredBy",
    "Approval",
    "Asker",
    "CallToApprove",
    "InputRequest",
    "InvalidAnswerError",
    "Question",
    "asking_through",
    "current_asker",
    "put_question",
]
