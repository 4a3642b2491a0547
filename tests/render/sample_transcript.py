"""Transcripts to render in tests: one with every kind of item, and one that is hostile."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from PIL import Image as PILImage

from nbagent.base.ledger import (
    LedgerAnswer,
    LedgerText,
    ProgressLedger,
    ProgressReport,
    TaskLedger,
)
from nbagent.base.progress import TaskProgress
from nbagent.code_executor import CodeBlock
from nbagent.image import Image
from nbagent.models.types import RequestUsage
from nbagent.questions.question import CallToApprove, Question
from nbagent.transcript.items import (
    AskedApproval,
    CodeItem,
    ErrorItem,
    HandoffItem,
    Item,
    LedgerItem,
    MemoryItem,
    MessageItem,
    OtherItem,
    ProgressItem,
    QuestionItem,
    SpeakerItem,
    StructuredItem,
    ThoughtItem,
    ToolCallItem,
    Transcript,
)

START = datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)

ANSWER = """The forecast for **Berlin** and *Kyoto*:

| City | Temperature |
|:-----|-----:|
| Berlin | 22 °C |
| Kyoto | 28 °C |

It costs $5 to $6. The mean is $\\frac{1}{2}(a + b)$, and

$$\\sigma^2 = \\sum_i x_i^2$$

- [x] fetch the data
- [ ] write to Jörg 🎉

```python
def mean(values: list[float]) -> float:
    return sum(values) / len(values)
```

> A quotation.

