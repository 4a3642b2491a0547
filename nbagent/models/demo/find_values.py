"""Finds values in a prompt: numbers, quotations, dates, addresses, names."""

import re
from dataclasses import dataclass
from typing import Any

MAX_DIGITS = 300
"""Longer runs of digits are not read as numbers."""


@dataclass(frozen=True)
class Found:
    """A value, and where in the prompt it stands.

    Attributes:
        value: The value.
        start: Index of its first character.
        end: Index after its last character.
    """

    value: Any
    start: int
    end: int


_QUOTES = re.compile(
    r'"([^"\n]*)"|“([^”\n]*)”|«([^»\n]*)»|`([^`\n]+)`|(?<!\w)[\'‘]([^\n\'’]+(?:[\'’]\w[^\n\'’]*)*)[\'’](?!\w)'
)
_FENCE = re.compile(r"```[\w+-]*\n(.*?)```", re.DOTALL)
_NUMBER = re.compile(
    r"(?<![\w.])(?:(?<![\d)] )[-−+])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)"
    r"(?:\.\d+)?(?:[eE][+-]?\d{1,3}\b)?"
)
_MONTHS = "january february march april may june july august september october november december"
_MONTH = "|".join(f"{month}|{month[:3]}" for month in _MONTHS.split())
_DATE_PATTERNS = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?(?P<month>{_MONTH})\.?,? (?P<y>\d{{4}})\b",
        re.I,
    ),
    re.compile(
        rf"\b(?P<month>{_MONTH})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}})\b", re.I
    ),
)
_EXPRESSION = re.compile(
    r"(?<![\d.])[-(]{0,5}\d[\d.]*(?:\s*(?:\*\*|[-+*/×÷^%])\s*[-(]{0,5}\d[\d.]*\){0,5})+"
)

_SMALL_TEXT = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_SMALL = _SMALL_TEXT.split()
_TENS_TEXT = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * number for number, word in enumerate(_TENS_TEXT.split(), 2)}
_UNITS = {word: number for number, word in enumerate(_SMALL)} | _TENS
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_NUMBER_WORD = "|".join((*_UNITS, *_SCALES))
_DIGIT_WORD = "|".join(_SMALL[:10])
_NUMBER_WORDS = re.compile(
    rf"\b(?:(minus|negative) )?(?:a (?=hundred|thousand|million|dozen))?"
    rf"((?:{_NUMBER_WORD})(?:(?: and |[ -])(?:{_NUMBER_WORD}))*|dozen|half)"
    rf"(?: point ((?:{_DIGIT_WORD})(?: (?:{_DIGIT_WORD}))*))?\b",
    re.IGNORECASE,
)

EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
URL = re.compile(r"https?://[^\s<>\"'`]*[^\s<>\"'`.,;:!?)]")
PATH = re.compile(
    r"(?<![\w/-])(?:(?:~?/|\.{1,2}/)?(?:[\w-]+/)*[\w-]+\.[A-Za-z]\w{0,4}\b|(?:~?/|\.{1,2}/)[\w./-]*\w)"
)
UUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
CLOCK_TIME = re.compile(
    r"\b\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?\b|\b\d{1,2} ?[ap]m\b", re.IGNORECASE
)


def find_quotes(text: str) -> list[Found]:
    """Quoted texts and fenced blocks, without their marks."""
    fences = [Found(m.group(1).strip("\n"), *m.span()) for m in _FENCE.finditer(text)]
    quotes = [
        Found(next(group for group in m.groups() if group is not None), *m.span())
        for m in _QUOTES.finditer(text)
        if not any(fence.start <= m.start() < fence.end for fence in fences)
    ]
    return sorted([*fences, *quotes], key=lambda found: found.start)


