"""Questions and approvals in every form of a transcript."""

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from nbagent.code_executor import CodeBlock
from nbagent.questions.question import Approval, CallToApprove, Question
from nbagent.render.exact_text import exact
from nbagent.render.html import transcript_to_html
from nbagent.render.items_html import item_html
from nbagent.render.live import LiveRenderer
from nbagent.render.markdown_document import transcript_to_markdown
from nbagent.render.question_fields import question_fields
from nbagent.render.speakers import Speakers
from nbagent.render.text import transcript_to_text
from nbagent.transcript.items import (
    AskedApproval,
    Item,
    MessageItem,
    QuestionItem,
    ToolCallItem,
    Transcript,
)
from tests.render.page import Page, read
from tests.render.sample_transcript import START
from tests.render.test_html import Page as Html
from tests.render.test_html import stripped

CALL = CallToApprove(name="pay", arguments='{"to": "Jörg", "amount": 12}', call_id="c1")


def asked(source: str = "planner", *, at: datetime | None = START, **question: Any) -> QuestionItem:
    return QuestionItem(
        id="q", source=source, at=at, request_id="q1", question=Question(**question)
    )


def answered(item: QuestionItem, answer: str, **more: Any) -> QuestionItem:
    update = {
        "state": "answered",
        "answer": answer,
        "answered_by": "user",
        "answered_at": START.replace(hour=14, minute=2),
    }
    return item.model_copy(update=update | more)


def call(call_state: Any = "waiting", **approval: Any) -> ToolCallItem:
    question = Question(kind="approval", call=CALL)
    return ToolCallItem(
        id="t",
        source="planner",
        call_id="c1",
        name="pay",
        arguments='{"to": "Jörg"}',
        state=call_state,
        approval=AskedApproval(request_id="a1", question=question, **approval),
    )


def decided(approved: bool, answer: str, **more: Any) -> ToolCallItem:
    at = START.replace(hour=14, minute=2)
    given: dict[str, Any] = {"answered_by": "user", "answered_at": at} | more
    return call(
        "running" if approved else "denied",
        state="answered",
        approved=approved,
        answer=answer,
        **given,
    )


def html(*items: Item, bare: bool = False) -> str:
    whole = transcript_to_html(Transcript(items=list(items)), style=False)
    return stripped(whole) if bare else whole


def live(item: Item) -> str:
    return item_html(item, before=None, speakers=Speakers(), form="live")


def read_as(form: str, *items: Item) -> str:
    """What a reader of a form reads; of Markdown, its source without escapes."""
    transcript = Transcript(items=list(items))
    if form == "text":
        return transcript_to_text(transcript)
    if form == "markdown":
        return re.sub(r"\\(?=\W)", "", transcript_to_markdown(transcript))
    page = Html(re.sub(r"<br>|</p>|</pre>|</td>|</th>|</tr>", r"\g<0>\n", html(*items)))
    return page.text


FORMS = pytest.mark.parametrize("form", ["html", "text", "markdown"])


@FORMS
def test_an_answer_tells_what_was_asked_who_answered_and_when(form: str) -> None:
    text = read_as(form, answered(asked(prompt="Where to?\nAnd when?"), "Köln\nat once"))
    order = ["Where to?", "And when?", "Köln", "at once"]
    assert [text.index(words) for words in order] == sorted(text.index(words) for words in order)
    assert "answered by the user at 14:02 UTC" in text
    assert not re.search(r"Köln ?at once", text)


@FORMS
def test_a_time_of_another_zone_is_told_in_utc(form: str) -> None:
    at = datetime(2026, 11, 23, 1, 30, tzinfo=timezone(timedelta(hours=9)))
    text = read_as(form, answered(asked(prompt="?"), "yes", answered_at=at))
    assert "answered by the user at 16:30 UTC" in text


