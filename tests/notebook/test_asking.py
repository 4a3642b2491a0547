"""Questions in real kernels: asked in the running cell, answered, stopped, and left behind."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel

SET_UP = """
import asyncio
import nbagent
from nbagent import UserProxyAgent, show
from nbagent.questions import ask
"""


@pytest_asyncio.fixture(params=VERSIONS)
async def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path) as running:
        await running.run(SET_UP)
        yield running


async def asked(kernel: LiveKernel) -> dict[str, Any]:
    """Wait for the next question; its fields."""
    message = await kernel.until(
        lambda message: (
            message["msg_type"] == "comm_msg" and '"question"' in json.dumps(message["content"])
        )
    )
    operations = message["content"]["data"]["content"]["ops"]
    return next(operation[2] for operation in operations if operation[0] == "question")


def answer(kernel: LiveKernel, fields: dict[str, Any], value: object) -> None:
    kernel.press({"answer": fields["id"], "value": value})


def left_behind(kernel: LiveKernel) -> str:
    """The text of the static output that was put last."""
    return kernel.of_kind("update_display_data")[-1]["data"]["text/plain"]


async def test_an_agents_question_is_answered_while_the_cell_runs(kernel: LiveKernel) -> None:
    cell = kernel.start(
        "result = await show(UserProxyAgent('human').run_stream(task='Which colour?'))\n"
        "print([type(message).__name__ for message in result.messages])\n"
        "print(repr(result.messages[-1].content))"
    )
    question = await asked(kernel)
    answer(kernel, question, "rot\nund grün 🎨")
    reply = await kernel.ended(cell)
    assert reply["status"] == "ok"
    text = kernel.text(cell)
    assert "['TextMessage', 'UserInputRequestedEvent', 'TextMessage']" in text
    assert repr("rot\nund grün 🎨") in text
    assert "und grün 🎨" in left_behind(kernel)


async def test_a_lone_question_is_answered_in_its_cell(kernel: LiveKernel) -> None:
    cell = kernel.start("print('said', await ask('Which colour?'))")
    question = await asked(kernel)
    assert "Which colour?" in question["name"]
    answer(kernel, {"id": "another"}, "blue")
    answer(kernel, question, "red")
    answer(kernel, question, "green")
    assert (await kernel.ended(cell))["status"] == "ok"
    assert "said red" in kernel.text(cell)
    assert "Which colour?" in left_behind(kernel) and "red" in left_behind(kernel)
    text = await kernel.run("from comm import get_comm_manager; print(get_comm_manager().comms)")
    assert text.strip() == "{}"


async def test_questions_at_once_keep_their_own_answers(kernel: LiveKernel) -> None:
    cell = kernel.start(
        "async def both():\n"
        "    from nbagent.base import TaskResult\n"
        "    print(await asyncio.gather(ask('one?'), ask('two?')))\n"
        "    yield TaskResult(messages=[])\n"
        "await show(both())"
    )
    first = await asked(kernel)
    fields = [
        operation[2]
        for message in kernel.of_kind("comm_msg")
        if message["data"].get("method") == "custom"
        for operation in message["data"]["content"]["ops"]
        if operation[0] == "question"
    ]
    second = fields[1] if len(fields) > 1 else await asked(kernel)
    assert "one?" in first["name"] and "two?" in second["name"]
    answer(kernel, second, "2")
    answer(kernel, first, "1")
    await kernel.ended(cell)
    assert "['1', '2']" in kernel.text(cell)


async def test_an_answer_that_does_not_fit_is_refused(kernel: LiveKernel) -> None:
    cell = kernel.start("print(await ask('Which?', choices=['red', 'blue']))")
    question = await asked(kernel)
    assert [choice["value"] for choice in question["choices"]] == ["red", "blue"]
    answer(kernel, question, "pink")
    await kernel.until(
        lambda message: (
            message["msg_type"] == "comm_msg" and '"refused"' in json.dumps(message["content"])
        )
    )
    answer(kernel, question, "blue")
    await kernel.ended(cell)
    assert "blue" in kernel.text(cell)


async def test_a_page_loaded_anew_gets_the_question_again(kernel: LiveKernel) -> None:
    cell = kernel.start("print(await ask('Which colour?'))")
    question = await asked(kernel)
    kernel.press({"ask": "snapshot", "n": 0})
    again = await asked(kernel)
    assert again == question
    answer(kernel, again, "red")
    await kernel.ended(cell)


async def test_stop_while_a_question_is_open_ends_the_run(kernel: LiveKernel) -> None:
    for _ in range(3):
        cell = kernel.start(
            "result = await show(UserProxyAgent('human').run_stream(task='Which?'))\n"
            "print(result.stop_reason)"
        )
        await asked(kernel)
        kernel.press({"stop": True})
        assert (await kernel.ended(cell))["status"] == "ok"
        assert "Stopped by the user" in kernel.text(cell)
        assert "cancelled" in left_behind(kernel)


async def test_an_interrupt_withdraws_a_lone_question(kernel: LiveKernel) -> None:
    cell = kernel.start("await ask('Which colour?')")
    await asked(kernel)
    await kernel.interrupt()
    assert (await kernel.ended(cell))["status"] == "error"
    assert "cancelled" in left_behind(kernel)
    assert await kernel.run("print('next')") == "next\n"


async def test_after_its_timeout_a_question_takes_its_default(kernel: LiveKernel) -> None:
    text = await kernel.run("print(await ask('Which?', default='red', timeout=0.2))")
    assert "red" in text
    assert "nobody answered within 0.2 s" in left_behind(kernel)


async def test_without_a_reader_the_default_counts_or_an_error_tells(kernel: LiveKernel) -> None:
    text = await kernel.run("print(await ask('Which?', default='red'))", allow_stdin=False)
    assert "red" in text
    cell = kernel.start("await ask('Which colour?')", allow_stdin=False)
    reply = await kernel.ended(cell)
    assert reply["ename"] == "UserInputError"
    assert "Which colour?" in reply["evalue"] and "default" in reply["evalue"]
