"""Stopping a team in real kernels: its model is asked nothing more, and the team runs again.

The model is a server in the process of the tests, so what counts is what really arrives there.
"""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel
from tests.loopback import Answer, LoopbackServer
from tests.notebook.test_show import shown

CALLS = 20
"""Model calls that a run takes if nobody stops it."""

SET_UP = """
import asyncio, threading
from nbagent import run_sync
from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.notebook.show import show
from nbagent.teams import DiGraphBuilder, GraphFlow, RoundRobinGroupChat, SelectorGroupChat, Swarm
from nbagent.ui import Console, UserInputManager

client = OpenAIChatCompletionClient(model="gpt-5", base_url={url!r}, api_key="k", max_retries=0)

def agent(name, **options):
    return AssistantAgent(name, client, model_client_stream=True, **options)

def round_robin():
    return RoundRobinGroupChat([agent("a"), agent("b")], max_turns={calls})

def selector():
    # The server's answer names b, and then a is the only one left.
    return SelectorGroupChat([agent("a"), agent("b")], client, max_turns={calls})

def swarm():
    return Swarm([agent("a", handoffs=["b"]), agent("b")], max_turns={calls})

def nested():
    inner = RoundRobinGroupChat([agent("a"), agent("b")], name="inner", max_turns=2)
    return RoundRobinGroupChat([inner, agent("c")], max_turns={calls})

def flow():
    builder = DiGraphBuilder()
    for name in "abcdefgh":
        builder.add_node(agent(name))
    for name in "bcd":
        builder.add_edge("a", name).add_edge(name, "e")
    builder.add_edge("e", "f").add_edge("f", "g").add_edge("g", "h")
    return GraphFlow(builder.get_participants(), builder.build())

released = threading.Event()

def blocks(prompt):
    print(prompt)
    released.wait(60)
    return "late"

async def waits(prompt, cancellation_token):
    print(prompt)
    await asyncio.Event().wait()

manager = UserInputManager(blocks)

def asking(input_func=None):
    return RoundRobinGroupChat([agent("a"), UserProxyAgent("human", input_func=input_func)])

def alone(input_func):
    return UserProxyAgent("human", input_func=input_func)

async def leave(stream, count):
    async for item in stream:
        count -= hasattr(item, "source") and item.source != "user"
        if not count:
            break
"""

TEAMS = ("round_robin", "selector", "swarm", "nested", "flow")

WAYS = {
    "await": "await team.run(task='Count.')",
    "Console": "await Console(team.run_stream(task='Count.'))",
    "show": "await show(team.run_stream(task='Count.'))",
    "run_sync": "run_sync(team.run(task='Count.'))",
}
"""Cells that run a team."""


@dataclass
class Notebook:
    """A kernel, and the server that its agents ask.

    Attributes:
        kernel: The kernel.
        server: The server; it takes at least 0.1 s for an answer.
    """

    kernel: LiveKernel
    server: LoopbackServer

    async def assert_silent_and_runs_again(self) -> None:
        """Nothing more arrives while the kernel goes on; then the team goes on in a next run."""
        before = len(self.server.requests)
        assert before < CALLS
        await self.kernel.run("await asyncio.sleep(0.4)")
        assert len(self.server.requests) == before
        text = await self.kernel.run(
            "said = []\n"
            "async for item in team.run_stream():\n"
            "    if getattr(item, 'source', '') in set('abcdefgh'):\n"
            "        said.append(item)\n"
            "        if len(said) == 2: break\n"
            "print(len(said))"
        )
        assert text == "2\n"
        assert len(self.server.requests) > before


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=VERSIONS)
async def kernel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path_factory.mktemp("kernel")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def notebook(kernel: LiveKernel) -> AsyncGenerator[Notebook]:
    answer = Answer(["It is ", "b", "."], interval=0.05)
    async with LoopbackServer([answer], repeat=True) as server:
        await kernel.run(SET_UP.format(url=server.url, calls=CALLS))
        yield Notebook(kernel, server)
        await kernel.run("await client.close()")


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("cell", WAYS.values(), ids=WAYS.keys())
async def test_an_interrupt_ends_the_team_at_once(notebook: Notebook, cell: str) -> None:
    await notebook.kernel.run("team = round_robin()")
    running = notebook.kernel.start(cell)
    await notebook.server.until_requests(3)
    await notebook.kernel.interrupt()
    reply = await notebook.kernel.ended(running)
    assert reply["ename"] in {"CancelledError", "KeyboardInterrupt"}
    assert len(notebook.server.requests) <= 4
    await notebook.assert_silent_and_runs_again()


@pytest.mark.parametrize("team", TEAMS)
async def test_an_interrupt_ends_every_kind_of_team(notebook: Notebook, team: str) -> None:
    await notebook.kernel.run(f"team = {team}()")
    running = notebook.kernel.start("await team.run(task='Count.')")
    await notebook.server.until_requests(3)  # in the graph, several agents are at work
    await notebook.kernel.interrupt()
    assert (await notebook.kernel.ended(running))["ename"] == "CancelledError"
    await notebook.assert_silent_and_runs_again()


async def test_the_stop_button_ends_the_team_at_once(notebook: Notebook) -> None:
    await notebook.kernel.run("team = round_robin()")
    running = notebook.kernel.start(f"result = {WAYS['show']}\nprint(result.stop_reason)")
    await shown(notebook.kernel, "Count.")
    await notebook.server.until_requests(3)
    notebook.kernel.press({"stop": True})
    assert (await notebook.kernel.ended(running))["status"] == "ok"
    assert "Stopped by the user" in notebook.kernel.text(running)
    assert len(notebook.server.requests) <= 4
    await notebook.assert_silent_and_runs_again()


async def test_whoever_leaves_the_stream_ends_the_team(notebook: Notebook) -> None:
    await notebook.kernel.run("team = round_robin()")
    await notebook.kernel.run("await leave(team.run_stream(task='Count.'), 5)")
    assert len(notebook.server.requests) <= 3
    await notebook.assert_silent_and_runs_again()


CONSOLE = "await Console(team.run_stream(), user_input_manager=manager)"
SHOW = "await show(team.run_stream())"


@pytest.mark.parametrize(
    ("person", "cell", "button"),
    [
        ("asking(blocks)", "await team.run()", False),
        ("alone(blocks)", "await team.run()", False),
        ("alone(blocks)", "await Console(team.run_stream())", False),
        ("asking(manager.get_wrapped_callback())", CONSOLE, False),
        *[
            (person, SHOW, button)
            for person in ("asking(blocks)", "asking(waits)", "asking()")
            for button in (False, True)
        ],
    ],
)
async def test_a_stop_while_a_person_is_asked_returns(
    notebook: Notebook, person: str, cell: str, button: bool
) -> None:
    kernel = notebook.kernel
    await kernel.run(f"team = {person}")
    for _ in range(2):  # the next run asks again
        running = kernel.start(cell)
        await kernel.until(lambda message: "Enter your response" in json.dumps(message["content"]))
        if button:
            kernel.press({"stop": True})
        else:
            await kernel.interrupt()
        reply = await kernel.ended(running)
        assert reply.get("ename") == (None if button else "CancelledError")
    assert len(notebook.server.requests) == (0 if "alone" in person else 1)
    await kernel.run("released.set()")
