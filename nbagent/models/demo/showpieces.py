"""Fixed pieces of Markdown that show what a transcript can display."""

import re
from pathlib import Path

_TABLE = """| part | what it does | in a notebook |
|:-----|:-------------|--------------:|
| agent | answers a task | 1 cell |
| tool | runs your function | 1 card |
| team | lets agents talk | 1 transcript |"""

_CODE = """```python
def fibonacci(count: int) -> list[int]:
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers[:count]


print(fibonacci(10))
```"""

_FORMULA = """The sum of the first $n$ squares is

$$\\sum_{k=1}^{n} k^2 = \\frac{n(n+1)(2n+1)}{6}$$

so for $n = 3$ it is $14$."""

_LIST = """- [x] load the extension
- [x] ask the demo model
- [ ] give the agent a tool of your own
- [ ] choose a language model

1. first a number,
2. then another
   - with a point below it"""

_QUOTE = """> A quotation stands apart from the text,
> with **strong**, *emphasised* and ~~deleted~~ words and `code` in it."""

_HAIKU = """Small rules, line by line,\\
no thought behind the answer,\\
and yet the cell fills."""

_PIECES = (
    (r"tables?", "A sample table:", _TABLE),
    (r"code|python|(?:a )?function|program|script", "Sample code:", _CODE),
    (r"formulas?|formulae|math|maths|equations?|latex", "A sample formula:", _FORMULA),
    (r"lists?|checklists?|task lists?|to-?do lists?|tasks", "Sample lists:", _LIST),
    (r"quotes?|quotations?|blockquotes?", "A sample quotation:", _QUOTE),
    (r"haikus?|poems?|poetry", "A fixed haiku, the only one I have:", _HAIKU),
)
_ASKED = (
    r"\b(?:show|write|give|make|draw|print|render|display|create|compose|see)\b"
    r"[^.?!\n]{{0,60}}\b(?:{what})\b"
)
_EVERYTHING = r"everything|all (?:of it|you can|features)|markdown"
_LONG = re.compile(
    r"\blong(?:er|ish)? (?:answer|text|story|essay|reply|one|article)\b|\bat length\b|\bessay\b"
    r"|\bwrite (?:a lot|much)\b|\b(?:[3-9]\d\d|\d[\d,]{3,}) words\b|\bseveral hundred words\b",
    re.IGNORECASE,
)

_LONG_ANSWER = Path(__file__).with_name("long_answer.md")


def show_piece(prompt: str) -> str | None:
    """The piece that a prompt asks to see; None where it asks for none."""
    if _LONG.search(prompt):
        return _LONG_ANSWER.read_text(encoding="utf-8").strip()
    if re.search(_ASKED.format(what=_EVERYTHING), prompt, re.IGNORECASE):
        return "\n\n".join(f"**{title}**\n\n{piece}" for _, title, piece in _PIECES)
    wanted = [
        f"{title}\n\n{piece}"
        for what, title, piece in _PIECES
        if re.search(_ASKED.format(what=what), prompt, re.IGNORECASE)
    ]
    return "\n\n".join(wanted) or None
