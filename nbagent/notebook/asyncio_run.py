"""Turns `asyncio.run(main())` in a cell into `await (main())`.

Lessons and scripts end with it, and in a notebook it fails, as the event loop is running
already. Only where an await means the same is it put in its place: outside of functions,
classes, lambdas, comprehensions and f-strings, and without further arguments. No line moves.
"""

import ast
import asyncio
import asyncio.runners
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from nbagent.notebook.input_rewriting import cell_is_running
from nbagent.notebook.source import source_lines

_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
"""Where an await stands for something else than at the top of a cell."""

_TRAILING_COMMA = re.compile(rb"(?:[\s)\\]|#[^\r\n]*[\r\n])*(,)")

_MODULE, _FUNCTION, _OTHER = "asyncio", "asyncio.run", "something else"
"""What a name may mean."""


class AwaitAsyncioRun:
    """The transformer of one shell. `install()` adds it, `remove()` takes it out.

    Args:
        shell: The shell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell

    def install(self) -> None:
        """Begin to rewrite cells."""
        self._shell.input_transformers_post.append(self.await_calls)

    def remove(self) -> None:
        """Stop to rewrite cells."""
        self._shell.input_transformers_post.remove(self.await_calls)

    def await_calls(self, lines: list[str]) -> list[str]:
        """Await what a cell gives to `asyncio.run`."""
        text = "".join(lines)
        # Elsewhere than in a kernel no loop is running, and asyncio.run works as it is.
        in_kernel = getattr(self._shell, "kernel", None) is not None
        if "run" not in text or not in_kernel or not self._shell.autoawait:
            return lines
        if cell_is_running(self._shell):
            return lines
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            return lines  # IPython reports it when it compiles the cell
        meanings = _meanings(tree, self._shell.user_ns)
        edits = [
            edit
            for call, parent in _top_level_calls(tree)
            if _is_asyncio_run(call, meanings)
            for edit in _edits(text, call, in_brackets=not isinstance(parent, ast.stmt))
        ]
        return [_edited(text, edits)] if edits else lines


def _meanings(tree: ast.Module, namespace: Mapping[str, Any]) -> dict[str, set[str]]:
    """What each name means that the notebook or the cell gives a value."""
    meanings: dict[str, set[str]] = {}
    for name, value in namespace.items():
        # Nesting replaces asyncio.run, and an earlier import keeps the original.
        is_function = value is asyncio.run or value is asyncio.runners.run
        meanings[name] = {_MODULE if value is asyncio else _FUNCTION if is_function else _OTHER}
    for node in ast.walk(tree):
        for name, meaning in _bindings(node):
            meanings.setdefault(name, set()).add(meaning)
    return meanings


def _bindings(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that a node of the cell gives a value, and what they mean then."""
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                package = alias.name.partition(".")[0]
                means_package = package == "asyncio" and alias.asname is None
                is_module = means_package or alias.name == "asyncio"
                yield alias.asname or package, _MODULE if is_module else _OTHER
        case ast.ImportFrom(module=module, names=aliases, level=level):
            for alias in aliases:
                is_function = (module, alias.name, level) == ("asyncio", "run", 0)
                yield alias.asname or alias.name, _FUNCTION if is_function else _OTHER
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name, _OTHER
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, _OTHER
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name, _OTHER
        case _:
            return


def _top_level_calls(node: ast.AST) -> Iterator[tuple[ast.Call, ast.AST]]:
    """The calls in places where an await can take their place, each with its parent."""
    for child in ast.iter_child_nodes(node):
        # Before Python 3.12 what stands in an f-string has no place of its own.
        if isinstance(child, (*_SCOPES, ast.JoinedStr)):
            continue
        if isinstance(child, ast.Call):
            yield child, node
        yield from _top_level_calls(child)


def _is_asyncio_run(call: ast.Call, meanings: Mapping[str, set[str]]) -> bool:
    """Whether the call is surely `asyncio.run` of one thing, without options."""
    match call:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="run") as function):
            meaning = _MODULE
        case ast.Call(func=ast.Name(id=name) as function):
            meaning = _FUNCTION
        case _:
            return False
    begins_with_name = (call.lineno, call.col_offset) == (function.lineno, function.col_offset)
    return (
        meanings.get(name) == {meaning}
        and begins_with_name
        and function.lineno == function.end_lineno
        and len(call.args) == 1
        and not call.keywords
        and not isinstance(call.args[0], ast.Starred)
    )


def _edits(text: str, call: ast.Call, *, in_brackets: bool) -> Iterator[tuple[int, int, bytes]]:
    """What to change for a call: start and end in bytes of the text, and what to put there."""
    code = text.encode()
    starts = [0, *itertools.accumulate(len(line) for line in source_lines(text))]

    def end_of(node: ast.expr) -> int:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return starts[node.end_lineno - 1] + node.end_col_offset

    start, end = starts[call.lineno - 1] + call.col_offset, end_of(call)
    yield start, end_of(call.func), b"(await " if in_brackets else b"await "
    # With the comma, the brackets around the argument would make a tuple of it.
    if comma := _TRAILING_COMMA.match(code, end_of(call.args[0]), end):
        yield comma.start(1), comma.end(1), b""
    if in_brackets:
        yield end, end, b")"


def _edited(text: str, edits: Iterable[tuple[int, int, bytes]]) -> str:
    code = text.encode()
    for start, end, new in sorted(edits, reverse=True):
        code = code[:start] + new + code[end:]
    return code.decode()
