"""Fills the arguments of a tool from a prompt.

Each parameter is tried with the surest sign first: a value that is named ("city: Paris"), one
from its list of choices, one with an unmistakable form, and only then what merely stands in a
likely place. What has been used for one parameter is not used for another.
"""

from dataclasses import dataclass, field
from typing import Any

from nbagent.models.demo.find_arguments import (
    choice,
    flag,
    formatted,
    list_of_values,
    named,
    next_number,
    number_beside,
    phrase,
    quoted,
    remainder,
)
from nbagent.models.demo.find_values import Found
from nbagent.models.demo.parameters import Parameter, read_parameters
from nbagent.models.demo.prompt_text import PromptText

MAX_DEPTH = 3
"""How deeply objects are filled."""


@dataclass
class Filled:
    """The arguments of one call.

    Attributes:
        arguments: The values found, by name.
        missing: The required parameters for which there was none.
    """

    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    missing: list[Parameter] = field(default_factory=list[Parameter])


def fill_arguments(
    parameters: list[Parameter],
    text: str,
    tool_words: set[str] | None = None,
    depth: int = 0,
) -> Filled:
    """Fill parameters from a prompt.

    Args:
        parameters: What is to be filled, in order.
        text: The prompt.
        tool_words: What the words of the tool's name mean; they are no values themselves.
        depth: In how many objects the parameters stand.
    """
    source = PromptText(text)
    values: dict[str, Any] = {}
    for find in (named, choice, formatted, number_beside, flag):
        for parameter in parameters:
            _fill(values, parameter, find(parameter, source), source)
    for parameter in _take_numbers_in_order(parameters, values):
        _fill(values, parameter, next_number(parameter, source), source)
    for find in (list_of_values, quoted, phrase):
        for parameter in parameters:
            if parameter.required or find is phrase:
                _fill(values, parameter, find(parameter, source), source)
    for parameter in parameters:
        if parameter.required and parameter.name not in values:
            if parameter.type == "object" and depth < MAX_DEPTH:
                inner = fill_arguments(read_parameters(parameter.schema), text, depth=depth + 1)
                if inner.arguments and not inner.missing:
                    values[parameter.name] = inner.arguments
            elif parameter.type == "string" and not parameter.choices:
                _fill(values, parameter, remainder(parameter, source, tool_words), source)
    return Filled(
        arguments={each.name: values[each.name] for each in parameters if each.name in values},
        missing=[each for each in parameters if each.required and each.name not in values],
    )


def _fill(
    values: dict[str, Any], parameter: Parameter, found: Found | None, source: PromptText
) -> None:
    if found is not None and parameter.name not in values:
        values[parameter.name] = found.value
        source.use(found)


def _take_numbers_in_order(parameters: list[Parameter], values: dict[str, Any]) -> list[Parameter]:
    """The numeric parameters that are filled with the remaining numbers, one after another."""
    open_ones = [
        each
        for each in parameters
        if each.type in ("integer", "number") and not each.choices and each.name not in values
    ]
    required = [each for each in open_ones if each.required]
    if required:
        return required
    # A single number for a single optional parameter is as good as named.
    others = any(
        each.type in ("integer", "number", "array") for each in parameters if each.required
    )
    return open_ones if len(open_ones) == 1 and not others else []
