"""Questions in a terminal: real programs in real pseudo-terminals, and through pipes and files."""

import sys
from pathlib import Path

import pytest

from tests.ui.terminal_session import piped, terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")

ASK_TWICE = """
async def main():
    print("GOT", repr(await ask("First?")))
    print("GOT", repr(await ask("Second?")))
asyncio.run(main())
"""


def test_lines_are_answers() -> None:
    with terminal(ASK_TWICE) as session:
        session.wait_for("First? ")
        for byte in "Zoë 👩‍🚀\n".encode():  # characters come in pieces
            session.type_bytes(bytes([byte]))
        session.wait_for(r"GOT 'Zoë 👩\u200d🚀'")
        session.wait_for("Second? ")
        session.type("\n")
        session.wait_for("GOT ''")
        assert session.end() == 0
    assert "Second? \nGOT" in session.screen


def test_typing_ahead_answers_one_question_a_line() -> None:
    with terminal(ASK_TWICE) as session:
        session.wait_for("First? ")
        session.type("one\ntwo\n")
        session.wait_for("GOT 'one'")
        session.wait_for("GOT 'two'")
        assert session.end() == 0


def test_choices_and_yes_or_no() -> None:
    program = """
async def main():
    print("GOT", await ask("Which?", choices=["red", "2", "Blue"]))
    print("GOT", await ask("Which?", choices=["red", "blue"], default="blue"))
    print("GOT", await ask("Sure?", bool))
    print("GOT", await ask("Sure?", bool, default=False))
asyncio.run(main())
"""
    with terminal(program) as session:
        session.wait_for("  3. Blue\nNumber or text: ")
        session.type("4\n")
        session.wait_for("'4' is none of the choices.")
        session.wait_for("Number or text: ")
        session.type("blue\n")
        session.wait_for("GOT Blue")
        session.wait_for("[blue]: ")
        session.type("\n")
        session.wait_for("GOT blue")
        session.wait_for("Sure? [y/n] ")
        session.type("perhaps\n")
        session.wait_for("y or n")
        session.type("Y\n")
        session.wait_for("GOT True")
        session.wait_for("[y/N] ")
        session.type("\n")
        session.wait_for("GOT False")
        assert session.end() == 0


def test_a_form_is_asked_field_by_field() -> None:
    program = """
from typing import Literal
from pydantic import BaseModel, Field, field_validator
class Order(BaseModel):
    name: str = Field(description="Who orders.")
    amount: int = Field(ge=1, le=9)
    colour: Literal["red", "blue"] = "red"
    extras: list[Literal["card", "ribbon"]] = []
    tags: list[str] = []
    gift: bool = False
    @field_validator("name")
    @classmethod
    def check(cls, name):
        if name == "nobody":
            raise ValueError("somebody must order")
        return name
print("GOT", asyncio.run(ask("Your order", Order)).model_dump())
"""
    with terminal(program) as session:
        session.wait_for("Your order\n  (Who orders.)\nName: ")
        session.type("nobody\n")
        session.wait_for("Amount (a whole number, 1 to 9): ")
        session.type("10\n")
        session.wait_for("at most 9")
        session.wait_for("Amount (a whole number, 1 to 9): ")
        session.type("3\n")
        session.wait_for("Number or text [red]: ")
        session.type("2\n")
        session.wait_for("Numbers or texts, with commas: ")
        session.type("ribbon, 1\n")
        session.wait_for("> ")
        session.type("a b\n")
        session.wait_for("> ")
        session.type("c\n")
        session.wait_for("> ")
        session.type("\n")
        session.wait_for("Gift [y/N]: ")
        session.type("y\n")
        session.wait_for("Name: somebody must order")
        session.wait_for("Name [nobody]: ")
        session.type("Ann\n")
        session.wait_for(
            "GOT {'name': 'Ann', 'amount': 3, 'colour': 'blue', 'extras': ['card', 'ribbon'], "
            "'tags': ['a b', 'c'], 'gift': True}"
        )
        assert session.end() == 0


WITHDRAW = """
import signal
async def main():
    task = asyncio.create_task(ask("First?"))
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, task.cancel)
    await asyncio.wait([task])
    print("CANCELLED", task.cancelled())
    print("GOT", await ask("Second?"))
"""


