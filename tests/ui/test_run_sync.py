"""run_sync() where no notebook is: in scripts, threads and async functions."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nbagent.agents import AssistantAgent
from nbagent.base import TaskResult
from nbagent.messages import TextMessage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.ui.sync import run_sync

BEGIN = """
import asyncio, os, signal, sys, threading, time
from nbagent.agents import AssistantAgent
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.ui.sync import run_sync

agent = AssistantAgent("Ada", ReplayChatCompletionClient([f"Answer {n}." for n in range(9)]))

# What a shell starts in its background ignores Ctrl+C.
signal.signal(signal.SIGINT, signal.default_int_handler)

def press_ctrl_c(seconds):
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()

async def stalls(cleaning_up=0.0):
    print("waiting", flush=True)
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(cleaning_up)
        print("cleaned up", flush=True)
"""


def script(tmp_path: Path, code: str) -> str:
    """What a script prints. It must not end with an error, nor write to stderr."""
    path = tmp_path / "script.py"
    path.write_text(BEGIN + code)
    # Python tells of what was left open, and of coroutines that were never awaited.
    command = [sys.executable, "-W", "error", "-W", "always::ResourceWarning"]
    done = subprocess.run(
        [*command, str(path)], capture_output=True, text=True, timeout=60, cwd=Path.cwd()
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_a_script_runs_agents_without_await_and_without_ipython(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        "print(run_sync(agent.run(task='Hello')).messages[-1].content)\n"
        "result = run_sync(agent.run_stream(task='Hello'))\n"
        "print(type(result).__name__, result.messages[-1].content)\n"
        "print([name for name in ('IPython', 'nest_asyncio2', 'nbagent.notebook')"
        " if name in sys.modules])\n",
    )
    assert printed.startswith("Answer 0.\n---------- user ----------\nHello\n")
    assert printed.endswith("TaskResult Answer 1.\n[]\n")


def test_a_connection_stays_open_between_two_calls(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        """
import socketserver

class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        print("connected")
        for line in self.rfile:
            self.wfile.write(line)

server = socketserver.TCPServer(("127.0.0.1", 0), Echo)
threading.Thread(target=server.serve_forever, daemon=True).start()
reader, writer = run_sync(asyncio.open_connection(*server.server_address))

async def ask(text):
    writer.write(text.encode() + b"\\n")
    return (await reader.readline()).decode().strip()

print(run_sync(ask("one")), run_sync(ask("two")))

async def close():
    writer.close()
    await writer.wait_closed()
run_sync(close())
server.shutdown(); server.server_close()
""",
    )
    assert printed == "connected\none two\n"


def test_ctrl_c_ends_the_run_in_good_order_and_the_next_one_works(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        """
async def numbers():
    try:
        while True:
            yield 1
            await asyncio.sleep(3600)
    finally:
        print("generator closed")

async def both():
    async for _ in numbers():
        await stalls(0.05)

press_ctrl_c(0.3)
try:
    run_sync(both())
except KeyboardInterrupt:
    print("interrupted")
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
print(run_sync(agent.run(task="Hello")).messages[-1].content)
""",
    )
    assert printed.startswith("waiting\ncleaned up\n")
    assert "interrupted\nTrue\n" in printed and "Answer 0.\n" in printed
    assert printed.count("generator closed") == 1


def test_a_run_that_goes_on_after_ctrl_c_does_not_hide_it(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        """
async def stubborn():
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        return "as if nothing had happened"

press_ctrl_c(0.3)
try:
    print(run_sync(stubborn()))
except KeyboardInterrupt:
    print("interrupted")
""",
    )
    assert printed == "interrupted\n"


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        """
press_ctrl_c(0.3)
press_ctrl_c(0.8)
try:
    run_sync(stalls(cleaning_up=3600))
except KeyboardInterrupt:
    print("interrupted")
