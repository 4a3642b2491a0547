"""Teams in the live view in a real browser, fed as by a kernel."""

from dataclasses import replace

import pytest
from playwright.sync_api import Locator, expect

from nbagent import TaskResult
from nbagent.base.at_work import WorkNote
from nbagent.base.team_shape import ShapeEdge, ShapeNode, TeamShape, TeamShapeKind
from nbagent.messages import TextMessage, UserInputRequestedEvent
from nbagent.models.types import RequestUsage
from nbagent.questions.question import Question
from tests.axe import violations
from tests.render.question_page import NewPage, QuestionPage

OUTER = ("planner", "research", "Ōta", "a critic with quite a long name, and what else")
INNER = ("searcher", "analyst")


def turn(name: str, *, begins: bool = True, inner: bool = False) -> WorkNote:
    team = shape("research", INNER) if inner else shape("newsroom", OUTER)
    return WorkNote(team, name, begins=begins)


def shape(name: str, members: tuple[str, ...], *ways: tuple[str, str]) -> TeamShape:
    return TeamShape(
        kind=TeamShapeKind.GRAPH if ways else TeamShapeKind.RING,
        name=name,
        nodes=tuple(ShapeNode(member) for member in members),
        edges=tuple(ShapeEdge(*way) for way in ways),
        starts=members[:1] if ways else (),
    )


def said(text: str, source: str, team: str = "") -> TextMessage:
    return TextMessage(
        content=text,
        source=source,
        metadata={"team": team} if team else {},
        models_usage=RequestUsage(1, 2),
    )


def inner_turn(page: QuestionPage) -> None:
    """A team inside begins to work."""
    page.take(said("Facts first.", "planner"), turn("research"), turn("searcher", inner=True))
    page.take(said("High water at 14:20.", "searcher", "research"))


@pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 900), ("light", 400)])
def test_who_works_is_seen_without_colours_and_breaks_no_rule(
    new_page: NewPage, theme: str, width: int
) -> None:
    page = new_page(theme, width)
    inner_turn(page)
    outer = page.page.get_by_role("list", name="Team newsroom").get_by_role("listitem")
    inner = page.page.get_by_role("list", name="Team research").get_by_role("listitem")
    expect(outer).to_have_text(list(OUTER))
    expect(inner).to_have_text(["searcher"])
    mark = "(chip) => getComputedStyle(chip, '::before').content"
    assert outer.nth(1).evaluate(mark).startswith('"R"')
    ground = "(chip) => getComputedStyle(chip, '::before').backgroundColor"
    grounds = [chip.evaluate(ground) for chip in outer.all()]
    assert [value != "rgba(0, 0, 0, 0)" for value in grounds] == [False, True, False, False]
    assert violations(page.page, "#output") == []
    overflow = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.page.evaluate(overflow) <= 0


def test_short_turns_are_not_read_out(page: QuestionPage) -> None:
    page.page.clock.install()
    status = page.page.locator(".nbagent-who-works")
    for name in OUTER[:3]:
        page.take(turn(name))
        page.page.clock.run_for(900)
        page.take(turn(name, begins=False))
    expect(status).to_have_text("")
    inner_turn(page)
    page.page.clock.run_for(2_100)
    expect(status).to_have_text("At work: research, searcher")
    page.take(turn("searcher", begins=False, inner=True), turn("analyst", inner=True))
    expect(status).to_have_text("At work: research, searcher")
    page.page.clock.run_for(2_100)
    expect(status).to_have_text("At work: research, analyst")


def test_the_chips_go_when_the_run_ends_and_a_reload_keeps_the_fold(page: QuestionPage) -> None:
    inner_turn(page)
    page.reload()
    card = page.page.locator("details.nbagent-inner")
    expect(card).to_have_attribute("open", "")
    expect(card.locator(".nbagent-body")).to_be_visible()
    page.take(said("More.", "analyst", "research"), said("So be it.", "planner"))
    expect(card).not_to_have_attribute("open", "")
    expect(card.locator("summary")).to_contain_text("analyst: More.")
    expect(page.page.locator(".nbagent-member").first).to_be_visible()
    page.take(TaskResult(messages=[]))
    expect(page.page.locator(".nbagent-member")).to_have_count(0)
    page.snapshot()
    expect(page.page.locator("details.nbagent-inner")).to_have_count(1)
    expect(page.page.locator(".nbagent-shares")).to_contain_text("searcher 1 in, 2 out")


