"""Widget messages and interrupts while a cell awaits, in real kernels."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from nbagent.notebook.kernel import status
from tests.browser.kernels import CURRENT, VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel

COMMS = """
import asyncio, comm
from nbagent.notebook.kernel import delivery, status

arrived = []
def open_comm(name):
    made = comm.create_comm(target_name="jupyter.widget", data={"state": {}})
    made.on_msg(lambda message: arrived.append((name, message["content"]["data"]["word"])))
    return made

ours, other = open_comm("ours"), open_comm("other")
print(ours.comm_id, other.comm_id)
"""

WAIT = """
async with delivery(ours.comm_id):
    print("waiting")
    while not arrived:
        await asyncio.sleep(0.01)
    print("in the cell", arrived)
"""


@pytest_asyncio.fixture(params=VERSIONS)
async def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path) as running:
        yield running


async def test_delivers_to_our_widget_while_the_cell_awaits(kernel: LiveKernel) -> None:
    ours, _ = (await kernel.run(COMMS)).split()
    cell = kernel.start(WAIT)
    await kernel.printed("waiting")
    kernel.tell(ours, {"word": "now"})
    await kernel.printed("in the cell [('ours', 'now')]")
    assert (await kernel.ended(cell))["status"] == "ok"


async def test_what_a_cell_prints_after_a_message_is_still_its_own(kernel: LiveKernel) -> None:
    ours, _ = (await kernel.run(COMMS)).split()
    cell = kernel.start(
        WAIT + "\nimport threading\n"
        "thread = threading.Thread(target=print, args=('from a thread',))\n"
        "thread.start(); thread.join(); print('at the end')"
    )
    await kernel.printed("waiting")
    kernel.tell(ours, {"word": "now"})
    await kernel.ended(cell)
    assert "from a thread" in kernel.text(cell)
    assert "at the end" in kernel.text(cell)


async def test_cells_that_wait_their_turn_run_in_their_order(kernel: LiveKernel) -> None:
    ours, _ = (await kernel.run(COMMS)).split()
    await kernel.run("order = []")
    first = kernel.start(WAIT + "\norder.append(1)")
    await kernel.printed("waiting")
    second = kernel.start("order.append(2)")
    third = kernel.start("order.append(3); print(order)")
    kernel.tell(ours, {"word": "now"})
    for cell in (first, second, third):
        assert (await kernel.ended(cell))["status"] == "ok"
    assert "[1, 2, 3]" in kernel.text(third)


async def test_other_widgets_are_treated_as_without_nbagent(
    tmp_path: Path,
) -> None:
    async with live_kernel("6.31.0", tmp_path) as kernel:
        ours, other = (await kernel.run(COMMS)).split()
        cell = kernel.start(WAIT)
        await kernel.printed("waiting")
        kernel.tell(other, {"word": "before"})  # ipykernel 6 keeps it until the cell has ended
        kernel.tell(ours, {"word": "now"})
        await kernel.ended(cell)
        assert "in the cell [('ours', 'now')]" in kernel.text(cell)
        assert "('other', 'before')" in await kernel.run("print(arrived)")


async def test_gives_the_messages_back_to_the_kernel(kernel: LiveKernel) -> None:
    await kernel.run(COMMS)
    text = await kernel.run(
        "from nbagent.notebook import kernel as room\n"
        "stream = room._main_shell_stream(get_ipython().kernel)\n"
        "before = stream._recv_callback\n"
        "async with delivery(ours.comm_id):\n"
        "    async with delivery(other.comm_id):\n"
        "        pass\n"
        "    print(stream._recv_callback == before, end=' ')\n"
        "print(stream._recv_callback == before)"
    )
    assert text.strip() == "False True"


async def test_an_interrupt_takes_effect_while_nothing_happens(kernel: LiveKernel) -> None:
    await kernel.run(COMMS)
    cell = kernel.start(
        "async with delivery(ours.comm_id):\n    print('waiting')\n    await asyncio.sleep(3600)"
    )
    await kernel.printed("waiting")
    await kernel.interrupt()
    assert (await kernel.ended(cell))["ename"] == "CancelledError"
    assert (await kernel.run("print('alive')")).strip() == "alive"


async def test_status_names_the_kernel_and_the_route(tmp_path: Path) -> None:
    for version in VERSIONS:
        async with live_kernel(version, tmp_path / version) as kernel:
            text = await kernel.run(
                "from nbagent.notebook.kernel import status\n"
                "now = status(); print(now.name, now.version, now.route, sep='|')"
            )
            assert text.strip() == f"ipykernel|{version}|shell hook"


async def test_says_why_where_the_kernel_is_built_differently(tmp_path: Path) -> None:
    async with live_kernel(CURRENT, tmp_path) as kernel:
        await kernel.run(COMMS)
        text = await kernel.run(
            "thread = get_ipython().kernel.shell_channel_thread\n"
            "pair = thread.manager._shell_channel_to_main\n"
            "del thread.manager._shell_channel_to_main\n"
            "print(status().route)\n"
            "async with delivery(ours.comm_id):\n"
            "    print('still works')\n"
            "thread.manager._shell_channel_to_main = pair"
        )
        assert text.startswith("stock: this kernel reads its shell messages in a way unknown")
        assert "still works" in text


def test_outside_of_a_kernel() -> None:
    assert status().name == "none"
    assert status().route == "stock: this is no Jupyter kernel"
