"""Widget messages, interrupts and the queue while a cell runs, in real kernels."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from nbagent.notebook.kernel import end_delivery, start_delivery, status
from tests.browser.kernels import ALL_VERSIONS, CURRENT, OVERLAYS, VERSIONS, kernel_name
from tests.browser.live_kernel import LiveKernel, live_kernel

pytestmark = pytest.mark.asyncio(loop_scope="module")

SET_UP = """
%reset -f
import asyncio, comm, threading, time
from nbagent.notebook import shell_hook
from nbagent.notebook.kernel import delivery, end_delivery, start_delivery, status
from nbagent.notebook.nesting import run_nested

arrived, order = [], []

def open_comm(name):
    made = comm.create_comm(target_name="jupyter.widget", data={"state": {}})
    made.on_msg(lambda message: arrived.append((name, message["content"]["data"]["word"])))
    return made

def callback():
    return shell_hook._main_shell_stream(get_ipython().kernel)._recv_callback

def has_arrived(name):
    return any(entry[0] == name for entry in arrived)

async def run_is_shown():
    with delivery(ours.comm_id):
        print("waiting")
        while not has_arrived("ours"):
            await asyncio.sleep(0.01)
        print("in the cell", *arrived)

async def others_wait():
    print("waiting")
    while not has_arrived("ours"):
        await asyncio.sleep(0.01)
    print("in the cell", *arrived)

ours, other = open_comm("ours"), open_comm("other")
stock = callback()
print(ours.comm_id, other.comm_id)
"""

SHOWN = {
    "await": "await run_is_shown()",
    "nested": "run_nested(run_is_shown())",
    "nested after an await": "await asyncio.sleep(0.01)\nrun_nested(run_is_shown())",
    "nested twice": "run_nested(asyncio.sleep(0.01))\nrun_nested(run_is_shown())",
}
"""Cells that show a run."""

NEST_ASYNCIO_1 = f"""
import sys
sys.path.append({str(OVERLAYS / kernel_name("6.31.0"))!r})
import nest_asyncio
nest_asyncio.apply()
loop = asyncio.get_running_loop()
"""

shown = pytest.mark.parametrize("cell", SHOWN.values(), ids=SHOWN.keys())


@dataclass
class Notebook:
    """Two widgets in a kernel: `ours` is delivered to while a run is shown, `other` is not.

    Attributes:
        kernel: The kernel.
        version: Its ipykernel.
        ours: The id of one.
        other: The id of the other.
    """

    kernel: LiveKernel
    version: str
    ours: str
    other: str

    @property
    def minor(self) -> tuple[int, ...]:
        """The version's first two numbers."""
        return tuple(int(number) for number in self.version.split(".")[:2])


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=ALL_VERSIONS)
async def kernel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[tuple[str, LiveKernel]]:
    async with live_kernel(request.param, tmp_path_factory.mktemp("kernel")) as running:
        yield request.param, running


@pytest_asyncio.fixture(loop_scope="module")
async def notebook(kernel: tuple[str, LiveKernel]) -> AsyncGenerator[Notebook]:
    version, running = kernel
    ours, other = (await running.run(SET_UP)).split()
    yield Notebook(running, version, ours, other)
    assert await running.run("print(callback() == stock)") == "True\n", "the hook is gone"


@pytest_asyncio.fixture(loop_scope="module", params=ALL_VERSIONS)
async def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Notebook]:
    """A kernel for one test alone."""
    async with live_kernel(request.param, tmp_path) as running:
        ours, other = (await running.run(SET_UP)).split()
        yield Notebook(running, request.param, ours, other)


@shown
async def test_delivers_to_our_widget_while_the_cell_runs(notebook: Notebook, cell: str) -> None:
    kernel = notebook.kernel
    running = kernel.start(cell)
    await kernel.printed("waiting")
    kernel.tell(notebook.ours, {"word": "now"})
    await kernel.printed("in the cell ('ours', 'now')")
    assert (await kernel.ended(running))["status"] == "ok"


@shown
async def test_cells_that_wait_run_in_their_order(notebook: Notebook, cell: str) -> None:
    await assert_order(notebook, cell)


async def assert_order(notebook: Notebook, cell: str) -> None:
    """Cells that are sent while one runs, and before and after messages, run in their order."""
    kernel = notebook.kernel
    cells = [kernel.start(cell + "\norder.append(1)")]
    await kernel.printed("waiting")
    cells.append(kernel.start("order.append(2)"))
    kernel.tell(notebook.other, {"word": "other"})
    cells.append(kernel.start("await asyncio.sleep(0.05)\norder.append(3)"))
    kernel.tell(notebook.ours, {"word": "now"})
    cells.extend(kernel.start(f"order.append({number})") for number in range(4, 9))
    for running in cells:
        assert (await kernel.ended(running))["status"] == "ok"
    assert await kernel.run("print(order)") == "[1, 2, 3, 4, 5, 6, 7, 8]\n"
    assert await kernel.run("print(has_arrived('other'))") == "True\n", "nothing is lost"


