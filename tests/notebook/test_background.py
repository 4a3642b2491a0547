"""show(..., background=True) in real kernels: returns at once, goes on, ends in good order."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from nbagent.notebook.show import show
from tests.browser import runs
from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel

SET_UP = """
import asyncio
from nbagent import UserProxyAgent, show
from tests.browser import runs
"""

NO_VIEW = "from comm import get_comm_manager; print(get_comm_manager().comms)"


@pytest_asyncio.fixture(params=VERSIONS)
async def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path) as running:
        await running.run(SET_UP)
        yield running


async def shown(kernel: LiveKernel, text: str) -> None:
    """Wait until an operation with `text` in it was sent to a live view."""
    await kernel.until(
        lambda message: message["msg_type"] == "comm_msg" and text in json.dumps(message["content"])
    )


async def left_behind(kernel: LiveKernel) -> dict[str, Any]:
    """The next static output that takes a live view's place."""
    message = await kernel.until(lambda message: message["msg_type"] == "update_display_data")
    return message["content"]


async def test_answers_a_question_while_other_cells_run(kernel: LiveKernel) -> None:
    await kernel.run(
        "run = show(UserProxyAgent('human').run_stream(task='Which colour?'), background=True)"
    )
    (first,) = kernel.of_kind("display_data")
    question = await _question(kernel)
    assert await kernel.run("print(run.done, run)") == "False <BackgroundRun: running>\n"
    cell = kernel.start("await asyncio.sleep(1); print('slept')")
    kernel.press({"answer": question, "value": "grün 🎨"})
    last = await left_behind(kernel)
    assert "slept" not in kernel.text(cell), "the answer did not wait for the cell"
    await kernel.ended(cell)
    assert last["transient"]["display_id"] == first["transient"]["display_id"]
    assert set(last["data"]) == {"text/html", "text/markdown", "text/plain"}
    assert "grün 🎨" in last["data"]["text/plain"]
    text = await kernel.run("result = await run\nprint(result is run.result(), run)")
    assert text == "True <BackgroundRun: done>\n"
    assert "grün 🎨" in await kernel.run("print(result.messages[-1].content)")
    assert (await kernel.run(NO_VIEW)).strip() == "{}"


async def _question(kernel: LiveKernel) -> str:
    """Wait for the next question; its id."""
    message = await kernel.until(
        lambda message: (
            message["msg_type"] == "comm_msg" and '"question"' in json.dumps(message["content"])
        )
    )
    operations = message["content"]["data"]["content"]["ops"]
    return next(operation[2]["id"] for operation in operations if operation[0] == "question")


async def test_no_result_before_the_end(kernel: LiveKernel) -> None:
    await kernel.run("run = show(runs.stalls(), background=True)")
    reply = await kernel.ended(kernel.start("run.result()"))
    assert reply["ename"] == "RuntimeError"
    assert "await run" in reply["evalue"]
    await kernel.run("run.stop()")
    await left_behind(kernel)
    assert await kernel.run("print(run.result().stop_reason)") == "Stopped by the user\n"
    await kernel.run("run.stop()")
    assert await kernel.run("print(run)") == "<BackgroundRun: done>\n"


async def test_the_stop_button_ends_it(kernel: LiveKernel) -> None:
    await kernel.run("run = show(runs.stalls(), background=True)")
    await shown(kernel, "go on")
    kernel.press({"stop": True})
    assert "Stopped by the user" in (await left_behind(kernel))["data"]["text/plain"]
    assert "Stopped by the user" in await kernel.run("print((await run).stop_reason)")


async def test_an_error_is_shown_and_raised_where_it_is_awaited(kernel: LiveKernel) -> None:
    await kernel.run("run = show(runs.fails(), background=True)")
    assert "the harbour is closed" in (await left_behind(kernel))["data"]["text/plain"]
    await kernel.run("print(run)")
    reply = await kernel.ended(kernel.start("await run"))
    assert (reply["ename"], reply["evalue"]) == ("HarbourError", "the harbour is closed")
    await kernel.run("del run\nimport gc; gc.collect(); await asyncio.sleep(0)")
    assert not [content for content in kernel.of_kind("stream") if content["name"] == "stderr"]


async def test_a_cell_that_waits_can_be_interrupted_and_the_run_goes_on(kernel: LiveKernel) -> None:
    await kernel.run("run = show(runs.stalls(), background=True)")
    cell = kernel.start("await run")
    await asyncio.sleep(0.3)
    await kernel.interrupt()
    assert (await kernel.ended(cell))["ename"] == "CancelledError"
    assert await kernel.run("print(run)") == "<BackgroundRun: running>\n"
    await kernel.run("run.stop(); await run")


async def test_nobody_need_hold_it(kernel: LiveKernel) -> None:
    await kernel.run(
        "show(runs.with_tool(0.3), background=True)\nimport gc; gc.collect()\n"
        "await asyncio.sleep(0.1); gc.collect()"
    )
    assert "High water at 14:20." in (await left_behind(kernel))["data"]["text/plain"]


CLEANING_UP = """
from pathlib import Path
async def cleaning_up(stream):
    try:
        async for event in stream: yield event
    finally:
        await asyncio.sleep(0.05)
        Path({path!r}).write_text("cleaned up")
run = show(cleaning_up(runs.stalls()), background=True, record={record!r})
"""


async def test_ends_in_good_order_with_the_kernel(kernel: LiveKernel, tmp_path: Path) -> None:
    path, record = tmp_path / "trace", tmp_path / "run.jsonl"
    await kernel.run(CLEANING_UP.format(path=str(path), record=str(record)))
    await shown(kernel, "go on")
    await kernel.shut_down()
    assert path.read_text() == "cleaned up"
    assert "Interrupted" in record.read_text()


async def test_ends_when_the_extension_is_unloaded(kernel: LiveKernel, tmp_path: Path) -> None:
    path, record = tmp_path / "trace", tmp_path / "run.jsonl"
    await kernel.run("%load_ext nbagent")
    await kernel.run(CLEANING_UP.format(path=str(path), record=str(record)))
    await shown(kernel, "go on")
    await kernel.run("%unload_ext nbagent")
    assert "Interrupted" in (await left_behind(kernel))["data"]["text/plain"]
    assert path.read_text() == "cleaned up"
    assert await kernel.run("print(run)") == "<BackgroundRun: cancelled>\n"


async def test_needs_a_notebook() -> None:
    with pytest.raises(RuntimeError, match="await show"):
        show(runs.with_tool(0), background=True)
    agent: Any = object()
    with pytest.raises(TypeError, match="run_stream"):
        show(agent, background=True)
