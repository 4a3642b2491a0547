"""The controls of questions and approvals in a real browser, fed as by a kernel."""

import re
from typing import Any

import pytest
from playwright.sync_api import Dialog, expect

from nbagent.code_executor import CodeBlock
from nbagent.messages import (
    ToolCallRequestEvent,
    UserInputAnsweredEvent,
    UserInputRequestedEvent,
)
from nbagent.models.types import FunctionCall
from nbagent.questions.question import CallToApprove, Question
from tests.axe import violations
from tests.render.question_page import NewPage, QuestionPage
from tests.render.sample_transcript import HIDDEN, HOSTILE

FORM: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Your name", "description": "As in the passport."},
        "days": {"type": "integer", "minimum": 1, "maximum": 30},
        "vegetarian": {"type": "boolean", "default": False},
        "insured": {"type": "boolean"},
        "seat": {"enum": ["aisle", "window"], "default": "aisle"},
        "sports": {"type": "array", "items": {"enum": ["swim", "run"]}},
        "tags": {"type": "array", "items": {"type": "string"}},
        "notes": {"type": "string", "maxLength": 1000},
    },
    "required": ["name", "days", "insured"],
}
ARGUMENTS = '{"to": "joerg@example.org", "copies": 1}'


def asks(request_id: str = "q1", source: str = "planner", **question: Any) -> Any:
    return UserInputRequestedEvent(
        request_id=request_id, source=source, question=Question(**question)
    )


def asks_to_run() -> list[Any]:
    """A call that waits for its approval."""
    call = FunctionCall(id="c1", name="send_mail", arguments='{"to": "joerg@example.org"}')
    to_approve = CallToApprove(name="send_mail", arguments=ARGUMENTS, call_id="c1")
    return [
        ToolCallRequestEvent(source="planner", content=[call]),
        asks("a1", kind="approval", call=to_approve),
    ]


def answered(request_id: str = "q1", content: str = "yes", **more: Any) -> Any:
    return UserInputAnsweredEvent(request_id=request_id, source="planner", content=content, **more)


# Text


def test_a_text_is_written_in_several_lines_and_sent_with_enter(page: QuestionPage) -> None:
    page.take(asks(prompt="Where to?"))
    box = page.controls().get_by_role("textbox", name="Your answer")
    expect(box).to_be_focused()
    page.page.keyboard.type("Köln 🎉")
    page.page.keyboard.press("Shift+Enter")
    page.page.keyboard.type("and Ōsaka")
    page.wait_until_meant()
    page.page.keyboard.press("Enter")

    assert page.answers == [{"answer": "q1", "value": "Köln 🎉\nand Ōsaka"}]
    expect(page.controls()).to_contain_text("Sending…")
    page.page.keyboard.type("more")
    page.page.keyboard.press("Enter")
    assert len(page.answers) == 1, "one answer is on its way"
    expect(box).to_have_value("Köln 🎉\nand Ōsaka")


def test_control_enter_sends_and_a_composition_does_not(page: QuestionPage) -> None:
    page.take(asks())
    page.wait_until_meant()
    box = page.page.locator("textarea.nbagent-box")
    box.fill("日本")
    for composing in ({"isComposing": True}, {"keyCode": 229}):
        box.evaluate(
            "(box, composing) => box.dispatchEvent(new KeyboardEvent('keydown',"
            " {key: 'Enter', bubbles: true, cancelable: true, ...composing}))",
            composing,
        )
    assert page.answers == []
    box.press("Control+Enter")
    assert page.answers == [{"answer": "q1", "value": "日本"}]


def test_nothing_is_sent_by_the_button_only(page: QuestionPage) -> None:
    page.take(asks())
    page.wait_until_meant()
    page.page.keyboard.press("Enter")
    assert page.answers == []
    expect(page.controls()).to_contain_text("To answer with nothing, press Send.")
    assert "Nothing is written yet. To answer with nothing, press Send." in page.said
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    assert page.answers == [{"answer": "q1", "value": ""}]


def test_the_box_holds_the_default_and_grows(page: QuestionPage) -> None:
    page.take(asks(default="Kyoto", has_default=True))
    box = page.page.locator("textarea.nbagent-box")
    expect(box).to_have_value("Kyoto")
    before = box.bounding_box()
    box.fill("line\n" * 8)
    after = box.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"] + 60