def find_numbers(text: str) -> list[Found]:
    """Numbers in digits and in words, in order; dates, times and addresses are left out."""
    other = [
        *(found for found in find_dates(text)),
        *(Found(None, *m.span()) for p in (EMAIL, URL, UUID, CLOCK_TIME) for m in p.finditer(text)),
    ]
    numbers: list[Found] = []
    for match in _NUMBER.finditer(text):
        digits = match.group().replace(",", "").replace("−", "-")
        if len(digits) <= MAX_DIGITS:
            is_whole = digits.lstrip("+-").isdecimal()
            numbers.append(Found(int(digits) if is_whole else float(digits), *match.span()))
    for match in _NUMBER_WORDS.finditer(text):
        found = Found(_value_of_words(match), *match.span())
        if match.group(1) and re.search(rf"(?:\d|\b(?:{_NUMBER_WORD}))\s+$", text[: match.start()]):
            # "ten minus four": the word stands between two numbers and is no sign.
            found = Found(-found.value, match.end(1) + 1, match.end())
        numbers.append(found)
    numbers = [
        number
        for number in numbers
        if not any(each.start <= number.start < each.end for each in other)
    ]
    numbers.sort(key=lambda found: found.start)
    return numbers


def _value_of_words(match: "re.Match[str]") -> int | float:
    sign, words, digits = match.groups()
    total, group = 0, 0
    value: int | float
    if words.lower() in ("dozen", "half"):
        value = 12 if words.lower() == "dozen" else 0.5
    else:
        for word in re.split(r"[ -]", words.lower()):
            if word in _UNITS:
                group += _UNITS[word]
            elif word == "hundred":
                group = (group or 1) * 100
            elif word in _SCALES:
                total, group = total + (group or 1) * _SCALES[word], 0
        value = total + group
    if digits:
        value = float(f"{value}." + "".join(str(_UNITS[word]) for word in digits.lower().split()))
    return -value if sign else value


def find_dates(text: str) -> list[Found]:
    """Dates with a year, as ISO text such as "2026-05-03"."""
    found: list[Found] = []
    for pattern in _DATE_PATTERNS:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            month = (
                int(parts["m"])
                if "m" in parts
                else [m[:3] for m in _MONTHS.split()].index(parts["month"].lower()[:3]) + 1
            )
            day = int(parts["d"])
            if 1 <= month <= 12 and 1 <= day <= 31:
                found.append(Found(f"{int(parts['y']):04}-{month:02}-{day:02}", *match.span()))
    return sorted(found, key=lambda each: each.start)


def find_expression(text: str) -> Found | None:
    """The longest arithmetic expression in digits, such as "2 * (3 + 4)"."""
    best: Found | None = None
    for match in _EXPRESSION.finditer(text):
        value = match.group().strip()
        while value.count("(") > value.count(")") and value.startswith("("):
            value = value[1:]
        if best is None or len(value) > len(best.value):
            best = Found(value, *match.span())
    return best


# Words that stand with a capital letter at the start of a sentence without being names.
_NOT_NAMES_TEXT = """a add also an analyse analyze and another approve april are ask at august
    book build buy calculate call can cancel change check choose compare compute convert copy
    could count create december decrease define delete deliver describe did divide do does double
    draw email explain february fetch find for forecast format friday from generate get give greet
    has have hello help hey hi how i i'd i'll i'm if in increase inspect is it its january join
    july june keep let list look mail make march may monday move multiply my next no note november
    now october of ok on open or order pick plan play please plot print put read recommend
    remember remind remove rename reverse roll round run saturday save say schedule search sell
    send september set shall she should show so sort split square start stop subtract suggest sum
    summarise summarize sunday switch take talk tell test thank thanks that the then there these
    they this thursday to today tomorrow transfer translate try tuesday turn update use verify was
    we weather wednesday were what what's when where which who who's why will with would write yes
    yesterday you"""
_NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split())
_NAME_RUN = re.compile(
    r"(?:(?<=\s)|(?<=^)|(?<=[(\"'“‘]))[A-Z][\w’'&+-]*(?:\.(?=\w)[\w+-]+)*"
    r"(?: (?:(?:of|de|la|le|du|da|do|di|the|van|von|el|am|al) ){0,2}[A-Z\d][\w’'&+-]*)*"
)


def find_names(text: str) -> list[Found]:
    """Runs of capitalised words that look like names: "New York", "AutoGen"."""
    found: list[Found] = []
    for match in _NAME_RUN.finditer(text):
        value, start = match.group(), match.start()
        # Words that only begin the sentence are cut off from the front.
        while value and value.split(" ")[0].lower().replace("’", "'") in _NOT_NAMES:
            first, _, value = value.partition(" ")
            start += len(first) + 1
        value = re.sub(r"['’]s$", "", value)
        if value:
            found.append(Found(value, start, start + len(value)))
    return found