@FORMS
def test_a_default_is_told_from_an_answer(form: str) -> None:
    item = answered(
        asked(prompt="Go on?", kind="choice", choices=("Yes", "No")),
        "Yes",
        answered_by="default",
        note="nobody answered within 30 s",
    )
    text = read_as(form, item)
    assert "default taken at 14:02 UTC: nobody answered within 30 s" in text
    assert "by the user" not in text
    assert "Yes · No" in text


@FORMS
def test_a_form_is_told_field_by_field(form: str) -> None:
    schema = {"properties": {"name": {"title": "Your name"}, "days": {}}}
    item = asked(prompt="Who?", kind="form", form=schema)
    text = read_as(form, answered(item, json.dumps({"name": "Ada", "days": [1, 2]})))
    assert re.search(r"Your name[*:\s]+Ada", text)
    assert re.search(r"days", text)
    assert '{"name"' not in text


@FORMS
def test_a_form_whose_titles_are_the_same_hides_nothing(form: str) -> None:
    schema = {"properties": {"a": {"title": "Name"}, "b": {"title": "Name"}}}
    item = answered(asked(kind="form", form=schema), '{"a": "one", "b": "two"}')
    text = read_as(form, item)
    assert "one" in text
    assert "two" in text


@FORMS
def test_what_is_cancelled_or_open_says_so(form: str) -> None:
    assert "waiting for your answer" in read_as(form, asked(prompt="?"))
    withdrawn = asked(prompt="Still there?").model_copy(update={"state": "cancelled"})
    text = read_as(form, withdrawn)
    assert "cancelled" in text
    assert "Answer" not in text


@FORMS
def test_an_empty_answer_is_seen(form: str) -> None:
    assert "(empty)" in read_as(form, answered(asked(prompt="?"), ""))


@FORMS
@pytest.mark.parametrize(
    ("item", "words"),
    [
        (decided(True, str(Approval(True))), "allowed by the user at 14:02 UTC"),
        (
            decided(True, str(Approval(True, for_run=True))),
            "allowed by the user at 14:02 UTC (for this run)",
        ),
        (decided(False, str(Approval(False))), "denied by the user at 14:02 UTC"),
        (
            decided(False, "denied", answered_by="default", note="nobody could be asked"),
            "denied at 14:02 UTC: nobody could be asked",
        ),
        (
            call("running", state="cancelled", note="it was stopped"),
            "cancelled: it was stopped",
        ),
    ],
)
def test_a_decision_tells_who_and_when(form: str, item: ToolCallItem, words: str) -> None:
    text = read_as(form, item)
    assert words in text
    assert '"amount": 12' in text or "amount=12" in text, "what would really run"


@FORMS
def test_the_reason_of_a_denial_is_told_and_cannot_pretend(form: str) -> None:
    reason = "too dear\nallowed by the user"
    text = read_as(form, decided(False, str(Approval(False, reason))))
    assert "denied by the user" in text
    assert "too dear" in text
    question = asked(kind="approval", call=CALL)
    text = read_as(form, answered(question, str(Approval(False, "approved"))))
    assert "denied by the user at 14:02 UTC" in text


def test_the_states_of_a_call_have_signs_of_their_own() -> None:
    denied, cancelled = html(decided(False, "denied")), html(call("cancelled", state="cancelled"))
    icon = r'<span class="nbagent-icon">(.)</span>'
    assert re.findall(icon, denied) != re.findall(icon, cancelled)
    assert "denied by the user" in denied


def test_a_waiting_call_stands_open_with_what_would_run_and_room_for_controls() -> None:
    for page in (html(call()), live(call())):
        assert '<details class="nbagent-card nbagent-tool nbagent-waiting" open>' in page
        assert '"amount": 12' in page
    assert live(call()).count("nbagent-ask") == 1
    assert "nbagent-ask" not in html(call())
    assert "nbagent-ask" not in live(decided(True, "approved"))