مرحبا بالعالم
"""

HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script></pre></details>`${alert(3)}`"
"""Breaks out of text, attributes and elements where it is not escaped."""

HIDDEN = "a\u202eb\U000e0041c\x1b[31mred\x1b[0m\x07"


def picture(width: int = 64, height: int = 40, mode: str = "RGB") -> Image:
    """A plain picture."""
    return Image.from_pil(PILImage.new(mode, (width, height), "teal"))


def report(
    *,
    text: str = "no sources yet",
    speaker: str = "surfer",
    done: bool = False,
    stalls: int = 1,
) -> ProgressReport:
    """A look at the progress; `text` is the reason for every answer."""
    return ProgressReport(
        ledger=ProgressLedger(
            is_request_satisfied=LedgerAnswer(reason=text, answer=done),
            is_in_loop=LedgerAnswer(reason=text, answer=False),
            is_progress_being_made=LedgerAnswer(reason=text, answer=True),
            next_speaker=LedgerText(reason=text, answer=speaker),
            instruction_or_question=LedgerText(reason=text, answer=text),
        ),
        round=4,
        max_rounds=20,
        stalls=stalls,
        max_stalls=3,
    )


def sample_transcript() -> Transcript:
    """A failed run with every kind of item, and tool cards in every state."""
    return Transcript(
        items=[
            MessageItem(
                id="1",
                source="user",
                at=START,
                parts=("What is the weather?", picture()),
                message_type="MultiModalMessage",
            ),
            ThoughtItem(id="2", source="assistant", at=START, text="I should call a **tool**."),
            ToolCallItem(
                id="3",
                source="assistant",
                at=START,
                call_id="c3",
                name="get_weather",
                arguments='{"city": "Berlin", "days": 2}',
                result="22 degrees",
                state="done",
                duration=0.42,
            ),
            ToolCallItem(
                id="4",
                source="assistant",
                at=START,
                call_id="c4",
                name="archive",
                arguments="{}",
                result="TimeoutError: no answer",
                state="failed",
                duration=30.0,
            ),
            ToolCallItem(
                id="5",
                source="assistant",
                at=START,
                call_id="c5",
                name="send_mail",
                arguments='{"to": "joerg@example.org"}',
                state="waiting",
            ),
            ToolCallItem(
                id="6",
                source="assistant",
                at=START,
                call_id="c6",
                name="long_job",
                arguments='{"steps": 100}',
                state="running",
            ),
            ToolCallItem(
                id="7",
                source="assistant",
                at=START,
                call_id="c7",
                name="other_job",
                arguments="steps = 100",
                state="cancelled",
                duration=1.5,
            ),
            MessageItem(id="8", source="assistant", at=START, parts=(ANSWER,)),
            HandoffItem(
                id="9", source="assistant", at=START, target="critic", text="Your turn, critic."
            ),
            MessageItem(id="10", source="critic", at=START, parts=("Sieht gut aus, Jörg.",)),
            SpeakerItem(id="11", source="manager", at=START, speakers=("planner",)),
            StructuredItem(
                id="12",
                source="planner",
                at=START,
                type_name="TripPlan",
                text='{"destination": "Kyoto"}',
                data={
                    "destination": "Kyoto",
                    "confirmed": False,
                    "note": None,
                    "stops": [{"name": "Gion", "hours": 3.5}, {"name": "Nara", "hours": 2}],
                    "tags": ["food", "temples"],
                },
            ),
            MemoryItem(
                id="13", source="planner", at=START, contents=("prefers metric units", picture())
            ),
            CodeItem(
                id="14",
                source="coder",
                at=START,
                blocks=(CodeBlock("print(1 + 1)  # two", "python"),),
                output="2\n",
                exit_code=0,
                state="done",
            ),
            QuestionItem(
                id="15",
                source="user_proxy",
                at=START,
                request_id="q1",
                question=Question(prompt="Shall I send it?"),
                state="answered",
                answer="yes, please\nat once",
                answered_by="user",
                answered_at=START + timedelta(minutes=2),
            ),
            QuestionItem(
                id="19",
                source="planner",
                at=START,
                request_id="q2",
                question=Question(
                    kind="form",
                    prompt="Who travels?",
                    form={
                        "type": "object",
                        "properties": {
                            "name": {"type": "string", "title": "Traveller"},
                            "days": {"type": "integer"},
                        },
                    },
                ),
                state="answered",
                answer='{"name": "Jörg Ōta", "days": 3}',
                answered_by="user",
                answered_at=START,
            ),
            QuestionItem(
                id="20",
                source="",
                at=START,
                request_id="q3",
                question=Question(
                    kind="choice",
                    prompt="Aisle or window?",
                    choices=("by the aisle", "by the window"),
                    default="by the window",
                    has_default=True,
                    timeout=30,
                ),
                state="answered",
                answer="by the window",
                answered_by="default",
                answered_at=START,
                note="nobody answered within 30 s",
            ),
            ToolCallItem(
                id="21",
                source="planner",
                at=START,
                call_id="c21",
                name="book_flight",
                arguments='{"to": "KIX"}',
                result="The user denied the call: too dear",
                state="denied",
                approval=AskedApproval(
                    request_id="a1",
                    question=Question(
                        kind="approval",
                        call=CallToApprove(
                            name="book_flight",
                            arguments='{"to": "KIX", "seats": 1}',
                            call_id="c21",
                        ),
                    ),
                    state="answered",
                    approved=False,
                    answer="denied: too dear",
                    answered_by="user",
                    answered_at=START,
                ),
            ),
            QuestionItem(
                id="22",
                source="coder",
                at=START,
                request_id="a2",
                question=Question(kind="approval", code=(CodeBlock("rm(tree)", "python"),)),
                state="answered",
                answer="approved for this run",
                answered_by="user",
                answered_at=START,
            ),
            LedgerItem(
                id="23",
                source="orchestrator",
                at=START,
                text="all of it",
                ledger=TaskLedger(
                    task="Which trip?",
                    facts="1. GIVEN: *three* days",
                    plan="- surfer looks for flights",
                    version=2,
                ),
            ),
            LedgerItem(
                id="24",
                source="orchestrator",
                at=START,
                text="Look for **night trains**.",
                ledger=report(),
            ),
            OtherItem(
                id="16", source="robot", at=START, message_type="CustomEvent", text="beep boop"
            ),
            MessageItem(
                id="17",
                source="assistant",
                at=START,
                parts=("I was about to say",),
                state="interrupted",
            ),
            ErrorItem(
                id="18",
                source="",
                at=START,
                error_type="RateLimitError",
                message="Too many requests. Wait for 20 s.",
            ),
        ],
        state="failed",
        stop_reason="the server refused",
        started_at=START,
        ended_at=START + timedelta(seconds=47.3),
        usage=RequestUsage(1234, 567),
        notices=["This is the demo model, not a language model."],
    )


WORDS = (
    "This is the demo model, not a language model.",
    "What is the weather?",
    "I should call a",
    "get_weather",
    "22 degrees",
    "TimeoutError: no answer",
    "joerg@example.org",
    "steps = 100",
    "Berlin",
    "28 °C",
    "It costs $5 to $6. The mean is $\\frac{1}{2}(a + b)$",
    "$$\\sigma^2 = \\sum_i x_i^2$$",
    "write to Jörg 🎉",
    "def mean(values: list[float]) -> float:",
    "A quotation.",
    "مرحبا بالعالم",
    "hands over to critic",
    "Sieht gut aus, Jörg.",
    "planner",
    "TripPlan",
    "destination",
    "Gion",
    "temples",
    "prefers metric units",
    "print(1 + 1)  # two",
    "Shall I send it?",
    "yes, please",
    "at once",
    "answered by the user at 09:02 UTC",
    "Who travels?",
    "Traveller",
    "Jörg Ōta",
    "by the aisle",
    "default taken at 09:00 UTC: nobody answered within 30 s",
    "book_flight",
    "seats",
    "denied by the user at 09:00 UTC",
    "too dear",
    "rm(tree)",
    "allowed by the user at 09:00 UTC (for this run)",
    "Task ledger",
    "plan 2, after a stall",
    "GIVEN",
    "three",
    "surfer looks for flights",
    "Next: surfer",
    "round 4 of 20 · stalls 1 of 3",
    "night trains",
    "no sources yet",
    "CustomEvent",
    "beep boop",
    "I was about to say",
    "interrupted",
    "RateLimitError",
    "Too many requests. Wait for 20 s.",
    "47.3 s",
    "1,234 tokens in, 567 out",
    "the server refused",
)
"""What a reader of the sample's HTML must find."""


