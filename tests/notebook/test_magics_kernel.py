"""The magics as a user meets them, in real kernels."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.browser.kernels import VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel

pytestmark = pytest.mark.asyncio(loop_scope="module")

SET_UP = """
%reset -f
%reload_ext nbagent
%nbagent tools --clear
import asyncio, io
from nbagent.models import CreateResult, RequestUsage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import FunctionCall
from PIL import Image as PILImage

client = ReplayChatCompletionClient([f"Answer {n}." for n in range(1, 9)])
%nbagent model client

def asked(call=-1):
    "What the model was sent with a call, without the system message."
    return [message.content for message in client.create_calls[call]["messages"][1:]]

def calls(name, arguments):
    "An answer that calls a tool."
    call = FunctionCall(id="1", name=name, arguments=arguments)
    usage = RequestUsage(prompt_tokens=1, completion_tokens=1)
    return CreateResult(finish_reason="function_calls", content=[call], usage=usage, cached=False)
"""


@dataclass
class Cell:
    """What a cell gave.

    Attributes:
        printed: What it printed.
        complained: What it wrote to stderr.
        values: Its `Out[]`, as MIME bundles.
        transcript: What it displayed in the end, as plain text.
        error: The name of the error it ended with; empty for none.
        lines: How many lines of traceback there are.
    """

    printed: str
    complained: str
    values: list[dict[str, str]]
    transcript: str
    error: str
    lines: int


class Notebook:
    """Cells in a kernel."""

    def __init__(self, kernel: LiveKernel) -> None:
        self.kernel = kernel

    async def run(self, source: str) -> Cell:
        """Run a cell to its end."""
        return await self.finish(self.kernel.start(source))

    async def finish(self, cell: str) -> Cell:
        """Wait for a cell that was started."""
        reply = await self.kernel.ended(cell)
        texts = {"stdout": "", "stderr": ""}
        values: list[dict[str, str]] = []
        displays: dict[str, str] = {}
        lines = 0
        for message in self.kernel.published:
            content: dict[str, Any] = message["content"]
            if message["parent_header"].get("msg_id") != cell:
                continue
            kind = message["msg_type"]
            if kind == "stream":
                texts[content["name"]] += content["text"]
            elif kind == "execute_result":
                values.append(content["data"])
            elif kind in ("display_data", "update_display_data"):
                name = content["transient"].get("display_id", str(len(displays)))
                displays[name] = content["data"].get("text/plain", "")
            elif kind == "error":
                lines = len("\n".join(content["traceback"]).splitlines())
        return Cell(
            printed=texts["stdout"],
            complained=texts["stderr"],
            values=values,
            transcript="\n".join(displays.values()),
            error=reply.get("ename", ""),
            lines=lines,
        )

    async def value(self, expression: str) -> str:
        """The repr of an expression."""
        cell = await self.run(f"print(repr({expression}))")
        assert not cell.error, cell
        return cell.printed.rstrip("\n")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=VERSIONS)
async def kernel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path_factory.mktemp("kernel")) as running:
        await running.run("%load_ext nbagent")
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def notebook(kernel: LiveKernel) -> Notebook:
    notebook = Notebook(kernel)
    cell = await notebook.run(SET_UP)
    assert not cell.error and not cell.complained, cell
    return notebook


async def test_the_second_cell_knows_the_first(notebook: Notebook) -> None:
    first = await notebook.run("%%agent\nMy name is Ada.\n")
    assert "My name is Ada." in first.transcript
    assert "Answer 1." in first.transcript
    second = await notebook.run("# a comment\n\n%%agent\nWhat is my name?")
    assert "Answer 2." in second.transcript
    assert await notebook.value("asked()") == repr(
        ["My name is Ada.", "Answer 1.", "What is my name?"]
    )


async def test_the_value_is_kept_and_not_printed_below_the_transcript(notebook: Notebook) -> None:
    cell = await notebook.run("%%agent\nHello")
    assert cell.values == [] and cell.printed == cell.complained == ""
    assert await notebook.value("_.messages[-1].content") == "'Answer 1.'"
    assert await notebook.value("Out[max(Out)] is _") == "True"
    shown = await notebook.run("_")
    assert [value["text/plain"] for value in shown.values] == [
        "<TaskResult: 2 messages, the last from assistant: 'Answer 1.'>"
    ]


async def test_the_history_is_short(notebook: Notebook) -> None:
    await notebook.run("%%agent --new\nHello")
    assert await notebook.value("In[-2]") == repr("await __agent__('--new', 'Hello\\n');")


async def test_a_line_takes_its_prompt_as_it_is(notebook: Notebook) -> None:
    cell = await notebook.run("%agent what's a cat?")
    assert "Answer 1." in cell.transcript and cell.values == []
    await notebook.run("r = %agent and 3 times 4?")
    assert await notebook.value("r.messages[-1].content") == "'Answer 2.'"
    assert await notebook.value("asked()[::2]") == repr(["what's a cat?", "and 3 times 4?"])


async def test_out_takes_the_result_and_new_forgets(notebook: Notebook) -> None:
    await notebook.run("%%agent --out first\none")
    await notebook.run("%%agent --new --out second\ntwo")
    assert await notebook.value("first.messages[-1].content") == "'Answer 1.'"
    assert await notebook.value("second.messages[-1].content") == "'Answer 2.'"
    assert await notebook.value("asked()") == "['two']"
    afresh = await notebook.run("%agent --new")
    assert afresh.printed == "assistant begins afresh.\n"


async def test_variables_are_filled_in(notebook: Notebook) -> None:
    await notebook.run("city = 'Rome'; rows = [1, 2]")
    await notebook.run('%%agent\nIn {city}, {len(rows)} rows, {"a": 1} and \\frac{a}{b}')
    assert await notebook.value("asked()") == repr(['In Rome, 2 rows, {"a": 1} and \\frac{a}{b}'])


async def test_pictures_come_from_files_and_variables(notebook: Notebook) -> None:
    await notebook.run(
        "PILImage.new('RGB', (7, 5)).save('my chart.png'); pic = PILImage.new('RGB', (3, 2))"
    )
    cell = await notebook.run('%%agent --image "my chart.png" --image pic\nLook at {pic}:')
    assert not cell.error, cell
    assert await notebook.value("asked()") == (
        "[['Look at ', <Image PNG 3x2>, ':', <Image PNG 7x5>, <Image PNG 3x2>]]"
    )


async def test_a_picture_for_a_model_without_eyes_is_refused_and_spoils_nothing(
    notebook: Notebook,
) -> None:
    await notebook.run(
        "client.model_info['vision'] = False; pic = PILImage.new('RGB', (3, 2))\n"
        "assert not client.model_info['vision']"
    )
    cell = await notebook.run("%%agent\nLook at {pic}")
    assert "the model of assistant takes no pictures" in cell.complained
    assert "Answer 1." in (await notebook.run("%%agent\nHello")).transcript


async def test_agents_are_kept_by_name(notebook: Notebook) -> None:
    await notebook.run("%%agent poet\none")
    await notebook.run("%%agent critic\ntwo")
    cell = await notebook.run("%agent poet three")
    assert "poet" in cell.transcript
    assert await notebook.value("asked()") == repr(["one", "Answer 1.", "three"])
    assert await notebook.value("_.messages[-1].source") == "'poet'"


async def test_an_agent_of_the_user_is_found_by_its_variable(notebook: Notebook) -> None:
    await notebook.run(
        "from nbagent import AssistantAgent\n"
        "mine = AssistantAgent('Mine', ReplayChatCompletionClient(['I am yours.', 'Again.']))"
    )
    cell = await notebook.run("%%agent mine\nWho?")
    assert "I am yours." in cell.transcript
    assert "Again." in (await notebook.run("%%agent mine --new\nWho?")).transcript
    assert await notebook.value("len(mine.model_context._messages)") == "2"
    refused = await notebook.run("%%agent mine --model demo\nWho?")
    assert "--model cannot change 'mine'" in refused.complained


async def test_tools_are_registered_by_name_and_by_decorator(notebook: Notebook) -> None:
    await notebook.run("%%agent\nHello")
    await notebook.run(
        'def add(a: int, b: int) -> int:\n    "Add two numbers."\n    return a + b\n'
        "client.chat_completions[1] = calls('add', '{\"a\": 2, \"b\": 3}')"
    )
    listed = await notebook.run("%nbagent tools add")
    assert listed.printed == "add(a, b): Add two numbers.\n"
    cell = await notebook.run("%%agent\nWhat is 2 + 3?")
    assert "add" in cell.transcript and "5" in cell.transcript and "Answer 3." in cell.transcript
    assert await notebook.value("asked()[:2]") == repr(["Hello", "Answer 1."])
    await notebook.run(
        "import nbagent\n@nbagent.tool\ndef shout(text: str) -> str:\n    return text.upper()"
    )
    assert await notebook.value("shout('a')") == "'A'"
    assert (await notebook.run("%nbagent tools")).printed == (
        "add(a, b): Add two numbers.\nshout(text)\n"
    )
    await notebook.run("%%agent\nGo on")
    assert await notebook.value("[t['name'] for t in client.create_calls[-1]['tools']]") == repr(
        ["add", "shout"]
    )
    assert "No tools" in (await notebook.run("%nbagent tools --clear")).printed


async def test_a_function_and_a_loop_can_ask_too(notebook: Notebook) -> None:
    await notebook.run(
        "def ask(question):\n"
        "    answer = %agent {question}?\n"
        "    return answer.messages[-1].content"
    )
    cell = await notebook.run("print(ask('what'), ask('why'))")
    assert cell.printed == "Answer 1. Answer 2.\n"
    assert await notebook.value("asked()[::2]") == repr(["what?", "why?"])
    loop = await notebook.run("for word in 'ab':\n    %agent {word}\nprint('end')")
    assert loop.printed == "end\n" and "Answer 4." in loop.transcript


async def test_under_time_and_capture(notebook: Notebook) -> None:
    timed = await notebook.run("%%time\n%%agent --out r\nHello")
    assert "Answer 1." in timed.transcript and "Wall time" in timed.printed
    assert await notebook.value("r.messages[-1].content") == "'Answer 1.'"
    await notebook.run("%%capture captured\n%%agent\nHello")
    assert (
        await notebook.value("'Answer 2.' in str([output.data for output in captured.outputs])")
        == "True"
    )


async def test_with_autoawait_off(notebook: Notebook) -> None:
    await notebook.run("%autoawait off")
    try:
        cell = await notebook.run("%%agent\nHello")
        assert "Answer 1." in cell.transcript and cell.values == []
    finally:
        await notebook.run("%autoawait on")


async def test_an_interrupt_ends_the_run_and_the_next_cell_works(notebook: Notebook) -> None:
    await notebook.run(
        "class Stalling(ReplayChatCompletionClient):\n"
        "    async def create_stream(self, *arguments, **options):\n"
        "        print('waiting', flush=True)\n"
        "        await asyncio.sleep(600)\n"
        "        yield ''\n"
        "stalling = Stalling(['never'])\n"
        "def ask():\n    %agent slow hello"
    )
    for source in ("%%agent slow --model stalling\nhello", "ask()"):
        cell = notebook.kernel.start(source)
        await notebook.kernel.printed("waiting")
        await notebook.kernel.interrupt()
        stopped = await notebook.finish(cell)
        assert stopped.error in ("CancelledError", "KeyboardInterrupt"), stopped
        assert (
            await notebook.value(
                "[t.get_name() for t in asyncio.all_tasks() if 'nbagent' in t.get_name()]"
            )
            == "[]"
        )
    assert "Answer 1." in (await notebook.run("%%agent slow --model client\nhello")).transcript


async def test_stop_works_in_a_function_too_and_queued_cells_wait(notebook: Notebook) -> None:
    await notebook.run(
        "class Stalling(ReplayChatCompletionClient):\n"
        "    async def create_stream(self, *arguments, **options):\n"
        "        print('waiting', flush=True)\n"
        "        await asyncio.sleep(600)\n"
        "        yield ''\n"
        "stalling = Stalling(['never'])\n"
        "def ask():\n    result = %agent --model stalling hello\n    return result.stop_reason"
    )
    kernel = notebook.kernel
    cell = kernel.start("reason = ask()\nprint(reason)")
    await kernel.printed("waiting")
    queued = kernel.start("print('then', reason)")
    kernel.press({"stop": True})
    assert "Stopped by the user" in (await notebook.finish(cell)).printed
    assert (await notebook.finish(queued)).printed == "then Stopped by the user\n"


async def test_the_model_can_be_changed_and_asked_for(notebook: Notebook) -> None:
    await notebook.run("%%agent\none")
    await notebook.run("other = ReplayChatCompletionClient(['From another.'])")
    assert "client" in (await notebook.run("%nbagent model other")).printed
    assert "From another." in (await notebook.run("%%agent\ntwo")).transcript
    assert await notebook.value(
        "[m.content for m in other.create_calls[0]['messages'][1:]]"
    ) == repr(["one", "Answer 1.", "two"])
    await notebook.run("%%agent poet --model client\nHello")
    assert (await notebook.run("%nbagent model demo")).printed == (
        "The model is demo (chosen explicitly).\n"
        "The agent poet has a model of its own: client:ReplayChatCompletionClient.\n"
    )


@pytest.mark.parametrize(
    "source", ["%agent --help", "%%agent --help", "%%agent poet -h\nx", "%nbagent --help"]
)
async def test_help_is_printed(notebook: Notebook, source: str) -> None:
    cell = await notebook.run(source)
    assert not cell.error and not cell.complained and not cell.values
    assert "Example:" in cell.printed
    assert max(map(len, cell.printed.splitlines())) < 100


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("%%agent --imge a.png\nx", "no option '--imge'; did you mean --image?"),
        ("%%agent\n  \n", "there is no prompt"),
        ("%agent", "there is no prompt"),
        ("%%agent my-poet\nx", "'my-poet' cannot be an agent's name"),
        ("%%agent --model gtp:5\nx", "unknown model 'gtp:5'"),
        ("%%agent --model openai:gpt-5\nx", "OPENAI_API_KEY is not set"),
        ("%%agent --image nope.png\nx", "'nope.png'"),
        ("%%agent --image client\nx", "holds ReplayChatCompletionClient, and no picture"),
        ("%%agent\n{client.nothing}", "cannot fill in {client.nothing}: AttributeError"),
        ("%nbagent model gtp:5", "unknown model 'gtp:5'"),
        ("%nbagent model a b", "takes one model, not 'a b'"),
        ("%nbagent mdoel", "no command 'mdoel'; did you mean model?"),
        ("%nbagent tools calss", "no function 'calss'; did you mean calls?"),
        ("%nbagent tools calls", "parameter 'name' of tool 'calls' has no annotation"),
        ("%nbagent tools --claer", "no option '--claer'; did you mean --clear?"),
        ("%nbagent tools client", "a tool must be a function"),
    ],
)
async def test_a_mistake_is_told_in_a_line(notebook: Notebook, source: str, message: str) -> None:
    await notebook.run("import os; os.environ.pop('OPENAI_API_KEY', None)")
    cell = await notebook.run(source)
    assert message in cell.complained, cell
    assert cell.complained.startswith("UsageError: ")
    assert len(cell.complained.strip().splitlines()) == 1
    assert cell.lines == 0 and not cell.transcript
    assert "Answer 1." in (await notebook.run("%%agent\nnothing is lost")).transcript


async def test_doctor_shows_a_table(notebook: Notebook) -> None:
    cell = await notebook.run("%nbagent doctor")
    (value,) = cell.values
    assert "shell hook" in value["text/plain"]
    assert "<table>" in value["text/html"]
    assert "client" in value["text/plain"]


async def test_unloading_leaves_nothing_behind(notebook: Notebook) -> None:
    await notebook.run("%%agent\nHello")
    gone = await notebook.run("%unload_ext nbagent")
    assert not gone.error and not gone.complained
    assert "not found" in (await notebook.run("%%agent\nHello")).complained
    assert "not found" in (await notebook.run("%nbagent")).complained
    assert "pydantic" not in (await notebook.run("_")).printed
    again = await notebook.run("%load_ext nbagent\n%nbagent model client")
    assert not again.error
    assert "Answer 2." in (await notebook.run("%%agent\nHello")).transcript
    assert await notebook.value("asked()") == "['Hello']"  # the agents of before are gone


async def test_the_folder_is_where_pictures_are_looked_for(
    notebook: Notebook, tmp_path: Path
) -> None:
    cell = await notebook.run("%%agent --image nope.png\nx")
    assert "No such file" in cell.complained and "taken from the folder" in cell.complained