def test_a_refused_answer_can_be_mended(page: QuestionPage) -> None:
    page.take(asks())
    page.page.keyboard.type("abc")
    page.wait_until_meant()
    page.page.keyboard.press("Enter")
    page.refuse("This needs a number.")
    box = page.page.locator("textarea.nbagent-box")
    expect(page.controls()).to_contain_text("This needs a number.")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_accessible_description("This needs a number.")
    expect(box).to_be_focused()
    assert "This needs a number." in page.said
    page.page.keyboard.press("Control+A")
    page.page.keyboard.type("12")
    page.page.keyboard.press("Enter")
    assert page.answers[-1] == {"answer": "q1", "value": "12"}
    expect(box).not_to_have_attribute("aria-invalid", "true")


def test_an_answer_that_nobody_hears_can_be_sent_again(page: QuestionPage) -> None:
    page.take(asks())
    page.page.keyboard.type("abc")
    page.wait_until_meant()
    page.page.keyboard.press("Enter")
    expect(page.controls()).to_contain_text("You can send it again", timeout=8_000)
    page.page.keyboard.press("Enter")
    assert page.answers == [{"answer": "q1", "value": "abc"}] * 2


def test_a_lost_connection_is_said_at_once(page: QuestionPage) -> None:
    page.take(asks())
    page.page.keyboard.type("abc")
    page.wait_until_meant()
    page.page.evaluate("window.connected = false")
    page.page.keyboard.press("Enter")
    expect(page.controls()).to_contain_text("the connection to the kernel is lost")
    expect(page.page.locator("textarea.nbagent-box")).to_be_editable()


# Choices


def test_yes_and_no_are_buttons_and_reached_with_the_keyboard(page: QuestionPage) -> None:
    page.take(asks(kind="choice", prompt="Book it?", choices=("Yes", "No")))
    expect(page.controls()).to_be_focused()
    page.wait_until_meant()
    for key in ("Enter", " "):
        page.page.keyboard.press(key)
    assert page.answers == [], "no answer by accident"
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Tab")
    expect(page.controls().get_by_role("button", name="No")).to_be_focused()
    page.page.keyboard.press("Enter")
    assert page.answers == [{"answer": "q1", "value": "No"}]


def test_many_choices_are_a_list(page: QuestionPage) -> None:
    page.take(asks(kind="choice", choices=tuple(f"City {n}" for n in range(20))))
    expect(page.controls().get_by_role("combobox", name="Your answer")).to_be_focused()
    page.wait_until_meant()
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    assert page.answers == []
    expect(page.controls()).to_contain_text("Choose one first.")
    page.page.keyboard.press("Shift+Tab")
    page.page.keyboard.type("City 13")
    page.page.keyboard.press("Tab")
    page.page.keyboard.press("Enter")
    assert page.answers == [{"answer": "q1", "value": "City 13"}]


def test_a_choice_with_hidden_characters_is_sent_as_it_is(page: QuestionPage) -> None:
    page.take(asks(kind="choice", choices=("a\u202eb", HOSTILE)))
    page.wait_until_meant()
    page.controls().get_by_role("button", name="a⟨U+202E⟩b").click()
    assert page.answers == [{"answer": "q1", "value": "a\u202eb"}]


# Forms


def test_a_form_is_filled_in_with_the_keyboard_alone(page: QuestionPage) -> None:
    page.take(asks(kind="form", prompt="Some facts.", form=FORM))
    keyboard = page.page.keyboard
    expect(page.controls().get_by_role("textbox", name="Your name")).to_be_focused()
    keyboard.type("Jörg")
    keyboard.press("Tab")
    keyboard.type("3")
    keyboard.press("Tab")
    keyboard.press("Space")
    keyboard.press("Tab")
    keyboard.type("Y")
    keyboard.press("Tab")
    keyboard.type("w")
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Space")
    keyboard.press("Tab")
    keyboard.type("one")
    keyboard.press("Enter")
    keyboard.type("two")
    keyboard.press("Tab")
    keyboard.type("a\nb")
    page.wait_until_meant()
    keyboard.press("Control+Enter")

    assert page.answers == [
        {
            "answer": "q1",
            "value": {
                "name": "Jörg",
                "days": "3",
                "vegetarian": True,
                "insured": True,
                "seat": "window",
                "sports": ["run"],
                "tags": ["one", "two"],
                "notes": "a\nb",
            },
        }
    ]


