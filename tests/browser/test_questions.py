"""Questions and approvals in real front ends: what a person sees, types and presses."""

import asyncio
import json
import re

import pytest
from playwright.async_api import expect

from tests.axe import violations_async
from tests.browser.conftest import OpenNotebook
from tests.browser.page import MEANT, NotebookPage
from tests.browser.servers import FrontEnd

pytestmark = pytest.mark.asyncio(loop_scope="session")

SET_UP = "from nbagent.notebook.show import show\nfrom tests.browser import asking_runs, runs"

both_front_ends = pytest.mark.parametrize("front_end", ["lab", "notebook"])


async def prepared(open_notebook: OpenNotebook, front_end: FrontEnd = "lab") -> NotebookPage:
    page = await open_notebook(front_end)
    await page.execute(SET_UP)
    return page


async def asking(page: NotebookPage, run: str) -> int:
    """Start a run and wait until it asks; the cell's index."""
    index = await page.run(f"result = await show({run})")
    await page.live(index).locator(".nbagent-controls").first.wait_for()
    await asyncio.sleep(MEANT)
    return index


async def said(page: NotebookPage) -> str:
    """What the last message of the run says."""
    return json.loads(
        await page.execute("import json; print(json.dumps(result.messages[-1].content))")
    )


async def cells(page: NotebookPage) -> int:
    """How many cells the notebook has."""
    return await page.page.locator(".jp-Notebook .jp-Cell").count()


LINES = ("Größe ½, s'il vous plaît: Ærøskøbing", "東京 👩🏽‍🚀 🇸🇪", "dd aa bb x")


