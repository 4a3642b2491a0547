import pytest

from nbagent.questions import Question
from nbagent.render.html import transcript_to_html
from nbagent.render.markdown_document import transcript_to_markdown
from nbagent.render.plain_text import duration_text, one_line, visible
from nbagent.render.text import transcript_to_text
from nbagent.transcript.items import QuestionItem, ToolCallItem, Transcript
from tests.render.sample_transcript import START, WORDS, hostile_transcript, sample_transcript


def test_all_that_happened_is_there() -> None:
    text = transcript_to_text(sample_transcript())
    not_said_so = {"TripPlan", "Gion", "temples", "interrupted", "hands over to critic"}

    assert [words for words in WORDS if words not in text and words not in not_said_so] == []
    assert "→ hands over to critic: Your turn, critic." in text
    assert "[interrupted]" in text
    assert "[picture: PNG, 64 × 40 pixels]" in text


def test_it_reads_like_a_conversation() -> None:
    text = transcript_to_text(
        Transcript(
            items=[
                ToolCallItem(
                    id="1",
                    source="assistant",
                    call_id="c",
                    name="get_weather",
                    arguments='{"city": "Berlin"}',
                    result="22 degrees\nsunny",
                    state="done",
                    duration=0.42,
                )
            ],
            state="done",
        )
    )

    assert text == (
        "── assistant ──\n\n"
        '✓ get_weather(city="Berlin")  [done, 0.4 s]\n  22 degrees\n  sunny\n\n'
        "(Done)\n"
    )


def test_it_is_safe_to_print() -> None:
    text = transcript_to_text(hostile_transcript())

    assert {letter for letter in text if ord(letter) < 32} == {"\n"}
    assert "\u202e" not in text
    assert "\U000e0041" not in text


def test_a_flood_is_cut() -> None:
    item = ToolCallItem(
        id="1", source="a", call_id="c", name="f", arguments="", result="x\n" * 5_000_000
    )
    text = transcript_to_text(Transcript(items=[item]))

    assert len(text) < 2_100_000
    assert "… 9 MB left out" in text


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("10%\r20%\r\ndone", "10%\n20%\ndone"),
        ("a\x00b\x7f", "a␀b⟨U+007F⟩"),
        ("user\u202egnp.exe", "user⟨U+202E⟩gnp.exe"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("\ud800", "⟨U+D800⟩"),
        ("👩\u200d💻 می\u200cخواهم ❤\ufe0f", "👩\u200d💻 می\u200cخواهم ❤\ufe0f"),
    ],
)
def test_what_hides_is_shown_and_what_scripts_need_stays(hidden: str, shown: str) -> None:
    assert visible(hidden) == shown


def test_a_line_is_one_line() -> None:
    assert one_line(" a\n\tb \r\n c ") == "a b c"
    assert one_line("x" * 100, 10) == "x" * 9 + "…"
    assert one_line(" " * 10_000 + "x", 10) == "…"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0001, "less than 1 ms"),
        (0.012, "12 ms"),
        (0.42, "0.4 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7_260, "2 h 1 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_question_alone_needs_no_account_of_the_run() -> None:
    question = QuestionItem(
        id="1",
        source="",
        request_id="1",
        question=Question(prompt="Tea?"),
        state="answered",
        answer="Yes",
        answered_by="user",
    )
    transcript = Transcript(items=[question], state="done", started_at=START, ended_at=START)
    for form in (transcript_to_text, transcript_to_html, transcript_to_markdown):
        assert "Tea?" in form(transcript) and "Done" not in form(transcript)
