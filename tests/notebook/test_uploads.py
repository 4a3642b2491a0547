"""Files in pieces, over a channel that loses, doubles, swaps and damages them."""

import asyncio
import gc
import hashlib
import random
import threading
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbagent.attachments import ANY_FILE, FOR_MODELS, Limits
from nbagent.notebook import uploads as uploads_module
from nbagent.notebook.uploads import MAX_DAMAGED, MAX_KNOWN, PIECE_BYTES, Uploads
from tests.browser.sample_files import sample

Message = dict[str, Any]


class Page:
    """The other end: what Python said, and messages as the page sends them."""

    def __init__(self, limits: Limits = ANY_FILE) -> None:
        self.said: list[Message] = []
        self.uploads = Uploads(self.said.append, limits)

    async def send(self, message: Message, *buffers: bytes) -> Message:
        """Send a message; the last thing that Python has said after it."""
        assert self.uploads.receive(message, buffers)
        await asyncio.sleep(0)
        return self.said[-1] if self.said else {}

    async def begin(self, upload_id: str, size: Any, name: Any = "a.bin", sent: int = 0) -> Message:
        return await self.send(
            {
                "upload": "begin",
                "id": upload_id,
                "name": name,
                "size": size,
                "type": "",
                "sent": sent,
            }
        )

    async def chunk(self, upload_id: str, number: Any, data: bytes) -> Message:
        return await self.send(chunk(upload_id, number, data), data)

    async def settled(self, upload_id: str) -> Message:
        """Wait until a file is ready or refused."""
        while True:
            for message in reversed(self.said):
                if message.get("id") == upload_id and message["upload"] in ("ready", "refused"):
                    return message
            await asyncio.sleep(0.001)

    async def deliver(self, upload_id: str, data: bytes, name: str = "a.bin") -> Message:
        """Send a whole file, and wait until it is settled."""
        await self.begin(upload_id, len(data), name)
        for number in range(-(-len(data) // uploads_module.PIECE_BYTES)):
            await self.chunk(upload_id, number, piece(data, number))
        return await self.settled(upload_id)


def piece(data: bytes, number: int) -> bytes:
    length = uploads_module.PIECE_BYTES
    return data[number * length : (number + 1) * length]


def chunk(upload_id: str, number: Any, data: bytes, *, crc: bool = False) -> Message:
    check = f"crc32:{zlib.crc32(data):08x}" if crc else f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"upload": "chunk", "id": upload_id, "n": number, "check": check}


async def test_a_picture_arrives_and_is_taken_once() -> None:
    page = Page()
    data = sample("png", 3 * PIECE_BYTES + 20)
    ready = await page.deliver("a", data, "chart.png")
    assert ready["upload"] == "ready" and ready["kind"] == "picture"
    said = [message["upload"] for message in page.said]
    assert said == ["receiving"] * 4 + ["checking", "ready"]
    taken = page.uploads.take(["a"])
    assert taken is not None
    assert [(file.name, file.data == data) for file in taken] == [("chart.png", True)]
    assert page.uploads.take(["a"]) is None
    assert page.said[-1] == {"id": "a", "upload": "unknown"}


async def test_an_empty_file_is_one() -> None:
    page = Page()
    assert (await page.deliver("a", b"", "empty.txt"))["upload"] == "ready"
    page = Page(FOR_MODELS)
    assert "is empty" in (await page.deliver("a", b"", "empty.txt"))["reason"]


async def test_several_arrive_at_once_and_come_in_the_order_asked_for() -> None:
    page = Page()
    files = {letter: sample("txt", 2 * PIECE_BYTES) for letter in "abc"}
    for letter, data in files.items():
        await page.begin(letter, len(data), f"{letter}.txt")
    for number in (0, 1):
        for letter, data in files.items():
            await page.chunk(letter, number, piece(data, number))
    for letter in files:
        await page.settled(letter)
    taken = page.uploads.take(["c", "a", "b"])
    assert taken is not None and [file.name for file in taken] == ["c.txt", "a.txt", "b.txt"]


async def test_nothing_is_taken_while_one_is_missing() -> None:
    page = Page()
    await page.deliver("a", b"hello")
    await page.begin("b", 10)
    assert page.uploads.take(["a", "b"]) is None
    assert page.said[-1] == {"id": "b", "upload": "receiving", "until": 0, "again": []}
    assert page.uploads.take(["a"]) is not None


async def test_other_messages_are_left_alone() -> None:
    page = Page()
    for content in ({"stop": True}, "upload", None, 3, ["upload"]):
        assert not page.uploads.receive(content, [])


async def test_messages_may_come_from_any_thread() -> None:
    page = Page()
    data = sample("txt", 3 * PIECE_BYTES)

    def send() -> None:
        page.uploads.receive(
            {"upload": "begin", "id": "a", "name": "a", "size": len(data), "sent": 0}, []
        )
        for number in range(3):
            part = piece(data, number)
            page.uploads.receive(chunk("a", number, part, crc=True), [memoryview(part)])

    threading.Thread(target=send).start()
    assert (await page.settled("a"))["upload"] == "ready"


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 2**32), size=st.integers(0, 40_000), trouble=st.floats(0, 0.6))
def test_a_bad_channel_gives_the_same_bytes_or_says_so(
    seed: int, size: int, trouble: float
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads_module, "PIECE_BYTES", 1000)
        asyncio.run(over_bad_channel(random.Random(seed), size, trouble))


