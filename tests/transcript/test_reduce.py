"""The reducer: events become items, and patches say what changed."""

import json
import random
from datetime import datetime, timedelta, timezone

import pytest
from pydantic import BaseModel

from nbagent import FunctionCall, Image, TaskResult
from nbagent.base import Response
from nbagent.base.ledger import TaskLedger, ledger_metadata
from nbagent.code_executor import CodeBlock, CodeResult
from nbagent.exceptions import ModelConnectionError
from nbagent.memory import MemoryContent
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    CodeExecutionEvent,
    CodeGenerationEvent,
    HandoffMessage,
    MemoryQueryEvent,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    SelectorEvent,
    SelectSpeakerEvent,
    StructuredMessage,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    UserInputAnsweredEvent,
    UserInputRequestedEvent,
)
from nbagent.models import FunctionExecutionResult, RequestUsage
from nbagent.questions import CallToApprove, Question
from nbagent.transcript import (
    AppendText,
    CodeItem,
    ErrorItem,
    HandoffItem,
    LedgerItem,
    MemoryItem,
    MessageItem,
    OtherItem,
    Patch,
    PutItem,
    QuestionItem,
    SpeakerItem,
    StructuredItem,
    ToolCallItem,
    Transcript,
    fail,
    reduce,
    stop,
)
from nbagent.transcript.items import Item

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def fold(*events: BaseAgentEvent | BaseChatMessage | TaskResult | Response) -> Transcript:
    transcript = Transcript()
    for event in events:
        reduce(transcript, event)
    return transcript


def kinds(transcript: Transcript) -> list[str]:
    return [item.kind for item in transcript.items]


def chunk(text: str, message_id: str | None = "m1") -> ModelClientStreamingChunkEvent:
    return ModelClientStreamingChunkEvent(content=text, source="bot", full_message_id=message_id)


def request(*ids: str) -> ToolCallRequestEvent:
    return ToolCallRequestEvent(
        content=[FunctionCall(id=i, arguments='{"x": 1}', name=f"tool_{i}") for i in ids],
        source="bot",
        created_at=START,
    )


def execution(*ids: str, is_error: bool = False, seconds: float = 2) -> ToolCallExecutionEvent:
    return ToolCallExecutionEvent(
        content=[
            FunctionExecutionResult(
                content=f"result {i}", name=f"tool_{i}", call_id=i, is_error=is_error
            )
            for i in ids
        ],
        source="bot",
        created_at=START + timedelta(seconds=seconds),
    )


def test_chunks_grow_one_message_which_its_final_form_replaces() -> None:
    transcript = Transcript()
    first = reduce(transcript, chunk("Hel"))
    assert isinstance(first[-1], PutItem)
    assert reduce(transcript, chunk("lo")) == [AppendText(0, "lo")]
    item = transcript.items[0]
    assert isinstance(item, MessageItem)
    assert (item.text, item.state) == ("Hello", "streaming")
    usage = RequestUsage(3, 4)
    reduce(transcript, TextMessage(id="m1", content="Hello", source="bot", models_usage=usage))
    item = transcript.items[0]
    assert isinstance(item, MessageItem)
    assert (item.text, item.state, item.usage) == ("Hello", "done", usage)
    assert len(transcript.items) == 1
    assert transcript.usage == usage


@pytest.mark.parametrize("message_id", [None, "m1"])
def test_a_final_message_with_another_id_still_finds_its_stream(message_id: str | None) -> None:
    transcript = fold(chunk("Hel", message_id), chunk("lo", message_id))
    reduce(transcript, TextMessage(id="other", content="Hello", source="bot"))
    assert kinds(transcript) == ["message"]


def test_streams_of_two_agents_do_not_mix() -> None:
    def said(source: str, text: str) -> ModelClientStreamingChunkEvent:
        return ModelClientStreamingChunkEvent(
            content=text, source=source, full_message_id=f"of-{source}"
        )

    transcript = fold(said("a", "A1 "), said("b", "B1 "), said("a", "A2"), said("b", "B2"))
    texts = [item.text for item in transcript.items if isinstance(item, MessageItem)]
    assert texts == ["A1 A2", "B1 B2"]


def test_a_thought_goes_before_the_answer_it_led_to() -> None:
    transcript = fold(chunk("42"), ThoughtEvent(id="m1", content="6 times 7", source="bot"))
    assert kinds(transcript) == ["thought", "message"]
    reduce(transcript, TextMessage(content="42", source="bot"))
    assert kinds(transcript) == ["thought", "message"]
    assert isinstance(transcript.items[1], MessageItem)
    assert transcript.items[1].state == "done"


