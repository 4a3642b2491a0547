"""Words: how the demo model compares a prompt with the names and descriptions of tools."""

import re

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")

# Words that say nothing about which tool is meant.
_STOP_TEXT = """a about after again all also am an and any are as at be been before but by can
    could did do does done for from get gets give given gives had has have he her hers him his how
    i i'd i'll i'm i've if in into is it it's its just kindly let let's like make may me might
    much must my need needs no not now of off on or our out over please really run shall she
    should show shows so some take tell than thank thanks that that's the their them then there
    these they this those to tool tools too under up upon us use used uses using very want was we
    were what what's when where which while who who's whom whose why will with without would you
    your yours call calls called function functions know return returns value values result
    results based provided specified certain"""
STOP_WORDS = frozenset(_STOP_TEXT.split())

# Words of tool names that many unrelated prompts contain: they count little.
_WEAK_TEXT = """base character data input item line list message name number output parameter
    sentence string text thing user word work"""
WEAK_WORDS = frozenset(_WEAK_TEXT.split())

# Each row holds words that mean the same to a tool.
_SAME = """add addition plus sum total
subtract subtraction minus difference
multiply multiplication multiplied
divide division divided quotient ratio
calculate calculation calculator compute computation evaluate arithmetic math maths
search lookup find query retrieve retrieval knowledge wikipedia information google explain define
weather forecast temperature rain raining rainy sunny sunshine snow snowing wind windy cloudy
email mail e-mail inbox
dice die
random randomly
price cost costs expensive worth
picture image photo
buy purchase order
remove delete erase
create generate
note memo
convert conversion exchange
translate translation
summarize summarise summary
reverse backwards backward
capital uppercase
city town place location
language languages
clock o'clock
square squared
root sqrt
factorial !
plot chart graph diagram"""


def stem(word: str) -> str:
    """A word without the commonest English endings, in lower case."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for ending, rest in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("ly", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + rest
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


_MEANING = {stem(word): stem(row.split()[0]) for row in _SAME.splitlines() for word in row.split()}


def split_name(name: str) -> list[str]:
    """The words of an identifier: "getCurrent_weather2" gives get, Current, weather2."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.replace("_", " ").replace("-", " "))
    return WORD.findall(spaced)


def meaning(word: str) -> str:
    """A word's stem, the same for words that mean the same."""
    stemmed = stem(word)
    return _MEANING.get(stemmed, stemmed)


def meanings(text: str) -> set[str]:
    """What the words of a text mean, without those that say nothing."""
    return {
        meaning(word)
        for word in WORD.findall(text)
        if word.lower().replace("’", "'") not in STOP_WORDS
    }
