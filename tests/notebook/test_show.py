"""show() in real kernels: what it sends, what it leaves, and how it ends."""

import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest
import pytest_asyncio

from nbagent.base.task import TaskResult
from nbagent.notebook.show import show
from nbagent.transcript import replay_transcript
from tests.browser import runs
from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, kernel_manager, live_kernel

WIDGET = "application/vnd.jupyter.widget-view+json"

SET_UP = "from nbagent.notebook.show import show\nfrom tests.browser import runs\nimport asyncio"


@pytest_asyncio.fixture(params=VERSIONS)
async def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path) as running:
        await running.run(SET_UP)
        yield running


def operations(kernel: LiveKernel) -> list[list[Any]]:
    """All operations sent to the live view so far, in order."""
    return [operation for message in messages(kernel) for operation in message["ops"]]


def messages(kernel: LiveKernel) -> list[dict[str, Any]]:
    """All custom messages sent to live views so far."""
    return [
        content["data"]["content"]
        for content in kernel.of_kind("comm_msg")
        if content["data"].get("method") == "custom"
    ]


def plain(text: str) -> str:
    """`text` without the escape sequences of colours, written out or not."""
    return re.sub(r"(\x1b|\\x1b)\[[0-9;]*m", "", text)


async def shown(kernel: LiveKernel, text: str) -> None:
    """Wait until an operation with `text` in it was sent."""
    await kernel.until(
        lambda message: message["msg_type"] == "comm_msg" and text in json.dumps(message["content"])
    )


async def test_gives_the_result_and_leaves_the_static_transcript(kernel: LiveKernel) -> None:
    text = await kernel.run(
        "result = await show(runs.talk(runs.pieces(runs.POEM, 20), 0.01))\n"
        "print(type(result).__name__, len(result.messages))"
    )
    assert "TaskResult 2" in text
    (first,) = kernel.of_kind("display_data")
    assert set(first["data"]) == {WIDGET, "text/plain"}
    (last,) = kernel.of_kind("update_display_data")
    assert set(last["data"]) == {"text/html", "text/markdown", "text/plain"}
    assert last["transient"]["display_id"] == first["transient"]["display_id"]
    assert "<h1>The harbour</h1>" in last["data"]["text/html"]
    assert "Tell me of the harbour." in last["data"]["text/plain"]
    assert kernel.view() in {content["comm_id"] for content in kernel.of_kind("comm_close")}


async def test_leaves_no_widget_behind_in_the_kernel(kernel: LiveKernel) -> None:
    await kernel.run("await show(runs.with_tool(0.01))")
    text = await kernel.run("from comm import get_comm_manager; print(get_comm_manager().comms)")
    assert text.strip() == "{}"


async def test_leaves_the_garbage_collector_as_it_was(kernel: LiveKernel) -> None:
    await kernel.run(
        "import gc\n"
        "during = []\n"
        "async def looking(stream):\n"
        "    async for event in stream:\n"
        "        during.append(gc.get_freeze_count()); yield event"
    )
    text = await kernel.run("await show(looking(runs.with_tool(0)))\nprint(gc.get_freeze_count())")
    assert text.splitlines()[-1] == "0"
    assert await kernel.run("print(min(during) > 10_000)") == "True\n"


async def test_numbers_its_messages_and_paces_them(kernel: LiveKernel) -> None:
    await kernel.run("await show(runs.talk(runs.pieces('word ' * 400, 400), 0.002))")
    sent = messages(kernel)
    assert [message["n"] for message in sent] == list(range(1, len(sent) + 1))
    assert 5 < len(sent) < 200, "400 pieces at 500 a second, some thirty messages a second"


