"""Which tools the demo model calls, and with which arguments."""

from typing import Any

import pytest

from nbagent.base import Handoff
from nbagent.tools import FunctionTool
from tests.models.demo.conversing import answered, ask, calls_of, said, text_of
from tests.models.demo.tools import TOOLS, only

Calls = list[tuple[str, dict[str, Any]]]


def weather(*cities: str, **more: str) -> Calls:
    return [("get_weather", {"city": city, **more}) for city in cities]


def search(*topics: str) -> Calls:
    return [("search_knowledge_base", {"topic": topic}) for topic in topics]


TABLE: list[tuple[str, Calls]] = [
    # topics
    ("Tell me about AutoGen.", search("AutoGen")),
    ("Now tell me about RAG.", search("RAG")),
    ("Tell me about AutoGen and RAG", search("AutoGen", "RAG")),
    ("Who is Ada Lovelace?", search("Ada Lovelace")),
    ("Search the knowledge base for 'salt and pepper'", search("salt and pepper")),
    ("Explain the transformer architecture in two sentences.", search("transformer architecture")),
    # places, choices, several calls
    ("What is the weather in Paris?", weather("Paris")),
    ("weather in paris please", weather("paris")),
    ("Is it raining in New York?", weather("New York")),
    (
        "What is the temperature in San Francisco in Fahrenheit?",
        weather("San Francisco", unit="fahrenheit"),
    ),
    ("What is the weather in Paris and in Rome?", weather("Paris", "Rome")),
    (
        "weather in Paris, London and Rome in fahrenheit",
        weather("Paris", "London", "Rome", unit="fahrenheit"),
    ),
    ("I am in Berlin, what is the weather?", weather("Berlin")),
    ("Please use get_weather for Oslo", weather("Oslo")),
    ("get_weather: city = Oslo, unit = fahrenheit", weather("Oslo", unit="fahrenheit")),
    (
        "What's the weather in Paris and what time is it there?",
        [*weather("Paris"), ("get_time", {"city": "Paris"})],
    ),
    ("What time is it in Tokyo?", [("get_time", {"city": "Tokyo"})]),
    # numbers
    ("What is 23 times 19?", [("multiply", {"a": 23, "b": 19})]),
    ("multiply -2.5 by 1,000", [("multiply", {"a": -2.5, "b": 1000})]),
    ("multiply three by twenty-one", [("multiply", {"a": 3, "b": 21})]),
    ("What is 5 + 7?", [("add", {"a": 5, "b": 7})]),
    ("add two hundred and five and minus four point five", [("add", {"a": 205, "b": -4.5})]),
    ("subtract 3 from 10", [("subtract", {"a": 10, "b": 3})]),
    ("ten minus four", [("subtract", {"a": 10, "b": 4})]),
    ("Sum 1, 2 and 3.5", [("total", {"numbers": [1, 2, 3.5]})]),
    ("What is 2 + 3 * (4 - 1)?", [("calculator", {"expression": "2 + 3 * (4 - 1)"})]),
    (
        "Multiply 3 and 4 and add 5 and 6",
        [("multiply", {"a": 3, "b": 4}), ("add", {"a": 5, "b": 6})],
    ),
    ("factorial of 5 and 6", [("factorial", {"n": 5}), ("factorial", {"n": 6})]),
    ("Roll a die", [("roll_dice", {})]),
    ("Roll two 20 sided dice", [("roll_dice", {"sides": 20, "count": 2})]),
    ("How much tip on $80 at 20%?", [("tip", {"bill": 80, "percent": 20})]),
    ("How much should I tip for a bill of 42.50?", [("tip", {"bill": 42.5})]),
    # texts, words, forms
    (
        'Translate "good morning" to French',
        [("translate", {"text": "good morning", "language": "French"})],
    ),
    ("Translate hello to German", [("translate", {"text": "hello", "language": "German"})]),
    ("Reverse the text 'abc and def'", [("reverse_text", {"text": "abc and def"})]),
    ("please reverse hello world", [("reverse_text", {"text": "hello world"})]),
    (
        "How many times is the letter r in strawberry?",
        [("count_letters", {"word": "strawberry", "letter": "r"})],
    ),
    (
        "Send an email to bob@example.com about lunch saying see you at noon",
        [("send_email", {"to": "bob@example.com", "subject": "lunch", "body": "see you at noon"})],
    ),
    ("turn on the light in the kitchen", [("set_light", {"room": "kitchen", "on": True})]),
    ("Switch off the living room light", [("set_light", {"room": "living room", "on": False})]),
    (
        "Convert 100 USD to EUR",
        [("convert", {"amount": 100, "from_currency": "USD", "to_currency": "EUR"})],
    ),
    (
        "Book a flight from Paris to Rio de Janeiro on 3 May 2026",
        [
            (
                "book_flight",
                {"origin": "Paris", "destination": "Rio de Janeiro", "day": "2026-05-03"},
            )
        ],
    ),
    (
        "Book me a flight to Rome from Oslo for 2026-12-01",
        [("book_flight", {"origin": "Oslo", "destination": "Rome", "day": "2026-12-01"})],
    ),
    ("read the file data/2026/table.csv", [("read_file", {"path": "data/2026/table.csv"})]),
    ("Sort the words pear, apple and fig", [("sort_words", {"words": ["pear", "apple", "fig"]})]),
    (
        "Sort these words descending: pear, apple",
        [("sort_words", {"words": ["pear", "apple"], "descending": True})],
    ),
    (
        "Deliver a large pizza, street: Elm Road 5, city: Oslo",
        [("deliver_pizza", {"address": {"city": "Oslo", "street": "Elm Road 5"}, "size": "large"})],
    ),
    # hand-offs
    ("Let the writer do it", [("transfer_to_writer", {})]),
    ("Please hand over to the refund agent", [("transfer_to_refund_agent", {})]),
    ("I want my refund", [("transfer_to_refund_agent", {})]),
    ("I want to talk to the writer", [("transfer_to_writer", {})]),
    ("@writer go on", [("transfer_to_writer", {})]),
    ("writer, please go on", [("transfer_to_writer", {})]),
]


