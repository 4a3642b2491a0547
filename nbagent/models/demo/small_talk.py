"""Answers what needs no tool: greetings, questions about earlier turns, counting, arithmetic."""

import re
from collections.abc import Sequence

from nbagent.models.demo.arithmetic import work_out
from nbagent.models.demo.conversation import Conversation
from nbagent.models.demo.find_values import find_numbers, find_quotes
from nbagent.tools.base import ToolSchema

MAX_COUNT = 200
"""How far it counts."""

_GREETING = re.compile(
    r"\s*(?:hi|hello|hey|good (?:morning|evening|day|afternoon))\b", re.IGNORECASE
)
_SAY_TO = re.compile(
    r"\bsay (hello|hi|goodbye|good (?:morning|evening|night)) to ([^.!?\n]{1,40})", re.IGNORECASE
)
_THANKS = re.compile(r"\s*(?:thanks|thank you|cheers)\b", re.IGNORECASE)
_GOODBYE = re.compile(r"\s*(?:bye|goodbye|see you)\b", re.IGNORECASE)
_WHO = re.compile(
    r"\b(?:who|what) are you\b|\byour name\b|\babout yourself\b|\bare you (?:an? )?(?:ai|llm|real"
    r"|human|language model|chatgpt|gpt)\b|\bhow are you\b",
    re.IGNORECASE,
)
_ABILITY = re.compile(
    r"\bwhat (?:else )?(?:can|could|do) you do\b|^\s*help\b|\bhow do(?:es)? (?:this|it|you) work\b",
    re.I,
)
_ASKED_BEFORE = re.compile(
    r"\bwhat (?:did|have|was|were)\b.{0,30}\b(?:i|my)\b.{0,40}\b(?:ask|asked|say|said|tell|told"
    r"|questions?|before|first|last)\b|\bwhat did we (?:talk|speak)\b"
    r"|\bmy (?:last|first|previous) (?:question|message|prompt)",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"\bmy ((?:[\w-]+ ){0,3}[\w-]+?) (?:is|are) ([^.!?\n,]{1,80}?)(?=\s+and\b|[.!?\n,]|$)",
    re.IGNORECASE,
)
_CALLED = re.compile(r"\b(?:i am called|call me|i'm called) ([^.!?\n,]{1,40})", re.IGNORECASE)
_FACT_ASKED = re.compile(
    r"\b(?:what(?:'s| is| are| was)|who(?:'s| is)|remember|know|tell me) my "
    r"((?:[\w-]+ ){0,3}[\w-]+)",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\bcount (?:from (?P<start>\S+) )?(?:up )?to (?P<end>[\w -]{1,30})", re.IGNORECASE
)


def small_talk(conversation: Conversation, tools: Sequence[ToolSchema]) -> str | None:
    """The answer to a prompt of this kind; None for any other."""
    prompt = conversation.prompt
    answer = (
        _recall(conversation)
        or _count(prompt)
        or _sum(prompt)
        or _introduce(prompt, tools)
        or _be_polite(prompt)
    )
    # "My name is Ada. What is 3 times 95?" is answered in two parts.
    parts = [part for part in (_take_note(prompt), answer) if part]
    return "\n\n".join(parts) or None


def abilities(tools: Sequence[ToolSchema]) -> str:
    """What the demo model can do, as a Markdown list."""
    names = ", ".join(f"`{tool['name']}`" for tool in tools[:12])
    return "\n".join(
        [
            f"- call your tools: {names}" if names else "- call tools, once the agent has some",
            "- measure a picture that you send me",
            "- fill a schema that you ask for",
            "- hand over to another agent by name",
            "- show a table, code, a formula, a list, everything, or a long answer",
            "- count, do sums, and recall what you said before",
        ]
    )


def _recall(conversation: Conversation) -> str | None:
    prompt, earlier = conversation.prompt, conversation.earlier_prompts
    if _ASKED_BEFORE.search(prompt):
        if not earlier:
            return "This is the first thing you have asked me."
        shown = [" ".join(each.split())[:200] for each in earlier[-5:]]
        return "Before this you said:\n\n" + "\n".join(f"> {each}\n" for each in shown).rstrip()
    asked = _FACT_ASKED.search(prompt)
    if asked:
        subject = asked.group(1).lower()
        for text in reversed(earlier):
            for fact in reversed(list(_FACT.finditer(text))):
                if fact.group(1).lower() == subject:
                    return f"Your {subject} is {fact.group(2).strip()}; you told me."
            called = _CALLED.search(text)
            if subject == "name" and called:
                return f"Your name is {called.group(1).strip()}; you told me."
        return f"You have not told me your {subject} in this conversation."
    return None


def _take_note(prompt: str) -> str | None:
    """Says that a fact was heard, where the prompt states one."""
    fact = None if _FACT_ASKED.search(prompt) else _FACT.search(prompt)
    if fact:
        subject, value = fact.group(1).lower(), fact.group(2).strip()
        return f"Noted: your {subject} is {value}. Ask me later: I look it up in what you said."
    called = _CALLED.search(prompt)
    return f"Hello, {called.group(1).strip()}." if called else None


def _count(prompt: str) -> str | None:
    match = _COUNT.search(prompt)
    if match:
        ends = find_numbers(match.group("end"))
        starts = find_numbers(match.group("start") or "1")
        if not ends or not starts:
            return None
        first, last = int(starts[0].value), int(ends[0].value)
        stop = max(first - MAX_COUNT, min(first + MAX_COUNT, last))
        step = 1 if last >= first else -1
        numbers = ", ".join(map(str, range(first, stop + step, step)))
        return numbers + (f", and so on to {last}." if stop != last else ".")
    asked = re.search(
        r"\bhow many (words|letters|characters)\b|\bcount the (words|letters|characters)\b",
        prompt,
        re.I,
    )
    quotes = find_quotes(prompt)
    if not asked or not quotes:
        return None
    what, text = (asked.group(1) or asked.group(2)).lower(), str(quotes[0].value)
    counted = {
        "words": len(text.split()),
        "letters": sum(each.isalpha() for each in text),
        "characters": len(text),
    }[what]
    return f"“{text[:200]}” has {counted} {what}."


def _sum(prompt: str) -> str | None:
    worked = work_out(prompt)
    if worked is None:
        return None
    if worked[1] is None:
        return f"{worked[0]} is not defined: it divides by zero."
    return f"{worked[0]} = **{worked[1]}**, by plain arithmetic."


def _introduce(prompt: str, tools: Sequence[ToolSchema]) -> str | None:
    if _ABILITY.search(prompt):
        return f"I am a demo model with fixed rules. What I can do:\n\n{abilities(tools)}"
    if _WHO.search(prompt):
        return (
            "I am nbagent's demo model: a small program with fixed rules and no language model. "
            "I am here so that you can try agents without a key. Ask “what can you do?” for more."
        )
    return None


def _be_polite(prompt: str) -> str | None:
    greeted = _SAY_TO.search(prompt)
    if greeted:
        return f"{greeted.group(1).capitalize()}, {greeted.group(2).strip()}!"
    if _GREETING.match(prompt) and len(prompt) < 60:
        return (
            "Hello! I am the demo model. Ask “what can you do?”, or give me a task for your tools."
        )
    if _THANKS.match(prompt) and len(prompt) < 60:
        return "You are welcome."
    if _GOODBYE.match(prompt) and len(prompt) < 60:
        return "Goodbye!"
    return None
