"""How cells with %agent are rewritten, in a real IPython shell."""

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from nbagent.notebook.input_rewriting import AwaitAgent

Seen = list[tuple[str, str, str | None]]


def plain_shell() -> Any:
    # No history file: it would lie in the home of whoever runs the tests.
    return InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))


class Shell:
    """A shell with a magic `agent` that only notes how it was called."""

    def __init__(self) -> None:
        self.seen: Seen = []
        self.ip: Any = plain_shell()
        self.ip.register_magic_function(self._blocking, "line_cell", "agent")
        self.rewriting = AwaitAgent(self.ip, self._awaited)
        self.rewriting.install()

    def _blocking(self, line: str, cell: str | None = None) -> int:
        self.seen.append(("blocking", line, cell))
        return 42

    async def _awaited(self, line: str, cell: str | None = None) -> int:
        self.seen.append(("awaited", line, cell))
        return 42

    def transform(self, cell: str) -> str:
        return self.ip.transform_cell(cell)

    def run(self, cell: str) -> Seen:
        self.seen.clear()
        self.ip.run_cell(cell, store_history=True).raise_error()
        return list(self.seen)


@pytest.fixture
def shell() -> Shell:
    return Shell()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%agent poet --new\nhello\n", "await __agent__('poet --new', 'hello\\n');\n"),
        ("\n# why\n\n%%agent\nhi\n", "await __agent__('', 'hi\\n');\n"),
        (
            "%precision 3\n# why\n%%agent poet\nhi\n",
            "get_ipython().run_line_magic('precision', '3')\nawait __agent__('poet', 'hi\\n');\n",
        ),
        ("%%agent --help", "await __agent__('--help', '');\n"),
        ("%agent what is a cat?", "await __agent__('what is a cat?');\n"),
        ("%agent what??", "await __agent__('what??');\n"),
        ("  %agent indented?", "await __agent__('indented?');\n"),
        ("r = %agent what's a (cat?\nr", 'r = await __agent__("what\'s a (cat?")\nr\n'),
        ("x.y, z = %agent ünï?", "x.y, z = await __agent__('ünï?')\n"),
        ("if x:\n    %agent a?\n", "if x:\n    await __agent__('a?');\n"),
        (
            "async def f(q):\n    r = %agent {q}?\n",
            "async def f(q):\n    r = await __agent__('{q}?')\n",
        ),
    ],
)
def test_where_an_await_can_stand_it_does(shell: Shell, cell: str, expected: str) -> None:
    assert shell.transform(cell) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (
            "def f():\n    %agent what is it?\n",
            "def f():\n    get_ipython().run_line_magic('agent', 'what is it?')\n",
        ),
        (
            "class C:\n    r = %agent it?\n",
            "class C:\n    r = get_ipython().run_line_magic('agent', 'it?')\n",
        ),
    ],
)
def test_where_no_await_can_stand_the_call_blocks(shell: Shell, cell: str, expected: str) -> None:
    assert shell.transform(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        's = """\n%agent not me\n"""\n',
        "# %agent not me\n",
        "agent = 3\nx = 7 %agent\n",
        "print('%%agent')\n",
    ],
)
def test_what_is_no_magic_stays_as_it_is(shell: Shell, cell: str) -> None:
    assert shell.transform(cell) == cell


@pytest.mark.parametrize("cell", ["%agent?", "%%agent?"])
def test_a_question_mark_at_the_magic_still_asks_for_its_help(shell: Shell, cell: str) -> None:
    assert "pinfo" in shell.transform(cell)


def test_the_prompt_below_is_not_touched(shell: Shell) -> None:
    body = "%agent inner?\n!ls\n# comment\n{x} 'quoted'\n"
    assert shell.run(f"%%agent\n{body}") == [("awaited", "", body)]


@pytest.mark.parametrize(
    "cell", ["%%time\n%%agent\nhi\n", "%%capture c\n%%agent\nhi\n", "%%time\n# why\n%%agent\nhi"]
)
def test_under_another_magic_the_call_blocks(shell: Shell, cell: str) -> None:
    assert shell.run(cell) == [("blocking", "", "hi\n")]


def test_a_line_under_another_magic_blocks_too(shell: Shell) -> None:
    assert shell.run("%%capture c\nr = %agent what?") == [("blocking", "what?", None)]
    assert shell.ip.user_ns["r"] == 42


def test_with_autoawait_off_the_call_blocks(shell: Shell) -> None:
    shell.ip.autoawait = False
    assert shell.run("%%agent\nhi\n") == [("blocking", "", "hi\n")]


def test_a_loop_awaits_each_time(shell: Shell) -> None:
    assert shell.run("for n in range(2):\n    r = %agent a?\n") == [("awaited", "a?", None)] * 2


def test_unusual_line_ends_in_a_string_do_no_harm(shell: Shell) -> None:
    cell = "s = 'a\x0cb\u2028c\x85d'\nr = %agent hi?\nassert r == 42 and len(s) == 7\n"
    assert shell.run(cell) == [("awaited", "hi?", None)]


def test_it_still_runs_after_a_reset(shell: Shell) -> None:
    shell.run("%reset -f")
    assert shell.run("%agent hi") == [("awaited", "hi", None)]


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("%%agent", "incomplete"),
        ("%%agent\nhello", "incomplete"),
        ("# why\n%%agent\nhello", "incomplete"),
        ("%%agent\nhello\n\n", "complete"),
        ("%agent what is a cat?", "complete"),
    ],
)
def test_a_terminal_waits_for_the_prompt(shell: Shell, cell: str, status: str) -> None:
    assert shell.ip.check_complete(cell)[0] == status


def test_removing_leaves_nothing_behind() -> None:
    plain = plain_shell()
    shell = Shell()
    shell.run("%agent hi")
    shell.rewriting.remove()
    for name in ("input_transformers_cleanup", "input_transformers_post"):
        assert len(getattr(shell.ip, name)) == len(getattr(plain, name))
    assert (
        shell.ip.input_transformer_manager.token_transformers
        == plain.input_transformer_manager.token_transformers
    )
    assert "__agent__" not in shell.ip.user_ns