@both_front_ends
async def test_a_text_is_typed_key_by_key_and_arrives_whole(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await asking(page, "runs.conversation()")
    count = await cells(page)
    box = page.live(index).get_by_role("textbox", name="Your answer")
    await expect(box).to_be_focused()
    for number, line in enumerate(LINES):
        if number:
            await page.page.keyboard.press("Shift+Enter")
        await page.page.keyboard.type(line, delay=5)
    await expect(box).to_have_value("\n".join(LINES))
    await page.page.keyboard.press("Enter")
    await page.ended(index)
    answer = await page.execute("print(repr(result.messages[2].content))")
    assert answer.strip() == repr("\n".join(LINES))
    assert await cells(page) == count + 1, "no shortcut of the notebook has fired"
    question = page.static(index).locator(".nbagent-question")
    await expect(question).to_contain_text(re.compile(r"answered by the user at \d\d:\d\d UTC"))
    for line in LINES:
        await expect(question).to_contain_text(line)


@both_front_ends
async def test_choices_are_made_with_the_keyboard_alone(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await asking(page, "asking_runs.choosing()")
    count = await cells(page)
    controls = page.live(index).locator(".nbagent-controls")
    await expect(controls).to_be_focused()
    keyboard = page.page.keyboard
    for key in ("Enter", "Space", "b", "d", "d", "Escape", "ArrowDown", "Shift+Enter"):
        await keyboard.press(key)
    assert await cells(page) == count, "no shortcut of the notebook has fired"
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    harbours = controls.get_by_role("combobox", name="Your answer")
    await expect(harbours).to_be_focused()
    await asyncio.sleep(MEANT)
    await keyboard.type("Harbour 7")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await page.ended(index)
    assert await said(page) == "True, Harbour 7"
    assert await cells(page) == count + 1


@both_front_ends
async def test_a_form_is_filled_in_refused_mended_with_the_keyboard_alone(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await asking(page, "asking_runs.planning()")
    keyboard = page.page.keyboard
    controls = page.live(index).locator(".nbagent-controls")
    await expect(controls.get_by_role("textbox", name="Name")).to_be_focused()
    await keyboard.type("Jörg Ōta")
    await keyboard.press("Tab")
    await keyboard.type("99")
    await keyboard.press("Tab")
    await keyboard.type("w")
    await keyboard.press("Tab")
    await keyboard.press("Space")
    await keyboard.press("Tab")
    await keyboard.type("one")
    await keyboard.press("Enter")
    await keyboard.type("two")
    await keyboard.press("Control+Enter")
    days = controls.get_by_role("textbox", name="Days")
    await expect(days).to_be_focused()
    await expect(days).to_have_attribute("aria-invalid", "true")
    await expect(days).to_have_accessible_description(re.compile("at most 30"))
    assert await violations_async(page.page, ".nbagent-live") == []
    await keyboard.press("Control+A")
    await keyboard.type("9")
    await keyboard.press("Enter")
    await page.ended(index)
    assert json.loads(await said(page)) == {
        "name": "Jörg Ōta",
        "days": 9,
        "seat": "window",
        "vegetarian": True,
        "notes": "one\ntwo",
    }
    await expect(page.static(index).locator(".nbagent-question")).to_contain_text("Jörg Ōta")


@both_front_ends
async def test_a_call_is_approved_or_denied_with_the_keyboard_alone(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await asking(page, "asking_runs.mailing()")
    count = await cells(page)
    controls = page.live(index).locator(".nbagent-controls")
    await expect(controls).to_be_focused()
    await expect(page.live(index).locator("details pre").first).to_contain_text('"copies": 1')
    keyboard = page.page.keyboard
    for key in ("Enter", "Space", "d", "d", "Shift+Enter"):
        await keyboard.press(key)
    await keyboard.press("Shift+Tab")
    await keyboard.press("Tab")
    await expect(page.live(index).locator(".nbagent-waiting")).to_be_visible()
    assert await cells(page) == count
    await controls.focus()
    for _ in range(3):
        await keyboard.press("Tab")
    await keyboard.press("Enter")
    await asyncio.sleep(MEANT)
    await keyboard.type("zu teuer")
    await keyboard.press("Enter")
    await page.ended(index)
    assert await page.execute("print(asking_runs.sent)") == "[]\n"
    card = page.static(index).locator("details.nbagent-denied")
    await expect(card).to_contain_text("denied by the user at")
    await expect(card).to_contain_text("zu teuer")

    index = await asking(page, "asking_runs.mailing()")
    await keyboard.press("Tab")
    await keyboard.press("Enter")
    await page.ended(index)
    assert await page.execute("print(asking_runs.sent)") == "['jörg@example.org']\n"
    await expect(page.static(index).locator("details.nbagent-done")).to_contain_text(
        "allowed by the user at"
    )


@both_front_ends
async def test_half_an_answer_survives_a_reload(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await asking(page, "runs.conversation()")
    await page.page.keyboard.type("half a sen")
    await page.page.keyboard.press("Shift+Enter")
    await page.save()
    await page.reload()
    box = page.live(index).get_by_role("textbox", name="Your answer")
    await expect(box).to_have_value("half a sen\n", timeout=20_000)
    await expect(page.live(index)).to_contain_text("Which harbour do you mean?")
    await box.press_sequentially("tence")
    await asyncio.sleep(MEANT)
    await box.press("Enter")
    await expect(page.live(index)).to_contain_text("Then the lamps go on.")
    answer = await page.execute("print(repr(result.messages[2].content))")
    assert answer == "'half a sen\\ntence'\n"


@both_front_ends
async def test_several_questions_at_once_keep_their_own_boxes(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await asking(page, "asking_runs.several('One?', 'Two?', 'Three?')")
    controls = page.live(index).locator(".nbagent-controls")
    await expect(controls).to_have_count(3)
    first, second, third = (
        controls.and_(page.page.get_by_label(f"Question: {name}?")).get_by_role("textbox")
        for name in ("One", "Two", "Three")
    )
    await expect(first).to_be_focused()
    await page.page.keyboard.type("eins")
    await third.click()
    await page.page.keyboard.type("drei")
    await page.page.keyboard.press("Enter")
    await expect(controls).to_have_count(2)
    await expect(first).to_be_focused()
    await expect(first).to_have_value("eins")
    await second.click()
    await page.page.keyboard.type("zwei")
    await page.page.keyboard.press("Enter")
    await expect(first).to_be_focused()
    await page.page.keyboard.press("Enter")
    await page.ended(index)
    assert await said(page) == "eins | zwei | drei"


@both_front_ends
async def test_a_question_does_not_take_the_focus_from_who_types_in_a_cell(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await page.run(
        "import asyncio; await asyncio.sleep(1.5)\nresult = await show(runs.conversation())"
    )
    other = await page.page.evaluate(
        "() => { const m = window.jupyterapp.shell.currentWidget.content.model.sharedModel;"
        " m.insertCell(m.cells.length, {cell_type: 'code', source: ''});"
        " return m.cells.length - 1; }"
    )
    editor = page.page.locator(".jp-Notebook .jp-Cell").nth(other).locator(".cm-content")
    await editor.click()
    box = page.live(index).get_by_role("textbox", name="Your answer")
    typed = ""
    for _ in range(200):
        await page.page.keyboard.type("x")
        typed += "x"
        await asyncio.sleep(0.05)
        if await box.count() and len(typed) > 20:
            break
    await page.page.keyboard.type("yz")
    await expect(editor).to_be_focused()
    await expect(editor).to_have_text(f"{typed}yz")
    await expect(page.live(index).locator(".nbagent-announcer")).to_contain_text("Question asked")
    await box.click()
    await page.page.keyboard.type("here")
    await asyncio.sleep(MEANT)
    await page.page.keyboard.press("Enter")
    await page.ended(index)
    assert await page.execute("print(result.messages[2].content)") == "here\n"


@both_front_ends
async def test_stop_ends_a_run_that_asks(open_notebook: OpenNotebook, front_end: FrontEnd) -> None:
    page = await prepared(open_notebook, front_end)
    index = await asking(page, "runs.conversation()")
    stop = page.live(index).get_by_role("button", name="Stop")
    await expect(stop).to_be_in_viewport(ratio=1)
    await page.page.keyboard.type("not sent")
    for _ in range(2):
        await page.page.keyboard.press("Tab")
    await expect(stop).to_be_focused()
    await page.page.keyboard.press("Enter")
    await page.ended(index)
    await expect(page.static(index).locator(".nbagent-question")).to_contain_text("cancelled")
    assert await page.execute("print(result.stop_reason)") == "Stopped by the user\n"
    assert "not sent" not in await page.static(index).inner_text()


@both_front_ends
async def test_words_can_be_selected_with_the_mouse(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    index = await asking(page, "asking_runs.several('What is the name of the harbour?')")
    await page.page.keyboard.type("one two three")
    box = page.live(index).get_by_role("textbox")
    place = await box.bounding_box()
    assert place is not None
    await page.page.mouse.move(place["x"] + 2, place["y"] + 18)
    await page.page.mouse.down()
    await page.page.mouse.move(place["x"] + 200, place["y"] + 18, steps=8)
    await page.page.mouse.up()
    assert await box.evaluate("(box) => box.selectionEnd - box.selectionStart") == 13
    prompt = page.live(index).locator(".nbagent-prompt p")
    await prompt.dblclick(position={"x": 10, "y": 8})
    assert (await page.page.evaluate("getSelection().toString()")).strip() == "What"
    await box.press("Enter")
    await page.ended(index)


@both_front_ends
async def test_questions_look_right_and_are_accessible_in_light_and_dark(
    open_notebook: OpenNotebook, front_end: FrontEnd
) -> None:
    page = await prepared(open_notebook, front_end)
    runs = {
        "text": "runs.conversation()",
        "choice": "asking_runs.choosing()",
        "form": "asking_runs.planning()",
        "approval": "asking_runs.mailing()",
    }
    for kind, run in runs.items():
        index = await asking(page, run)
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            await page.theme(theme)
            await page.page.locator("#jupyterlab-splash").wait_for(state="detached")
            name = f"question-{kind}-{front_end}-{theme.split()[1].lower()}"
            await page.screenshot(name, page.live(index))
            assert await violations_async(page.page, ".nbagent-live") == []
        await page.live(index).get_by_role("button", name="Stop").click()
        await page.ended(index)
