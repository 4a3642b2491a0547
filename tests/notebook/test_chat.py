"""A chat in real kernels: what the page may send, and what it gets; the page is played here."""

import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from nbagent.attachments import Attachment
from nbagent.exceptions import AttachmentError
from nbagent.notebook.chat import Chat
from tests.browser.kernels import CURRENT, VERSIONS
from tests.browser.live_kernel import LiveKernel, live_kernel
from tests.browser.partners import replay
from tests.notebook.test_approvals import SCRIPT as PAYING
from tests.notebook.test_nbclient import STATIC, executed

SET_UP = """
import asyncio
from nbagent import AssistantAgent, UserProxyAgent
from nbagent.notebook.chat import Chat
from tests.browser.partners import *
"""


@pytest.fixture(autouse=True)
def in_jupyter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels take it that JupyterLab has started them."""
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")


@pytest_asyncio.fixture(params=VERSIONS)
async def kernel(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(request.param, tmp_path) as running:
        await running.run(SET_UP)
        yield running


@pytest_asyncio.fixture
async def one_kernel(tmp_path: Path) -> AsyncGenerator[LiveKernel]:
    async with live_kernel(CURRENT, tmp_path) as running:
        await running.run(SET_UP)
        yield running


async def told(kernel: LiveKernel, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next message to the page about the chat that matches."""
    message = await kernel.until(
        lambda message: (
            message["msg_type"] == "comm_msg"
            and message["content"]["data"].get("method") == "custom"
            and matches(message["content"]["data"]["content"])
        )
    )
    content: dict[str, Any] = message["content"]["data"]["content"]
    return content


def is_state(*, running: bool) -> Callable[[dict[str, Any]], bool]:
    return lambda content: content.get("chat") == "state" and content["running"] is running


def is_about(kind: str) -> Callable[[dict[str, Any]], bool]:
    return lambda content: content.get("chat") == kind


def send(kernel: LiveKernel, text: str, message_id: str = "", **more: object) -> None:
    message: dict[str, object] = {
        "chat": "send",
        "id": message_id or text,
        "text": text,
        "files": [],
        "turn": None,
    }
    kernel.press(message | more)


async def turn(kernel: LiveKernel, text: str, message_id: str = "", **more: object) -> Any:
    """Send a message from the page, and wait for the end of the turn; the state then."""
    send(kernel, text, message_id, **more)
    await told(kernel, is_state(running=True))
    return await told(kernel, is_state(running=False))


def to_page(kernel: LiveKernel) -> list[dict[str, Any]]:
    """All messages to the page so far."""
    data = [content["data"] for content in kernel.of_kind("comm_msg")]
    return [each["content"] for each in data if each.get("method") == "custom"]


def left_behind(kernel: LiveKernel) -> str:
    """The text of the static transcript that was put last."""
    return kernel.of_kind("update_display_data")[-1]["data"]["text/plain"]


async def test_a_message_is_answered_and_kept(kernel: LiveKernel) -> None:
    cell = kernel.start("chat = Chat(replay('Hello **you**'))\nchat")
    await kernel.ended(cell)
    saved, place = kernel.of_kind("display_data")
    assert "nbagent-saved-" in saved["data"]["text/html"]
    assert "nbagent-place-" in place["data"]["text/html"]
    assert "widget-view" not in json.dumps([saved, place]), "the file holds no widget"
    state = await turn(kernel, "Hi", "one")
    assert (state["last"], len(state["turns"]), state["kept"]) == ("one", 1, 1)
    assert "Hello **you**" in left_behind(kernel)
    assert "nbagent-kept-1" in kernel.of_kind("update_display_data")[-1]["data"]["text/html"]
    text = await kernel.run("print(chat, chat.result.messages[-1].content, len(chat.messages))")
    assert text == "<Chat with assistant: 1 turn> Hello **you** 2\n"


async def test_a_message_arrives_while_another_cell_awaits(kernel: LiveKernel) -> None:
    await kernel.run("chat = Chat(replay('Hello'))\nchat")
    cell = kernel.start("await asyncio.sleep(1.5); print(len(chat.messages), 'messages')")
    await turn(kernel, "Hi")
    await kernel.ended(cell)
    assert "2 messages\n" in kernel.text(cell)


async def test_a_message_waits_while_a_cell_blocks(kernel: LiveKernel) -> None:
    await kernel.run("chat = Chat(replay('Hello'))\nchat")
    cell = kernel.start("import time; print('blocked'); time.sleep(1); print(len(chat.messages))")
    await kernel.printed("blocked")
    send(kernel, "Hi")
    await kernel.ended(cell)
    await told(kernel, is_state(running=True))
    await told(kernel, is_state(running=False))
    assert kernel.text(cell).startswith("blocked\n0\n")
    assert await kernel.run("print(len(chat.messages))") == "2\n"