def test_text_that_came_with_tool_calls_becomes_the_thought() -> None:
    transcript = fold(
        chunk("Let me look."),
        ThoughtEvent(id="m1", content="Let me look.", source="bot"),
        request("c1"),
    )
    assert kinds(transcript) == ["thought", "tool_call"]


def test_calls_get_their_results_and_durations() -> None:
    transcript = fold(request("c1", "c2"))
    states = [item.state for item in transcript.items if isinstance(item, ToolCallItem)]
    assert states == ["running", "running"]
    reduce(transcript, execution("c1", "c2"))
    first, second = transcript.items
    assert isinstance(first, ToolCallItem) and isinstance(second, ToolCallItem)
    assert (first.result, first.state, first.duration) == ("result c1", "done", 2.0)
    assert second.result == "result c2"


def test_a_measured_duration_wins_over_the_events_times() -> None:
    transcript = fold(request("c1"))
    event = execution("c1")
    event.content[0].duration = 0.5
    reduce(transcript, event)
    assert isinstance(transcript.items[0], ToolCallItem)
    assert transcript.items[0].duration == 0.5


def test_call_ids_may_repeat_in_later_rounds() -> None:
    transcript = fold(request("c1"), execution("c1"), request("c1"))
    first, second = transcript.items
    assert isinstance(first, ToolCallItem) and isinstance(second, ToolCallItem)
    assert (first.state, second.state) == ("done", "running")
    assert first.id != second.id


def test_a_failed_call() -> None:
    transcript = fold(request("c1"), execution("c1", is_error=True))
    assert isinstance(transcript.items[0], ToolCallItem)
    assert transcript.items[0].state == "failed"


def test_a_result_without_a_call_is_shown_all_the_same() -> None:
    transcript = fold(execution("c9"))
    assert isinstance(transcript.items[0], ToolCallItem)
    assert transcript.items[0].result == "result c9"


def asked_to_approve(call_id: str = "c1", request_id: str = "r1") -> UserInputRequestedEvent:
    call = CallToApprove(name=f"tool_{call_id}", arguments='{"x": 1}', call_id=call_id)
    return UserInputRequestedEvent(
        request_id=request_id, source="bot", question=Question(kind="approval", call=call)
    )


def the_call(transcript: Transcript) -> ToolCallItem:
    item = transcript.items[0]
    assert isinstance(item, ToolCallItem)
    return item


def test_a_call_waits_for_its_approval() -> None:
    transcript = fold(request("c1"), asked_to_approve())
    assert kinds(transcript) == ["tool_call"], "the card asks by itself"
    call = the_call(transcript)
    assert call.state == "waiting" and call.approval is not None
    assert call.approval.state == "open"
    answered = UserInputAnsweredEvent(
        request_id="r1", source="bot", content="approved", approved=True
    )
    reduce(transcript, answered)
    call = the_call(transcript)
    assert call.state == "running" and call.approval is not None
    assert (call.approval.approved, call.approval.answered_by) == (True, "user")
    assert call.approval.answered_at == answered.created_at
    reduce(transcript, execution("c1"))
    assert the_call(transcript).state == "done"


def test_a_denied_call_says_so() -> None:
    transcript = fold(
        request("c1"),
        asked_to_approve(),
        UserInputAnsweredEvent(
            request_id="r1", source="bot", content="denied: too dear", approved=False
        ),
        execution("c1", is_error=True),
    )
    call = the_call(transcript)
    assert call.state == "denied" and call.approval is not None
    assert call.result == "result c1"
    assert call.approval.answer == "denied: too dear"


def test_an_approval_of_a_call_that_is_not_shown_is_a_question() -> None:
    transcript = fold(request("c1"), asked_to_approve("elsewhere"))
    assert kinds(transcript) == ["tool_call", "question"]


def test_an_answer_that_comes_late_still_finds_its_question() -> None:
    question = UserInputRequestedEvent(
        request_id="r1", source="human", question=Question(prompt="?")
    )
    others = (TextMessage(content=str(number), source="bot") for number in range(300))
    answered = UserInputAnsweredEvent(request_id="r1", source="human", content="at last")
    transcript = fold(question, *others, question, answered)
    item = transcript.items[0]
    assert isinstance(item, QuestionItem)
    assert (item.state, item.answer) == ("answered", "at last")
    assert kinds(transcript).count("question") == 1


def test_a_result_finds_its_call_however_much_the_call_has_run() -> None:
    asked = request("c1")
    inside = (
        TextMessage(content=str(number), source="inner", metadata={"call": asked.call_key(0)})
        for number in range(300)
    )
    transcript = fold(asked, *inside, execution("c1"))
    assert kinds(transcript).count("tool_call") == 1
    call = transcript.items[0]
    assert isinstance(call, ToolCallItem)
    assert call.state == "done"


