"""Inner runs in every form of a transcript: folded, counted, with their last words."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbagent import TaskResult
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    ModelClientStreamingChunkEvent,
    SelectorEvent,
    SelectSpeakerEvent,
    TextMessage,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
)
from nbagent.models.types import FunctionCall, FunctionExecutionResult, RequestUsage
from nbagent.questions.question import CallToApprove, Question
from nbagent.render.html import transcript_to_html
from nbagent.render.inner_runs import MOST_DEPTH, Entry, InnerRuns
from nbagent.render.live import LiveRenderer
from nbagent.render.markdown_document import transcript_to_markdown
from nbagent.render.text import transcript_to_text
from nbagent.transcript import fail, reduce
from nbagent.transcript.items import (
    AskedApproval,
    MessageItem,
    SpeakerItem,
    ToolCallItem,
    Transcript,
)
from tests.render.page import Element, Page, read
from tests.render.sample_transcript import HIDDEN, HOSTILE


def said(text: str, source: str, team: str = "", **fields: Any) -> TextMessage:
    return TextMessage(
        content=text, source=source, metadata={"team": team} if team else {}, **fields
    )


def nested() -> list[BaseAgentEvent | BaseChatMessage]:
    call = FunctionCall(id="c", name="tide", arguments="{}")
    return [
        said("Write of tides.", "user"),
        said("Facts first.", "planner"),
        ToolCallRequestEvent(content=[call], source="searcher", metadata={"team": "research"}),
        said("High water at **14:20**.", "searcher", "research"),
        said("Deep inside.", "diver", "research/deep"),
        said("That is all.", "searcher", "research"),
        said("The tides of Kiel.", "planner"),
        said("Once more.", "searcher", "research"),
    ]


def fold(events: list[BaseAgentEvent | BaseChatMessage], *, ended: bool = True) -> Transcript:
    transcript = Transcript()
    for event in events:
        reduce(transcript, event)
    if ended:
        reduce(transcript, TaskResult(messages=[]))
    return transcript


def cards(elements: list[Element | str]) -> list[Element]:
    """The cards of inner runs, outer ones first."""
    found: list[Element] = []
    for element in elements:
        if isinstance(element, Element):
            if "nbagent-inner" in element.attributes.get("class", "").split():
                found.append(element)
            found += cards(element.children)
    return found


def summaries(elements: list[Element | str]) -> list[tuple[str, bool]]:
    """What each card says, and whether it is open."""
    result: list[tuple[str, bool]] = []
    for card in cards(elements):
        summary = card.find("summary")
        assert summary is not None
        result.append((" ".join(summary.text.split()), "open" in card.attributes))
    return result


class Run:
    """A transcript with its live page."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.renderer = LiveRenderer(self.transcript)
        self.page = Page()

    def take(self, *events: BaseAgentEvent | BaseChatMessage | TaskResult) -> None:
        for event in events:
            self.renderer.apply(reduce(self.transcript, event))

    def flush(self) -> None:
        while self.renderer.pending:
            self.page.carry_out(self.renderer.flush())

    @property
    def cards(self) -> list[tuple[str, bool]]:
        return summaries(self.page.root.children)


def test_the_saved_form_folds_inner_teams_with_their_last_words() -> None:
    html = transcript_to_html(fold(nested()), style=False)
    assert summaries(read(html)) == [
        ("❖ research 3 messages searcher: That is all.", True),  # its tool call never ended
        ("❖ deep 1 message diver: Deep inside.", False),
        ("❖ research 1 message searcher: Once more.", False),
    ]
    first = cards(read(html))[0]
    assert "High water at 14:20." in first.text
    assert "Facts first." not in first.text


def test_headings_name_who_speaks_where_a_team_begins_and_ends() -> None:
    html = transcript_to_html(fold(nested()), style=False)
    headings = re.findall(r"(<hr>)?<h4[^>]*>(\w+)</h4>", html)
    assert headings == [
        ("", "user"),
        ("<hr>", "planner"),
        ("", "searcher"),
        ("", "diver"),
        ("<hr>", "searcher"),
        ("<hr>", "planner"),
        ("", "searcher"),
    ]


def test_the_text_sets_inner_teams_in() -> None:
    text = transcript_to_text(fold(nested()))
    assert "\n\n❖ research (3 messages)\n\n    ── searcher ──\n\n" in text
    assert "\n    High water at **14:20**.\n\n    ❖ deep (1 message)\n\n        ── diver" in text
    assert "\n\n── planner ──\n\nThe tides of Kiel." in text