""",
    )
    # What still cleans up is cancelled once more when the process ends.
    assert printed == "waiting\ninterrupted\n"


def test_a_handler_of_ones_own_is_respected(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        """
seen = asyncio.Event()
signal.signal(signal.SIGINT, lambda number, frame: loop.call_soon_threadsafe(seen.set))

async def until_seen():
    global loop
    loop = asyncio.get_running_loop()
    await seen.wait()
    return "mine"

press_ctrl_c(0.3)
print(run_sync(until_seen()))
""",
    )
    assert printed == "mine\n"


def test_what_is_left_over_ends_with_the_process(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        """
async def numbers():
    try:
        yield 1
        yield 2
    finally:
        await asyncio.sleep(0)
        print("generator closed")

generator = numbers()
tasks = []

async def begin():
    tasks.append(asyncio.create_task(stalls()))
    await asyncio.sleep(0)
    return await anext(generator)

print(run_sync(begin()))
print("end")
""",
    )
    assert printed == "waiting\n1\nend\ncleaned up\ngenerator closed\n"


def test_each_thread_has_a_loop_of_its_own(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        """
async def loop():
    await asyncio.sleep(0.01)
    return asyncio.get_running_loop()

def work(loops):
    loops.append((run_sync(loop()), run_sync(loop())))

loops = []
threads = [threading.Thread(target=work, args=(loops,)) for _ in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len({first for first, second in loops}), all(a is b for a, b in loops))
run_sync(loop())
print(all(first.is_closed() for first, _ in loops))
""",
    )
    assert printed == "5 True\nTrue\n"


def test_a_plain_function_as_a_tool_may_run_another_agent(tmp_path: Path) -> None:
    # A client may be shared by both agents: it is used in one loop only.
    printed = script(
        tmp_path,
        """
async def loop():
    return asyncio.get_running_loop()

def inner():
    return run_sync(loop()), run_sync(agent.run(task="Hello")).messages[-1].content

async def outer():
    return asyncio.get_running_loop(), await asyncio.to_thread(inner)

mine, (its, answer) = run_sync(outer())
print(mine is its, answer)
""",
    )
    assert printed == "True Answer 0.\n"


def test_a_thread_does_not_wait_for_a_run_that_was_interrupted(tmp_path: Path) -> None:
    printed = script(
        tmp_path,
        """
def inner():
    print("in the thread", flush=True)
    try:
        run_sync(asyncio.sleep(3600))
    except RuntimeError as error:
        print(error)

press_ctrl_c(0.5)
try:
    run_sync(asyncio.to_thread(inner))
except KeyboardInterrupt:
    print("interrupted", flush=True)
""",
    )
    assert printed.startswith("in the thread\ninterrupted\n")
    assert "in a thread whose run has ended" in printed


async def test_in_an_async_function_it_says_to_await() -> None:
    agent = AssistantAgent("Ada", ReplayChatCompletionClient(["Answer."]))
    with pytest.raises(RuntimeError, match=r"write `await agent\.run\(task=\.\.\.\)`"):
        run_sync(agent.run(task="Hello"))


def mistakes() -> list[tuple[object, str]]:
    agent = AssistantAgent("Ada", ReplayChatCompletionClient(["Answer."]))
    result = TaskResult(messages=[TextMessage(content="Hi", source="Ada")])
    return [
        (agent, "got the AssistantAgent itself: write nbagent.run_sync(agent.run(task=...)), or "),
        (agent.run, "AssistantAgent.run itself, which was not called: write nbagent.run_sync("),
        (agent.run_stream, "run_stream itself, which was not called"),
        (lambda: 1, "itself, which was not called"),
        (result, "got a TaskResult, which is a result already"),
        ("Hello", "got a str: write nbagent.run_sync(agent.run(task=...))."),
        (None, "got a NoneType"),
        (iter([1]), "got a list_iterator"),
    ]


@pytest.mark.parametrize(("wrong", "message"), mistakes())
def test_what_cannot_be_run_is_refused_with_what_was_meant(wrong: object, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        run_sync(wrong)  # type: ignore[call-overload]