def test_stopping_closes_an_open_approval() -> None:
    transcript = fold(request("c1"), asked_to_approve())
    stop(transcript, "Stopped by the user")
    call = the_call(transcript)
    assert call.state == "cancelled" and call.approval is not None
    assert call.approval.state == "cancelled"


def test_several_questions_keep_their_own_answers() -> None:
    def asked(request_id: str) -> UserInputRequestedEvent:
        return UserInputRequestedEvent(
            request_id=request_id, source="human", question=Question(prompt=request_id)
        )

    transcript = fold(
        asked("r1"),
        asked("r2"),
        asked("r1"),
        UserInputAnsweredEvent(request_id="r2", source="human", content="two"),
    )
    first, second = transcript.items
    assert isinstance(first, QuestionItem) and isinstance(second, QuestionItem)
    assert (first.state, first.answer) == ("open", None)
    assert (second.state, second.answer, second.answered_by) == ("answered", "two", "user")
    withdrawn = UserInputAnsweredEvent(
        request_id="r1", source="human", content="", answered_by="nobody"
    )
    reduce(transcript, withdrawn)
    assert isinstance(transcript.items[0], QuestionItem)
    assert (transcript.items[0].state, transcript.items[0].answer) == ("cancelled", None)


def test_a_question_is_answered_by_its_agents_message() -> None:
    transcript = fold(
        UserInputRequestedEvent(request_id="r1", source="human"),
        TextMessage(content="Yes", source="human"),
    )
    question = transcript.items[0]
    assert isinstance(question, QuestionItem)
    assert (question.state, question.answer) == ("answered", "Yes")
    assert kinds(transcript) == ["question", "message"]


class Answer(BaseModel):
    city: str


def test_each_kind_of_event_has_its_item() -> None:
    class Custom(BaseChatMessage):
        def to_text(self) -> str:
            return "my own"

        def to_model_text(self) -> str:
            return "my own"

        def to_model_message(self):  # type: ignore[no-untyped-def]
            raise AssertionError

    from PIL import Image as PILImage

    picture = Image.from_pil(PILImage.new("RGB", (1, 1)))
    transcript = fold(
        MultiModalMessage(content=["Look", picture], source="user"),
        StructuredMessage[Answer](content=Answer(city="Rome"), source="bot"),
        HandoffMessage(content="Yours", source="a", target="b"),
        SelectSpeakerEvent(content=["a"], source="team"),
        SelectorEvent(content="because", source="team"),
        MemoryQueryEvent(
            content=[MemoryContent(content="x", mime_type="text/plain")], source="bot"
        ),
        CodeGenerationEvent(
            retry_attempt=0, content="c", code_blocks=[CodeBlock("1", "python")], source="bot"
        ),
        CodeExecutionEvent(retry_attempt=0, result=CodeResult(1, "boom"), source="bot"),
        Custom(source="bot"),
    )
    expected: list[type[Item]] = [
        MessageItem,
        StructuredItem,
        HandoffItem,
        SpeakerItem,
        SpeakerItem,
        MemoryItem,
        CodeItem,
        OtherItem,
    ]
    assert [type(item) for item in transcript.items] == expected
    code = transcript.items[6]
    assert isinstance(code, CodeItem)
    assert (code.output, code.exit_code, code.state) == ("boom", 1, "failed")


def test_a_structured_answer_replaces_the_json_that_streamed() -> None:
    transcript = fold(chunk('{"city": '), chunk('"Rome"}'))
    reduce(
        transcript, StructuredMessage[Answer](id="m1", content=Answer(city="Rome"), source="bot")
    )
    assert kinds(transcript) == ["structured"]


def test_the_result_ends_the_run() -> None:
    transcript = fold(
        TextMessage(content="x", source="bot", created_at=START),
        TaskResult(messages=[], stop_reason="Because"),
    )
    assert (transcript.state, transcript.stop_reason) == ("done", "Because")
    assert transcript.ended_at == START
    response = fold(Response(chat_message=TextMessage(content="x", source="bot")))
    assert (kinds(response), response.state) == (["message"], "done")


def test_a_message_that_is_yielded_twice_stands_once() -> None:
    message = TextMessage(content="x", source="bot")
    assert kinds(fold(message, message)) == ["message"]