@shown
async def test_all_cells_started_at_once_run_in_their_order(notebook: Notebook, cell: str) -> None:
    kernel = notebook.kernel
    cells = [kernel.start(f"{cell}\norder.append(1)")]
    cells.extend(kernel.start(f"{cell}\norder.append({number})") for number in (2, 3, 4))
    await kernel.printed("waiting")
    kernel.tell(notebook.ours, {"word": "now"})
    for running in cells:
        assert (await kernel.ended(running))["status"] == "ok"
    assert await kernel.run("print(order)") == "[1, 2, 3, 4]\n"


async def test_a_cell_that_fails_ends_those_that_wait(notebook: Notebook) -> None:
    kernel = notebook.kernel
    first = kernel.start("run_nested(run_is_shown())\n1 / 0")
    await kernel.printed("waiting")
    second = kernel.start("order.append(2)")
    kernel.tell(notebook.ours, {"word": "now"})
    assert (await kernel.ended(first))["ename"] == "ZeroDivisionError"
    assert (await kernel.ended(second))["status"] == "aborted"
    assert await kernel.run("print(order)") == "[]\n"


async def test_what_a_cell_prints_after_a_message_is_still_its_own(notebook: Notebook) -> None:
    kernel = notebook.kernel
    running = kernel.start(
        SHOWN["await"] + "\nthread = threading.Thread(target=print, args=('from a thread',))\n"
        "thread.start(); thread.join(); print('at the end')"
    )
    await kernel.printed("waiting")
    kernel.tell(notebook.ours, {"word": "now"})
    await kernel.ended(running)
    assert "from a thread" in kernel.text(running)
    assert "at the end" in kernel.text(running)


async def test_the_page_hears_when_its_message_is_done_with(notebook: Notebook) -> None:
    kernel = notebook.kernel
    running = kernel.start(SHOWN["await"])
    await kernel.printed("waiting")
    message_id = kernel.tell(notebook.ours, {"word": "now"})
    await kernel.until(
        lambda message: (
            message["parent_header"].get("msg_id") == message_id
            and message["content"].get("execution_state") == "idle"
        )
    )
    busy = await kernel.until(lambda message: message["msg_type"] == "status")
    assert busy["content"]["execution_state"] == "busy", "and that the cell still runs"
    await kernel.ended(running)


async def test_other_widgets_are_treated_as_without_nbagent(notebook: Notebook) -> None:
    kernel = notebook.kernel
    running = kernel.start(SHOWN["await"])
    await kernel.printed("waiting")
    kernel.tell(notebook.other, {"word": "before"})
    kernel.tell(notebook.ours, {"word": "now"})
    await kernel.ended(running)
    # From 7.4 on the kernel itself delivers while a cell awaits.
    others = notebook.minor >= (7, 4)
    assert ("('other', 'before')" in kernel.text(running)) == others
    assert "('other', 'before')" in await kernel.run("print(arrived)")


async def test_a_widget_that_stays_is_delivered_to_in_any_cell(notebook: Notebook) -> None:
    kernel = notebook.kernel
    await kernel.run("start_delivery(ours.comm_id)")
    for number, cell in enumerate(("await others_wait()", "run_nested(others_wait())")):
        await kernel.run("arrived.clear()")
        running = kernel.start(cell)
        await kernel.printed("waiting")
        kernel.tell(notebook.ours, {"word": number})
        await kernel.ended(running)
        assert f"in the cell ('ours', {number})" in kernel.text(running)
    kernel.tell(notebook.ours, {"word": "between cells"})
    await kernel.run("await asyncio.sleep(0.1)")
    assert "between cells" in await kernel.run("print(arrived)")
    await kernel.run("end_delivery(ours.comm_id)")


async def test_messages_arrive_in_their_order(notebook: Notebook) -> None:
    kernel = notebook.kernel
    await kernel.run("start_delivery(ours.comm_id)")
    for number in range(50):
        kernel.tell(notebook.ours, {"word": number})
    running = kernel.start("await asyncio.sleep(0.1)")
    for number in range(50, 100):
        kernel.tell(notebook.ours, {"word": number})
    await kernel.ended(running)
    await kernel.run("end_delivery(ours.comm_id)")
    assert await kernel.run("print([word for _, word in arrived] == list(range(100)))") == "True\n"


async def test_the_hook_stays_as_long_as_somebody_needs_it(notebook: Notebook) -> None:
    text = await notebook.kernel.run(
        "with delivery(ours.comm_id):\n"
        "    with delivery(other.comm_id):\n"
        "        start_delivery(other.comm_id)\n"
        "    print(callback() == stock, end=' ')\n"
        "print(callback() == stock, end=' ')\n"
        "end_delivery(other.comm_id)\n"
        "print(callback() == stock, end=' ')\n"
        "end_delivery(other.comm_id)\n"
        "print(callback() == stock)"
    )
    assert text.strip() == "False False True True"


