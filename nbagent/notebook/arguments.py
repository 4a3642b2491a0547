"""What stands behind `%agent` and `%%agent`: a name, options and a prompt."""

import difflib
import keyword
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from IPython.core.error import UsageError

CELL_USAGE = "%%agent [NAME] [--model M] [--image PATH_OR_VAR] [--drop] [--out VAR] [--new]"
LINE_USAGE = "%agent [NAME] [--model M] [--image PATH_OR_VAR] [--drop] [--out VAR] [--new] PROMPT"

_VALUED = ("--model", "--image", "--out")
_FLAGS = ("--drop", "--new", "--help")

_OPTION = re.compile(r"(--[A-Za-z][\w-]*|-h(?=\s|$))(=?)")
_VALUE = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|(?!--)(\S+))""")
_WORD = re.compile(r"\S+")
_SPACE = re.compile(r"\s*")


@dataclass
class AgentArguments:
    """What a magic's line asks for.

    Attributes:
        name: The agent; None for the default one.
        model: The model spec of `--model`.
        images: The paths or variables of each `--image`, in order.
        drop: Whether files are asked for first, which go along with the prompt.
        out: The variable that takes the result.
        new: Whether the agent forgets the conversation first.
        help: Whether only the help is wanted.
        prompt: What the agent is told, before `{name}` is filled in.
    """

    name: str | None = None
    model: str | None = None
    images: list[str] = field(default_factory=list[str])
    drop: bool = False
    out: str | None = None
    new: bool = False
    help: bool = False
    prompt: str = ""


def parse_cell(line: str, body: str) -> AgentArguments:
    """Read `%%agent line` with its prompt below.

    Raises:
        UsageError: The line does not follow `CELL_USAGE`.
    """
    arguments = AgentArguments(prompt=body.lstrip("\r\n").rstrip())
    position = _read_options(arguments, line, CELL_USAGE)
    if (word := _WORD.match(line, position)) and word[0] != "--":
        arguments.name = check_name(word[0])
        position = _read_options(arguments, line, CELL_USAGE, word.end())
    rest = line[position:].strip()
    if rest and not arguments.help:
        raise UsageError(
            f"%%agent takes one agent name, and {rest!r} follows it. Write the prompt on the "
            f"lines below, or all on one line with %agent. {_usage(CELL_USAGE)}"
        )
    return arguments


def parse_line(line: str, is_agent: Callable[[str], bool]) -> AgentArguments:
    """Read `%agent line`, the prompt at its end.

    The options come first; what follows them is taken as it is. A lone `--` ends them.

    Args:
        line: What stands behind `%agent`.
        is_agent: Whether a word names an agent. Only then is the first word of the prompt
            its name.

    Raises:
        UsageError: The line does not follow `LINE_USAGE`.
    """
    arguments = AgentArguments()
    position = _read_options(arguments, line, LINE_USAGE)
    if (word := _WORD.match(line, position)) and is_agent(word[0]):
        arguments.name = word[0]
        position = _read_options(arguments, line, LINE_USAGE, word.end())
    if (word := _WORD.match(line, position)) and word[0] == "--":
        position = word.end()
    arguments.prompt = line[position:].strip()
    return arguments


def check_name(name: str) -> str:
    """An agent's name, as it is.

    Raises:
        UsageError: It is no Python identifier.
    """
    if name.isidentifier():
        return name
    proposal = re.sub(r"\W+", "_", name).strip("_")
    if proposal[:1].isdigit():
        proposal = f"agent_{proposal}"
    example = f", for example {proposal}" if proposal.isidentifier() else ""
    raise UsageError(
        f"{name!r} cannot be an agent's name: use letters, digits and '_', and begin with a "
        f"letter{example}. {_usage(CELL_USAGE)}"
    )


def near_matches(word: str, known: Iterable[str]) -> str:
    """A question that proposes what `word` may have meant; empty where nothing is near."""
    bare = {name.lstrip("-"): name for name in known}
    matches = difflib.get_close_matches(word.lstrip("-"), bare, n=2, cutoff=0.6)
    near = [bare[match] for match in matches]
    return f"; did you mean {' or '.join(near)}?" if near else "."


def _read_options(arguments: AgentArguments, line: str, usage: str, position: int = 0) -> int:
    """Read the options that stand at `position`, and return where they end."""
    while True:
        position = _SPACE.match(line, position).end()  # type: ignore[union-attr]
        match = _OPTION.match(line, position)
        if match is None:
            return position
        option = "--help" if match[1] == "-h" else match[1]
        position = match.end()
        if option in _VALUED:
            value = _VALUE.match(line, position)
            text = next((part for part in value.groups() if part), None) if value else None
            if value is None or text is None:
                raise UsageError(f"{option} needs a value. {_usage(usage)}")
            position = value.end()
            _set_value(arguments, option, text)
        elif option in _FLAGS:
            if match[2]:
                raise UsageError(f"{option} takes no value. {_usage(usage)}")
            arguments.drop = arguments.drop or option == "--drop"
            arguments.new = arguments.new or option == "--new"
            arguments.help = arguments.help or option == "--help"
        else:
            hint = "" if usage is CELL_USAGE else " (Before a prompt that begins so, write --.)"
            raise UsageError(
                f"there is no option {option!r}{near_matches(option, (*_VALUED, *_FLAGS))}"
                f"{hint} {_usage(usage)}"
            )


def _set_value(arguments: AgentArguments, option: str, value: str) -> None:
    if option == "--image":
        arguments.images.append(value)
    elif option == "--model":
        arguments.model = value
    elif not value.isidentifier() or keyword.iskeyword(value):
        raise UsageError(
            f"--out {value!r}: the result goes into a variable, so give a Python name, "
            "for example --out result."
        )
    else:
        arguments.out = value


def _usage(usage: str) -> str:
    return f"Usage: {usage}"
