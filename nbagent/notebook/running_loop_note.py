"""Says below "asyncio.run() cannot be called from a running event loop" what to write instead.

`asyncio_run` rewrites such a call where it can. Inside a function it cannot: there the error
gets a note, which IPython shows at the end of the traceback.
"""

import ast
import linecache
import re
import traceback
from types import TracebackType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

_ERROR = re.compile(
    r"(asyncio\.run|Runner\.run)\(\) cannot be called from a running event loop"
    r"|This event loop is already running"
)


class RunningLoopNote:
    """The note in one shell. `install()` adds it, `remove()` takes it away.

    Args:
        shell: The shell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell
        self._previous: tuple[Any, Any] | None = None
        self._handler: Any = None

    def install(self) -> None:
        """Begin to add the note."""
        # There is one handler a shell: whoever was there first keeps his errors.
        self._previous = (self._shell.custom_exceptions, getattr(self._shell, "CustomTB", None))
        self._shell.set_custom_exc((*self._shell.custom_exceptions, RuntimeError), self._show)
        self._handler = self._shell.CustomTB

    def remove(self) -> None:
        """Stop to add it, unless somebody has put a handler of his own in its place."""
        if self._previous is not None and self._shell.CustomTB is self._handler:
            self._shell.custom_exceptions, self._shell.CustomTB = self._previous
        self._previous = None

    def _show(
        self,
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
        tb_offset: int | None = None,
    ) -> None:
        """Show an error as IPython does, with the note where it helps."""
        if isinstance(error, RuntimeError) and _ERROR.match(str(error)):
            _add_note(error, _note(_coroutine(trace)))
        assert self._previous is not None
        exceptions, handler = self._previous
        if handler is not None and issubclass(kind, exceptions):
            handler(kind, error, trace, tb_offset=tb_offset)
        else:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _note(coroutine: str) -> str:
    return (
        "In a notebook the event loop is running already. "
        f"In the cell itself, and in async functions, write: await {coroutine}\n"
        f"In a plain function, write: nbagent.run_sync({coroutine})"
    )


def _coroutine(trace: TracebackType | None) -> str:
    """What the failing call was to run, as it is written in the cell or the file."""
    for frame in reversed(traceback.extract_tb(trace)):
        source = "".join(linecache.getlines(frame.filename))
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):  # such as cells with magics
            continue
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="run" | "run_until_complete") | ast.Name(id="run"),
                    args=[argument, *_],
                    lineno=first,
                    end_lineno=int(last),
                ) if first <= (frame.lineno or 0) <= last:
                    text = ast.get_source_segment(source, argument)
                    if text is not None and "\n" not in text:
                        return text
                case _:
                    pass
    return "main()"


def _add_note(error: BaseException, note: str) -> None:
    """`error.add_note(note)`, which Python 3.10 does not have; IPython shows notes there too."""
    notes: list[str] = getattr(error, "__notes__", [])
    if note not in notes:
        error.__notes__ = [*notes, note]  # pyright: ignore[reportAttributeAccessIssue]