async def over_bad_channel(chance: random.Random, size: int, trouble: float) -> None:
    """Send a file as the page does, while everything goes wrong with probability `trouble`."""
    data = chance.randbytes(size)
    count = -(-size // 1000)
    page = Page()
    underway: list[tuple[Message, list[bytes]]] = []
    seen = 0
    header: Message = {"upload": "begin", "id": "a", "name": "a.bin", "size": size, "sent": 0}
    wanted = list(range(count))
    underway.append((header, []))
    for _ in range(400):
        for number in wanted:
            part = piece(data, number)
            message = chunk("a", number, part, crc=chance.random() < 0.5)
            underway.append((message, [part]))
        wanted = []
        if chance.random() < trouble:
            chance.shuffle(underway)
        for message, buffers in underway:
            if chance.random() < trouble:  # lost
                continue
            for _ in range(1 + (chance.random() < trouble)):
                damaged = [bytes([part[0] ^ 1]) + part[1:] for part in buffers]
                bad = buffers and chance.random() < trouble / 4
                await page.send(message, *(damaged if bad else buffers))
        underway = []
        for answer in page.said[seen:]:
            if chance.random() >= trouble:
                wanted += answer.get("again", [])
                if answer["upload"] == "unknown":
                    wanted += range(count)
        seen = len(page.said)
        await asyncio.sleep(0)
        if page.said and page.said[-1]["upload"] in ("checking", "ready", "refused"):
            break
        underway.append((header | {"sent": count}, []))
    settled = await page.settled("a")
    if settled["upload"] == "refused":
        assert "arrives damaged again and again" in settled["reason"] and trouble > 0
    else:
        taken = page.uploads.take(["a"])
        assert taken is not None and taken[0].data == data


async def test_a_gap_is_asked_for_at_once_and_a_lost_end_when_the_page_asks() -> None:
    page = Page()
    data = bytes(3 * PIECE_BYTES)
    await page.begin("a", len(data))
    await page.chunk("a", 0, piece(data, 0))
    assert (await page.chunk("a", 2, piece(data, 2)))["again"] == [1]
    assert await page.begin("a", len(data), sent=3) == {
        "id": "a",
        "upload": "receiving",
        "until": 1,
        "again": [1],
    }
    await page.chunk("a", 1, piece(data, 1))
    assert (await page.settled("a"))["upload"] == "ready"
    assert (await page.chunk("a", 1, piece(data, 1)))["upload"] == "ready", "once more is no harm"


async def test_what_is_always_damaged_ends_in_an_error() -> None:
    page = Page()
    await page.begin("a", 2000)
    for _ in range(MAX_DAMAGED):
        answer = await page.send(chunk("a", 0, bytes(2000)), b"\x01" * 2000)
        assert answer["again"] == [0]
    answer = await page.send(chunk("a", 0, bytes(2000)), bytes(1999))
    assert answer["upload"] == "refused" and "'a.bin' arrives damaged" in answer["reason"]


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (-1, "does not understand"),
        (300_000_000, "at most 250 MB"),
        (10**30, "at most 250 MB"),
        ("5", "does not understand"),
        (5.5, "does not understand"),
        (None, "does not understand"),
        ([5], "does not understand"),
    ],
)
async def test_a_hostile_size_is_refused_before_a_byte_comes(size: Any, reason: str) -> None:
    page = Page()
    answer = await page.begin("a", size)
    assert answer["upload"] == "refused" and reason in answer["reason"]
    assert (await page.chunk("a", 0, b"x"))["upload"] in ("refused", "unknown")


@pytest.mark.parametrize(
    "change",
    [
        {"n": -1},
        {"n": 1},
        {"n": 10**30},
        {"n": "0"},
        {"n": None},
        {"check": 5},
        {"check": None},
        {"upload": "open"},
        {"upload": 5},
        {"upload": ["chunk"]},
    ],
)
async def test_a_hostile_piece_ends_its_own_upload_only(change: Message) -> None:
    page = Page()
    await page.begin("a", 100)
    await page.begin("b", 5)
    answer = await page.send(chunk("a", 0, bytes(100)) | change, bytes(100))
    assert (answer["upload"], answer["id"]) == ("refused", "a")
    await page.chunk("b", 0, b"hello")
    assert (await page.settled("b"))["upload"] == "ready"


