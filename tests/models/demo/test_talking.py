"""What the demo model says: honest, and to the point where rules allow it."""

import re

import pytest

from nbagent.models import SystemMessage
from nbagent.models.demo import DemoChatCompletionClient
from nbagent.teams.speaker_choice import DEFAULT_SELECTOR_PROMPT
from tests.models.demo.conversing import answered, said, text_of
from tests.models.demo.tools import TOOLS

PROMPTS = [
    "Hello!",
    "Thanks",
    "Who are you?",
    "What can you do?",
    "What is AutoGen?",
    "Write a haiku about coding.",
    "Who will win the election?",
    "What is 7 times 8?",
    "show me everything",
    "write a long answer",
    "my name is Ada",
    "こんにちは",
    "",
]


@pytest.mark.parametrize("prompt", PROMPTS)
async def test_every_answer_says_that_it_is_a_demo_once(prompt: str) -> None:
    answer = await text_of(prompt)
    assert "demo model" in answer.lower()
    assert len(re.findall(r"\(Demo model", answer)) <= 1
    assert answer == await text_of(prompt)


def test_the_notice_tells_how_to_choose_a_real_model() -> None:
    notice = DemoChatCompletionClient.notice
    assert notice is not None
    assert "not a language model" in notice
    assert "%nbagent model openai:gpt-5" in notice


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("What is 23 times 19?", "23 × 19 = **437**"),
        ("what's 2 * (3 + 4)", "**14**"),
        ("What is twenty-one plus four point five?", "**25.5**"),
        ("2 ** 10", "**1024**"),
        ("What is 10 divided by 4?", "**2.5**"),
        ("What is 7 / 0?", "not defined"),
        ("count to five", "1, 2, 3, 4, 5."),
        ("count from 3 to 1", "3, 2, 1."),
        ("count to 1000000", "and so on to 1000000"),
        ("How many words are in 'one two three'?", "has 3 words"),
        ("Explain the transformer architecture in two sentences.", "attention"),
        ("What are the benefits of type hints in Python?", "Type hints say"),
        ("What is reinforcement learning?", "rewarded"),
    ],
)
async def test_simple_things_are_answered_by_rule(prompt: str, shown: str) -> None:
    assert shown in await text_of(prompt)


@pytest.mark.parametrize(
    "prompt", ["9 ** 9 ** 9", "2 ** 99999", "1 +", "((1)", "What is 1/0/0?", "1e999 * 10"]
)
async def test_odd_sums_do_no_harm(prompt: str) -> None:
    assert await text_of(prompt)


async def test_it_looks_up_what_was_said_before() -> None:
    turns = (
        said("My name is Ada and my favourite colour is blue."),
        answered("Noted."),
        said("Call me Countess"),
        answered("Hello, Countess."),
    )
    assert "colour is blue" in await text_of(*turns, "What is my favourite colour?")
    assert "name is Countess" in await text_of(*turns, "What is my name?", tools=TOOLS)
    assert "not told me your age" in await text_of(*turns, "What is my age?")
    before = await text_of(*turns, "What did I say before?")
    assert "> My name is Ada" in before
    assert "> Call me Countess" in before
    assert "first thing" in await text_of("What did I ask before?")


@pytest.mark.parametrize(
    ("prompt", "marks"),
    [
        ("show me a table", ["|:---"]),
        ("write some code", ["```python"]),
        ("Show a formula, please", ["$$", "\\frac"]),
        ("show me a task list", ["- [x]", "- [ ]"]),
        ("show me everything", ["|:---", "```python", "$$", "- [x]", "> A quotation"]),
    ],
)
async def test_pieces_are_shown_when_asked_for(prompt: str, marks: list[str]) -> None:
    answer = await text_of(prompt)
    assert [mark for mark in marks if mark in answer] == marks
    assert len(answer) < 3000


async def test_a_long_answer_gives_time_to_press_stop() -> None:
    answer = await text_of("Please write a long answer about agents")
    assert 500 < len(answer.split()) < 1500
    assert answer.count("```") % 2 == 0


async def test_its_abilities_name_the_tools() -> None:
    answer = await text_of("What can you do?", tools=TOOLS)
    assert "`get_weather`" in answer
    unknown = await text_of("Who will win the election?", tools=TOOLS[:2])
    assert "cannot answer" in unknown
    assert "`get_weather`" in unknown


async def test_the_memory_of_an_agent_is_quoted() -> None:
    memory = SystemMessage(
        content="\nRelevant memory content (in chronological order):\n1. Ada is vegan.\n"
    )
    assert "> 1. Ada is vegan." in await text_of("What shall we cook?", memory)


async def test_instructions_about_the_last_word_are_kept() -> None:
    system = SystemMessage(content="Reply TERMINATE when the task is done.")
    assert (await text_of(system, "What is AutoGen?")).endswith("TERMINATE")
    critic = SystemMessage(content="Respond with 'APPROVE' when your feedback is addressed.")
    first = await text_of(critic, "Write a poem", said("Here it is", "writer"))
    assert "APPROVE" not in first
    turns = (said("Write a poem"), answered(first), said("Here it is again", "writer"))
    assert (await text_of(critic, *turns)).endswith("APPROVE")


ROLES = """planner: Plans the work.
writer: Writes texts.
critic: Reviews texts and finds faults."""

SELECTOR = """You are in a role play game. The following roles are available:
{roles}
Read the following conversation. Then select the next role from {participants} to play.
Only return the role.

{history}

Read the above conversation. Then select the next role from {participants} to play. Only return it.
"""


@pytest.mark.parametrize(
    ("history", "chosen"),
    [
        ("user: please review these texts for faults", "critic"),
        ("user: Let the writer begin", "writer"),
        ("user: hm", "planner"),
        ("user: hm\nplanner: I have a plan.", "writer"),
        ("user: hm\ncritic: I like it.", "planner"),
        ("user: hm\nplanner: critic, what do you say?", "critic"),
    ],
)
@pytest.mark.parametrize("prompt", [SELECTOR, DEFAULT_SELECTOR_PROMPT])
async def test_it_names_one_of_several_agents(prompt: str, history: str, chosen: str) -> None:
    text = prompt.format(roles=ROLES, participants=["planner", "writer", "critic"], history=history)
    assert await text_of(text) == chosen
    assert await text_of(SystemMessage(content=text)) == chosen
