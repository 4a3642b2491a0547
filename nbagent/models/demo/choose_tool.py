"""Scores how well tools fit a prompt: by names, descriptions, parameters and their choices."""

import re
from collections.abc import Sequence

from nbagent.models.demo.arithmetic import work_out
from nbagent.models.demo.fill_arguments import fill_arguments
from nbagent.models.demo.find_values import find_expression, find_numbers, find_quotes
from nbagent.models.demo.parameters import Parameter, read_parameters
from nbagent.models.demo.words import STOP_WORDS, WEAK_WORDS, meaning, meanings, split_name
from nbagent.tools.base import ToolSchema

ENOUGH = 3.0
"""The score from which a tool fits a prompt."""

_CALLED_BY_NAME = 10
_WORD_OF_NAME = 3
_WEAK_WORD_OF_NAME = 1
_VERB_ONLY = 2
_SUITS_NUMBERS = 0.5
_CHOICE = 2
_WORD_OF_DESCRIPTION = 1.5
_WORD_OF_PARAMETER = 1

_LOOKUP = re.compile(
    r"\b(?:tell me (?:more )?about|what (?:is|are|was|were)|what's|who (?:is|was|are)|who's|explain"
    r"|information (?:on|about)|look up|learn about|know about|read about|facts (?:on|about))\s",
    re.IGNORECASE,
)
_OPERATORS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "×": "multiply",
    "/": "divide",
    "÷": "divide",
}
_WEAK = {meaning(word) for word in WEAK_WORDS}
_SEARCH = meaning("search")

# What is said to anyone and asks for no tool. Each has to be the whole prompt.
_SMALL_TALK = re.compile(
    r"""\s*(?:
      (?:hi|hello|hey|good\ (?:morning|evening|day)|thanks?(?:\ you)?|bye|goodbye)\b[^?]{0,40}
    | (?:how\ are\ you|who\ are\ you|what\ are\ you|what\ (?:else\ )?can\ you\ do|help)\b.{0,40}
    | (?:tell\ me\ about\ yourself|what(?:'s|\ is)\ (?:your|my\ name)\b|what\ did\ i\b).{0,80}
    | (?!.*\b(?:what|how|where|when|which|who|can\ you|could\ you|please)\b)
      (?:my\ [^?]{0,80}\ is|i\ (?:am|like|love|hate|enjoy|have)|i'm)\ [^?]{0,200}
    )[.!?\s]*$""",
    re.IGNORECASE | re.VERBOSE,
)
_HANDOFF = re.compile(
    r"\b(?:let|ask|have|hand|pass|give|transfer|switch|talk|speak|connect|delegate|forward|bring"
    r"|get|call|send|refer|escalate|want)\b",
    re.IGNORECASE,
)
_ANYBODY = {meaning(word) for word in ("agent", "assistant", "user", "human", "person", "bot")}


def best_tool(prompt: str, tools: Sequence[ToolSchema]) -> ToolSchema | None:
    """The tool that fits a prompt best; None where none does."""
    said = _meanings_of_prompt(prompt)
    best: ToolSchema | None = None
    best_score = ENOUGH - 0.1
    for tool in tools:
        score = fits(prompt, tool, said)
        if score > best_score:
            best, best_score = tool, score
    if best is None and _LOOKUP.search(prompt) and work_out(prompt) is None:
        # A question about something is one for a tool that looks up topics.
        for tool in tools:
            topics = [
                each
                for each in read_parameters(tool.get("parameters", {}))
                if each.required and each.kind == "topic"
            ]
            if topics and fits(prompt, tool, said | {_SEARCH}) >= ENOUGH:
                return tool
    return best


def fits(prompt: str, tool: ToolSchema, said: set[str] | None = None) -> float:
    """How well a tool fits a prompt; from `ENOUGH` on it does.

    Args:
        prompt: The prompt.
        tool: The tool.
        said: What the prompt's words mean, where the caller knows it already.
    """
    if said is None:
        said = _meanings_of_prompt(prompt)
    parameters = read_parameters(tool.get("parameters", {}))
    words = [meaning(word) for word in split_name(tool["name"]) if word not in STOP_WORDS]
    strong = {word for word in words if word not in _WEAK}
    in_name = set(words) & said
    score = float(_CALLED_BY_NAME * is_called_by_name(prompt, tool))
    if in_name & strong == set(words[:1]) and len(strong) > 1:
        # The verb alone fits much: "count" is more than count_letters(word, letter).
        complete = not fill_arguments(parameters, prompt, set(words)).missing
        score += _WORD_OF_NAME if complete else _VERB_ONLY
    else:
        score += _WORD_OF_NAME * len(in_name & strong)
    score += _WEAK_WORD_OF_NAME * len(in_name - strong)
    described = meanings(tool.get("description", "")) & said
    score += _WORD_OF_DESCRIPTION * len(described - in_name - _WEAK)
    for parameter in parameters:
        score += _WORD_OF_PARAMETER * bool((parameter.meanings - in_name - _WEAK) & said)
        score += _CHOICE * any(meaning(str(choice)) in said for choice in parameter.choices)
    return score + _SUITS_NUMBERS * _suits_numbers(prompt, parameters) if score else 0.0


