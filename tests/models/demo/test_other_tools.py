"""More tools of the kinds that people write first, each with a prompt or two for it."""

from collections.abc import Callable
from typing import Any, Literal

import pytest

from nbagent.tools import FunctionTool
from tests.models.demo.conversing import calls_of, text_of


def population(country: str) -> int:
    """How many people live in a country."""
    return len(country)


def get_stock_price(ticker: str) -> float:
    """Get the current stock price."""
    return float(len(ticker))


def days_between(start: str, end: str) -> str:
    """Count the days between two dates."""
    return start + end


def create_user(name: str, age: int, admin: bool = False) -> str:
    """Create a user."""
    return f"{name} {age} {admin}"


def plot(values: list[float], title: str = "") -> str:
    """Plot values as a chart."""
    return f"{title}{values}"


def celsius_to_fahrenheit(celsius: float) -> float:
    """Convert degrees."""
    return celsius * 9 / 5 + 32


def search_products(
    query: str, max_results: int = 5, category: Literal["books", "toys"] | None = None
) -> str:
    """Search the shop."""
    return f"{query} {max_results} {category}"


def ask_human(question: str) -> str:
    """Ask the human a question."""
    return question


def set_alarm(time: str, label: str = "") -> str:
    """Set an alarm."""
    return time + label


def list_files(directory: str = ".") -> str:
    """List the files of a directory."""
    return directory


def bmi(weight_kg: float, height_m: float) -> float:
    """Body mass index."""
    return weight_kg / height_m**2


def remember(note: str) -> str:
    """Save a note."""
    return note


def get_joke() -> str:
    """A joke."""
    return "Knock, knock."


def buy(item: str, quantity: int) -> str:
    """Buy something."""
    return f"{quantity} {item}"


def split_bill(total: float, people: int) -> float:
    """Split a bill evenly between people."""
    return total / people


FUNCTIONS: list[Callable[..., Any]] = [
    population,
    get_stock_price,
    days_between,
    create_user,
    plot,
    celsius_to_fahrenheit,
    search_products,
    ask_human,
    set_alarm,
    list_files,
    bmi,
    remember,
    get_joke,
    buy,
    split_bill,
]
TOOLS = [FunctionTool(function) for function in FUNCTIONS]

TABLE: list[tuple[str, Callable[..., Any], list[dict[str, Any]]]] = [
    ("What is the population of France?", population, [{"country": "France"}]),
    ("How many people live in Japan?", population, [{"country": "Japan"}]),
    ("What's the stock price of AAPL?", get_stock_price, [{"ticker": "AAPL"}]),
    ("How many days between 2026-01-01 and 2026-03-01?", days_between,
     [{"start": "2026-01-01", "end": "2026-03-01"}]),
    ("Create a user named Ada Lovelace, age 36", create_user,
     [{"name": "Ada Lovelace", "age": 36}]),
    ("Create an admin user named Bob who is 20 years old", create_user,
     [{"name": "Bob", "age": 20, "admin": True}]),
    ("Plot 1, 4, 9 and 16", plot, [{"values": [1, 4, 9, 16]}]),
    ("Convert 30 celsius to fahrenheit", celsius_to_fahrenheit, [{"celsius": 30}]),
    ("search for wooden trains, 3 results", search_products,
     [{"query": "wooden trains", "max_results": 3}]),
    ("Ask me what my favourite colour is", ask_human,
     [{"question": "what my favourite colour is"}]),
    ("Set an alarm for 7:30", set_alarm, [{"time": "7:30"}]),
    ("list the files in /tmp", list_files, [{"directory": "/tmp"}]),
    ("list all files", list_files, [{}]),
    ("What is my BMI if I weigh 70 kg and am 1.8 m tall?", bmi,
     [{"weight_kg": 70, "height_m": 1.8}]),
    ("Remember that milk is out", remember, [{"note": "milk is out"}]),
    ("Tell me a joke", get_joke, [{}]),
    ("Buy three apples", buy, [{"item": "apples", "quantity": 3}]),
    ("buy 2 pears and 3 plums", buy,
     [{"item": "pears", "quantity": 2}, {"item": "plums", "quantity": 3}]),
    ("Split a bill of 86.40 between 3 people.", split_bill, [{"total": 86.4, "people": 3}]),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "function", "expected"), TABLE, ids=[row[0] for row in TABLE])
async def test_the_tool_is_called(
    prompt: str, function: Callable[..., Any], expected: list[dict[str, Any]]
) -> None:
    assert await calls_of(prompt, tools=TOOLS) == [(function.__name__, each) for each in expected]


@pytest.mark.parametrize(
    "prompt",
    ["Which of my tools do you like?", "Why is the sky blue?", "Write a poem about autumn"],
)
async def test_no_tool_fits(prompt: str) -> None:
    assert await calls_of(prompt, tools=TOOLS) == []


async def test_a_remark_and_a_sum_are_both_answered() -> None:
    prompt = "My name is Ada, and I stay in Lisbon for 3 nights. What is 3 times 95?"
    answer = await text_of(prompt, tools=TOOLS)
    assert "your name is Ada" in answer
    assert "**285**" in answer
    assert "Hello, Grace!" in await text_of("Say hello to Grace.", tools=TOOLS)