async def test_answers_a_page_that_has_missed_something(kernel: LiveKernel) -> None:
    cell = kernel.start("await show(runs.stalls())")
    await shown(kernel, "go on")
    last = messages(kernel)[-1]["n"]
    kernel.press({"ask": "snapshot", "n": last})  # has missed nothing: no answer
    kernel.press({"ask": "snapshot", "n": 0})
    await shown(kernel, '"snapshot": true')
    (snapshot,) = (message for message in messages(kernel) if message.get("snapshot"))
    assert snapshot["n"] == last
    assert "The lamps go on" in json.dumps(snapshot["ops"])
    assert snapshot["now"] > 0
    kernel.press({"stop": True})
    await kernel.ended(cell)


@pytest.mark.parametrize(
    "run", ["stalls()", "blocks_in_a_thread()", "floods()", "will_not_end()", "with_tool(60)"]
)
async def test_stop_ends_the_run_and_the_next_cell_runs(kernel: LiveKernel, run: str) -> None:
    cell = kernel.start(
        f"result = await show(runs.{run})\nprint(result.stop_reason, len(result.messages))"
    )
    await shown(kernel, "Tell me of the harbour.")
    kernel.press({"stop": True})
    reply = await kernel.ended(cell)
    assert reply["status"] == "ok"
    assert "Stopped by the user" in kernel.text(cell)
    assert operations(kernel)[-1][0] == "status"
    assert operations(kernel)[-1][1]["state"] == "stopped"
    (last,) = kernel.of_kind("update_display_data")
    assert "Stopped" in last["data"]["text/html"]
    assert (await kernel.run("print('next')")).strip() == "next"


@pytest.mark.parametrize("run", ["stalls()", "floods()", "will_not_end()"])
async def test_an_interrupt_ends_the_run_and_is_raised_again(kernel: LiveKernel, run: str) -> None:
    cell = kernel.start(f"await show(runs.{run})")
    await shown(kernel, "Tell me of the harbour.")
    await kernel.interrupt()
    reply = await kernel.ended(cell)
    assert reply["ename"] == "CancelledError"
    assert len(reply["traceback"]) <= 3
    (last,) = kernel.of_kind("update_display_data")
    assert "Interrupted" in last["data"]["text/plain"]
    assert (await kernel.run("print('next')")).strip() == "next"


async def test_the_stream_is_closed_however_the_run_ends(kernel: LiveKernel) -> None:
    await kernel.run(
        "closed = []\n"
        "async def closing(stream):\n"
        "    try:\n"
        "        async for event in stream: yield event\n"
        "    finally:\n"
        "        closed.append(True)"
    )
    await kernel.run("await show(closing(runs.with_tool(0)))")
    cell = kernel.start("await show(closing(runs.stalls()))")
    await shown(kernel, "go on")
    kernel.press({"stop": True})
    await kernel.ended(cell)
    await kernel.ended(kernel.start("await show(closing(runs.fails()))"))
    assert (await kernel.run("print(len(closed))")).strip() == "3"


async def test_an_error_is_a_card_and_is_raised_unchanged(kernel: LiveKernel) -> None:
    cell = kernel.start("await show(runs.fails())")
    reply = await kernel.ended(cell)
    assert reply["ename"] == "HarbourError"
    assert reply["evalue"] == "the harbour is closed"
    assert reply["traceback"][0] == "HarbourError: the harbour is closed"
    assert len("\n".join(reply["traceback"]).splitlines()) <= 3
    (last,) = kernel.of_kind("update_display_data")
    assert "HarbourError" in last["data"]["text/html"]
    assert "the harbour is closed" in last["data"]["text/html"]
    assert "The lamps" in last["data"]["text/html"], "what was said before is kept"
    caught = await kernel.run(
        "try:\n    await show(runs.fails())\n"
        "except runs.HarbourError as error:\n    print('caught', error)"
    )
    assert "caught the harbour is closed" in caught


async def test_the_full_traceback_is_one_magic_away(kernel: LiveKernel) -> None:
    await kernel.ended(kernel.start("await show(runs.fails())"))
    full = kernel.start("%tb")
    await kernel.ended(full)
    assert "raise HarbourError" in plain(str(kernel.published))


