"""run_sync() in notebooks: nested in the loop of real kernels, and in terminal IPython."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.kernels import ALL_VERSIONS, VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel
from tests.notebook.test_asking import answer, asked

pytestmark = pytest.mark.asyncio(loop_scope="module")

SET_UP = """
%reset -f
import asyncio, threading
from concurrent.futures import ThreadPoolExecutor
from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.notebook.show import show
from nbagent.questions import ask
from nbagent.ui.sync import run_sync
from tests.browser import runs

agent = AssistantAgent("Ada", ReplayChatCompletionClient([f"Answer {n}." for n in range(9)]))

def answer():
    return run_sync(agent.run(task="Hello")).messages[-1].content

async def stalls(cleaning_up=0.0):
    print("waiting", flush=True)
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(cleaning_up)
        print("cleaned up", flush=True)

async def calls_run_sync():
    return run_sync(stalls(0.05))
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=VERSIONS)
async def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path_factory.mktemp("kernel")) as kernel:
        yield kernel


@pytest_asyncio.fixture(loop_scope="module")
async def kernel(running: LiveKernel) -> LiveKernel:
    await running.run(SET_UP)
    return running


async def view_opened(kernel: LiveKernel) -> None:
    """Wait until the cell that runs has opened its live view."""
    await kernel.until(
        lambda message: (
            message["msg_type"] == "comm_open"
            and "_esm" in message["content"]["data"].get("state", {})
        )
    )


async def test_in_a_cell_a_function_and_below_a_running_await(kernel: LiveKernel) -> None:
    assert "Answer 0." in await kernel.run("print(answer())")
    nested = await kernel.run(
        "async def outer():\n    return answer()\n"
        "await asyncio.sleep(0.01)\nprint(answer(), await outer(), run_sync(outer()))"
    )
    assert nested.strip() == "Answer 1. Answer 2. Answer 3."


async def test_a_stream_is_shown(kernel: LiveKernel) -> None:
    cell = kernel.start("result = run_sync(agent.run_stream(task='Hello'))\nprint(type(result))")
    assert (await kernel.ended(cell))["status"] == "ok"
    text = kernel.text(cell)
    assert "Ada" in text and "Answer 0." in text and "TaskResult" in text
    assert kernel.view()  # and live, not only at the end


@pytest.mark.parametrize("shown", ["show(runs.stalls())", "runs.stalls()"])
async def test_stop_works_and_cells_that_wait_run_in_their_order(
    kernel: LiveKernel, shown: str
) -> None:
    await kernel.run("order = []")
    first = kernel.start(f"result = run_sync({shown})\norder.append(result.stop_reason)")
    await view_opened(kernel)
    second = kernel.start("await asyncio.sleep(0.01); order.append(2)")
    third = kernel.start("order.append(3); print(order)")
    kernel.press({"stop": True})
    for cell in (first, second, third):
        assert (await kernel.ended(cell))["status"] == "ok"
    assert kernel.text(third).strip() == "['Stopped by the user', 2, 3]"


@pytest.mark.parametrize(
    "asking",
    [
        "run_sync(ask('Which colour?'))",
        "run_sync(UserProxyAgent('human').run_stream(task='Which colour?')).messages[-1].content",
    ],
)
async def test_a_question_is_answered(kernel: LiveKernel, asking: str) -> None:
    cell = kernel.start(f"def colour():\n    return {asking}\nprint('said', colour())")
    answer(kernel, await asked(kernel), "red\nand grün")
    queued = kernel.start("print('afterwards')")
    assert (await kernel.ended(cell))["status"] == "ok"
    assert "said red\nand grün" in kernel.text(cell)
    assert (await kernel.ended(queued))["status"] == "ok"