def test_a_form_begins_with_its_defaults(page: QuestionPage) -> None:
    given = {"name": "Ada", "days": 2, "insured": False, "sports": ["swim"], "tags": ["x", "y"]}
    page.take(asks(kind="form", form=FORM, default=given, has_default=True))
    page.wait_until_meant()
    page.page.keyboard.press("Enter")
    value = page.answers[0]["value"]
    assert value["name"] == "Ada"
    assert value["days"] == "2"
    assert value["insured"] is False
    assert value["vegetarian"] is False
    assert value["seat"] == "aisle"
    assert value["sports"] == ["swim"]
    assert value["tags"] == ["x", "y"]


def test_a_form_tells_field_by_field_what_is_wrong(page: QuestionPage) -> None:
    page.take(asks(kind="form", form=FORM))
    page.wait_until_meant()
    page.controls().get_by_role("button", name="Send").click()
    assert "insured" not in page.answers[0]["value"], "neither yes nor no is taken as given"
    page.refuse(
        "Days: too many; Insured: fill in",
        {"days": "This must be at most 30.", "insured": "Please fill this in."},
    )
    days = page.controls().get_by_role("textbox", name="Days")
    expect(days).to_be_focused()
    expect(days).to_have_attribute("aria-invalid", "true")
    expect(days).to_have_accessible_description("from 1 to 30 This must be at most 30.")
    expect(days).to_have_attribute("aria-required", "true")
    expect(page.controls().get_by_role("combobox", name="Insured")).to_have_accessible_description(
        "Please fill this in."
    )
    expect(page.controls().get_by_role("textbox", name="Your name")).not_to_have_attribute(
        "aria-invalid", "true"
    )
    days.fill("3")
    page.page.keyboard.press("Enter")
    assert page.answers[1]["value"]["days"] == "3"
    expect(page.page.get_by_text("This must be at most 30.")).to_have_count(0)


def test_a_form_that_is_none_says_so(page: QuestionPage) -> None:
    page.take(asks(kind="form", form={"type": "string"}))
    expect(page.controls()).to_contain_text("This form cannot be shown")


# Approvals


def test_an_approval_shows_what_would_run_and_is_given_with_the_keyboard(
    page: QuestionPage,
) -> None:
    page.take(*asks_to_run())
    card = page.page.locator("details.nbagent-waiting")
    expect(card).to_have_attribute("open", "")
    expect(card.locator("pre")).to_contain_text('"copies": 1')
    expect(page.controls()).to_be_focused()
    expect(page.controls()).to_have_accessible_name(re.compile("Approval asked by planner: send_"))
    page.wait_until_meant()
    for key in ("Enter", " "):
        page.page.keyboard.press(key)
    assert page.answers == [], "no approval by accident"
    page.page.keyboard.press("Tab")
    expect(page.controls().get_by_role("button", name="Approve", exact=True)).to_be_focused()
    page.page.keyboard.press("Enter")
    value = {"approved": True, "reason": "", "for_run": False}
    assert page.answers == [{"answer": "a1", "value": value}]


def test_an_approval_for_the_run(page: QuestionPage) -> None:
    page.take(*asks_to_run())
    page.wait_until_meant()
    page.controls().get_by_role("button", name="Approve for this run").click()
    assert page.answers[0]["value"] == {"approved": True, "reason": "", "for_run": True}


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_denial_takes_a_reason(page: QuestionPage, key: str) -> None:
    page.take(*asks_to_run())
    page.wait_until_meant()
    for _ in range(3):
        page.page.keyboard.press("Tab")
    page.page.keyboard.press(key)
    box = page.controls().get_by_role("textbox")
    expect(box).to_be_focused()
    expect(box).to_have_accessible_name(re.compile("Why not?"))
    page.page.keyboard.type("zu teuer")
    page.page.keyboard.press("Escape")
    expect(page.controls().get_by_role("button", name="Deny…")).to_be_focused()
    page.wait_until_meant()
    page.page.keyboard.press(key)
    expect(box).to_have_value("zu teuer")
    page.wait_until_meant()
    page.page.keyboard.press("Enter")
    value = {"approved": False, "reason": "zu teuer", "for_run": False}
    assert page.answers == [{"answer": "a1", "value": value}]


