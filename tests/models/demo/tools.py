"""Tools of a user, for the demo model to choose from."""

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from nbagent.base import Handoff
from nbagent.tools import BaseTool, FunctionTool


class Address(BaseModel):
    city: str
    street: str


def get_weather(city: str, unit: Literal["celsius", "fahrenheit"] = "celsius") -> str:
    """The weather in a city."""
    return f"sunny in {city}, in {unit}"


def get_time(city: Annotated[str, Field(description="where to look at the clock")]) -> str:
    """The time of day in a city."""
    return f"noon in {city}"


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


def subtract(a: int, b: int) -> int:
    """Subtract b from a."""
    return a - b


def total(numbers: list[float]) -> float:
    """Add up a list of numbers."""
    return sum(numbers)


def calculator(expression: str) -> str:
    """Evaluate an arithmetic expression."""
    return expression


def factorial(n: int) -> str:
    """The factorial of n."""
    return f"{n}!"


def search_knowledge_base(topic: str) -> str:
    """Search the internal knowledge base for information on a topic."""
    return f"{topic} is known."


def translate(text: str, language: str) -> str:
    """Translate a text."""
    return f"{text} in {language}"


def reverse_text(text: str) -> str:
    """Reverse a text."""
    return text[::-1]


def format_as_markdown(text: str) -> str:
    """Format a text as Markdown."""
    return f"# Formatted\n\n{text}"


def send_email(to: str, subject: str, body: str) -> str:
    """Send an e-mail."""
    return f"{to}: {subject}: {body}"


def roll_dice(sides: int = 6, count: int = 1) -> str:
    """Roll dice."""
    return f"{count}d{sides}"


def set_light(room: Literal["kitchen", "living room"], on: bool) -> str:
    """Switch a light."""
    return f"{room} {on}"


def convert(amount: float, from_currency: str, to_currency: str) -> str:
    """Convert money from one currency to another."""
    return f"{amount} {from_currency} {to_currency}"


def tip(bill: float, percent: float = 15) -> float:
    """How much to tip."""
    return bill * percent / 100


def book_flight(origin: str, destination: str, day: datetime.date) -> str:
    """Book a flight."""
    return f"{origin} {destination} {day}"


def read_file(path: str) -> str:
    """Read a file."""
    return path


def count_letters(word: str, letter: str) -> int:
    """Count how often a letter is in a word."""
    return word.count(letter)


def sort_words(words: list[str], descending: bool = False) -> list[str]:
    """Sort words."""
    return sorted(words, reverse=descending)


def deliver_pizza(address: Address, size: Literal["small", "large"]) -> str:
    """Deliver a pizza."""
    return f"{size} {address}"


FUNCTIONS: list[Any] = [
    get_weather,
    get_time,
    multiply,
    add,
    subtract,
    total,
    calculator,
    factorial,
    search_knowledge_base,
    translate,
    reverse_text,
    format_as_markdown,
    send_email,
    roll_dice,
    set_light,
    convert,
    tip,
    book_flight,
    read_file,
    count_letters,
    sort_words,
    deliver_pizza,
]

TOOLS: list[BaseTool[Any, Any]] = [
    *(FunctionTool(function) for function in FUNCTIONS),
    Handoff(target="writer").handoff_tool,
    Handoff(target="refund_agent").handoff_tool,
]


def only(*names: str) -> list[BaseTool[Any, Any]]:
    """The tools of these names."""
    return [tool for tool in TOOLS if tool.name in names]