def test_arguments_of_several_lines_are_read_as_such() -> None:
    arguments = json.dumps({"path": "a.py", "text": "one\ntwo\n", "mode": 3})
    item = asked(kind="approval", call=CallToApprove(name="write", arguments=arguments))
    page = html(item)
    assert "<pre>one\ntwo</pre>" in page
    assert '<pre>"a.py"</pre>' in page
    assert "<code>mode</code>" in page


def test_nothing_of_a_call_to_allow_is_left_out() -> None:
    text = "x" * 1_500_000 + "the end"
    item = asked(kind="approval", call=CallToApprove(name="write", arguments=text))
    page = live(item)
    assert "the end" in page
    assert "left out" not in page
    assert "Show all 1,500,007 characters" in page
    assert "left out" in html(answered(item, "approved")), "a record is cut like any other"


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("a\x1b[8mb", "a␛[8mb"),
        ("a\rb", "a␍b"),
        ("a\u202eb\u2066", "a⟨U+202E⟩b⟨U+2066⟩"),
        ("a\u200bb\u200dc", "a⟨U+200B⟩b⟨U+200D⟩c"),
        ("a\u3164\u2800\u00ad", "a⟨U+3164⟩⟨U+2800⟩⟨U+00AD⟩"),
        ("x\ufe00\ufe01", "x⟨U+FE00⟩⟨U+FE01⟩"),
        ("❤\ufe0f\u200d🔥 👩\u200d💻 می\u200cخواهم", "❤\ufe0f\u200d🔥 👩\u200d💻 می\u200cخواهم"),
        ("❤\ufe0f\ufe0e", "❤\ufe0f⟨U+FE0E⟩"),
        ("tab\tand\nline", "tab\tand\nline"),
    ],
)
def test_text_to_allow_shows_every_character(hidden: str, shown: str) -> None:
    assert exact(hidden) == shown


@pytest.mark.parametrize("kind", ["call", "code"])
def test_what_hides_is_seen_in_an_approval(kind: str) -> None:
    bad = "print(1)\x1b[2K\u202e # \u200b"
    question: dict[str, Any] = {"call": CallToApprove(name="f", arguments=bad)}
    if kind == "code":
        question = {"code": (CodeBlock(bad, "python"),)}
    text = Html(live(asked(kind="approval", **question))).text
    assert "␛[2K⟨U+202E⟩" in text
    assert "⟨U+200B⟩" in text


def test_code_to_allow_has_its_colours() -> None:
    page = html(asked(kind="approval", code=(CodeBlock("import os", "python"),)))
    assert 'class="nbagent-c-kn"' in page
    assert "Code <small>python</small>" in page


def test_without_style_and_class_a_question_reads_well() -> None:
    item = answered(asked(prompt="Where to?\nAnd when?"), "Köln\nat once")
    page = html(item, bare=True)
    assert "<p>Where to?<br>And when?</p>" in page
    assert "<strong>Answer</strong></p><blockquote><p>Köln<br>at once</p></blockquote>" in page


def test_an_answer_with_blanks_that_matter_stays_as_it_was_typed() -> None:
    code = "def f():\n    return  1"
    assert f"<pre>{code}</pre>" in html(answered(asked(prompt="?"), code))
    assert f"```text\n{code}\n```" in transcript_to_markdown(
        Transcript(items=[answered(asked(prompt="?"), code)])
    )


def test_an_answer_is_no_markup_in_markdown() -> None:
    from markdown_it import MarkdownIt

    text = "# big\n- point\n1. first\n+ x\n===\n<b>\n[a](b)\n---"
    source = transcript_to_markdown(Transcript(items=[answered(asked(prompt="?"), text)]))
    tokens = MarkdownIt("commonmark").parse(source.split("Answer:")[1].split("---\n\n_")[0])
    assert {token.type for token in tokens} <= {
        "blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline", "hr",
    }  # fmt: skip
    inline = next(token for token in tokens if token.type == "inline")
    assert [t.content for t in inline.children or [] if t.type == "text"]
    assert {t.type for t in inline.children or []} <= {"text", "hardbreak", "text_special"}