def test_what_was_pressed_as_the_card_came_does_not_approve(page: QuestionPage) -> None:
    page.press_at_once("Approve")
    page.take(*asks_to_run())
    page.wait_until_meant()
    page.snapshot()  # the card comes anew, perhaps under the pointer
    assert page.page.locator(".nbagent-push:focus").text_content() == "Approve"
    assert page.answers == []
    page.page.evaluate("window.presser.disconnect()")
    page.wait_until_meant()
    page.controls().get_by_role("button", name="Approve", exact=True).click()
    assert len(page.answers) == 1


def test_what_opens_the_reason_does_not_send_it(page: QuestionPage) -> None:
    page.take(*asks_to_run())
    page.wait_until_meant()
    page.controls().get_by_role("button", name="Deny…").evaluate(
        "(button) => { button.click(); document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true})); }"
    )
    expect(page.controls().get_by_role("textbox")).to_be_focused()
    assert page.answers == []


def test_a_key_that_is_held_down_approves_nothing(page: QuestionPage) -> None:
    page.take(*asks_to_run())
    page.page.keyboard.down("Enter")
    page.controls().get_by_role("button", name="Approve", exact=True).focus()
    page.wait_until_meant()
    for _ in range(3):
        page.page.keyboard.down("Enter")  # repeats
    page.page.keyboard.up("Enter")
    assert page.answers == []


def test_code_to_approve_hides_nothing(page: QuestionPage) -> None:
    code = "x = 1  " + " " * 300 + "; steal()\n" + "\n" * 60 + "delete()  # \x1b[8m\u202eevil\u200b"
    page.take(asks(kind="approval", code=(CodeBlock(code, "python"),)))
    card = page.page.locator(".nbagent-question")
    expect(card).to_contain_text("steal()")
    steal = card.locator("pre").evaluate("(pre) => pre.scrollWidth <= pre.clientWidth")
    assert steal, "nothing is out of sight to the right"
    expect(card).to_contain_text("# ␛[8m⟨U+202E⟩evil⟨U+200B⟩")


def test_long_arguments_can_all_be_seen(page: QuestionPage) -> None:
    lines = "".join(f"line {n}\\n" for n in range(2_000))
    call = CallToApprove(name="write", arguments=f'{{"text": "{lines}last words"}}')
    page.take(asks(kind="approval", call=call))
    card = page.page.locator(".nbagent-question")
    expect(card.get_by_text("last words")).to_be_hidden()
    card.get_by_text("Show all 2,001 lines").click()
    expect(card.get_by_text("last words")).to_be_visible()


# Focus


def test_the_focus_is_not_taken_from_who_types_elsewhere(page: QuestionPage) -> None:
    page.type_elsewhere()
    page.take(asks(prompt="Where to?"))
    expect(page.page.locator("#cell")).to_be_focused()
    expect(page.page.get_by_role("status")).to_have_text("Question asked by planner: Where to?")
    expect(page.page.locator("#cell")).to_be_focused()
    page.page.keyboard.type("x = 1")
    expect(page.page.locator("#cell")).to_have_value("x = 1")


def test_the_focus_is_not_taken_from_a_dialog(page: QuestionPage) -> None:
    page.page.evaluate(
        "() => { const dialog = document.createElement('dialog');"
        " dialog.innerHTML = '<button>Restart</button>';"
        " document.body.append(dialog); dialog.showModal(); }"
    )
    page.take(asks())
    expect(page.page.get_by_role("button", name="Restart")).to_be_focused()


def test_the_focus_comes_from_a_cell_in_which_nobody_types(page: QuestionPage) -> None:
    page.page.locator("#cell").click()
    page.take(asks())
    expect(page.page.locator("textarea.nbagent-box")).to_be_focused()


