"""No call runs without its approval, and none twice, whatever a page sends and when.

Real kernels, driven over comm messages as the page of a live view drives them. Each of the runs
is drawn from a seed: how many calls there are, and what is done about each question.
"""

import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, Message, live_kernel

RUNS = 250
"""Runs in each kernel; there are two kernels."""

SET_UP = """
import json
from nbagent import AssistantAgent, FunctionCall, FunctionTool, show
from nbagent.models import CreateResult, RequestUsage
from nbagent.models.replay import ReplayChatCompletionClient

paid = []

async def pay(key: str) -> str:
    "Pay."
    paid.append(key)
    return f"paid {key}"

def pays(keys):
    calls = [
        FunctionCall(id=f"call_{number}", name="pay", arguments=json.dumps({"key": key}))
        for number, key in enumerate(keys)
    ]
    usage = RequestUsage(prompt_tokens=1, completion_tokens=1)
    return CreateResult(
        finish_reason="function_calls", content=calls, usage=usage, cached=False
    )

info = {
    "vision": False, "function_calling": True, "json_output": False,
    "structured_output": False, "family": "unknown",
}

def run(rounds, timeout):
    client = ReplayChatCompletionClient([*map(pays, rounds), "done"], model_info=info)
    tool = FunctionTool(pay, approval="always", approval_timeout=timeout)
    agent = AssistantAgent("payer", client, tools=[tool], max_tool_iterations=len(rounds) + 1)
    return show(agent.run_stream(task="Pay"))
"""

APPROVE = {"approved": True, "reason": "", "for_run": False}
APPROVE_FOR_RUN = {"approved": True, "reason": "", "for_run": True}
DENY = {"approved": False, "reason": "too dear", "for_run": False}
MALFORMED: tuple[Any, ...] = (
    None,
    True,
    "approve",
    [APPROVE],
    {},
    {"approved": 1},
    {"approved": "true", "reason": "", "for_run": False},
    {"approved": True, "reason": 7},
    {"approved": True, "for_run": "yes"},
    {"approved": True, "more": True},
    {"approved": False, "reason": "x" * 5000},
)
DEEDS = (
    "approve",
    "approve, approve",
    "approve for run",
    "approve, deny",
    "approve, stop",
    "deny",
    "deny, approve",
    "malformed, deny",
    "malformed, approve",
    "wrong id, deny",
    "wrong id, approve",
    "reload, approve",
    "reload, deny",
    "reload, stop",
    "stop",
    "stop, approve",
)
"""What may be done about a question, step by step."""


class Run:
    """One run: what is done about its questions, and what may follow from it.

    Args:
        kernel: Where it runs.
        number: Makes its calls known from those of other runs.
        dice: Draws what happens.
    """

    def __init__(self, kernel: LiveKernel, number: int, dice: random.Random) -> None:
        self._kernel = kernel
        self._dice = dice
        self._rounds = [
            [f"{number}.{round_number}.{call}" for call in range(dice.choice((1, 1, 2, 3)))]
            for round_number in range(dice.choice((1, 1, 2)))
        ]
        self._timeout = 0.05 if dice.random() < 0.15 else None
        self._asked: dict[str, str] = {}
        self._left_to_do: dict[str, list[str]] = {}
        self._decided: set[str] = set()
        self._stopped = False
        self.story: list[str] = []
        self.may_pay: set[str] = set()

    @property
    def must_pay(self) -> set[str]:
        """What has to have run: not known where time or Stop may have come first."""
        return set() if self._stopped or self._timeout is not None else self.may_pay

    async def drive(self) -> None:
        """Start the run, deal with each of its questions, and wait for its end."""
        self._kernel.published.clear()
        cell = self._kernel.start(f"result = await run({self._rounds!r}, {self._timeout!r})")
        ended = False
        while not ended:
            message = await self._kernel.until(lambda message: True)
            self._look_at(message)
            ended = (
                message["msg_type"] == "status"
                and message["content"]["execution_state"] == "idle"
                and message["parent_header"].get("msg_id") == cell
            )
        for request_id in self._asked:  # a page that has not noticed yet
            self._answer(request_id, APPROVE)

    def _look_at(self, message: Message) -> None:
        """Do what is drawn for each question that a page is shown for the first time, or again."""
        if message["msg_type"] != "comm_msg":
            return
        content = cast("Message", message["content"]["data"].get("content") or {})
        for operation in cast("list[Any]", content.get("ops", [])):
            if operation[0] != "question" or operation[2] is None:
                continue
            request_id, name = operation[2]["id"], operation[2]["name"]
            if request_id not in self._asked:
                key = re.search(r'key="([^"]+)"', name)
                assert key is not None, f"the call is not told in {name!r}"
                self._asked[request_id] = key[1]
                deeds = (*DEEDS, *["wait"] * 8) if self._timeout is not None else DEEDS
                deed = self._dice.choice(deeds)
                self.story.append(f"{key[1]}: {deed}")
                self._left_to_do[request_id] = deed.split(", ")
                self._go_on(request_id)
            elif content.get("snapshot"):
                self._go_on(request_id)

    def _go_on(self, request_id: str) -> None:
        """Do the next steps, up to one after which the page has to be shown the question again."""
        steps = self._left_to_do[request_id]
        while steps:
            step = steps.pop(0)
            self._do(step, request_id)
            if step == "reload":
                return

    def _do(self, step: str, request_id: str) -> None:
        if step == "approve":
            self._decide(request_id, APPROVE)
        elif step == "approve for run":
            self._decide(request_id, APPROVE_FOR_RUN)
        elif step == "deny":
            self._decide(request_id, DENY)
        elif step == "malformed":
            self._answer(request_id, self._dice.choice(MALFORMED))
        elif step == "wrong id":
            self._answer(f"{request_id[:-1]}x", APPROVE)
        elif step == "stop":
            self._stopped = True
            self._kernel.press({"stop": True})
        elif step == "reload":
            self._kernel.press({"ask": "snapshot", "n": 0})

    def _decide(self, request_id: str, answer: Message) -> None:
        """Give an answer that fits. Only the first to a question counts, and none after Stop."""
        if answer["approved"] and not self._stopped and request_id not in self._decided:
            key = self._asked[request_id]
            self.may_pay.add(key)
            if answer["for_run"]:
                now = next(number for number, keys in enumerate(self._rounds) if key in keys)
                self.may_pay.update(*self._rounds[now + 1 :])
        self._decided.add(request_id)
        self._answer(request_id, answer)

    def _answer(self, request_id: str, value: object) -> None:
        self._kernel.press({"answer": request_id, "value": value})


@pytest.mark.parametrize("version", VERSIONS)
async def test_nothing_runs_without_its_approval_and_nothing_twice(
    version: str, tmp_path: Path
) -> None:
    dice = random.Random(f"approvals {version}")
    async with live_kernel(version, tmp_path) as kernel:
        await kernel.run(SET_UP)
        runs = [Run(kernel, number, dice) for number in range(RUNS)]
        for run in runs:
            await run.drive()
        paid = Counter[str](json.loads(await kernel.run("print(json.dumps(paid))")))
    stories = {f"{key}": run.story for run in runs for key in run.may_pay}
    may_pay = set[str]().union(*(run.may_pay for run in runs))
    must_pay = set[str]().union(*(run.must_pay for run in runs))
    assert not paid.keys() - may_pay, "paid without an approval"
    assert not [(key, stories[key]) for key, times in paid.items() if times > 1], "paid twice"
    assert not [(key, stories[key]) for key in must_pay - paid.keys()], "approved, and not paid"
    assert len(must_pay) > RUNS / 3, "the runs approve too little to prove anything"
