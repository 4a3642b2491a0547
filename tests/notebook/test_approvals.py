"""Approvals in the places where people run agents: magics, notebooks run unseen, scripts."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel

SCRIPT = '''
import asyncio
from nbagent import AssistantAgent, FunctionCall, Console, tool
from nbagent.models import CreateResult, RequestUsage
from nbagent.models.replay import ReplayChatCompletionClient

ran = []

@tool(approval="always")
async def pay(article: str, amount: int = 3) -> str:
    """Pay for an article."""
    ran.append((article, amount))
    return f"paid {amount} for {article}"

def client():
    call = FunctionCall(id="call_0", name="pay", arguments='{"article": "tea"}')
    usage = RequestUsage(prompt_tokens=1, completion_tokens=1)
    calls = CreateResult(
        finish_reason="function_calls", content=[call], usage=usage, cached=False
    )
    info = {
        "vision": False, "function_calling": True, "json_output": False,
        "structured_output": False, "family": "unknown",
    }
    return ReplayChatCompletionClient([calls, "That is all."], model_info=info)

def agent():
    return AssistantAgent("payer", client(), tools=[pay])
'''


async def question(kernel: LiveKernel) -> dict[str, Any]:
    """Wait for the next question; its fields."""
    message = await kernel.until(
        lambda message: (
            message["msg_type"] == "comm_msg" and '"question"' in json.dumps(message["content"])
        )
    )
    operations = message["content"]["data"]["content"]["ops"]
    return next(operation[2] for operation in operations if operation[0] == "question")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_tool_of_the_session_asks_in_the_magics_cell(version: str, tmp_path: Path) -> None:
    async with live_kernel(version, tmp_path) as kernel:
        await kernel.run("%load_ext nbagent\n" + SCRIPT)
        for approved in (True, False):
            await kernel.run("replayed = client()")
            cell = kernel.start("%%agent --new --model replayed --out told\nBuy tea.")
            asked = await question(kernel)
            assert asked["kind"] == "approval"
            assert "pay(" in asked["name"] and "tea" in asked["name"] and "3" in asked["name"]
            kernel.press(
                {
                    "answer": asked["id"],
                    "value": {"approved": approved, "reason": "no money", "for_run": False},
                }
            )
            assert (await kernel.ended(cell))["status"] == "ok"
            assert (await kernel.run("print(len(ran))")).strip() == "1"
        results = await kernel.run(
            "print([part.content for m in told.messages\n"
            "    if type(m).__name__ == 'ToolCallExecutionEvent' for part in m.content])"
        )
        assert "denied" in results and "no money" in results
        left = kernel.of_kind("update_display_data")[-1]["data"]["text/plain"]
        assert "denied" in left


@pytest.mark.parametrize("shown", [True, False])
async def test_a_notebook_that_nobody_follows_denies(shown: bool, tmp_path: Path) -> None:
    run = "show(agent().run_stream(task='Buy tea.'))" if shown else "agent().run(task='Buy tea.')"
    async with live_kernel(VERSIONS[0], tmp_path) as kernel:
        await kernel.run("from nbagent import show\n" + SCRIPT, allow_stdin=False)
        text = await kernel.run(
            f"result = await {run}\nprint(ran, result.messages[-1].to_text())", allow_stdin=False
        )
    assert "[] " in text and "needs a person's approval" in text
    assert "nobody follows this notebook" in text


def test_a_script_that_nobody_sits_at_denies(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        SCRIPT
        + "\nasyncio.run(Console(agent().run_stream(task='Buy tea.')))"
        + "\nprint('ran:', ran)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "ran: []" in done.stdout
    assert "needs a person's approval" in done.stdout
