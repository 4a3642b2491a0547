"""A real kernel that nbagent cannot hook: questions are asked by the kernel's own prompt."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel

SET_UP = """
import asyncio
from nbagent import UserProxyAgent, show
from nbagent.notebook import kernel, shell_hook
from nbagent.questions import ask
shell_hook._NEEDED += ("what_no_kernel_has",)
assert not kernel.status().hooked
"""

NO_VIEW = "from comm import get_comm_manager; print(get_comm_manager().comms)"


@pytest_asyncio.fixture(params=VERSIONS)
async def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path) as running:
        await running.run(SET_UP)
        yield running


async def in_page(kernel: LiveKernel) -> str:
    """Wait until the live view shows a question; its id."""
    message = await kernel.until(
        lambda message: (
            message["msg_type"] == "comm_msg" and '"question"' in json.dumps(message["content"])
        )
    )
    operations = message["content"]["data"]["content"]["ops"]
    return next(operation[2]["id"] for operation in operations if operation[0] == "question")


def left_behind(kernel: LiveKernel) -> str:
    """The text of the static output that was put last."""
    return kernel.of_kind("update_display_data")[-1]["data"]["text/plain"]


async def test_an_agents_question_is_asked_by_the_prompt(kernel: LiveKernel) -> None:
    cell = kernel.start(
        "result = await show(UserProxyAgent('human').run_stream(task='Which colour?'))\n"
        "print('said', result.messages[-1].content)"
    )
    await in_page(kernel)
    await kernel.input_requested()
    kernel.type_line("grün 🎨")
    assert (await kernel.ended(cell))["status"] == "ok"
    assert "Enter your response:" in kernel.text(cell)
    assert "said grün 🎨" in kernel.text(cell)
    assert "grün 🎨" in left_behind(kernel)
    assert "answered by the user" in left_behind(kernel)
    assert (await kernel.run(NO_VIEW)).strip() == "{}"


async def test_what_does_not_fit_is_asked_again_and_several_one_by_one(kernel: LiveKernel) -> None:
    cell = kernel.start(
        "print(await asyncio.gather(\n"
        "    ask('Which?', choices=['red', 'blue']), ask('Sure?', bool), ask('Size?')))"
    )
    for line in ("pink", "2", "y", "12"):
        await kernel.input_requested()
        kernel.type_line(line)
    assert (await kernel.ended(cell))["status"] == "ok"
    assert "['blue', True, '12']" in kernel.text(cell)


async def test_an_interrupt_ends_the_prompt_and_the_next_run_works(kernel: LiveKernel) -> None:
    for code in (
        "await show(UserProxyAgent('human').run_stream(task='Which colour?'))",
        "await ask('Which size?')",
    ):
        cell = kernel.start(code)
        await kernel.input_requested()
        await kernel.interrupt()
        reply = await kernel.ended(cell)
        assert reply["ename"] == "CancelledError"
        assert "cancelled" in left_behind(kernel)
    cell = kernel.start("print('said', await ask('Which way?'))")
    await kernel.input_requested()
    kernel.type_line("left")
    await kernel.ended(cell)
    assert "said left" in kernel.text(cell)


async def test_without_a_reader_nobody_is_asked(kernel: LiveKernel) -> None:
    text = await kernel.run("print(await ask('Which?', default='red'))", allow_stdin=False)
    assert "red" in text


async def test_in_the_background_the_page_answers(kernel: LiveKernel) -> None:
    await kernel.run(
        "run = show(UserProxyAgent('human').run_stream(task='Which colour?'), background=True)"
    )
    kernel.press({"answer": await in_page(kernel), "value": "red"})
    await kernel.until(lambda message: message["msg_type"] == "update_display_data")
    assert await kernel.run("print(run.result().messages[-1].content)") == "red\n"
