"""Many tasks in a notebook: the table while they run, Stop, and what stays."""

import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest_asyncio

from tests.browser.kernels import CURRENT
from tests.browser.live_kernel import LiveKernel, live_kernel
from tests.many.agents import diary, until

SET_UP = """
import asyncio
from pathlib import Path
from nbagent import run_many
from tests.many.agents import Diary
folder = Path({folder!r})
"""


@pytest_asyncio.fixture
async def kernel(tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    (tmp_path / "kernel").mkdir()
    async with live_kernel(CURRENT, tmp_path / "kernel") as running:
        await running.run(SET_UP.format(folder=str(tmp_path)))
        yield running


def tables(kernel: LiveKernel) -> list[str]:
    """The tables that were sent to the page so far."""
    return [
        operation[2]
        for content in kernel.of_kind("comm_msg")
        if content["data"].get("method") == "custom"
        for operation in content["data"]["content"].get("ops", ())
        if operation[0] == "item"
    ]


async def shown(kernel: LiveKernel, text: str) -> None:
    """Wait until a table with `text` in it was sent."""
    await kernel.until(
        lambda message: message["msg_type"] == "comm_msg" and text in json.dumps(message["content"])
    )


def last_output(kernel: LiveKernel) -> dict[str, Any]:
    """What stays in the cell."""
    return kernel.of_kind("update_display_data")[-1]["data"]


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


async def test_the_table_is_live_and_then_static(kernel: LiveKernel, tmp_path: Path) -> None:
    cell = kernel.start(
        "ticks = []\n"
        "async def tick():\n"
        "    while True:\n"
        "        ticks.append(1); await asyncio.sleep(0.01)\n"
        "ticking = asyncio.create_task(tick())\n"
        "tasks = ['one', '<b>wait</b>', 'fail three', 'wait four']\n"
        "result = await run_many(Diary(folder), tasks, concurrency=4)\n"
        "ticking.cancel(); print(len(ticks) > 5, result)"
    )
    await shown(kernel, "on wait four")
    table = plain(tables(kernel)[-1])
    assert "4 tasks: 2 done, 1 failed, 1 running" in table
    assert "0 one ✓ done" in table
    assert "1 <b>wait</b> ✓".replace("<", "&lt;").replace(">", "&gt;") in table
    (tmp_path / "open").touch()
    reply = await kernel.ended(cell)
    assert reply["status"] == "ok"
    assert "True <ManyResult of 4 tasks: 3 done, 1 failed" in kernel.text(cell)
    output = last_output(kernel)
    html = output["text/html"]
    assert "<details><summary>ArithmeticError: fail three cannot be done</summary>" in html
    assert "raise ArithmeticError" in html
    assert "<b>" not in html
    assert "4 tasks: 3 done, 1 failed" in output["text/plain"]
    assert "| 0 | one | ✓ done |" in output["text/markdown"]
    assert kernel.view() in {content["comm_id"] for content in kernel.of_kind("comm_close")}


async def test_stop_keeps_what_was_done(kernel: LiveKernel, tmp_path: Path) -> None:
    cell = kernel.start(
        "others = asyncio.all_tasks()\n"
        "result = await run_many(Diary(folder), ['one', 'wait', 'wait', 'wait'], concurrency=2)\n"
        "print([outcome.state for outcome in result.results], result.stop_reason)\n"
        "print(len([t for t in asyncio.all_tasks() - others if 'nbagent' in t.get_name()]))"
    )
    await shown(kernel, "1 done")
    await until(lambda: diary(tmp_path, "begun").count("wait") == 2)
    kernel.press({"stop": True})
    reply = await kernel.ended(cell)
    assert reply["status"] == "ok", reply
    printed = kernel.text(cell)
    assert "['done', 'stopped', 'stopped', 'stopped'] Stopped by the user\n0\n" in printed
    assert diary(tmp_path, "cancelled") == ["wait", "wait"]
    assert "4 tasks: 1 done, 3 stopped" in last_output(kernel)["text/plain"]
    assert "Stopped by the user" in last_output(kernel)["text/plain"]


async def test_an_interrupt_ends_all(kernel: LiveKernel, tmp_path: Path) -> None:
    cell = kernel.start("await run_many(Diary(folder), ['one', 'wait', 'wait'])")
    await shown(kernel, "2 running")
    await kernel.interrupt()
    reply = await kernel.ended(cell)
    assert reply["status"] == "error"
    assert diary(tmp_path, "cancelled") == ["wait", "wait"]
    assert "3 tasks: 1 done, 2 stopped" in last_output(kernel)["text/plain"]


async def test_a_record_that_is_none_is_an_error_in_the_cell(
    kernel: LiveKernel, tmp_path: Path
) -> None:
    (tmp_path / "notes").write_text("mine\n")
    cell = kernel.start("await run_many(Diary(folder), ['one'], record=folder / 'notes')")
    reply = await kernel.ended(cell)
    assert reply["ename"] == "RecordingError"
    assert "RecordingError" in last_output(kernel)["text/plain"]


async def test_a_thousand_tasks_keep_the_page_small(kernel: LiveKernel) -> None:
    await kernel.run(
        "from tests.teams.members import Counter\n"
        "result = await run_many(lambda: Counter('c'), [f'task {n}' for n in range(1000)])"
    )
    assert all(table.count("<tr>") <= 31 for table in tables(kernel))
    assert "… 500 more not shown" in last_output(kernel)["text/html"]
    assert "1,000 tasks: 1,000 done" in last_output(kernel)["text/html"]
