"""Composes the demo model's answer in words."""

import re
from collections.abc import Sequence

from nbagent.models.demo.conversation import Conversation
from nbagent.models.demo.describe_picture import describe_pictures
from nbagent.models.demo.glossary import explain
from nbagent.models.demo.pick_name import pick_name
from nbagent.models.demo.plan_calls import PlannedCall
from nbagent.models.demo.showpieces import show_piece
from nbagent.models.demo.small_talk import abilities, small_talk
from nbagent.models.demo.tell_results import tell_results
from nbagent.tools.base import ToolSchema

NOTE = "*(Demo model: fixed rules, no language model.)*"
"""What ends an answer that does not say so itself."""

_MEMORY = re.compile(r"Relevant memory content[^\n]*\n((?:\d+\. [^\n]*\n?)+)")
_CLOSING_WORD = re.compile(
    r"\b(?i:respond|reply|say|answer|output|write|return|add|end|finish|type|use)\b[^.\n]{0,60}?"
    r"\b(TERMINATE|APPROVED?|DONE|FINISH(?:ED)?|STOP|EXIT|COMPLETED?)\b",
)


def compose_answer(
    conversation: Conversation, tools: Sequence[ToolSchema], unmade: Sequence[PlannedCall] = ()
) -> str:
    """The answer in words, in Markdown, marked as a demo's.

    Args:
        conversation: The conversation up to now.
        tools: What could be called.
        unmade: Calls that were wanted and lack arguments.
    """
    name = pick_name(conversation.system) or pick_name(conversation.prompt)
    if name is not None:
        return name  # it is read by a program, which wants nothing else
    text = _in_words(conversation, tools)
    for call in unmade:
        missing = ", ".join(each.name for each in call.missing)
        text += f"\n\nI did not call `{call.tool['name']}`: I have nothing for {missing}."
    if "demo model" not in text.lower():
        text += f"\n\n{NOTE}"
    closing = _closing_word(conversation)
    return f"{text}\n\n{closing}" if closing else text


def plain_answer(conversation: Conversation) -> str:
    """One sentence for a field of a schema that wants an answer."""
    told = explain(conversation.prompt)
    return told or "Filled in by the demo model, which follows fixed rules."


def _in_words(conversation: Conversation, tools: Sequence[ToolSchema]) -> str:
    if conversation.results:
        return tell_results(conversation.results)
    if conversation.images:
        return describe_pictures(conversation.images)
    prompt = conversation.prompt
    if not prompt.strip():
        return "There is nothing to answer yet. Give me a task."
    found = show_piece(prompt) or explain(prompt) or small_talk(conversation, tools)
    if found is not None:
        return found
    if conversation.asked_by != "user" and conversation.has_spoken:
        words = len(prompt.split())
        return f"I have read what {conversation.asked_by} wrote ({words} words) and add nothing."
    remembered = _from_memory(conversation.system)
    return (
        f"{remembered}I am a demo model with fixed rules, so I cannot answer that by thinking "
        f"about it. I can\n\n{abilities(tools)}"
    )


def _from_memory(system: str) -> str:
    """What the agent's memory holds, quoted; empty where it holds nothing."""
    found = _MEMORY.search(system)
    if found is None:
        return ""
    lines = "\n".join(f"> {line}" for line in found.group(1).strip().splitlines()[:5])
    return f"The agent's memory says:\n\n{lines}\n\n"


def _closing_word(conversation: Conversation) -> str | None:
    """The word by which the instructions want the end told, once it is reached."""
    found = _CLOSING_WORD.search(conversation.system)
    if found is None:
        return None
    word = found.group(1)
    if word.startswith("APPROVE"):
        # A critic approves in its second round, so that there is something to see before.
        return word if conversation.has_spoken else None
    return word
