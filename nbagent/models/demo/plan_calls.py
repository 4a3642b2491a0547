"""Plans the tool calls that a prompt asks for: which tools, how often, with which arguments."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nbagent.models.demo.choose_tool import (
    best_tool,
    choose_handoff,
    is_called_by_name,
    is_handoff,
    is_small_talk,
)
from nbagent.models.demo.conversation import Conversation
from nbagent.models.demo.fill_arguments import Filled, fill_arguments
from nbagent.models.demo.find_values import find_names, find_numbers, find_quotes
from nbagent.models.demo.parameters import Parameter, read_parameters
from nbagent.models.demo.read_value import read_value
from nbagent.models.demo.words import meaning, split_name
from nbagent.tools.base import ToolSchema

MAX_CALLS = 10
"""How many calls one prompt leads to at most."""

MAX_PARTS = 30
"""Into how many sentences a prompt is cut at most, and a sentence into clauses."""

_SENTENCE_END = re.compile(r"[?!;\n]+\s*|\.(?:\s+|$)|,?\s+(?:and\s+)?then\s+", re.IGNORECASE)
_CLAUSE_END = re.compile(r"\s*,(?!\d)\s*(?:and\s+)?|\s+(?:and(?:\s+also)?|as\s+well\s+as)\s+", re.I)
_PREPOSITION = re.compile(r"(?:in|for|about|at|on|of|to|from)\s", re.IGNORECASE)
_QUESTION = re.compile(r"`([\w-]{1,64})`, but I still need ((?:\*\*[^*\n]{1,100}\*\*[^*\n]*)+)")


@dataclass
class PlannedCall:
    """A call to a tool.

    Attributes:
        tool: The tool.
        arguments: The arguments by name.
        missing: Required parameters for which the prompt has nothing.
    """

    tool: ToolSchema
    arguments: dict[str, Any]
    missing: list[Parameter] = field(default_factory=list[Parameter])


def plan_calls(conversation: Conversation, tools: Sequence[ToolSchema]) -> list[PlannedCall]:
    """The calls that a prompt asks for and that were not made for it yet.

    Args:
        conversation: The conversation up to now.
        tools: What may be called.

    Returns:
        The calls in the prompt's order, some perhaps with arguments missing; empty where no
        tool fits.
    """
    handoff = choose_handoff(conversation.prompt, tools)
    others = [tool for tool in tools if not is_handoff(tool)]
    if handoff is not None:
        planned = [PlannedCall(handoff, {})]
    else:
        planned = _answered_question(conversation, others) or _plan(conversation.prompt, others)
    unmade: list[PlannedCall] = []
    for call in planned[:MAX_CALLS]:
        if call.missing and conversation.results:
            if any(made.name == call.tool["name"] for made, _ in conversation.results):
                continue  # it was completed with an earlier result
            _take_from_result(call, conversation.results[-1][1].content)
        repeated = any(c.tool is call.tool and c.arguments == call.arguments for c in unmade)
        if not repeated and not conversation.was_called(call.tool["name"], call.arguments):
            unmade.append(call)
    return unmade


def ask_for_missing(call: PlannedCall) -> str:
    """The question for the arguments that a call lacks."""
    wanted = " and ".join(f"**{each.name}**{_described(each)}" for each in call.missing)
    return f"I would call `{call.tool['name']}`, but I still need {wanted}. What shall I take?"


def _described(parameter: Parameter) -> str:
    text = str(parameter.schema.get("description", "")).strip().rstrip(".")
    return f" ({text})" if text else ""


def _answered_question(
    conversation: Conversation, tools: Sequence[ToolSchema]
) -> list[PlannedCall]:
    """The call that the model has asked about, completed with the prompt as the answer."""
    question = _QUESTION.search(conversation.last_answer)
    if not question or not conversation.earlier_prompts:
        return []
    tool = next((each for each in tools if each["name"] == question.group(1)), None)
    if tool is None or best_tool(conversation.prompt, tools) not in (None, tool):
        return []
    call = _fill(tool, conversation.earlier_prompts[-1])
    found = fill_arguments(call.missing, conversation.prompt)
    for parameter in call.missing:
        value = found.arguments.get(parameter.name)
        if value is None:
            value = read_value(parameter, conversation.prompt)
        if value is not None:
            call.arguments[parameter.name] = value
    missing = [each for each in call.missing if each.name not in call.arguments]
    return [PlannedCall(tool, call.arguments, missing)]


def _plan(prompt: str, tools: Sequence[ToolSchema]) -> list[PlannedCall]:
    if is_small_talk(prompt) and not any(is_called_by_name(prompt, tool) for tool in tools):
        return []
    planned: list[PlannedCall] = []
    for sentence in _split(prompt, _SENTENCE_END):
        for part in _parts_with_own_tool(sentence, tools):
            tool = best_tool(part, tools)
            if tool is not None:
                planned += _calls_of_one_tool(tool, part, planned)
    if not planned:
        tool = best_tool(prompt, tools)
        return [] if tool is None else _calls_of_one_tool(tool, prompt, [])
    if len(planned) == 1 and planned[0].missing:
        # What the sentence lacks, another one may have.
        whole = _fill(planned[0].tool, prompt)
        if not whole.missing:
            return [PlannedCall(planned[0].tool, whole.arguments)]
    return planned


def _parts_with_own_tool(sentence: str, tools: Sequence[ToolSchema]) -> list[str]:
    """The sentence, cut where a clause asks for a tool again."""
    parts: list[str] = []
    current: ToolSchema | None = None
    start = end = 0
    for clause_start, clause_end in _spans(sentence, _CLAUSE_END):
        clause = sentence[clause_start:clause_end]
        tool = best_tool(clause, tools)
        if tool is not None and current is not None:
            complete = not (
                _fill(tool, clause).missing or _fill(current, sentence[start:end]).missing
            )
            if tool is not current or complete:
                parts.append(sentence[start:end])
                start, current = clause_start, tool
        current, end = current or tool, clause_end
    return [*parts, sentence[start:end]]


def _calls_of_one_tool(tool: ToolSchema, part: str, before: list[PlannedCall]) -> list[PlannedCall]:
    """One call, or one for each of several values that the part lists."""
    several = _one_call_a_clause(tool, part)
    if several:
        return several
    filled = _fill(tool, part)
    for parameter in list(filled.missing):
        # "... and what time is it there?"
        for call in reversed(before):
            if parameter.name in call.arguments and parameter.type == "string":
                filled.arguments[parameter.name] = call.arguments[parameter.name]
                filled.missing.remove(parameter)
                break
    return [PlannedCall(tool, filled.arguments, filled.missing)]


def _one_call_a_clause(tool: ToolSchema, part: str) -> list[PlannedCall]:
    """A call for each clause of "the weather in Paris and in Rome"; empty for other parts."""
    clauses = _split(part, _CLAUSE_END)
    parameters = read_parameters(tool.get("parameters", {}))
    if len(clauses) < 2 or any(each.type in ("array", "object") for each in parameters):
        return []
    filled = [_fill(tool, clause).arguments for clause in clauses]
    for parameter in parameters:
        # "... in Paris and Rome, in fahrenheit": what only one clause has holds for all.
        values = [each[parameter.name] for each in filled if parameter.name in each]
        for arguments in filled:
            if values and parameter.name not in arguments:
                arguments[parameter.name] = values[-1]
    complete = all(
        each.name in arguments for each in parameters if each.required for arguments in filled
    )
    distinct = all(filled.count(arguments) == 1 for arguments in filled)
    plain = all(_is_value(clause) for clause in clauses[1:])
    if not (parameters and complete and distinct and plain):
        return []
    return [PlannedCall(tool, arguments) for arguments in filled]


def _is_value(clause: str) -> bool:
    """Whether a clause gives a value, as "in Rome" does, rather than going on with a phrase."""
    found = [*find_names(clause), *find_quotes(clause), *find_numbers(clause)]
    return bool(found) or _PREPOSITION.match(clause) is not None


def _take_from_result(call: PlannedCall, result: str) -> None:
    """Complete a call with the result of the call before."""
    numbers = find_numbers(result)
    if len(numbers) == 1 and len(call.missing) == 1:
        parameters = read_parameters(call.tool.get("parameters", {}))
        numeric = [each.name for each in parameters if each.type in ("integer", "number")]
        if call.missing[0].name in numeric:
            # The result comes first: "multiply 3 by 4, then subtract 5".
            given = [call.arguments[name] for name in numeric if name in call.arguments]
            call.arguments.update(zip(numeric, [numbers[0].value, *given], strict=False))
            call.missing = []
            return
    texts = [each for each in call.missing if each.type == "string" and each.kind == "text"]
    if len(texts) == 1:
        call.arguments[texts[0].name] = result
        call.missing.remove(texts[0])


def _fill(tool: ToolSchema, text: str) -> Filled:
    words = {meaning(word) for word in split_name(tool["name"])}
    return fill_arguments(read_parameters(tool.get("parameters", {})), text, words)


def _split(text: str, ends: "re.Pattern[str]") -> list[str]:
    return [text[start:end] for start, end in _spans(text, ends)]


def _spans(text: str, ends: "re.Pattern[str]") -> list[tuple[int, int]]:
    """Where the parts of a text stand that `ends` separates; quoted texts are not cut."""
    quotes = find_quotes(text)
    spans: list[tuple[int, int]] = []
    start = 0
    for match in ends.finditer(text):
        if any(quote.start < match.start() < quote.end for quote in quotes):
            continue
        spans.append((start, match.start()))
        start = match.end()
        if len(spans) == MAX_PARTS:
            break
    spans.append((start, len(text)))
    return [(begin, end) for begin, end in spans if text[begin:end].strip()]