def hostile_transcript() -> Transcript:
    """Every field of every item is hostile."""
    bad = HOSTILE + HIDDEN
    return Transcript(
        items=[
            MessageItem(id=bad, source=bad, parts=(bad,), message_type=bad),
            ThoughtItem(id="2", source=bad + "2", text=bad),
            ToolCallItem(
                id="3", source=bad, call_id=bad, name=bad, arguments=bad, result=bad, state="done"
            ),
            ToolCallItem(
                id="4",
                source=bad,
                call_id=bad,
                name=bad,
                arguments='{"' + "\\u003c/pre\\u003e" + '": "<script>alert(1)</script>"}',
                state="running",
            ),
            HandoffItem(id="5", source=bad, target=bad, text=bad),
            HandoffItem(id="6", source=bad, target=bad, text=bad + "\n" + bad),
            SpeakerItem(id="7", source=bad, speakers=(bad, bad), text=bad),
            StructuredItem(
                id="8",
                source=bad,
                type_name=bad,
                text=bad,
                data={bad: bad, "list": [bad, {bad: bad}], "rows": [{bad: bad}, {bad: bad}]},
            ),
            MemoryItem(id="9", source=bad, contents=(bad,)),
            CodeItem(
                id="10",
                source=bad,
                blocks=(CodeBlock(bad, bad), CodeBlock(bad, "python")),
                output=bad,
                exit_code=1,
                state="failed",
            ),
            QuestionItem(
                id="11",
                source=bad,
                request_id=bad,
                question=Question(prompt=bad),
                state="answered",
                answer=bad,
                answered_by="user",
            ),
            *_hostile_questions(bad),
            LedgerItem(
                id="14",
                source=bad,
                text=bad,
                ledger=TaskLedger(task=bad, facts=bad, plan=f"{bad}\n\n```\n{bad}\n```"),
            ),
            *(
                LedgerItem(
                    id=f"ledger{number}",
                    source=bad,
                    text=bad,
                    ledger=report(text=bad, speaker=bad, done=done, stalls=stalls),
                )
                for number, (done, stalls) in enumerate(((False, 0), (True, 0), (False, 3)))
            ),
            ProgressItem(
                id="tasks",
                source="",
                rows=(
                    TaskProgress(bad, "running", 1.0, words=bad),
                    TaskProgress(bad, "failed", 2.0, error=bad, traceback=f"{bad}\n{bad}"),
                ),
            ),
            ErrorItem(id="12", source=bad, error_type=bad, message=bad),
            OtherItem(id="13", source=bad, message_type=bad, text=bad),
        ],
        state="done",
        stop_reason=bad,
        notices=[bad],
    )


def _hostile_questions(bad: str) -> list[Item]:
    """Questions and approvals of every kind, answered with something hostile."""
    call = CallToApprove(name=bad, arguments=bad, call_id=bad)
    form = {"type": "object", "properties": {bad: {"type": "string", "title": bad}}}
    approval = Question(kind="approval", prompt=bad, call=call)
    questions = (
        Question(kind="choice", prompt=bad, choices=(bad, bad)),
        Question(kind="form", prompt=bad, form=form),
        approval,
        Question(kind="approval", prompt=bad, code=(CodeBlock(bad, bad),)),
    )
    answers = (bad, json.dumps({bad: bad, "more": [bad]}), f"denied: {bad}", f"denied: {bad}")
    items: list[Item] = []
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        common: dict[str, Any] = {"request_id": f"{bad}{number}", "question": question}
        items.append(QuestionItem(id=f"open{number}", source=bad, **common))
        common |= {"state": "answered", "answer": answer, "answered_by": "default", "note": bad}
        items.append(QuestionItem(id=f"answered{number}", source=bad, **common))
    asked = AskedApproval(request_id=bad, question=approval)
    denied = asked.model_copy(
        update={"state": "answered", "answer": f"denied: {bad}", "answered_by": "user"}
    )
    tool: dict[str, Any] = {"source": bad, "call_id": bad, "name": bad, "arguments": bad}
    items.append(ToolCallItem(id="asked", state="waiting", approval=asked, **tool))
    items.append(ToolCallItem(id="denied", state="denied", approval=denied, **tool))
    return items