def test_a_question_of_the_notebook_itself_has_no_speaker() -> None:
    said = MessageItem(id="1", source="planner", parts=("hello",))
    items: list[Item] = [said, asked("", prompt="Who are you?"), said]
    assert re.findall(r"<h4[^>]*>([^<]*)</h4>", html(*items)) == ["planner", "planner"]
    source = transcript_to_markdown(Transcript(items=items))
    assert re.findall(r"^####.*$", source, re.MULTILINE) == ["#### planner", "#### planner"]


def test_a_question_that_an_input_function_asks_has_no_controls() -> None:
    item = QuestionItem(id="q", source="planner", request_id="q1")
    assert "nbagent-ask" not in live(item)
    assert question_fields(item) is None
    assert "waiting for your answer" in live(item)


# What the page gets


def test_the_page_gets_a_question_with_its_item_and_in_a_snapshot() -> None:
    item = asked(prompt="Where to?", timeout=30, default="Köln", has_default=True)
    renderer = LiveRenderer(Transcript(items=[item]))
    page = Page(renderer.flush())
    assert page.questions[0] == {
        "id": "q1",
        "kind": "text",
        "name": "Question asked by planner: Where to?",
        "tool": "",
        "choices": [],
        "fields": [],
        "default": "Köln",
        "until": round((START.timestamp() + 30) * 1000),
        "otherwise": "taken as “Köln”",
    }
    assert Page(renderer.snapshot()).questions == page.questions
    json.dumps(page.questions)


def test_choices_are_sent_back_as_they_are_and_shown_as_they_read() -> None:
    fields = question_fields(asked(kind="choice", choices=("a\u202eb", "No")))
    assert fields is not None
    assert fields["choices"] == [
        {"value": "a\u202eb", "label": "a⟨U+202E⟩b"},
        {"value": "No", "label": "No"},
    ]


class Stop(BaseModel):
    city: str
    nights: int = 1


class Trip(BaseModel):
    name: str
    seat: Literal["aisle", "window"] = "aisle"
    stop: Stop


def test_a_form_comes_as_plain_fields_with_the_given_values() -> None:
    trip = Trip(name="Ada", seat="window", stop=Stop(city="Kyoto", nights=3))
    item = asked(kind="form", form=Trip.model_json_schema(), default=trip, has_default=True)
    fields = question_fields(item)
    assert fields is not None
    json.dumps(fields)
    by_name = {field["name"]: field for field in fields["fields"]}
    assert by_name["name"]["default"] == "Ada"
    assert by_name["name"]["required"] is True
    assert by_name["seat"]["default"] == "window"
    assert [choice["value"] for choice in by_name["seat"]["choices"]] == ["aisle", "window"]
    assert by_name["stop.city"]["default"] == "Kyoto"
    assert by_name["stop.nights"]["default"] == "3"
    assert fields["otherwise"] == "taken with the values given"


def test_a_form_that_is_none_does_not_break_the_page() -> None:
    fields = question_fields(asked(kind="form", form={"type": "array"}))
    assert fields is not None
    assert fields["fields"] == []


@pytest.mark.parametrize("default", [Approval(False), {"approved": False, "reason": ""}])
def test_an_approval_says_what_happens_where_nobody_answers(default: Any) -> None:
    item = asked(kind="approval", call=CALL, default=default, has_default=True, timeout=5)
    fields = question_fields(item)
    assert fields is not None
    assert fields["otherwise"] == "denied"
    assert fields["default"] is None
    assert fields["tool"] == "pay"
    assert fields["name"] == 'Approval asked by planner: pay(to="Jörg", amount=12)'


def test_an_answered_question_asks_no_more() -> None:
    assert question_fields(answered(asked(), "yes")) is None
    assert question_fields(decided(True, "approved")) is None
    assert question_fields(call()) is not None
    assert read(live(call()))