@pytest.mark.parametrize(("prompt", "expected"), TABLE, ids=[row[0] for row in TABLE])
async def test_the_tools_that_fit_are_called(prompt: str, expected: Calls) -> None:
    assert await calls_of(prompt, tools=TOOLS) == expected


@pytest.mark.parametrize(
    "prompt",
    [
        "Hello!",
        "Thanks a lot",
        "What can you do?",
        "Who are you?",
        "My name is Ada.",
        "What is my name?",
        "I like the weather",
        "what did I ask before?",
        "count to ten",
        "show me a table",
        "write a long answer",
        "Write a haiku about coding.",
        "describe the picture",
        "Why?",
        "",
    ],
)
async def test_ordinary_talk_calls_nothing(prompt: str) -> None:
    assert await calls_of(prompt, tools=TOOLS) == []
    assert (await ask(prompt, tools=TOOLS)).finish_reason == "stop"


@pytest.mark.parametrize(
    ("prompt", "tool", "asked"),
    [
        ("What is the weather?", "get_weather", ["city"]),
        ("Add 2", "add", ["b"]),
        ("Translate it", "translate", ["text", "language"]),
        ("Switch the light in the kitchen", "set_light", ["on"]),
        ("Book a flight to Rome", "book_flight", ["origin", "day"]),
    ],
)
async def test_what_is_missing_is_asked_for(prompt: str, tool: str, asked: list[str]) -> None:
    answer = await text_of(prompt, tools=TOOLS)
    assert f"`{tool}`" in answer
    assert [name for name in asked if f"**{name}**" in answer] == asked
    assert "Demo model" in answer