async def test_the_same_message_counts_once(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run("chat = Chat(replay('one', 'two', 'three'))\nchat")
    for _ in range(3):
        send(kernel, "Hi", "a")
    await told(kernel, is_state(running=True))
    state = await told(kernel, is_state(running=False))
    send(kernel, "Hi", "a")
    state = await told(kernel, is_about("state"))
    assert len(state["turns"]) == 1
    retry = {"chat": "retry", "turn": state["turns"][0]["id"]}
    kernel.press(retry)
    kernel.press(retry)
    await told(kernel, is_state(running=True))
    await told(kernel, is_state(running=False))
    kernel.press(retry)
    await told(kernel, is_about("state"))
    assert await kernel.run("print(chat.messages[-1].content, len(chat.messages))") == "two 2\n"


async def test_one_turn_at_a_time(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run("chat = Chat(slow('word ' * 2000))\nchat")
    send(kernel, "first")
    await told(kernel, is_state(running=True))
    send(kernel, "second")
    refused = await told(kernel, is_about("refused"))
    assert refused["id"] == "second" and "Press Stop first" in refused["reason"]
    cell = kernel.start("await chat.send('third')")
    assert (await kernel.ended(cell))["ename"] == "AlreadyRunningError"
    cell = kernel.start("await chat.new()")
    assert (await kernel.ended(cell))["ename"] == "AlreadyRunningError"
    kernel.press({"stop": True})
    await told(kernel, is_state(running=False))
    assert "Stopped by the user" in left_behind(kernel)


async def test_stop_twenty_times_in_a_row(kernel: LiveKernel) -> None:
    await kernel.run("chat = Chat(slow('word ' * 5000))\nchat")
    for number in range(20):
        send(kernel, f"message {number}")
        await told(kernel, is_state(running=True))
        kernel.press({"stop": True})
        state = await told(kernel, is_state(running=False))
        assert len(state["turns"]) == number + 1
    assert await kernel.run("print(chat.result.stop_reason)") == "Stopped by the user\n"


async def test_editing_takes_the_agent_back(kernel: LiveKernel) -> None:
    await kernel.run("client = replay('a', 'b', 'c')\nchat = Chat(client)\nchat")
    first = await turn(kernel, "one")
    await turn(kernel, "two")
    turn_id = first["turns"][0]["id"]
    kernel.press({"chat": "edit", "turn": turn_id})
    draft = await told(kernel, is_about("draft"))
    assert (draft["text"], draft["turn"], draft["files"]) == ("one", turn_id, [])
    state = await turn(kernel, "uno", turn=turn_id)
    assert [entry["item"] for entry in state["turns"]] == [0]
    assert await kernel.run("print(heard(client), len(chat.messages))") == "['uno'] 2\n"
    assert "two" not in left_behind(kernel)
    send(kernel, "late", turn=turn_id)
    refused = await told(kernel, is_about("refused"))
    assert "no longer" in refused["reason"]


async def test_files_of_an_edited_message_come_back(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run("client = replay('a', 'b')\nchat = Chat(client)\nchat")
    await kernel.run("await chat.send('see', picture('chart.png'), text_file('tide.txt', '3 m'))")
    state = await turn_of(kernel)
    edit = {"chat": "edit", "turn": state["turns"][0]["id"]}
    kernel.press(edit)
    draft = await told(kernel, is_about("draft"))
    kernel.press(edit)  # pressed twice: the files are there but once
    assert await told(kernel, is_about("draft")) == draft
    lists = [content["files"] for content in to_page(kernel) if content.get("upload") == "list"]
    listed = [file for files in lists for file in files]
    assert [entry["name"] for entry in listed] == ["chart.png", "tide.txt"]
    assert listed[0]["thumbnail"].startswith("data:image/png") and not listed[1]["thumbnail"]
    await turn(kernel, "again", files=draft["files"][:1], turn=state["turns"][0]["id"])
    text = await kernel.run("print([type(part).__name__ for part in chat.messages[0].content])")
    assert text == "['str', 'Image']\n"


async def turn_of(kernel: LiveKernel) -> dict[str, Any]:
    """The state, asked for as a page that was loaded anew does."""
    kernel.press({"chat": "hello"})
    return await told(kernel, is_about("state"))


async def test_errors_are_shown_and_the_chat_goes_on(kernel: LiveKernel) -> None:
    await kernel.run("chat = Chat(failing('one', 'three'))\nchat")
    await turn(kernel, "first")
    state = await turn(kernel, "second")
    assert "the model is out of order" in left_behind(kernel)
    kernel.press({"chat": "retry", "turn": state["turns"][-1]["id"]})
    await told(kernel, is_state(running=True))
    await told(kernel, is_state(running=False))
    assert "out of order" not in left_behind(kernel) and "three" in left_behind(kernel)


async def test_a_model_without_vision_gets_no_pictures(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run("chat = Chat(replay('a', vision=False))\nchat")
    cell = kernel.start("await chat.send('see', picture('chart.png'))")
    reply = await kernel.ended(cell)
    assert reply["ename"] == "AttachmentError" and "takes no pictures" in reply["evalue"]
    assert (await turn_of(kernel))["pictures"] is False
    assert await kernel.run("print(chat.messages)") == "[]\n"
    await turn(kernel, "without")
    assert await kernel.run("print(len(chat.messages))") == "2\n"


async def test_questions_are_asked_in_the_chat(kernel: LiveKernel) -> None:
    await kernel.run("chat = Chat(UserProxyAgent('human'))\nchat")
    send(kernel, "Which colour?")
    message = await told(kernel, lambda content: '"question"' in json.dumps(content))
    fields = next(entry[2] for entry in message["ops"] if entry[0] == "question")
    kernel.press({"answer": fields["id"], "value": "rot 🎨"})
    await told(kernel, is_state(running=False))
    assert "rot 🎨" in left_behind(kernel)
    assert await kernel.run("print(chat.messages[-1].content)") == "rot 🎨\n"


async def test_a_tool_waits_for_approval_in_the_chat(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run(PAYING + "chat = Chat(agent())\nchat")
    send(kernel, "Buy tea.")
    message = await told(kernel, lambda content: '"question"' in json.dumps(content))
    fields = next(entry[2] for entry in message["ops"] if entry[0] == "question")
    assert fields["kind"] == "approval"
    assert await kernel.run("print(ran)") == "[]\n"
    value = {"approved": True, "reason": "", "for_run": False}
    kernel.press({"answer": fields["id"], "value": value})
    await told(kernel, is_state(running=False))
    assert await kernel.run("print(ran)") == "[('tea', 3)]\n"
    assert "paid 3 for tea" in left_behind(kernel)


async def test_a_hostile_page_changes_nothing(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run("chat = Chat(replay('a'))\nchat")
    messages: list[Any] = [
        {"chat": "send"},
        {"chat": "send", "id": "", "text": "x", "files": [], "turn": None},
        {"chat": "send", "id": "i" * 99, "text": "x", "files": [], "turn": None},
        {"chat": "send", "id": "1", "text": 5, "files": [], "turn": None},
        {"chat": "send", "id": "2", "text": "x", "files": "abc", "turn": None},
        {"chat": "send", "id": "3", "text": "x", "files": ["unknown"], "turn": None},
        {"chat": "send", "id": "4", "text": "x", "files": [], "turn": 0},
        {"chat": "send", "id": "5", "text": "x", "files": [], "turn": {"a": []}},
        {"chat": "send", "id": "6", "text": "  ", "files": [], "turn": None},
        {"chat": "retry", "turn": 0},
        {"chat": "retry", "turn": "unknown"},
        {"chat": "edit", "turn": "unknown"},
        {"chat": "export", "id": "7", "form": "exe"},
        {"chat": ["new"]},
        {"chat": None},
        {"answer": "unknown", "value": {}},
        {"stop": True},
        {"ask": "snapshot", "n": 10**9},
        ["chat"],
        None,
    ]
    for message in messages:
        kernel.tell(kernel.view(), {"method": "custom", "content": message})
    state = await turn_of(kernel)
    assert (state["turns"], state["running"]) == ([], False)
    assert await kernel.run("print(chat.messages, chat._tasks)") == "[] set()\n"
    await turn(kernel, "well")


async def test_two_chats_are_two_conversations(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run("one = Chat(replay('a'))\none")
    first = kernel.view()
    await kernel.run("two = Chat(replay('b'))\ntwo")
    message: Any = {"chat": "send", "id": "x", "text": "Hi", "files": [], "turn": None}
    kernel.tell(first, {"method": "custom", "content": message})
    await told(kernel, is_state(running=True))
    await told(kernel, is_state(running=False))
    await turn(kernel, "Ho", "x")
    text = await kernel.run("print(one.messages[-1].content, two.messages[-1].content)")
    assert text == "a b\n"


async def test_in_python_alone_and_shown_later(kernel: LiveKernel) -> None:
    text = await kernel.run(
        "chat = Chat(replay('a', 'b', 'c'))\n"
        "print((await chat.send('one')).messages[-1].content, chat.transcript.state)"
    )
    assert text == "a done\n"
    assert not kernel.of_kind("comm_open") and not kernel.of_kind("display_data")
    await kernel.run("chat")
    await kernel.run("chat")  # two displays of one chat
    assert "one" in kernel.of_kind("display_data")[0]["data"]["text/plain"]
    assert len({json.dumps(place) for place in kernel.of_kind("display_data")[1::2]}) == 1
    await turn(kernel, "two")
    await kernel.run("await chat.send('three')")
    await kernel.run("await chat.new()")
    assert left_behind(kernel) == "Nothing has been said yet."
    text = await kernel.run(
        "await chat.close()\nfrom comm import get_comm_manager\n"
        "print(get_comm_manager().comms, chat.messages, chat.result)"
    )
    assert text == "{} [] None\n"


async def test_a_chat_that_is_shown_in_the_middle_of_an_answer(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run(
        "chat = Chat(slow('word ' * 150))\ntask = asyncio.create_task(chat.send('go'))"
    )
    await kernel.run("await asyncio.sleep(0.1)\nchat")
    await told(kernel, is_state(running=False))
    assert left_behind(kernel).count("word") == 150
    operations = [each for content in to_page(kernel) for each in content.get("ops", [])]
    assert "word" in json.dumps(operations)
    assert operations[-1][1]["state"] == "done"


async def test_an_interrupt_ends_the_turn_that_a_cell_waits_for(kernel: LiveKernel) -> None:
    await kernel.run("chat = Chat(slow('word ' * 5000))\nchat")
    cell = kernel.start("await chat.send('go')")
    await told(kernel, is_state(running=True))
    await kernel.interrupt()
    assert (await kernel.ended(cell))["status"] == "error"
    assert "Interrupted" in left_behind(kernel)
    assert (await turn_of(kernel))["running"] is False


async def test_a_front_end_without_places_gets_the_widget(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run("from nbagent.notebook import chat_page; chat_page.LOOK_SECONDS = 0.05")
    await kernel.run("chat = Chat(replay('a'))\nchat")
    update = await kernel.until(lambda message: message["msg_type"] == "update_display_data")
    assert "application/vnd.jupyter.widget-view+json" in update["content"]["data"]
    await kernel.run("chat")
    assert "widget-view" in json.dumps(kernel.of_kind("display_data")[-1])
    await kernel.run("other = Chat(replay('a'))\nother")
    kernel.press({"chat": "hello"})
    await kernel.run("await asyncio.sleep(1)")
    assert len(kernel.of_kind("update_display_data")) == 1, "this one's page is there"


async def test_a_long_conversation_is_not_sent_again(one_kernel: LiveKernel) -> None:
    kernel = one_kernel
    await kernel.run("chat = Chat(replay(*['word ' * 200] * 60))\nchat")

    async def traffic() -> int:
        before = len(kernel.published)
        await turn(kernel, f"message {before}")
        new = [message["content"] for message in kernel.published[before:]]
        return sum(len(json.dumps(content)) for content in new if "comm_id" in content)

    first = await traffic()
    await kernel.run("for number in range(50): await chat.send(f'from Python {number}')")
    assert await traffic() < first + 150 * 60, "what grows is a line for each turn"


@pytest.mark.parametrize("version", VERSIONS)
async def test_without_a_reader_only_the_transcript_is_left(version: str, tmp_path: Path) -> None:
    shown, _, asked = await executed(
        [
            SET_UP + "chat = Chat(replay('Hello'))\nchat",
            "print((await chat.send('Hi')).messages[-1].content)",
            "await Chat(UserProxyAgent('human')).send('Which colour?')",
        ],
        tmp_path,
        version,
        allow_errors=True,
    )
    (output,) = shown
    assert set(output.data) == STATIC and "Hello" in output.data["text/plain"]
    assert asked[-1].ename == "UserInputError"


async def test_in_a_script_it_chats_without_a_page() -> None:
    chat = Chat(replay("one", "two"))
    assert (await chat.send("Hi")).messages[-1].to_text() == "one"
    with pytest.raises(ValueError, match="nothing to send"):
        await chat.send("  ")
    with pytest.raises(AttachmentError, match="neither a picture nor text"):
        await chat.send("see", Attachment("a.bin", b"\0", "application/octet-stream"))
    assert repr(chat) == "<Chat with assistant: 1 turn>"
    with pytest.raises(NotImplementedError):  # IPython shows the repr then
        chat._ipython_display_()  # pyright: ignore[reportPrivateUsage]
    await chat.new()
    await chat.close()
    assert chat.messages == [] and chat.result is None