@pytest.mark.parametrize("version", ALL_VERSIONS)
async def test_cells_that_wait_are_not_lost_in_any_version(version: str, tmp_path: Path) -> None:
    async with live_kernel(version, tmp_path) as kernel:
        await kernel.run(SET_UP + "\norder = []")
        begin = "print('begun', flush=True); run_sync(asyncio.sleep(0.3)); order.append({0})"
        cells = [kernel.start(begin.format(1))]
        await kernel.printed("begun")
        cells += [kernel.start(begin.format(2)), kernel.start("order.append(3); print(order)")]
        for cell in cells:
            assert (await kernel.ended(cell))["status"] == "ok"
        assert kernel.text(cells[-1]).strip() == "[1, 2, 3]"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("run_sync(stalls(0.05))", "KeyboardInterrupt"),
        ("await asyncio.sleep(0)\nrun_sync(stalls(0.05))", "KeyboardInterrupt"),
        ("run_sync(calls_run_sync())", "KeyboardInterrupt"),
        ("run_sync(asyncio.gather(calls_run_sync()))", "KeyboardInterrupt"),
        ("await calls_run_sync()", "KeyboardInterrupt"),
        # Nobody would catch a KeyboardInterrupt there, and it would end the kernel.
        ("await asyncio.create_task(calls_run_sync())", "CancelledError"),
        ("run_sync(show(runs.stalls()))", "KeyboardInterrupt"),
    ],
)
async def test_an_interrupt_ends_it_and_the_next_cell_works(
    kernel: LiveKernel, code: str, error: str
) -> None:
    cell = kernel.start(code)
    if "show" in code:
        await view_opened(kernel)
    else:
        await kernel.printed("waiting")
    await kernel.interrupt()
    reply = await kernel.ended(cell)
    assert reply["ename"] == error, reply
    if error == "KeyboardInterrupt":
        assert len("\n".join(reply["traceback"]).splitlines()) == 2
    text = kernel.text(cell)
    assert "never retrieved" not in text
    assert "show" in code or text == "waiting\ncleaned up\n"
    left = "[task for task in asyncio.all_tasks() if 'stalls' in repr(task)]"
    assert (await kernel.run(f"print({left}, answer())")).strip() == "[] Answer 0."


async def test_a_second_interrupt_does_not_wait(kernel: LiveKernel) -> None:
    cell = kernel.start(
        "async def slow():\n    print('waiting', flush=True)\n    try:\n"
        "        await asyncio.sleep(3600)\n    finally:\n        print('slow', flush=True)\n"
        "        await asyncio.sleep(3600)\nrun_sync(slow())"
    )
    await kernel.printed("waiting")
    await kernel.interrupt()
    await kernel.printed("slow")
    await kernel.interrupt()
    assert (await kernel.ended(cell))["ename"] == "KeyboardInterrupt"
    assert "Answer 0." in await kernel.run("print(answer())")


async def test_a_thread_hands_over_to_the_loop_of_the_kernel(kernel: LiveKernel) -> None:
    text = await kernel.run(
        "async def loop():\n    return asyncio.get_running_loop()\n"
        "found = await asyncio.to_thread(lambda: (run_sync(loop()), answer()))\n"
        "print(found[0] is asyncio.get_running_loop(), found[1])"
    )
    assert text.strip() == "True Answer 0."


async def test_a_thread_that_blocks_the_kernel_is_told_so(kernel: LiveKernel) -> None:
    await kernel.run("from nbagent.ui import hand_over\nhand_over.PATIENCE = 0.3")
    cell = kernel.start(
        "with ThreadPoolExecutor() as pool:\n    list(pool.map(lambda n: answer(), range(2)))"
    )
    reply = await kernel.ended(cell)
    assert reply["ename"] == "RuntimeError" and "asyncio.to_thread" in reply["evalue"]
    assert "never awaited" not in kernel.text(cell)
    assert "Answer 0." in await kernel.run("print(answer())")


async def test_a_loop_that_cannot_nest_says_what_to_write(kernel: LiveKernel) -> None:
    text = await kernel.run(
        "import nest_asyncio2\nfrom nbagent.notebook import nesting\n"
        'def refuse(loop):\n    raise ValueError("Can\'t patch loop of type uvloop.Loop")\n'
        "apply, nest_asyncio2.apply = nest_asyncio2.apply, refuse\n"
        "try:\n    answer()\nexcept RuntimeError as error:\n    print(error)\n"
        "finally:\n    nest_asyncio2.apply = apply"
    )
    assert "cannot" in text and "await" in text


async def test_terminal_ipython_uses_the_loop_of_its_own_cells(tmp_path: Path) -> None:
    cells = tmp_path / "cells.ipy"
    cells.write_text(
        "import asyncio\nfrom nbagent.ui.sync import run_sync\n"
        "async def loop():\n    return asyncio.get_running_loop()\n"
        "mine = await loop()\n"
        "print(run_sync(loop()) is mine)\n"
        "async def outer():\n    return run_sync(loop())\n"
        "print(await outer() is mine)\n"
    )
    options = ("--colors=NoColor", "--no-banner", str(cells))
    terminal = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "IPython", *options),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"IPYTHONDIR": str(tmp_path / "ipython")},
    )
    printed, _ = await terminal.communicate()
    assert printed.decode().split() == ["True", "True"]