async def test_a_hook_over_ours_stays_in_its_place(notebook: Notebook) -> None:
    kernel = notebook.kernel
    await kernel.run(
        "start_delivery(ours.comm_id)\n"
        "stream, below = shell_hook._main_shell_stream(get_ipython().kernel), callback()\n"
        "def above(frames):\n"
        "    order.append('above')\n"
        "    return below(frames)\n"
        "stream.on_recv(above, copy=False)\n"
        "end_delivery(ours.comm_id)"
    )
    assert await kernel.run("print(callback() == above, bool(order))") == "True True\n"
    await kernel.run("stream.on_recv(below, copy=False)")  # as whoever put it there would do
    running = kernel.start(SHOWN["await"])
    await kernel.printed("waiting")
    kernel.tell(notebook.ours, {"word": "now"})
    await kernel.ended(running)
    assert "in the cell ('ours', 'now')" in kernel.text(running)


async def test_widgets_may_be_registered_from_other_threads(notebook: Notebook) -> None:
    text = await notebook.kernel.run(
        "await asyncio.to_thread(start_delivery, ours.comm_id)\n"
        "await asyncio.sleep(0.05)\n"
        "print(callback() == stock, end=' ')\n"
        "await asyncio.to_thread(end_delivery, ours.comm_id)\n"
        "await asyncio.sleep(0.05)\n"
        "print(callback() == stock)"
    )
    assert text.strip() == "False True"


async def test_an_interrupt_takes_effect_while_nothing_happens(notebook: Notebook) -> None:
    kernel = notebook.kernel
    running = kernel.start(SHOWN["await"])
    await kernel.printed("waiting")
    await kernel.interrupt()
    assert (await kernel.ended(running))["ename"] == "CancelledError"
    assert await kernel.run("print('alive')") == "alive\n"


async def test_a_subshell_delivers_while_a_cell_blocks(notebook: Notebook) -> None:
    kernel = notebook.kernel
    if notebook.minor < (7, 0):
        assert not await kernel.supports_subshells()
        return
    subshell = await kernel.create_subshell()
    assert await kernel.run("print(status().route)") == "shell hook and subshells\n"
    running = kernel.start(
        "print('waiting')\n"
        "until = time.monotonic() + 0.5\n"
        "while not arrived and time.monotonic() < until:\n"
        "    time.sleep(0.01)\n"
        "print('in the cell', *arrived)"
    )
    await kernel.printed("waiting")
    kernel.tell(notebook.ours, {"word": "now"}, subshell=subshell)
    await kernel.ended(running)
    # From 7.4 on an answer goes to the shell that opened the comm.
    blocked = notebook.minor >= (7, 4)
    assert ("('ours', 'now')" in kernel.text(running)) != blocked
    assert await kernel.run("print(arrived)") == "[('ours', 'now')]\n"
    await kernel.delete_subshell(subshell)


async def test_the_old_nest_asyncio_loses_no_cell(fresh: Notebook) -> None:
    kernel = fresh.kernel
    await kernel.run(NEST_ASYNCIO_1)
    problem = await kernel.run("print(status().problem)")
    assert ("nest_asyncio 1 has been applied" in problem) == (fresh.minor >= (7, 0))
    await assert_order(fresh, "loop.run_until_complete(run_is_shown())")
    assert await kernel.run("print(callback() == stock)") == "True\n"
    # What nbagent itself nests needs no hook for it.
    await kernel.run("order.clear(); arrived.clear()")
    await assert_order(fresh, "print('waiting')\nrun_nested(asyncio.sleep(0.3))")
    assert await kernel.run("print(status().problem)") == "\n"


@pytest.mark.parametrize("version", VERSIONS)
async def test_status_names_the_kernel_and_the_route(tmp_path: Path, version: str) -> None:
    async with live_kernel(version, tmp_path) as kernel:
        text = await kernel.run(
            "from nbagent.notebook.kernel import status\n"
            "now = status(); print(now.name, now.version, now.route, now.problem, sep='|')"
        )
        assert text.strip() == f"ipykernel|{version}|shell hook|"


async def test_says_why_where_the_kernel_is_built_differently(tmp_path: Path) -> None:
    async with live_kernel(CURRENT, tmp_path) as kernel:
        await kernel.run(SET_UP)
        text = await kernel.run(
            "thread = get_ipython().kernel.shell_channel_thread\n"
            "pair = thread.manager._shell_channel_to_main\n"
            "del thread.manager._shell_channel_to_main\n"
            "print(status().route)\n"
            "with delivery(ours.comm_id):\n"
            "    print('still works')\n"
            "thread.manager._shell_channel_to_main = pair"
        )
        assert text.startswith("stock: this kernel reads its shell messages in a way unknown")
        assert "still works" in text


async def test_outside_of_a_kernel() -> None:
    assert status().name == "none"
    assert status().route == "stock: this is no Jupyter kernel"
    start_delivery("some widget")
    end_delivery("some widget")
