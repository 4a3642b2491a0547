"""Turns `%agent` and `%%agent` into top-level awaits, so that they run on the kernel's loop.

IPython first turns a magic into `get_ipython().run_cell_magic('agent', ...)`, which blocks.
Here that call becomes `await __agent__(...);`: the loop stays free, so Stop works and a widget
can answer while the cell runs. The semicolon keeps IPython from printing the value below the
transcript. Where no await is possible (inside a plain function, under `%%time`, with
`%autoawait off`) the call stays as it is, and the registered magic runs it.
"""

import ast
import re
import tokenize
from collections.abc import Callable, Iterator
from typing import Any

from IPython.core.inputtransformer2 import EscapedCommand, MagicAssign, TokenTransformBase
from IPython.core.interactiveshell import InteractiveShell

from nbagent.notebook.source import source_lines

AWAITED = "__agent__"
"""The variable that holds what a rewritten cell awaits."""

_CELL = re.compile(r"%%agent\b(?!\?)[ \t]*(.*)")
_LINE_MAGIC = re.compile(r"%(?!%)\w")


class AgentCommand(EscapedCommand):
    """`%agent ...`, found before IPython takes a question mark at its end for a help request."""

    priority = 1

    @classmethod
    def find(cls, tokens_by_line: list[list[tokenize.TokenInfo]]) -> "AgentCommand | None":
        """The first `%agent` that begins a statement."""
        for line in tokens_by_line:
            tokens = _without_indentation(line)
            if _is_agent(tokens):
                return cls(tokens[0].start)
        return None


class AgentAssignment(TokenTransformBase):
    """`result = %agent ...`, found before a question mark at its end is taken for help."""

    priority = 1

    def __init__(self, start: tuple[int, int], magic: tuple[int, int]) -> None:
        super().__init__(start)
        self._magic = magic

    @classmethod
    def find(cls, tokens_by_line: list[list[tokenize.TokenInfo]]) -> "AgentAssignment | None":
        """The first assignment from `%agent`."""
        for line in tokens_by_line:
            depth = 0
            for index, token in enumerate(line):
                if token.type != tokenize.OP:
                    continue
                depth += (token.string in "([{") - (token.string in ")]}")
                if token.string == "=" and depth == 0:
                    if _is_agent(line[index + 1 :]):
                        start = _without_indentation(line)[0].start
                        return cls(start, line[index + 1].start)
                    break
        return None

    def transform(self, lines: list[str]) -> list[str]:
        """The lines with this assignment as a call."""
        return MagicAssign(self._magic).transform(lines)


class AwaitAgent:
    """The transformers of one shell. `install()` adds them, `remove()` takes them out.

    Args:
        shell: The shell.
        awaited: What a rewritten cell awaits, called with the magic's line and cell.
    """

    def __init__(self, shell: InteractiveShell, awaited: Callable[..., Any]) -> None:
        self._shell: Any = shell
        self._awaited = awaited

    def install(self) -> None:
        """Begin to rewrite cells."""
        self._shell.input_transformers_cleanup.append(self.lift_cell_magic)
        self._shell.input_transformer_manager.token_transformers += [AgentCommand, AgentAssignment]
        self._shell.input_transformers_post.append(self.await_calls)

    def remove(self) -> None:
        """Stop to rewrite cells."""
        self._shell.input_transformers_cleanup.remove(self.lift_cell_magic)
        for transformer in (AgentCommand, AgentAssignment):
            self._shell.input_transformer_manager.token_transformers.remove(transformer)
        self._shell.input_transformers_post.remove(self.await_calls)
        self._shell.user_ns.pop(AWAITED, None)

    def lift_cell_magic(self, lines: list[str]) -> list[str]:
        """Accept `%%agent` below comments and line magics, where IPython wants it first."""
        for index, line in enumerate(lines):
            if match := _CELL.match(line):
                above = [kept for kept in lines[:index] if _LINE_MAGIC.match(kept)]
                if not above:
                    return lines[index:]
                body = "".join(lines[index + 1 :])
                call = f"get_ipython().run_cell_magic('agent', {match[1].rstrip()!r}, {body!r})\n"
                return [*above, call]
            if line.strip() and not line.startswith("#") and not _LINE_MAGIC.match(line):
                break
        return lines

    def await_calls(self, lines: list[str]) -> list[str]:
        """Await the calls of the magic that stand where an await can."""
        text = "".join(lines)
        if "_magic('agent'" not in text:
            return lines
        try:
            statements = list(_top_level(ast.parse(text).body))
        except (SyntaxError, ValueError):
            return lines  # IPython reports it when it compiles the cell
        can_await = self._shell.autoawait and not cell_is_running(self._shell)
        if can_await:
            # Each time, as %reset empties the namespace.
            self._shell.push({AWAITED: self._awaited}, interactive=False)
        changed = source_lines(text)
        for statement in reversed(statements):
            call = statement.value
            if isinstance(call, ast.Call) and _runs_agent(call):
                _rewrite(changed, statement, call, can_await=can_await)
        return [b"".join(changed).decode()]


def cell_is_running(shell: Any) -> bool:
    """Whether a cell runs already: what is transformed then, a magic such as %%time runs."""
    trap = shell.display_trap
    # Older versions of IPython lack the public name.
    return trap.is_active if hasattr(trap, "is_active") else trap._nested_level > 0


def _is_agent(tokens: list[tokenize.TokenInfo]) -> bool:
    """Whether the tokens begin with `%agent`, and it is no `%agent?`."""
    return (
        [token.string for token in tokens[:2]] == ["%", "agent"]
        and tokens[0].end == tokens[1].start
        and not (len(tokens) > 2 and tokens[2].string == "?" and tokens[1].end == tokens[2].start)
    )


def _without_indentation(line: list[tokenize.TokenInfo]) -> list[tokenize.TokenInfo]:
    return [token for token in line if token.type not in (tokenize.INDENT, tokenize.DEDENT)]


def _top_level(
    body: list[ast.stmt],
) -> "Iterator[ast.Expr | ast.Assign | ast.AnnAssign | ast.AugAssign]":
    """The statements with a value where an await may stand: not in plain functions or classes."""
    for statement in body:
        if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield statement
        elif not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            for field in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(statement, field, []))
            for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
                yield from _top_level(part.body)


def _runs_agent(call: ast.Call) -> bool:
    """Whether the call is `get_ipython().run_line_magic('agent', ...)` or the cell's form."""
    function, arguments = call.func, call.args
    return (
        isinstance(function, ast.Attribute)
        and function.attr in ("run_line_magic", "run_cell_magic")
        and isinstance(function.value, ast.Call)
        and isinstance(function.value.func, ast.Name)
        and function.value.func.id == "get_ipython"
        and len(arguments) > 1
        and isinstance(arguments[0], ast.Constant)
        and arguments[0].value == "agent"
    )


def _rewrite(lines: list[bytes], statement: ast.stmt, call: ast.Call, *, can_await: bool) -> None:
    """Write `await` into `lines` (UTF-8, as ast counts columns), and a semicolon at the end."""
    assert call.end_lineno is not None and call.end_col_offset is not None
    last = call.end_lineno - 1
    rest = lines[last][call.end_col_offset :]
    if isinstance(statement, ast.Expr) and not rest.strip():
        lines[last] = lines[last][: call.end_col_offset] + b";" + rest
    first = call.args[1]
    if can_await and first.lineno == call.lineno:
        line = lines[call.lineno - 1]
        lines[call.lineno - 1] = (
            line[: call.col_offset] + f"await {AWAITED}(".encode() + line[first.col_offset :]
        )