def test_the_document_quotes_inner_teams() -> None:
    text = transcript_to_markdown(fold(nested()))
    assert "\n> **❖ research** (3 messages)\n>\n> #### searcher\n" in text
    assert "\n> > **❖ deep** (1 message)\n> >\n> > #### diver\n> >\n> > Deep inside.\n" in text
    assert "\n\n---\n\n#### planner\n\nThe tides of Kiel." in text


def test_a_team_is_open_while_it_works_and_folded_then() -> None:
    run = Run()
    run.take(said("go", "user"), said("One.", "a", "inner"))
    run.flush()
    assert run.cards == [("❖ inner 1 message a: One.", True)]
    run.take(said("Two.", "b", "inner"))
    run.flush()
    assert run.cards == [("❖ inner 2 messages b: Two.", True)]
    run.take(said("Mine.", "c"))
    run.flush()
    assert run.cards == [("❖ inner 2 messages b: Two.", False)]
    run.take(said("Again.", "a", "inner"))
    run.flush()
    assert [is_open for _, is_open in run.cards] == [False, True]
    run.take(TaskResult(messages=[]))
    run.flush()
    assert [is_open for _, is_open in run.cards] == [False, False]


def test_a_team_is_folded_when_the_run_fails() -> None:
    run = Run()
    run.take(said("One.", "a", "inner"))
    run.flush()
    run.renderer.apply(fail(run.transcript, ValueError("no")))
    run.flush()
    assert run.cards == [("❖ inner 1 message a: One.", False)]
    assert "ValueError" in run.page.items[-1].text


def test_a_message_counts_once_it_is_whole_and_is_sent_but_once() -> None:
    run = Run()
    for piece in ("Once ", "upon ", "a time"):
        run.take(
            ModelClientStreamingChunkEvent(
                content=piece, source="a", full_message_id="m", metadata={"team": "inner"}
            )
        )
        run.page.carry_out(run.renderer.flush())
    assert run.cards == [("❖ inner", True)]
    run.take(said("Once upon a time", "a", "inner", id="m"))
    operations = run.renderer.flush()
    assert "item" not in [operation[0] for operation in operations]
    run.page.carry_out(operations)
    assert run.cards == [("❖ inner 1 message a: Once upon a time", True)]


def test_what_grows_does_not_send_the_card_again() -> None:
    run = Run()
    run.take(said("go", "a", "inner"))
    run.flush()
    run.take(
        ModelClientStreamingChunkEvent(
            content="x", source="a", full_message_id="m", metadata={"team": "inner"}
        )
    )
    run.flush()
    run.take(
        ModelClientStreamingChunkEvent(
            content=" y", source="a", full_message_id="m", metadata={"team": "inner"}
        )
    )
    assert {operation[0] for operation in run.renderer.flush()} <= {"text", "block"}


def test_a_question_in_a_folded_team_keeps_it_open() -> None:
    approval = AskedApproval(
        request_id="r",
        question=Question(
            kind="approval", call=CallToApprove(name="f", arguments="{}", call_id="c")
        ),
    )
    waiting = ToolCallItem(
        id="1",
        source="a",
        team="inner",
        call_id="c",
        name="f",
        arguments="{}",
        state="waiting",
        approval=approval,
    )
    other = MessageItem(id="2", source="b", parts=("meanwhile",))
    html = transcript_to_html(Transcript(items=[waiting, other]), style=False)
    assert summaries(read(html)) == [("❖ inner", True)]


def test_teams_far_inside_do_not_nest_without_end() -> None:
    deep = "/".join(str(number) for number in range(5_000))
    html = transcript_to_html(fold([said("x", "a", deep)]), style=False)
    assert html.count('class="nbagent-card nbagent-inner"') == MOST_DEPTH


@pytest.mark.parametrize("render", [transcript_to_html, transcript_to_text, transcript_to_markdown])
def test_hostile_names_are_only_text(render: Any) -> None:
    bad = HOSTILE + HIDDEN
    transcript = fold([said(bad, bad, bad), said(bad, bad, f"{bad}/{bad}")])
    shown = render(transcript)
    assert not re.search("[\\x1b\u202e\U000e0041]", shown)
    if render is transcript_to_html:
        assert "<script" not in shown
        assert "<img" not in shown
        read(transcript_to_html(transcript, style=False))