def test_what_was_half_typed_for_a_withdrawn_question_is_forgotten() -> None:
    with terminal(WITHDRAW + "asyncio.run(main())") as session:
        session.wait_for("First? ")
        session.type("half")
        session.wait_for("half")
        session.tell()
        session.wait_for("\nCANCELLED True\n")
        session.wait_for("Second? ")
        session.type("whole\n")
        session.wait_for("GOT whole")
        assert session.end() == 0


def test_a_loop_that_cannot_watch_the_input() -> None:
    program = f"""
{WITHDRAW}
class LikeWindows(asyncio.SelectorEventLoop):
    def add_reader(self, fd, callback, *args):
        if fd == 0:
            raise NotImplementedError
        return super().add_reader(fd, callback, *args)
loop = LikeWindows()
try:
    loop.run_until_complete(main())
    print("GOT", loop.run_until_complete(ask("Third?", timeout=0.2, default="none")))
finally:
    loop.close()
"""
    with terminal(program) as session:
        session.wait_for("First? ")
        session.tell()
        session.wait_for("CANCELLED True\n")
        session.wait_for("Second? ")
        session.type("late, and not lost 👋\n")
        session.wait_for("GOT late, and not lost 👋")
        session.wait_for("GOT none")
        assert session.end() == 0  # though a thread still reads
    assert "Fatal" not in session.screen


def test_timeout() -> None:
    program = """
print("GOT", asyncio.run(ask("What?", timeout=0.1, default="nothing")))
asyncio.run(ask("What?", timeout=0.1))
"""
    with terminal(program) as session:
        session.wait_for("What? [nothing] ")
        session.wait_for("\n[What?: nobody answered within 0.1 s; taken instead: nothing]\n")
        session.wait_for("GOT nothing")
        session.wait_for("UserInputError: There is no answer to 'What?': nobody answered within")
        assert session.end() == 1


def test_ctrl_c_ends_the_program_and_ctrl_d_the_input() -> None:
    program = """
async def main():
    try:
        await ask("What?")
    finally:
        print("CLEANED UP")
asyncio.run(main())
"""
    with terminal(program) as session:
        session.wait_for("What? ")
        session.type("\x03")
        session.wait_for("CLEANED UP\n")
        session.wait_for("KeyboardInterrupt")
        assert session.end() != 0
    with terminal(program) as session:
        session.wait_for("What? ")
        session.type("\x04")
        session.wait_for("\nCLEANED UP\n")
        session.wait_for("UserInputError: There is no answer to 'What?': the standard input has")
        assert session.end() == 1


def test_several_at_once_are_asked_in_turn_from_any_loop() -> None:
    program = """
import signal, threading
from nbagent.agents import UserProxyAgent
async def one(name):
    result = await UserProxyAgent(name).run(task="Go")
    os.write(1, f"GOT {name} {result.messages[-1].content}\\n".encode())
async def main():
    tasks = [asyncio.create_task(one("first"))]
    await asyncio.sleep(0.1)
    other = threading.Thread(target=asyncio.run, args=[one("elsewhere")])
    other.start()
    await asyncio.sleep(0.5)
    tasks += [asyncio.create_task(one(name)) for name in ("dropped", "last")]
    def drop():
        tasks[1].cancel()
        print("CANCELLED", flush=True)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, drop)
    print("READY", flush=True)
    await asyncio.wait(tasks)
    await asyncio.to_thread(other.join)
asyncio.run(main())
"""
    with terminal(program) as session:
        session.wait_for("[first] Enter your response: ")
        session.wait_for("READY")
        session.tell()
        session.wait_for("CANCELLED")
        for answer, name in enumerate(("first", "elsewhere", "last")):
            if answer:
                session.wait_for(f"[{name}] Enter your response: ")
            session.type(f"{answer}\n")
            session.wait_for(f"{answer}\n")
        assert session.end() == 0
    for line in ("GOT first 0", "GOT elsewhere 1", "GOT last 2"):
        assert line in session.screen
    assert session.screen.count("Enter your response") == 3