def _suits_numbers(prompt: str, parameters: list[Parameter]) -> float:
    """How well parameters take up the numbers of a prompt, from 0 to 2."""
    expression = find_expression(prompt)
    if expression is not None and any(each.kind == "expression" for each in parameters):
        operators = sum(expression.value.count(sign) for sign in _OPERATORS)
        return 2 if operators > 1 else 0.5
    numbers = len(find_numbers(prompt))
    if numbers and numbers == sum(each.type in ("integer", "number") for each in parameters):
        return 1
    return 0.5 if numbers > 1 and any(each.type == "array" for each in parameters) else 0


def is_called_by_name(prompt: str, tool: ToolSchema) -> bool:
    """Whether the prompt has the tool's name as it is written in code."""
    name = re.escape(tool["name"].lower())
    if "_" in tool["name"]:
        return re.search(rf"(?<![\w-]){name}(?![\w-])", prompt.lower()) is not None
    return re.search(rf"`{name}`|\b(?:use|call|run) {name}\b", prompt.lower()) is not None


def is_small_talk(prompt: str) -> bool:
    """Whether a prompt is a greeting, a remark or a question about the model itself."""
    return _SMALL_TALK.match(prompt) is not None


def is_handoff(tool: ToolSchema) -> bool:
    """Whether a tool hands the conversation to another agent."""
    described = tool.get("description", "").lower().startswith(("handoff to", "hand off to"))
    return tool["name"].startswith("transfer_to_") or described


def choose_handoff(prompt: str, tools: Sequence[ToolSchema]) -> ToolSchema | None:
    """The hand-off that a prompt asks for; None where it asks for none.

    It does when it names the agent beside a word such as "let" or "ask", when it addresses
    the agent, or when it is about what the agent's name or description says.
    """
    handoffs = [tool for tool in tools if is_handoff(tool)]
    for tool in handoffs:
        words = split_name(tool["name"].removeprefix("transfer_to_"))
        target = r"[\s_-]*".join(map(re.escape, words))
        named = re.search(rf"(?<!\w){target}(?!\w)", prompt, re.IGNORECASE)
        addressed = re.match(rf"\s*@?{target}\s*[,:]|.*@{target}\b", prompt, re.IGNORECASE)
        if addressed or (named and _HANDOFF.search(prompt)) or is_called_by_name(prompt, tool):
            return tool
    said = _meanings_of_prompt(prompt)
    for tool in handoffs:
        words = split_name(tool["name"].removeprefix("transfer_to_"))
        about = {meaning(word) for word in words if word not in STOP_WORDS}
        told = meanings(tool.get("description", "")) - {meaning("handoff"), meaning("transfer")}
        if said & (about - _ANYBODY) or len(said & (told - _ANYBODY)) > 1:
            return tool
    return None


def _meanings_of_prompt(prompt: str) -> set[str]:
    bare = re.sub(r"\bhow (?:many times|many|often)\b", "count", prompt, flags=re.IGNORECASE)
    for quote in reversed(find_quotes(bare)):
        # A quoted text is a value, and says nothing of what to do with it.
        bare = bare[: quote.start] + " " + bare[quote.end :]
    words = set[str]()
    for number in reversed(find_numbers(bare)):
        # "three times four" multiplies, and "how many times" does not.
        operator = re.match(r"\s+times\b", bare[number.end :])
        words |= {"multiply"} if operator else set()
        end = number.end + (operator.end() if operator else 0)
        bare = bare[: number.start] + " " + bare[end:]
    expression = find_expression(prompt)
    if expression is not None:
        words |= {_OPERATORS[sign] for sign in expression.value if sign in _OPERATORS}
    said = meanings(bare) | {meaning(word) for word in words}
    if said & {meaning(word) for word in ("add", "subtract", "multiply", "divide")}:
        said.add(meaning("calculate"))
    return said