def test_hostile_names_are_only_text_in_the_live_page() -> None:
    bad = HOSTILE + HIDDEN
    run = Run()
    run.take(said(bad, bad, f"{bad}/{bad}"))
    run.flush()
    assert run.page.root.find("script", "img") is None
    assert "alert(2)" in run.page.root.text


def called(call_id: str, source: str, team: str = "", call: str | None = None) -> Any:
    """A call of a tool; `call` is the key of the call in which it is made."""
    metadata = {"team": team} if team else {}
    return ToolCallRequestEvent(
        id=call_id,
        content=[FunctionCall(id=call_id, name=f"tool_{call_id}", arguments="{}")],
        source=source,
        metadata=metadata if call is None else {**metadata, "call": call},
    )


def returned(request: ToolCallRequestEvent) -> ToolCallExecutionEvent:
    (call,) = request.content
    result = FunctionExecutionResult(content="result", name=call.name, call_id=call.id)
    return ToolCallExecutionEvent(
        content=[result], source=request.source, metadata=request.metadata
    )


def in_call(request: ToolCallRequestEvent, text: str, source: str, team: str = "") -> TextMessage:
    return said(text, source).model_copy(
        update={"metadata": {"call": request.call_key(0), **({"team": team} if team else {})}}
    )


def test_what_calls_side_by_side_have_run_stands_below_each_of_them() -> None:
    first, second = called("1", "boss"), called("2", "boss")
    run = Run()
    run.take(said("go", "user"), first, second)
    run.take(in_call(first, "One.", "ann"), in_call(second, "Two.", "bob"))
    run.take(in_call(first, "More.", "ann"))
    run.flush()
    assert run.cards == [
        ("↳ tool_1 2 messages ann: More.", True),
        ("↳ tool_2 1 message bob: Two.", True),
    ]
    run.take(returned(first))
    run.flush()
    assert [is_open for _, is_open in run.cards] == [False, True]
    run.take(returned(second), said("Done.", "boss"), TaskResult(messages=[]))
    run.flush()
    assert [is_open for _, is_open in run.cards] == [False, False]
    text = transcript_to_text(run.transcript)
    order = ("tool_1(", "↳ tool_1", "One.", "More.", "tool_2(", "↳ tool_2", "Two.", "Done.")
    places = [text.index(words) for words in order]
    assert places == sorted(places), text
    assert text.count("── boss ──") == 1
    document = transcript_to_markdown(run.transcript)
    assert "\n> **↳ tool_1** (2 messages)\n>\n> #### ann\n" in document
    html = transcript_to_html(run.transcript, style=False)
    assert re.findall(r"(<hr>)?<h4[^>]*>(\w+)</h4>", html) == [
        ("", "user"),
        ("<hr>", "boss"),
        ("", "ann"),
        ("", "bob"),
    ]


def test_a_team_that_a_tool_runs_and_its_inner_team() -> None:
    outer = called("1", "boss", "office")
    deep = in_call(outer, "Deep.", "cid", "office/inner")
    run = Run()
    run.take(said("Hi.", "boss", "office"), outer, in_call(outer, "Words.", "ann", "office"), deep)
    run.flush()
    assert [words.split()[:2] for words, _ in run.cards] == [
        ["❖", "office"],
        ["↳", "tool_1"],
        ["❖", "inner"],
    ]