def test_of_several_questions_the_first_keeps_the_focus_and_each_its_text(
    page: QuestionPage,
) -> None:
    page.take(asks("q1", prompt="First?", source="one"), asks("q2", prompt="Second?", source="two"))
    first, second = (page.controls(n).get_by_role("textbox") for n in range(2))
    expect(first).to_be_focused()
    assert page.said == ["Question asked by two: Second?"]
    page.page.keyboard.type("eins")
    second.fill("zwei")
    page.wait_until_meant()
    second.press("Enter")
    first.press("Enter")
    assert page.answers == [
        {"answer": "q2", "value": "zwei"},
        {"answer": "q1", "value": "eins"},
    ]
    page.take(answered("q1", "eins"))
    expect(page.controls()).to_have_accessible_name("Question asked by two: Second?")
    expect(page.controls().get_by_role("textbox")).to_be_focused()
    page.take(answered("q2", "zwei"))
    expect(page.page.locator(".nbagent-item").last).to_be_focused()
    expect(page.page.locator(".nbagent-item").last).to_contain_text("zwei")


def test_after_an_approval_the_focus_is_on_its_card(page: QuestionPage) -> None:
    page.take(*asks_to_run())
    page.wait_until_meant()
    page.controls().get_by_role("button", name="Approve", exact=True).click()
    page.take(answered("a1", "approved", approved=True))
    expect(page.page.locator("details.nbagent-running > summary")).to_be_focused()


def test_keys_of_who_still_writes_when_time_is_up_stay_inside(page: QuestionPage) -> None:
    page.page.evaluate(
        "window.keys = []; addEventListener('keydown', (event) => keys.push(event.key))"
    )
    page.take(asks())
    page.page.keyboard.type("d")
    page.take(answered("q1", "x", answered_by="default", note="nobody answered within 30 s"))
    page.page.keyboard.type("d")
    assert page.page.evaluate("window.keys") == []
    expect(page.page.locator("[data-lm-suppress-shortcuts]:focus")).to_have_count(1)


# What survives


def test_what_is_half_written_survives_repairs_and_a_reload(page: QuestionPage) -> None:
    page.take(asks(prompt="Where to?"))
    page.page.keyboard.type("half a sen")
    page.page.keyboard.press("ArrowLeft")
    page.snapshot()
    box = page.page.locator("textarea.nbagent-box")
    expect(box).to_be_focused()
    page.page.keyboard.type("-")
    expect(box).to_have_value("half a se-n")
    page.reload()
    expect(box).to_have_value("half a se-n")
    expect(box).to_be_focused()
    page.take(answered())
    assert page.page.evaluate("Object.keys(sessionStorage)") == []


def test_a_half_filled_form_and_a_reason_survive_a_reload(page: QuestionPage) -> None:
    page.take(asks(kind="form", form=FORM), *asks_to_run())
    page.controls().get_by_label("Your name").fill("Ada")
    page.controls().get_by_label("Insured").select_option("No")
    page.controls().get_by_label("run").check()
    page.wait_until_meant()
    page.controls(1).get_by_role("button", name="Deny…").click()
    page.page.keyboard.type("too dear")
    page.reload()
    expect(page.controls().get_by_label("Your name")).to_have_value("Ada")
    expect(page.controls().get_by_label("run")).to_be_checked()
    expect(page.controls(1).get_by_role("textbox")).to_have_value("too dear")
    page.wait_until_meant()
    page.controls().get_by_role("button", name="Send").click()
    assert page.answers[0]["value"]["insured"] is False