def test_a_failure_closes_what_is_open_and_is_shown() -> None:
    transcript = fold(chunk("Once upon"), request("c1"))
    fail(transcript, ModelConnectionError("The connection was lost.", partial_text="Once upon"))
    message, call, error = transcript.items
    assert isinstance(message, MessageItem) and message.state == "interrupted"
    assert isinstance(call, ToolCallItem) and call.state == "cancelled"
    assert isinstance(error, ErrorItem)
    assert (error.error_type, error.message) == ("ModelConnectionError", "The connection was lost.")
    assert transcript.state == "failed"


def test_partial_text_that_never_streamed_is_kept() -> None:
    transcript = fold()
    fail(transcript, ModelConnectionError("Lost.", partial_text="Once upon"))
    assert kinds(transcript) == ["message", "error"]
    assert isinstance(transcript.items[0], MessageItem)
    assert transcript.items[0].text == "Once upon"


def test_a_stop_closes_what_is_open() -> None:
    transcript = fold(
        chunk("Once"), request("c1"), UserInputRequestedEvent(request_id="r", source="human")
    )
    stop(transcript, "Stopped by the user")
    message, call, question = transcript.items
    assert isinstance(message, MessageItem) and message.state == "interrupted"
    assert isinstance(call, ToolCallItem) and call.state == "cancelled"
    assert isinstance(question, QuestionItem) and question.state == "cancelled"
    assert (transcript.state, transcript.stop_reason) == ("stopped", "Stopped by the user")


def test_notices_are_told_once() -> None:
    notice = {"notice": "A demo."}
    transcript = fold(
        TextMessage(content="x", source="bot", metadata=notice),
        TextMessage(content="y", source="bot", metadata=notice),
    )
    assert transcript.notices == ["A demo."]


def apply(items: list[Item], patches: list[Patch]) -> None:
    """What a display does with patches."""
    for patch in patches:
        if isinstance(patch, PutItem):
            if patch.index == len(items):
                items.append(patch.item)
            else:
                items[patch.index] = patch.item
        elif isinstance(patch, AppendText):
            item = items[patch.index]
            assert isinstance(item, MessageItem)
            text = item.parts[0]
            assert isinstance(text, str)
            items[patch.index] = item.model_copy(update={"parts": (text + patch.text,)})


@pytest.mark.parametrize("seed", range(30))
def test_patches_alone_rebuild_the_transcript(seed: int) -> None:
    """Whatever happens in whatever order: the patches tell all of it."""
    rng = random.Random(seed)
    transcript = Transcript()
    shown: list[Item] = []
    for step in range(80):
        source = rng.choice(["a", "b"])
        events: list[BaseAgentEvent | BaseChatMessage] = [
            ModelClientStreamingChunkEvent(
                content="x" * rng.randint(0, 3),
                source=source,
                full_message_id=f"{source}{step // 9}",
            ),
            TextMessage(id=f"{source}{step // 9}", content="said", source=source),
            ThoughtEvent(id=f"{source}{step // 9}", content="hm", source=source),
            request(rng.choice("pqr")),
            execution(rng.choice("pqr"), is_error=rng.random() < 0.3),
            UserInputRequestedEvent(request_id=str(step), source=source),
        ]
        apply(shown, reduce(transcript, rng.choice(events)))
        assert shown == transcript.items
    apply(shown, stop(transcript, "Enough") if rng.random() < 0.5 else fail(transcript, OSError()))
    assert shown == transcript.items
    assert Transcript.model_validate(json.loads(transcript.model_dump_json())) == transcript


def test_a_ledger_is_an_item_of_its_own_and_a_broken_one_is_a_message() -> None:
    ledger = TaskLedger(task="t", facts="f", plan="p")
    usage = RequestUsage(3, 4)
    plan = TextMessage(
        content="all", source="boss", metadata=ledger_metadata(ledger), models_usage=usage
    )
    broken = TextMessage(
        content="all", source="boss", metadata={"ledger": "progress", "ledger_content": "{"}
    )
    unknown = TextMessage(content="all", source="boss", metadata={"ledger": "x"})

    transcript = fold(plan, plan, broken, unknown)

    assert kinds(transcript) == ["ledger", "message", "message"]
    item = transcript.items[0]
    assert isinstance(item, LedgerItem)
    assert (item.ledger, item.text, item.usage, item.id) == (ledger, "all", usage, plan.id)
    assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript


def test_a_run_begins_when_its_first_event_comes_not_when_that_was_written() -> None:
    transcript = Transcript()
    task = TextMessage(content="Go on.", source="user", created_at=START)
    later = START + timedelta(hours=1)
    reduce(transcript, task, later)
    reduce(transcript, TaskResult(messages=[task]), later + timedelta(seconds=2))
    assert transcript.started_at == later
    assert transcript.ended_at == later + timedelta(seconds=2)
