"""drop() without a person, and against a page that sends what it should not."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from nbagent.exceptions import UserInputError
from nbagent.notebook.drop import drop
from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, Message, live_kernel

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[VERSIONS[0], VERSIONS[-1]])
async def kernel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path_factory.mktemp("kernel")) as running:
        await running.run("from nbagent.notebook.drop import drop")
        yield running


async def said(kernel: LiveKernel, key: str, value: str) -> None:
    """Wait until Python has sent its page a message of this kind."""

    def matches(message: Message) -> bool:
        data = message["content"].get("data", {})
        return data.get("method") == "custom" and data["content"].get(key) == value

    await kernel.until(matches)


async def test_a_script_is_told_to_read_the_files_itself() -> None:
    with pytest.raises(UserInputError, match=r"in a notebook cell only.*Image\.from_file\(path\)"):
        await drop()


async def test_a_run_that_nobody_follows_fails_at_once(kernel: LiveKernel) -> None:
    cell = kernel.start("await drop()", allow_stdin=False)
    reply = await kernel.ended(cell)
    assert reply["ename"] == "UserInputError"
    assert "nobody follows this run" in reply["evalue"]
    assert "Image.from_file(path)" in reply["evalue"]
    assert kernel.text(cell) == ""


async def test_a_page_that_sends_nonsense_does_no_harm(kernel: LiveKernel) -> None:
    cell = kernel.start("files = await drop('Now')\nprint([(f.name, f.data) for f in files])")
    await said(kernel, "drop", "open")
    for nonsense in (
        {"drop": "done", "ids": ["nope"]},
        {"drop": "done", "ids": "nope"},
        {"drop": "done", "ids": [["nope"], None, 5]},
        {"drop": "done"},
        {"drop": 5},
        {"upload": "done"},
        {"upload": "chunk", "id": "a", "n": 0, "check": ""},
        {"stop": True},
    ):
        kernel.press(nonsense)
    name = "../../evil<b>\u202e.txt"
    kernel.press({"upload": "begin", "id": "b", "name": name, "size": 0, "sent": 0})
    await said(kernel, "upload", "ready")
    kernel.press({"drop": "done", "ids": ["b"]})
    assert (await kernel.ended(cell))["status"] == "ok"
    printed = kernel.text(cell)
    assert "Now: 1 file, 0 bytes" in printed
    assert "evil" in printed and ".." not in printed and "\u202e" not in printed


async def test_an_interrupt_leaves_no_task_behind(kernel: LiveKernel) -> None:
    cell = kernel.start("await drop()")
    await said(kernel, "drop", "open")
    await kernel.interrupt()
    reply = await kernel.ended(cell)
    assert reply["ename"] == "CancelledError"
    assert "The run was interrupted: no files were taken." in kernel.text(cell)
    left = await kernel.run(
        "import asyncio\n"
        "print([t.get_name() for t in asyncio.all_tasks() if 'nbagent' in t.get_name()])"
    )
    assert left == "[]\n"


async def test_it_works_where_nothing_can_be_awaited(kernel: LiveKernel) -> None:
    cell = kernel.start(
        "from nbagent.notebook.nesting import run_nested\n"
        "def ask():\n    return run_nested(drop('Nested'))\n"
        "ask()"
    )
    await said(kernel, "drop", "open")
    kernel.press({"drop": "cancel"})
    reply = await kernel.ended(cell)
    assert reply["ename"] == "UserInputError" and "Cancel was pressed" in reply["evalue"]


async def test_the_magic_says_in_one_line_that_nobody_is_there(kernel: LiveKernel) -> None:
    await kernel.run("%load_ext nbagent\n%nbagent model demo")
    for source in ("%%agent --drop\nWhat is in it?", "%agent --drop what is in it?"):
        cell = kernel.start(source, allow_stdin=False)
        await kernel.ended(cell)
        text = kernel.text(cell)
        assert text.startswith("UsageError: drop() waits for a person") and text.count("\n") == 1
