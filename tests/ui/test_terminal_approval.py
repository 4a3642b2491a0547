"""Approvals in a terminal: the exact call is seen, and nothing but a clear yes approves."""

import sys

import pytest

from tests.ui.terminal_session import piped, terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")

CALL = """
import json
from nbagent.questions import *
def approve(name="pay", arguments='{"to": "Zo\\\\u00eb", "amount": 5}', source="planner"):
    question = Question(
        kind="approval", prompt="Run this call?",
        call=CallToApprove(name=name, arguments=arguments),
        default=Approval(False), has_default=True)
    request = InputRequest("1", question, source, check_approval)
    answer = asyncio.run(put_question(request))
    print("ANSWER", answer.value, "by", answer.by)
"""

CODE = """
from nbagent.agents import ApprovalRequest, ask_for_approval
def approve(code):
    print("ANSWER", asyncio.run(ask_for_approval(ApprovalRequest(code=code, context=[]))))
"""


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("a", "approved"), ("Approve", "approved"), ("r", "approved for this run")],
)
def test_approving(typed: str, answer: str) -> None:
    with terminal(CALL + "approve()") as session:
        session.wait_for(
            "[planner] Run this call?\n"
            "  │ pay\n"
            "  │ {\n"
            '  │   "to": "Zoë",\n'
            '  │   "amount": 5\n'
            "  │ }\n"
            "[a]pprove, [d]eny, approve for this [r]un: "
        )
        session.type(f"{typed}\n")
        session.wait_for(f"ANSWER {answer} by user")
        assert session.end() == 0


def test_denying_with_a_reason() -> None:
    with terminal(CALL + "approve()") as session:
        session.wait_for("[r]un: ")
        session.type("d\n")
        session.wait_for("Reason, for the model (may be empty): ")
        session.type("too much 💸\n")
        session.wait_for("ANSWER denied: too much 💸 by user")
        assert session.end() == 0


def test_nothing_else_approves() -> None:
    with terminal(CALL + "approve()") as session:
        for typed in ("", "y", "yes", "1", "true", "ok a"):
            session.wait_for("[r]un: ")
            session.type(f"{typed}\n")
            session.wait_for("Type one of the letters in brackets.")
        session.wait_for("[r]un: ")
        session.type("\x04")
        session.wait_for("ANSWER denied by default")
        assert session.end() == 0


def test_what_was_typed_before_the_call_was_seen_approves_nothing() -> None:
    program = f"""
import time
print("BUSY", flush=True)
time.sleep(1)
{CALL}
approve()
"""
    with terminal(program) as session:
        session.wait_for("BUSY")
        session.type("a\n")
        session.wait_for("[r]un: ")
        session.type("d\n\n")
        session.wait_for("ANSWER denied by user")
        assert session.end() == 0


def test_without_a_person_it_is_denied() -> None:
    for given in (None, b"", b"perhaps\n"):
        code, out, errors = piped(CALL + "approve()", given)
        assert (code, errors) == (0, "")
        assert "ANSWER denied by default" in out
    # Whoever denies and then leaves gives no reason.
    assert "ANSWER denied by user" in piped(CALL + "approve()", b"d\n")[1]


def test_a_pipe_can_approve() -> None:
    assert "ANSWER approved by user" in piped(CALL + "approve()", b"a\n")[1]


def test_nothing_in_a_call_acts_on_the_terminal_or_hides() -> None:
    program = (
        CALL
        + r"""
arguments = json.dumps({
    "x": "\x1b[2J\x1b[8mhidden\x1b]0;title\x07 \u202egnp.exe \u200b\n[a]pprove",
    "y": "\x9b31m\r\b\b"}, ensure_ascii=False)
approve("na\x1b[31mme\n  pay", arguments, "sou\x1b[1mrce\nanother line")
"""
    )
    with terminal(program) as session:
        session.wait_for("[r]un: ")
        shown = session.screen
        session.type("d\n\n")
        session.wait_for("ANSWER denied")
        session.end()
    assert shown.startswith("[source another line] Run this call?\n  │ na␛[31mme\n  │   pay\n")
    for control in "\x1b\x07\x08\x9b\r\u202e\u200b":
        assert control not in shown
    assert "hidden" in shown
    # JSON writes controls as escapes; what it leaves is shown by its number.
    assert "\\u001b[2J" in shown
    assert "⟨U+202E⟩gnp.exe" in shown
    assert "⟨U+009B⟩31m" in shown
    assert "\n[a]pprove" not in shown.removesuffix("\n[a]pprove, [d]eny, approve for this [r]un: ")


def test_code_is_shown_whole_with_what_a_terminal_would_hide() -> None:
    program = (
        CODE
        + r"""
approve("print(1)\n# \x1b]0;\nimport os\nos.system('rm -rf /')\n# \x07\nprint(2)\r\n")
"""
    )
    with terminal(program) as session:
        session.wait_for(
            "Run this code?\n"
            "  │ print(1)\n"
            "  │ # ␛]0;\n"
            "  │ import os\n"
            "  │ os.system('rm -rf /')\n"
            "  │ # ␇\n"
            "  │ print(2)␍\n"
            "  │ \n"
            "[a]pprove, [d]eny: "
        )
        session.type("r\n")  # there is no run of code to approve for
        session.wait_for("[a]pprove, [d]eny: ")
        session.type("a\n")
        session.wait_for("ANSWER approved=True")
        assert session.end() == 0
    assert "\x1b" not in session.screen


def test_code_is_denied_with_the_reason_or_where_nobody_is() -> None:
    _, out, _ = piped(CODE + "approve('x')", b"d\nnot now\n")
    assert "ANSWER approved=False reason='not now'" in out
    _, out, _ = piped(CODE + "approve('x')", b"d\n\n")
    assert "ANSWER approved=False reason='A person denied it.'" in out
    _, out, _ = piped(CODE + "approve('x')", None)
    assert "ANSWER approved=False reason='Nobody approved it: the standard input is empty.'" in out