async def test_a_failed_run_keeps_the_error_picklable(kernel: LiveKernel) -> None:
    text = await kernel.run(
        "import pickle\n"
        "try:\n    await show(runs.fails())\n"
        "except runs.HarbourError as error:\n"
        "    print(repr(pickle.loads(pickle.dumps(error))))"
    )
    assert "HarbourError('the harbour is closed')" in text


async def test_a_run_in_the_background_is_shown_where_it_began(kernel: LiveKernel) -> None:
    cell = kernel.start("task = asyncio.create_task(show(runs.with_tool(0.3)))\nprint('begun')")
    await kernel.ended(cell)
    assert (await kernel.run("print('free')")).strip() == "free"
    waiting = kernel.start("result = await task")
    await kernel.ended(waiting)
    (first,) = kernel.of_kind("display_data")
    (last,) = kernel.of_kind("update_display_data")
    assert last["transient"] == first["transient"]
    assert "High water at 14:20." in last["data"]["text/plain"]


async def test_stop_and_queued_cells_work_in_code_that_cannot_await(kernel: LiveKernel) -> None:
    await kernel.run("from nbagent.notebook.nesting import run_nested")
    cell = kernel.start("print(run_nested(show(runs.stalls())).stop_reason)")
    await shown(kernel, "go on")
    queued = kernel.start("print('queued')")
    kernel.press({"stop": True})
    await kernel.ended(cell)
    assert "Stopped by the user" in kernel.text(cell)
    await kernel.ended(queued)
    assert kernel.text(queued) == "queued\n"


async def test_records_a_run(kernel: LiveKernel, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    await kernel.run(f"await show(runs.with_tool(0), record={str(path)!r})")
    (last,) = kernel.of_kind("update_display_data")
    transcript = replay_transcript(path)
    assert transcript.state == "done"
    assert [item.kind for item in transcript.items] == ["message", "tool_call", "message"]
    assert "High water at 14:20." in last["data"]["text/plain"]


async def test_under_nbclient_only_the_static_transcript_is_in_the_file(tmp_path: Path) -> None:
    for version in VERSIONS:
        notebook: Any = nbformat.v4.new_notebook()  # pyright: ignore[reportUnknownMemberType]
        notebook.cells = [
            nbformat.v4.new_code_cell(source)  # pyright: ignore[reportUnknownMemberType]
            for source in (SET_UP, "result = await show(runs.with_tool(0.05))")
        ]
        manager: Any = kernel_manager(version, tmp_path / version)
        client: Any = nbclient.NotebookClient(notebook, km=manager, timeout=60)
        await client.async_execute()
        client.kc.stop_channels()
        await manager.shutdown_kernel(now=True)
        (output,) = notebook.cells[1].outputs
        assert set(output.data) == {"text/html", "text/markdown", "text/plain"}
        assert "High water at 14:20." in output.data["text/html"]
        assert "widgets" not in notebook.metadata


async def test_refuses_what_is_no_stream() -> None:
    async def run() -> TaskResult:
        return TaskResult(messages=[])

    class Agent:
        def run_stream(self) -> None: ...

    not_streams: list[tuple[Any, str]] = [
        (run(), "run_stream in place of run"),
        (Agent(), "in place of the agent"),
        (3, "not int"),
    ]
    for value, way_out in not_streams:
        with pytest.raises(TypeError, match=way_out):
            await show(value)


async def test_outside_of_a_notebook_the_run_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    result = await show(runs.with_tool(0))
    assert isinstance(result, TaskResult)
    assert "The tide is high" in capsys.readouterr().out


async def test_a_stream_without_a_result_is_an_error(kernel: LiveKernel) -> None:
    cell = kernel.start("async def part():\n    yield runs.asked()\nawait show(part())")
    reply = await kernel.ended(cell)
    assert reply["ename"] == "ValueError"
    assert "TaskResult" in reply["evalue"]