PATHS = st.lists(
    st.tuples(
        st.sampled_from(["", "a", "a/b", "a/b/c", "a/b/c/d", "b", "b/a"]),
        st.sampled_from(["say", "chunk", "end", "call", "inside", "return", "flush", "reload"]),
        st.integers(0, 3),
    ),
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(PATHS)
def test_whatever_happens_the_live_page_is_the_saved_form(
    steps: list[tuple[str, str, int]],
) -> None:
    run = Run()
    growing: dict[str, str] = {}
    calls: list[ToolCallRequestEvent] = []
    for number, (team, step, which) in enumerate(steps):
        metadata = {"team": team} if team else {}
        if step == "say":
            run.take(said(f"said {number}", f"of {team}", team))
        elif step == "chunk":
            message_id = growing.setdefault(team, f"m{number}")
            run.take(
                ModelClientStreamingChunkEvent(
                    content="word ",
                    source=f"of {team}",
                    full_message_id=message_id,
                    metadata=metadata,
                )
            )
        elif step == "end" and team in growing:
            run.take(said("other words", f"of {team}", team, id=growing.pop(team)))
        elif step == "call":
            # Every other one in the call before.
            around = calls[-1] if calls and which % 2 else None
            inside = around.metadata.get("team", "") if around else team
            key = around.call_key(0) if around else None
            calls.append(called(str(number), f"of {team}", inside, key))
            run.take(calls[-1])
        elif step == "inside" and calls:
            request = calls[which % len(calls)]
            path = "/".join(part for part in (request.metadata.get("team"), team) if part)
            run.take(in_call(request, f"said {number}", f"of {team}", path))
        elif step == "return" and calls:
            run.take(returned(calls.pop(which % len(calls))))
        elif step == "flush":
            run.page.carry_out(run.renderer.flush())
        elif step == "reload":
            run.page = Page(run.renderer.snapshot())
    run.take(TaskResult(messages=[]))
    run.renderer.finish()
    run.flush()

    assert run.page.shape() == Page(run.renderer.snapshot()).shape()
    saved = read(transcript_to_html(run.transcript, style=False))
    assert run.cards == summaries(saved)
    root = saved[0]
    assert isinstance(root, Element)
    assert _tree(run.page.root) == _tree(root)
    indices = _indices(InnerRuns(run.transcript.items).entries)
    assert sorted(indices) == list(range(len(run.transcript.items)))


def _tree(element: Element) -> list[Any]:
    """Whose cards hold which headings."""
    found: list[Any] = []
    for child in element.children:
        if not isinstance(child, Element):
            continue
        classes = child.attributes.get("class", "").split()
        if child.tag == "h4":
            found.append(child.text)
        elif "nbagent-inner" in classes:
            found.append(_tree(child))
        else:
            found += _tree(child)
    return found


def _indices(entries: list[Entry]) -> list[int]:
    found: list[int] = []
    for entry in entries:
        found += [entry] if isinstance(entry, int) else _indices(entry.entries)
    return found


def test_a_choice_is_told_with_its_reason_and_not_twice() -> None:
    manager = "SelectorGroupChatManager"
    transcript = fold(
        [
            SelectorEvent(content="writer", source=manager),
            SelectSpeakerEvent(content=["writer"], source=manager),
            SelectorEvent(content="The critic: it reads well.", source=manager),
            SelectSpeakerEvent(content=["critic"], source=manager),
            HandoffMessage(content="Yours.", source="critic", target="writer"),
        ]
    )
    assert [item.kind for item in transcript.items] == ["speaker", "speaker", "handoff"]
    first = transcript.items[0]
    assert isinstance(first, SpeakerItem)
    assert first.reason == ""
    html = Page([["item", 0, transcript_to_html(transcript, style=False)]]).text
    assert html.count("writer") == 2
    assert "Next: critic: The critic: it reads well." in html
    assert "→ next: critic: The critic: it reads well." in transcript_to_text(transcript)
    assert "⇢ Next: **critic**: The critic: it reads well." in transcript_to_markdown(transcript)


def test_the_footer_names_what_each_has_spent() -> None:
    def spent(source: str, read: int, written: int) -> TextMessage:
        return said("x", source, models_usage=RequestUsage(read, written))

    one = fold([spent("a", 1, 2), spent("a", 1, 2)])
    assert "Tokens:" not in transcript_to_html(one, style=False)

    run = Run()
    run.take(spent("a", 1_000, 20), spent("<b>", 4_000, 1), TaskResult(messages=[]))
    run.flush()
    shares = ["<b> 4,000 in, 1 out", "a 1,000 in, 20 out"]
    assert run.page.status["token_shares"] == shares
    html = transcript_to_html(run.transcript, style=False)
    assert "Tokens: &lt;b&gt; 4,000 in, 1 out · a 1,000 in, 20 out</p>" in html
    assert run.page.status["footer_html"] in html
    assert f"(tokens: {' · '.join(shares)})" in transcript_to_text(run.transcript)
    assert "_Tokens: \\<b\\> 4,000 in, 1 out · a 1,000" in transcript_to_markdown(run.transcript)


def test_of_a_crowd_the_dearest_are_named() -> None:
    events = [said("x", f"agent_{n}", models_usage=RequestUsage(n + 1, 0)) for n in range(200)]
    text = transcript_to_text(fold([*events]))
    assert "agent_199 200 in, 0 out" in text
    assert "180 more" in text
    assert "agent_3 " not in text.split("(tokens:")[1]