def test_controls_work_where_nothing_can_be_stored(page: QuestionPage) -> None:
    page.page.evaluate(
        "Object.defineProperty(window, 'sessionStorage',"
        " {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    page.take(asks())
    page.page.keyboard.type("abc")
    page.wait_until_meant()
    page.page.keyboard.press("Enter")
    assert page.answers == [{"answer": "q1", "value": "abc"}]


def test_a_question_that_was_answered_while_the_page_was_away_is_gone(page: QuestionPage) -> None:
    page.take(asks())
    page.page.keyboard.type("abc")
    page.page.evaluate("window.deliver_ = deliver; window.deliver = () => {}")
    page.take(answered())
    page.page.evaluate("window.deliver = deliver_")
    page.snapshot()
    expect(page.page.locator(".nbagent-controls")).to_have_count(0)
    expect(page.page.locator(".nbagent-question")).to_contain_text("answered by the user")
    expect(page.page.locator("body")).not_to_be_focused()


# Time


def test_the_time_left_is_counted_and_read_out_once(page: QuestionPage) -> None:
    page.type_elsewhere()
    page.take(
        asks(kind="choice", choices=("Yes", "No"), default="Yes", has_default=True, timeout=30)
    )
    timer = page.controls().get_by_role("timer")
    expect(timer).to_have_text(re.compile(r"Taken as “Yes” in \d+ s"))
    first = timer.text_content()
    expect(timer).not_to_have_text(first or "")
    expect(timer).to_have_attribute("aria-live", "off")
    assert len(page.said) == 1
    assert re.search(
        r"Question asked by planner\. \d+ s to answer, else taken as “Yes”", page.said[0]
    )


def test_stop_stays_in_sight_while_a_question_is_open(page: QuestionPage) -> None:
    for number in range(40):
        page.take(asks(f"old{number}", prompt=f"Number {number}?"), answered(f"old{number}"))
    page.page.set_viewport_size({"width": 900, "height": 400})
    page.page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    page.take(asks(prompt="Where to?"))
    expect(page.page.locator("textarea.nbagent-box")).to_be_in_viewport(ratio=1)
    expect(page.page.get_by_role("button", name="Stop")).to_be_in_viewport(ratio=1)


# Everyone


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 400])
def test_every_kind_of_question_is_accessible(new_page: NewPage, theme: str, width: int) -> None:
    page = new_page(theme, width)
    page.take(
        asks("q1", prompt="Where to?", default="x", has_default=True, timeout=90),
        asks("q2", kind="choice", choices=("Yes", "No")),
        asks("q3", kind="choice", choices=tuple("abcdefghij")),
        asks("q4", kind="form", form=FORM),
        *asks_to_run(),
        asks("a2", kind="approval", code=(CodeBlock("print(1)", "python"),), source=""),
    )
    assert violations(page.page, ".nbagent-live") == []
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_until_meant()
    page.controls(4).get_by_role("button", name="Deny…").click()
    page.refuse("Too short.", index=0)
    page.refuse("days: no", {"days": "This needs a whole number, such as 12."}, index=3)
    page.controls(1).get_by_role("button", name="Yes").click()
    expect(page.controls(1)).to_contain_text("Sending…")
    assert violations(page.page, ".nbagent-live") == []
    page.take(
        answered("q1", "Köln\nand Ōsaka"),
        answered("q2", "Yes", answered_by="default", note="nobody answered within 30 s"),
        answered("q3", "", answered_by="nobody"),
        answered("q4", '{"name": "Jörg", "days": 3, "sports": ["run"]}'),
        answered("a1", "denied: too dear", approved=False),
        answered("a2", "approved for this run", approved=True),
    )
    page.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    assert violations(page.page, ".nbagent-live") == []
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_questions_run_nothing(page: QuestionPage) -> None:
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.page.on("dialog", refuse)
    bad = HOSTILE + HIDDEN
    properties: dict[str, Any] = {
        bad: {"enum": [bad, "b"], "title": bad},
        "x": {"type": "string", "description": bad, "default": bad},
    }
    form = {"type": "object", "properties": properties}
    call = CallToApprove(name=bad, arguments=bad)
    page.take(
        asks("q1", prompt=bad, source=bad, default=bad, has_default=True),
        asks("q2", kind="choice", choices=(bad, "b"), source=bad),
        asks("q3", kind="form", form=form, source=bad),
        asks("q4", kind="approval", call=call, code=(CodeBlock(bad, bad),), source=bad),
    )
    page.refuse(bad, {bad: bad}, index=2)
    page.page.wait_for_timeout(200)
    assert dialogs == []
    assert page.page.locator("#output script, #output img").count() == 0
    choice = page.controls(1).get_by_role("button").first.text_content()
    assert choice == HOSTILE + "a⟨U+202E⟩b⟨U+E0041⟩cred␇"
