import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nbagent.base.task import TaskResult
from nbagent.image import Image
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    TextMessage,
    ThoughtEvent,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)
from nbagent.models.types import FunctionCall, FunctionExecutionResult
from nbagent.render.html import transcript_to_html
from nbagent.render.live import LiveRenderer
from nbagent.transcript import fail, reduce, stop
from nbagent.transcript.items import Transcript
from tests.render.page import Element, Page, read
from tests.render.sample_transcript import (
    ANSWER,
    START,
    hostile_transcript,
    picture,
    sample_transcript,
)

Event = BaseAgentEvent | BaseChatMessage | TaskResult


class Run:
    """A transcript with its renderer, and the page that shows it."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.renderer = LiveRenderer(self.transcript)
        self.page = Page()
        self.sent: list[list[Any]] = []

    def take(self, event: Event) -> None:
        self.renderer.apply(reduce(self.transcript, event))

    def flush(self) -> list[list[Any]]:
        operations = self.renderer.flush()
        json.dumps(operations).encode("utf-8")
        self.sent += operations
        self.page.carry_out(operations)
        return operations

    def flush_all(self) -> None:
        for _ in range(10_000):
            if not self.renderer.pending:
                return
            self.flush()
        raise AssertionError("the renderer never comes to an end")


def chunk(text: str, message_id: str = "m1", source: str = "assistant") -> Event:
    return ModelClientStreamingChunkEvent(
        content=text, source=source, full_message_id=message_id, created_at=START
    )


def said(text: str, message_id: str = "m1", source: str = "assistant") -> Event:
    return TextMessage(content=text, source=source, id=message_id, created_at=START)


def blocks_of(operations: list[list[Any]], index: int) -> list[list[Any]]:
    return [o for o in operations if o[0] in ("block", "text", "rows") and o[1] == index]


def comparable(html: str) -> str:
    """HTML without what only one of the two forms has: formulas, roles, counted times."""
    html = re.sub(r"<math.*?</math>", "∑", html, flags=re.DOTALL)
    html = re.sub(r'<span class="mathjax_process">.*?</span>', "∑", html, flags=re.DOTALL)
    html = re.sub(r' <time class="nbagent-elapsed"[^>]*></time>', "", html)
    html = html.replace('<div class="nbagent-ask"></div>', "")
    html = re.sub(r' role="[^"]*"| aria-label="[^"]*"', "", html)
    return re.sub(r"&#10;", "\n", html)


def shapes(elements: list[Element | str]) -> list[Any]:
    """Elements as data, without what streaming leaves behind.

    Blanks between elements do not count, nor do paragraphs in list items, nor the spans in which
    code and long paragraphs are shown piece by piece.
    """
    return [_tidy(element) for element in elements if isinstance(element, Element)]


def _tidy(element: Element) -> Any:
    children: list[Any] = []
    for child in _unwrapped(element):
        if isinstance(child, Element):
            children.append(_tidy(child))
        elif children and isinstance(children[-1], str):
            children[-1] += child
        elif child.strip() or element.tag in ("code", "pre"):
            children.append(child)
    return (element.tag, element.attributes, children)


def _unwrapped(element: Element) -> Iterator[Element | str]:
    for child in element.children:
        if isinstance(child, Element) and (
            (child.tag == "p" and element.tag == "li")
            or (child.tag == "span" and child.attributes.get("class") in (None, "nbagent-lines"))
        ):
            yield from _unwrapped(child)
        else:
            yield child


def serialized(element: Element) -> str:
    """An element as HTML."""
    from html import escape

    attributes = "".join(f' {k}="{escape(v)}"' for k, v in element.attributes.items())
    inside = "".join(
        escape(c, quote=False) if isinstance(c, str) else serialized(c) for c in element.children
    )
    end = "" if element.tag in ("br", "hr", "img") else f"</{element.tag}>"
    return f"<{element.tag}{attributes}>{inside}{end}"


def test_an_answer_grows_on_the_page() -> None:
    run = Run()
    for text in ("Hello ", "**you**", ", and ", "more"):
        run.take(chunk(text))
        run.flush()

    assert run.page.text.endswith("Hello you, and more")
    assert [o[0] for o in run.sent].count("item") == 1


def test_what_streamed_is_not_sent_again_when_it_is_whole() -> None:
    run = Run()
    run.take(chunk("One.\n\nTwo.\n\nThree.\n\n"))
    run.take(chunk("Four is the last."))
    run.flush_all()
    before = run.page.shape()[0]
    run.take(said("One.\n\nTwo.\n\nThree.\n\nFour is the last."))
    run.sent.clear()
    run.flush_all()

    assert run.page.shape()[0] == before
    assert not any(o[0] == "item" for o in run.sent)
    assert "One." not in json.dumps(run.sent)


def test_a_message_that_differs_from_its_stream_replaces_it() -> None:
    run = Run()
    run.take(chunk("first try"))
    run.flush_all()
    run.take(said("another text"))
    run.flush_all()

    assert "first try" not in run.page.text
    assert "another text" in run.page.text


def test_text_that_turns_out_to_be_a_thought_becomes_a_card() -> None:
    run = Run()
    run.take(chunk("I need a tool."))
    run.flush_all()
    run.take(ThoughtEvent(content="I need a tool.", source="assistant", id="m1", created_at=START))
    run.flush_all()

    card = run.page.items[0].find(class_name="nbagent-thought")
    assert card is not None
    body = card.find(class_name="nbagent-body")
    assert body is not None
    assert body.text.strip() == "I need a tool."


def test_a_flush_takes_in_a_bounded_amount() -> None:
    run = Run()
    run.take(said("word " * 20_000))
    flushes = 0
    while run.renderer.pending:
        operations = run.flush()
        assert len(json.dumps(operations)) < 100_000
        flushes += 1

    assert flushes > 10
    assert run.page.text.count("word") == 20_000


def test_many_cards_come_in_portions() -> None:
    run = Run()
    for number in range(20):
        call = FunctionCall(id=f"c{number}", name="f", arguments="{}")
        result = FunctionExecutionResult(content="y" * 20_000, name="f", call_id=call.id)
        run.take(ToolCallRequestEvent(content=[call], source="a", created_at=START))
        run.take(ToolCallExecutionEvent(content=[result], source="a", created_at=START))
    first = run.flush()

    assert len(json.dumps(first)) < 150_000
    run.flush_all()
    assert run.page.text.count("y" * 2_000) >= 20


def test_agents_that_speak_at_once_both_grow() -> None:
    run = Run()
    run.take(chunk("a " * 3_000, "m1", "first"))
    run.take(chunk("b " * 3_000, "m2", "second"))
    operations = run.flush() + run.flush()

    assert blocks_of(operations, 0)
    assert blocks_of(operations, 1)


def test_texts_and_pictures_stay_in_order() -> None:
    run = Run()
    content: list[str | Image] = ["one\n\n- x", picture(), "two", picture(), "three"]
    run.take(MultiModalMessage(content=content, source="user", created_at=START))
    run.flush_all()
    body = run.page.items[0].find(class_name="nbagent-body")

    assert body is not None
    assert re.findall(r"one|two|three|<img", serialized(body)) == [
        "one",
        "<img",
        "two",
        "<img",
        "three",
    ]
    assert Page(run.renderer.snapshot()).shape() == run.page.shape()


def test_a_card_runs_and_then_has_its_result() -> None:
    run = Run()
    call = FunctionCall(id="c", name="get_weather", arguments='{"city": "Berlin"}')
    run.take(ToolCallRequestEvent(content=[call], source="a", created_at=START))
    run.flush_all()
    elapsed = run.page.items[0].find(class_name="nbagent-elapsed")

    assert elapsed is not None
    assert elapsed.tag == "time"
    assert datetime.fromisoformat(elapsed.attributes["datetime"]) == START

    result = FunctionExecutionResult(content="22 degrees", name="get_weather", call_id="c")
    later = START + timedelta(seconds=2)
    run.take(ToolCallExecutionEvent(content=[result], source="a", created_at=later))
    run.flush_all()

    assert run.page.items[0].find(class_name="nbagent-elapsed") is None
    assert "done in 2.0 s" in run.page.text
    assert "22 degrees" in run.page.text


def test_the_status_tells_state_time_and_tokens() -> None:
    run = Run()
    run.take(chunk("Hello"))
    run.flush_all()
    assert run.page.status["state"] == "running"
    assert run.page.status["started_at"] == START.timestamp() * 1000
    assert run.page.status["elapsed"] is None

    end = START + timedelta(seconds=3)
    run.renderer.apply(
        reduce(run.transcript, TaskResult(messages=[], stop_reason="said enough"), end)
    )
    run.flush_all()
    assert run.page.status["state"] == "done"
    assert run.page.status["elapsed"] == 3.0
    assert run.page.status["stop_reason"] == "said enough"
    assert "Done in 3.0 s · said enough" in run.page.status["footer_html"]


def test_a_stopped_message_says_that_it_was_interrupted() -> None:
    run = Run()
    run.take(chunk("Once upon"))
    run.flush_all()
    run.renderer.apply(stop(run.transcript, "stopped by you", START))
    run.renderer.finish()
    run.flush_all()

    assert "Once upon" in run.page.text
    assert "The message was interrupted here." in run.page.text
    assert [o[0] for o in run.sent].count("item") == 1


def test_a_failed_run_shows_why() -> None:
    run = Run()
    run.take(chunk("Once upon"))
    run.renderer.apply(fail(run.transcript, ValueError("no such model"), START))
    run.renderer.finish()
    run.flush_all()

    assert "The run failed: ValueError" in run.page.text
    assert "no such model" in run.page.text


def test_a_renderer_that_comes_late_shows_all() -> None:
    renderer = LiveRenderer(sample_transcript())
    page = Page()
    while renderer.pending:
        page.carry_out(renderer.flush())

    assert Page(renderer.snapshot()).shape() == page.shape()
    assert "Too many requests" in page.text


def test_the_live_page_shows_the_same_html_as_the_saved_form() -> None:
    transcript = sample_transcript()
    renderer = LiveRenderer(transcript)
    page = Page()
    while renderer.pending:
        page.carry_out(renderer.flush())
    saved = transcript_to_html(transcript, style=False)
    root = read(comparable(saved))[0]
    assert isinstance(root, Element)
    items = [c for c in root.children if isinstance(c, Element) and c.tag == "div"]
    live = [
        read(comparable(serialized(element)))[0]
        for element in page.root.children
        if isinstance(element, Element)
    ]

    assert shapes(live) == shapes(list(items))
    assert page.status["footer_html"] in saved
    assert page.status["notices_html"] in saved


def test_hostile_fields_are_only_text() -> None:
    renderer = LiveRenderer(hostile_transcript())
    page = Page()
    while renderer.pending:
        operations = renderer.flush()
        # A question's fields hold what is sent back, which must be as it came.
        shown = [operation for operation in operations if operation[0] != "question"]
        assert not re.search("[\\x1b\u202e\U000e0041]", json.dumps(shown, ensure_ascii=False))
        page.carry_out(operations)
    tags: set[str] = set()
    attributes: set[str] = set()
    remaining = list(page.items)
    while remaining:
        element = remaining.pop()
        tags.add(element.tag)
        attributes |= set(element.attributes)
        remaining += [child for child in element.children if isinstance(child, Element)]

    assert not tags & {"script", "img", "a", "iframe", "style"}
    assert attributes <= {"class", "role", "aria-label", "open", "scope", "style", "datetime"}
    assert page.text.count("<script>alert(2)</script>") >= 20


MARKDOWN = [
    *["Hello ", "**bold** ", "\n\n", "- item\n", "1. one\n", "> quote\n", "```py\n", "x = 1\n"],
    *["```\n", "| a | b |\n", "|---|---|\n", "| 1 | 2 |\n", "$x^2$ ", "$$", "[a]", "[a]: /b\n"],
    *["# head\n", "    code\n", "\n", "<b>", "&amp;", "🎉", ANSWER],
]
TEXTS = st.sampled_from(MARKDOWN)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("chunk"), st.sampled_from(["first", "second"]), TEXTS),
        st.tuples(st.just("end"), st.sampled_from(["first", "second"]), st.booleans()),
        st.tuples(st.just("say"), st.sampled_from(["first", "user"]), TEXTS),
        st.tuples(st.just("think"), st.sampled_from(["first", "second"]), TEXTS),
        st.tuples(st.just("call"), st.sampled_from(["first", "second"]), st.booleans()),
        st.tuples(st.just("hand"), st.sampled_from(["first", "second"]), TEXTS),
        st.tuples(st.just("flush"), st.integers(1, 3), st.none()),
        st.tuples(st.just("reload"), st.none(), st.none()),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.sampled_from(["done", "stop", "fail"]))
def test_whatever_happens_page_and_snapshot_agree(
    steps: list[tuple[str, Any, Any]], ending: str
) -> None:
    run = Run()
    growing: dict[str, tuple[str, str]] = {}
    calls: list[FunctionCall] = []
    for number, (step, who, what) in enumerate(steps):
        if step == "chunk":
            message_id, text = growing.get(who, (f"m{number}", ""))
            growing[who] = (message_id, text + what)
            run.take(chunk(what, message_id, who))
        elif step == "end" and who in growing:
            message_id, text = growing.pop(who)
            run.take(said(text if what else f"{text}!", message_id, who))
        elif step == "say":
            run.take(said(what, f"s{number}", who))
        elif step == "think":
            message_id, _ = growing.pop(who, (f"t{number}", ""))
            run.take(ThoughtEvent(content=what, source=who, id=message_id, created_at=START))
        elif step == "call" and what:
            calls.append(FunctionCall(id=f"c{number}", name="f", arguments="{}"))
            run.take(ToolCallRequestEvent(content=[calls[-1]], source=who, created_at=START))
        elif step == "call" and calls:
            result = FunctionExecutionResult(content="r", name="f", call_id=calls.pop().id)
            run.take(ToolCallExecutionEvent(content=[result], source=who, created_at=START))
        elif step == "hand":
            run.take(
                HandoffMessage(
                    content=what, source=who, target="x", id=f"h{number}", created_at=START
                )
            )
        elif step == "flush":
            for _ in range(who):
                run.flush()
        elif step == "reload":
            run.page = Page(run.renderer.snapshot())
    if ending == "done":
        run.renderer.apply(reduce(run.transcript, TaskResult(messages=[]), START))
    elif ending == "stop":
        run.renderer.apply(stop(run.transcript, "stopped", START))
    else:
        run.renderer.apply(fail(run.transcript, ValueError("no"), START))
    run.renderer.finish()
    run.flush_all()

    assert run.page.shape() == Page(run.renderer.snapshot()).shape()
    fresh = LiveRenderer(run.transcript)
    page = Page()
    while fresh.pending:
        page.carry_out(fresh.flush())
    assert page.text == run.page.text