def test_a_team_in_which_somebody_is_at_stays_open(page: QuestionPage) -> None:
    inner_turn(page)
    card = page.page.locator("details.nbagent-inner")
    card.locator("summary").focus()
    page.take(said("So be it.", "planner"))
    expect(card).to_have_attribute("open", "")
    expect(card.locator("summary")).to_be_focused()


def test_a_question_opens_the_team_that_the_reader_has_closed(page: QuestionPage) -> None:
    inner_turn(page)
    card = page.page.locator("details.nbagent-inner")
    card.locator("summary").click()
    expect(card).not_to_have_attribute("open", "")
    page.take(
        UserInputRequestedEvent(
            request_id="q",
            source="searcher",
            question=Question(prompt="Which harbour?"),
            metadata={"team": "research"},
        )
    )
    expect(card).to_have_attribute("open", "")
    expect(card.get_by_role("textbox")).to_be_visible()


FLOW = shape(
    "flow", ("planner", "searcher", "critic"), ("planner", "searcher"), ("searcher", "critic")
)
"""A graph of three in a row."""


def lit(page: QuestionPage) -> Locator:
    """The members of the graph that are lit."""
    return page.page.locator(".nbagent-graph .nbagent-lit > text")


@pytest.mark.parametrize(("theme", "width"), [("light", 900), ("dark", 900), ("light", 400)])
def test_a_graph_lights_the_member_at_work(new_page: NewPage, theme: str, width: int) -> None:
    page = new_page(theme, width)
    page.take(WorkNote(FLOW, "planner", begins=True))
    graph = page.page.get_by_role("img", name="flow")
    expect(graph).to_be_visible()
    expect(lit(page)).to_have_text(["planner"])
    expect(page.page.locator(".nbagent-member")).to_have_count(0)
    page.take(
        said("Search.", "planner"),
        WorkNote(FLOW, "planner", begins=False),
        WorkNote(FLOW, "searcher", begins=True),
        WorkNote(FLOW, "critic", begins=True),
    )
    expect(lit(page)).to_have_text(["searcher", "critic"])
    edge = "(text) => getComputedStyle(text.parentElement.querySelector('rect')).strokeWidth"
    assert [float(text.evaluate(edge)[:-2]) > 2.5 for text in lit(page).all()] == [True, True]
    heading = page.page.locator(".nbagent-item[class*=nbagent-colour-]").first
    hue = "(place) => getComputedStyle(place).getPropertyValue('--nbagent-hue')"
    planner = page.page.locator('[data-member="0"]')
    assert planner.evaluate(hue) == heading.evaluate(hue)
    assert violations(page.page, "#output") == []
    page.take(TaskResult(messages=[]))
    expect(graph).to_have_count(0)


def test_a_page_that_is_opened_anew_has_the_graph_and_what_is_lit(page: QuestionPage) -> None:
    page.take(WorkNote(FLOW, "planner", begins=True))
    page.reload()
    expect(lit(page)).to_have_text(["planner"])
    page.take(TaskResult(messages=[]))
    page.snapshot()
    expect(page.page.locator(".nbagent-graph svg")).to_have_count(0)


def test_a_member_of_a_graph_that_is_a_team_is_lit_with_who_works_inside(
    page: QuestionPage,
) -> None:
    inner = shape("searcher", INNER)
    nodes = tuple(
        ShapeNode(node.name, inner=inner if node.name == "searcher" else None)
        for node in FLOW.nodes
    )
    outer = replace(FLOW, nodes=nodes)
    page.take(WorkNote(outer, "searcher", begins=True), WorkNote(inner, "analyst", begins=True))
    expect(lit(page)).to_have_text(["searcher"])
    expect(page.page.locator(".nbagent-member[aria-current=true]")).to_have_text(["analyst"])
