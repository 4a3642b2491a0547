"""Asks a person to approve a tool call before it runs.

Whatever goes wrong on the way to an answer, the call does not run.
"""

import asyncio
import inspect
import uuid
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_json

from nbagent.cancellation import CancellationToken
from nbagent.exceptions import ApprovalDeniedError, UserInputError
from nbagent.questions import (
    Answer,
    Approval,
    CallToApprove,
    InputRequest,
    Question,
    asking_source,
    check_approval,
    put_question,
)
from nbagent.tools.approval_policy import ApprovalFunction, ApprovalSettings, CheckedCall
from nbagent.tools.run_approvals import current_run_approvals

_NO_OTHER_WAY = "It did not run. Do not try to do the same in another way."


async def require_approval(
    settings: ApprovalSettings,
    *,
    tool: object,
    name: str,
    arguments: BaseModel | Mapping[str, Any],
    cancellation_token: CancellationToken,
    call_id: str | None = None,
) -> None:
    """Return where a tool call may run now; nothing may be awaited between this and the call.

    An approval "for this run" counts until the run ends, and for this one call where there is
    no run (see `run_approvals`).

    Args:
        settings: Whether and how a person is asked.
        tool: What an approval "for this run" is for, told by its identity.
        name: The tool's name.
        arguments: What the tool gets. The person is shown all of it, so that nothing else must
            be handed on.
        cancellation_token: Withdraws the question when cancelled.
        call_id: The id of the call, where the model gave one.

    Raises:
        ApprovalDeniedError: The call was denied, nobody could be asked, or it could not be
            found out whether to ask.
        asyncio.CancelledError: The run was cancelled.
    """
    if settings.ask_nobody:
        return
    if callable(settings.policy):
        call = CheckedCall(name, _plain(arguments), call_id or "")
        if not await _wants_to_ask(settings.policy, call, cancellation_token):
            return
    approvals = current_run_approvals()
    if approvals is None or not approvals.cover(tool):
        shown = _shown(name, arguments)
        to_approve = CallToApprove(name=name, arguments=shown, call_id=call_id or "")
        approval = await _ask(to_approve, settings.timeout, cancellation_token)
        if _shown(name, arguments) != shown:
            raise ApprovalDeniedError(
                f"The arguments of {name} changed while a person was asked about them."
            )
        if approval.for_run and approvals is not None:
            approvals.add(tool)
    if cancellation_token.is_cancelled():
        raise asyncio.CancelledError


async def _wants_to_ask(
    function: ApprovalFunction, call: CheckedCall, cancellation_token: CancellationToken
) -> bool:
    try:
        decided = cast("object", function(call))
        if inspect.isawaitable(decided):
            decided = cast("object", await cancellation_token.wait(decided))
    except Exception as error:
        raise ApprovalDeniedError(
            f"{call.name} did not run: the function that decides about its approval failed."
        ) from error
    if not isinstance(decided, bool):
        raise ApprovalDeniedError(
            f"{call.name} did not run: the function that decides about its approval returned "
            f"{decided!r}, not True (ask a person) or False (run unasked)."
        )
    return decided


async def _ask(
    call: CallToApprove, timeout: float | None, cancellation_token: CancellationToken
) -> Approval:
    """Ask a person, and return their approval; a denial is raised."""
    question = Question(
        kind="approval",
        prompt=f"Run {call.name} with these arguments?",
        call=call,
        default=Approval(approved=False),
        has_default=True,
        timeout=timeout,
    )
    request = InputRequest(str(uuid.uuid4()), question, asking_source(), check_approval)
    try:
        answer = await put_question(request, cancellation_token)
    except UserInputError as error:
        raise ApprovalDeniedError(
            f"This call needs a person's approval and did not get it. {_NO_OTHER_WAY}"
        ) from error
    if isinstance(answer.value, Approval) and answer.value.approved is True:
        return answer.value
    raise ApprovalDeniedError(_denial(answer))


def _denial(answer: Answer) -> str:
    """What the model is told."""
    if answer.by != "user":
        return f"This call needs a person's approval, and {answer.note}. {_NO_OTHER_WAY}"
    reason = answer.value.reason if isinstance(answer.value, Approval) else ""
    said = f" The reason given: {reason}\n" if reason else " "
    return f"A person denied this call.{said}{_NO_OTHER_WAY}"


def _plain(arguments: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    """The arguments for an approval function: each field, with models in them as dicts."""
    if isinstance(arguments, BaseModel):
        return dict(arguments) | arguments.model_dump(warnings=False)
    return dict(arguments)


def _shown(name: str, arguments: BaseModel | Mapping[str, Any]) -> str:
    """JSON of the arguments, as a person sees them before they approve.

    Each field is there, also one that its model leaves out of its own JSON. A secret stays
    masked, as its type says.
    """
    try:
        return to_json(dict(arguments), inf_nan_mode="strings").decode()
    except PydanticSerializationError as error:
        raise ApprovalDeniedError(
            f"{name} did not run: its arguments cannot be shown to the person who approves them."
        ) from error
