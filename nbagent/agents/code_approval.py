"""Approval of code before it runs, by a function or by a person."""

import uuid
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from pydantic import BaseModel

from nbagent.code_executor import CodeBlock
from nbagent.exceptions import UserInputError
from nbagent.models.types import LLMMessage
from nbagent.questions import (
    Approval,
    InputRequest,
    Question,
    asking_source,
    check_approval,
    put_question,
)


class ApprovalRequest(BaseModel, defer_build=True):
    """Code that waits for approval.

    Attributes:
        code: All of the code that would run.
        context: The conversation that led to it.
    """

    code: str
    context: list[LLMMessage]


class ApprovalResponse(BaseModel, defer_build=True):
    """Whether code may run.

    Attributes:
        approved: Whether it may.
        reason: Why, or why not; the model may be told.
    """

    approved: bool
    reason: str


ApprovalFuncType: TypeAlias = (
    Callable[[ApprovalRequest], ApprovalResponse]
    | Callable[[ApprovalRequest], Awaitable[ApprovalResponse]]
)
"""What decides about code: a function, or one that is awaited."""


async def ask_for_approval(request: ApprovalRequest) -> ApprovalResponse:
    """Ask a person whether code may run, through whatever shows the run.

    Where nobody can be asked, it may not.

    Raises:
        asyncio.CancelledError: The question was withdrawn.
    """
    question = Question(
        kind="approval",
        prompt="Run this code?",
        code=(CodeBlock(code=request.code, language=""),),
        default=Approval(approved=False),
        has_default=True,
    )
    to_ask = InputRequest(str(uuid.uuid4()), question, asking_source(), check_approval)
    try:
        answer = await put_question(to_ask)
    except UserInputError as error:
        return ApprovalResponse(approved=False, reason=f"Nobody approved it: {error}")
    approval = answer.value
    if not isinstance(approval, Approval) or approval.approved is not True:
        reason = f"Nobody approved it: {answer.note}." if answer.by != "user" else approval.reason
        return ApprovalResponse(approved=False, reason=reason or "A person denied it.")
    return ApprovalResponse(approved=True, reason="A person approved it.")