async def test_the_answer_to_its_question_completes_the_call() -> None:
    question = await text_of("What is the weather?", tools=TOOLS)
    turns = (said("What is the weather?"), answered(question))
    assert await calls_of(*turns, "Oslo", tools=TOOLS) == weather("Oslo")
    assert await calls_of(*turns, "in New York, please", tools=TOOLS) == weather("New York")
    assert await calls_of(*turns, "What is 2 times 3?", tools=TOOLS) == [
        ("multiply", {"a": 2, "b": 3})
    ]
    question = await text_of("What time is it?", tools=TOOLS)
    assert "where to look at the clock" in question


async def test_tool_choice_is_honoured() -> None:
    prompt = "What is the weather in Paris?"
    assert await calls_of(prompt, tools=TOOLS, tool_choice="none") == []
    assert await calls_of(prompt, tools=TOOLS, tool_choice="required") == weather("Paris")
    (tool,) = only("get_time")
    assert await calls_of(prompt, tools=TOOLS, tool_choice=tool) == [
        ("get_time", {"city": "Paris"})
    ]
    for forced in TOOLS:
        calls = await calls_of("hm", tools=[forced], tool_choice="required")
        assert [name for name, _ in calls] == [forced.name]


async def test_only_the_last_prompt_counts() -> None:
    turns = (said("What is the weather in Paris?"), answered("Sunny."))
    assert await calls_of(*turns, "And thanks!", tools=TOOLS) == []
    assert await calls_of(*turns, "What is the weather in Paris?", tools=TOOLS) == weather("Paris")


async def test_a_request_is_answered_before_what_other_agents_say() -> None:
    turns = (said("What is the weather in Paris?"), said("I plan nothing.", "planner"))
    assert await calls_of(*turns, tools=TOOLS) == weather("Paris")
    note = said("Transferred to helper, adopting the role of helper immediately.", "triage")
    assert await calls_of("What is the weather in Paris?", note, tools=TOOLS) == weather("Paris")


async def test_descriptions_and_own_hand_off_names_count() -> None:
    def lookup(q: str) -> str:
        """Find recipes for a dish."""
        return q

    tools = [
        FunctionTool(lookup),
        Handoff(
            target="billing", name="to_billing", description="Handoff to billing."
        ).handoff_tool,
        Handoff(target="zed", description="Handoff to the expert on legal contracts").handoff_tool,
    ]
    assert await calls_of("Find recipes for pancakes", tools=tools) == [
        ("lookup", {"q": "pancakes"})
    ]
    assert await calls_of("let billing do it", tools=tools) == [("to_billing", {})]
    assert await calls_of("I have to check a legal contract", tools=tools) == [
        ("transfer_to_zed", {})
    ]


async def test_a_schema_will_do_for_a_tool_and_references_are_followed() -> None:
    class_schema = {
        "type": "object",
        "properties": {"city": {"$ref": "#/$defs/City"}},
        "required": ["city"],
        "$defs": {"City": {"type": "string", "enum": ["Oslo", "Rome"]}},
    }
    schema: Any = {"name": "forecast", "description": "A forecast.", "parameters": class_schema}
    content = (await ask("The forecast for rome?", tools=[schema])).content
    assert not isinstance(content, str)
    assert content[0].arguments == '{"city": "Rome"}'


@pytest.mark.parametrize(
    "prompt",
    [
        "((((" * 2000,
        "1 " * 4000,
        "a, " * 3000,
        "'a" * 4000,
        "in Paris and " * 600,
        "9" * 8000,
        "add 1, " * 1000,
        "$80% " * 1500,
        "\u202e\ud7ff\x00" * 500,
        "x=" * 4000,
        "?" * 8000,
    ],
    ids=lambda prompt: str(prompt)[:6].encode("unicode_escape").decode(),
)
@pytest.mark.timeout(20)
async def test_odd_prompts_are_answered(prompt: str) -> None:
    await calls_of(prompt, tools=TOOLS)