def test_a_line_that_the_terminal_has_cut_off_is_refused() -> None:
    with terminal('print("GOT", len(asyncio.run(ask("What?"))))') as session:
        session.wait_for("What? ")
        session.type("a" * 5_000 + "\n")
        session.wait_for("has cut this one off")
        session.wait_for("What? ")
        session.type("a" * 4_000 + "\n")
        session.wait_for("GOT 4000")
        assert session.end() == 0


def test_a_pipe_is_read_to_the_end_of_each_line_and_shared_with_input() -> None:
    program = """
print("INPUT", input())
print("GOT", asyncio.run(ask("First?")))
print("INPUT", input())
print("GOT", asyncio.run(ask("Second?")), flush=True)
os.execvp("cat", ["cat"])
"""
    code, out, errors = piped(program, "a\nß\nc\nd 👋\n".encode())
    assert (code, errors) == (0, "")
    assert out == "INPUT a\nFirst? ß\nGOT ß\nINPUT c\nSecond? d 👋\nGOT d 👋\n"


def test_nothing_beyond_the_line_is_taken_from_a_pipe() -> None:
    program = """
print("GOT", asyncio.run(ask("First?")), flush=True)
os.execvp("cat", ["cat"])
"""
    code, out, _ = piped(program, b"a\nthe rest\nis cat's\n")
    assert code == 0
    assert out == "First? a\nGOT a\nthe rest\nis cat's\n"


def test_a_file_as_input(tmp_path: Path) -> None:
    path = tmp_path / "answers.txt"
    path.write_text("a\nß\nc", encoding="utf-8")
    program = f"""
sys.stdin = open({str(path)!r}, encoding="utf-8")
print("INPUT", sys.stdin.readline().strip())
print("GOT", asyncio.run(ask("First?")))
print("GOT", asyncio.run(ask("Second?")))
print("GOT", asyncio.run(ask("Third?", default="none")))
"""
    code, out, errors = piped(program, None)
    assert (code, errors) == (0, "")
    assert out.splitlines() == [
        "INPUT a",
        "First? ß",
        "GOT ß",
        "Second? c",
        "GOT c",
        "Third? [none] ",
        "[Third?: the standard input has ended; taken instead: none]",
        "GOT none",
    ]


@pytest.mark.parametrize(
    ("program", "given", "reason"),
    [
        ("", None, "the standard input is empty"),
        ("", b"", "the standard input has ended"),
        ("sys.stdin.close()", b"x\n", "the standard input is closed"),
        ("sys.stdin = None", b"x\n", "the program has no standard input"),
    ],
)
def test_where_nobody_can_be_asked(program: str, given: bytes | None, reason: str) -> None:
    code, out, errors = piped(f"{program}\nprint(asyncio.run(ask('What?', default='x')))", given)
    assert (code, errors) == (0, "")
    assert out.endswith(f"[What?: {reason}; taken instead: x]\nx\n")
    code, _, errors = piped(f"{program}\nprint(asyncio.run(ask('What?')))", given)
    assert code == 1
    assert f"UserInputError: There is no answer to 'What?': {reason}." in errors


def test_an_input_of_ones_own() -> None:
    program = """
import io
sys.stdin = io.StringIO("from a string\\n")
print("GOT", asyncio.run(ask("What?")))
"""
    assert piped(program, None)[1] == "What? from a string\nGOT from a string\n"


def test_a_flood_without_a_line_end_is_bounded() -> None:
    given = "é".encode() * 600_000 + b"\nshort\n"
    code, out, _ = piped('print("GOT", len(asyncio.run(ask("What?"))))', given)
    assert code == 0
    assert "longer than 1,000,000 bytes" in out
    assert out.endswith("What? short\nGOT 5\n")


def test_bytes_that_are_no_text_are_refused() -> None:
    code, out, _ = piped('print("GOT", asyncio.run(ask("What?")))', b"\xff\xfe\ngood\n")
    assert code == 0
    assert "That line is no utf-8 text." in out
    assert out.endswith("GOT good\n")


def test_an_output_that_knows_ascii_only() -> None:
    program = """
import io
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="ascii")
print("GOT", ascii(asyncio.run(ask("Größe?"))))
"""
    code, out, errors = piped(program, "groß\n".encode())
    assert (code, errors) == (0, "")
    assert out == "Gr\\xf6\\xdfe? gro\\xdf\nGOT 'gro\\xdf'\n"