@pytest.mark.parametrize("check", ["", "sha256:", "md5:900150983cd24fb0", "crc32:0", "sha256:zz"])
async def test_a_piece_counts_only_with_its_check(check: str) -> None:
    page = Page()
    await page.begin("a", 5)
    answer = await page.send({"upload": "chunk", "id": "a", "n": 0, "check": check}, b"hello")
    assert answer["again"] == [0]


@pytest.mark.parametrize("buffers", [(), (b"he", b"llo"), (b"hell",), (b"hello!",)])
async def test_a_piece_has_one_buffer_of_the_right_length(buffers: tuple[bytes, ...]) -> None:
    page = Page()
    await page.begin("a", 5)
    answer = await page.send(chunk("a", 0, b"".join(buffers)), *buffers)
    assert answer["again"] == [0] and answer["until"] == 0


@pytest.mark.parametrize("upload_id", [None, 5, "", "x" * 65, ["a"]])
async def test_an_upload_without_a_proper_id_goes_nowhere(upload_id: Any) -> None:
    page = Page()
    assert await page.begin(upload_id, 5) == {}
    assert await page.chunk(upload_id, 0, b"hello") == {}


async def test_together_they_keep_the_limit_too() -> None:
    page = Page(Limits(picture_bytes=10, text_bytes=10, other_bytes=10, total_bytes=15))
    await page.begin("a", 10)
    answer = await page.begin("b", 10)
    assert answer["upload"] == "refused" and "at most 15 bytes" in answer["reason"]
    await page.send({"upload": "remove", "id": "a"})
    assert (await page.begin("c", 10))["upload"] == "receiving"


async def test_there_is_an_end_to_how_many_are_known() -> None:
    page = Page()
    for number in range(MAX_KNOWN):
        await page.begin(f"{number}", 1)
    assert "There are 500 files already" in (await page.begin("more", 1))["reason"]
    await page.send({"upload": "remove", "id": "7"})
    assert (await page.begin("more", 1))["upload"] == "receiving"


@pytest.mark.parametrize("way", ["remove", "refuse", "list", "close"])
async def test_what_is_given_up_takes_no_memory(way: str) -> None:
    page = Page()
    tracemalloc.start()
    try:
        await page.begin("a", 20 * PIECE_BYTES)
        for number in range(19):
            await page.chunk("a", number, random.randbytes(PIECE_BYTES))
        assert tracemalloc.get_traced_memory()[0] > 19 * PIECE_BYTES
        if way == "remove":
            await page.send({"upload": "remove", "id": "a"})
        elif way == "refuse":
            await page.chunk("a", 99, b"")
        elif way == "list":
            assert await page.send({"upload": "list"}) == {"upload": "list", "files": []}
        else:
            await page.uploads.close()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < PIECE_BYTES
    finally:
        tracemalloc.stop()


async def test_a_large_announcement_alone_takes_no_memory() -> None:
    page = Page()
    tracemalloc.start()
    try:
        for number in range(2):
            await page.begin(f"{number}", 240_000_000)
        assert tracemalloc.get_traced_memory()[1] < PIECE_BYTES
    finally:
        tracemalloc.stop()


async def test_a_new_page_is_told_what_is_here() -> None:
    page = Page()
    await page.deliver("a", b"hello", "a.txt")
    await page.begin("b", 5)
    file: Message = {"id": "a", "name": "a.txt", "size": 5, "kind": "text", "notes": []}
    file["thumbnail"] = ""
    assert await page.send({"upload": "list"}) == {"upload": "list", "files": [file]}
    answer = await page.chunk("b", 0, b"hello")
    assert answer == {"id": "b", "upload": "unknown"}, "another page, which is to begin again"
    assert (await page.begin("b", 5, sent=1))["upload"] == "receiving"
    await page.chunk("b", 0, b"hello")
    assert (await page.settled("b"))["upload"] == "ready"


async def test_what_no_model_can_read_is_refused_with_a_way_out() -> None:
    page = Page(FOR_MODELS)
    answer = await page.deliver("a", b"%PDF-1.7", "report.pdf")
    assert answer["upload"] == "refused"
    assert "'report.pdf' is a PDF document. Save it as text" in answer["reason"]


async def test_what_is_taken_back_while_it_is_looked_at_is_gone() -> None:
    page = Page()
    await page.begin("a", 5)
    await page.chunk("a", 0, b"hello")
    await page.send({"upload": "remove", "id": "a"})
    said = len(page.said)
    await asyncio.sleep(0.05)
    assert len(page.said) == said
    assert page.uploads.take(["a"]) is None
