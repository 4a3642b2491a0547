"""Files that come from the page in pieces.

One message over 10 MiB closes a notebook's websocket and is lost, so static/upload.js cuts files
into pieces of at most 1 MiB. All messages are custom messages of the widget.

From the page:

- `{"upload": "begin", "id": "5f0c…", "name": "chart.png", "size": 3145728, "type": "image/png",
  "sent": 0}` announces a file, its size in bytes. `sent` is how many pieces have been sent so
  far: with the same id again, it asks how far Python has got.
- `{"upload": "chunk", "id": "5f0c…", "n": 2, "check": "sha256:…"}` with one buffer: piece
  number 2, counted from 0. All have `PIECE_BYTES` but the last. The check is the piece's SHA-256,
  or `crc32:` and eight digits where the browser computes no SHA-256. They come in order, and are
  not waited for one by one: some are underway while Python answers.
- `{"upload": "remove", "id": "5f0c…"}` takes a file back, also in the middle.
- `{"upload": "list"}`: a page that was loaded anew asks which files are here.

To the page, each with the `id`:

- `{"upload": "receiving", "until": 2, "again": [2]}`: all pieces below number 2 are here, and
  those in `again` are to be sent once more.
- `{"upload": "checking"}`: all of it is here, and is being looked at.
- `{"upload": "ready", "kind": "picture", "notes": ["…"]}`: it is an `Attachment` now.
- `{"upload": "refused", "reason": "…"}`: it will not be one.
- `{"upload": "unknown"}`: Python knows of no such file; it is to begin again.
- `{"upload": "list", "files": [{"id": …, "name": …, "size": …, "kind": …, "notes": […],
  "thumbnail": "data:…"}]}` has no id. It answers the question of a new page, and tells of files
  that are here without having come from a page.

Each answer says how things stand, so one that is lost is made up for by the next; the page asks
when it hears nothing. Python keeps no timer: it answers, and nothing else.
"""

import asyncio
import hashlib
import itertools
import logging
import sys
import uuid
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from nbagent.attachments import Attachment, Limits, read_attachment, refuse_early
from nbagent.exceptions import AttachmentError

PIECE_BYTES = 2**20
"""Bytes in each piece of a file but the last."""

MAX_DAMAGED = 8
"""So many pieces of a file may arrive damaged before it is refused."""

MAX_KNOWN = 500
"""So many files, refused ones among them, may be known at a time."""

MAX_AGAIN = 64
"""So many pieces are asked for again in one answer."""

THUMBNAIL_SIDE = 80
"""The longer side of the picture of a file that the page does not have, in pixels."""

_MAX_ID = 64
_NOT_UNDERSTOOD = "The page sent what this version of nbagent does not understand."

_logger = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], object]
"""Sends a custom message to the page."""


class Uploads:
    """The files of one widget. Made in the event loop, which does everything but `receive()`.

    Args:
        send: Sends a custom message to the page.
        limits: What may be sent.
    """

    def __init__(self, send: Send, limits: Limits) -> None:
        self._send = send
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._uploads: dict[str, _Upload] = {}
        self._checks: set[asyncio.Task[None]] = set()
        # One file after the other: a large picture takes a few hundred MB while it is decoded.
        self._checking = asyncio.Lock()

    def receive(self, content: object, buffers: Sequence[bytes | memoryview]) -> bool:
        """Take in a custom message, in any thread.

        Returns:
            Whether the message is about uploads; any other is left to the caller.
        """
        if not isinstance(content, dict) or "upload" not in content:
            return False
        message = cast("dict[str, object]", content)
        self._loop.call_soon_threadsafe(self._take_in, message, buffers)
        return True

    def ready(self, ids: Iterable[str]) -> list[Attachment] | None:
        """Files that are ready, in this order.

        Returns:
            None where one of them is not. The page is told so.
        """
        attachments: list[Attachment] = []
        for upload_id in dict.fromkeys(ids):
            upload = self._uploads.get(upload_id)
            if upload is None or upload.attachment is None:
                self._answer(upload_id)
                return None
            attachments.append(upload.attachment)
        return attachments

    def take(self, ids: Iterable[str]) -> list[Attachment] | None:
        """Take files over, in this order; they are forgotten here.

        Returns:
            None, with nothing taken, where one of them is not ready. The page is told so.
        """
        wanted = list(dict.fromkeys(ids))
        attachments = self.ready(wanted)
        if attachments is not None:
            for upload_id in wanted:
                del self._uploads[upload_id]
        return attachments

    async def put(self, attachment: Attachment) -> str:
        """Give the page a file that is ready, as if it had just come from there.

        Returns:
            Its id. One that is here already keeps the one it has.
        """
        for upload_id, upload in self._uploads.items():
            if upload.attachment is attachment:
                return upload_id
        upload = _Upload(attachment.name, len(attachment.data), attachment=attachment)
        upload_id = uuid.uuid4().hex
        threads = sys.platform != "emscripten"
        thumbnail = (
            await asyncio.to_thread(_thumbnail, attachment) if threads else _thumbnail(attachment)
        )
        upload.thumbnail = thumbnail
        self._uploads[upload_id] = upload
        self._send({"upload": "list", "files": [_listed(upload_id, upload)]})
        return upload_id

    async def close(self) -> None:
        """Forget all files, and end what is going on."""
        self._uploads.clear()
        checks = list(self._checks)
        for check in checks:
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)

    def _take_in(
        self, message: Mapping[str, object], buffers: Sequence[bytes | memoryview]
    ) -> None:
        upload_id = message.get("id")
        if message.get("upload") == "list":
            self._list()
        elif not isinstance(upload_id, str) or not 0 < len(upload_id) <= _MAX_ID:
            _logger.warning("nbagent: the page sent an upload without an id")
        elif upload_id in self._uploads:
            self._go_on(upload_id, message, buffers)
        else:
            self._begin(upload_id, message)

    def _begin(self, upload_id: str, message: Mapping[str, object]) -> None:
        """Note a file that is announced, or why it is refused."""
        match message:
            case {"upload": "begin", "name": str(name), "size": int(size)}:
                if len(self._uploads) >= MAX_KNOWN:
                    self._send(_refused(upload_id, f"There are {MAX_KNOWN} files already."))
                    return
                upload = _Upload(name, size, reason=self._reason_against(name, size))
                self._uploads[upload_id] = upload
                if not upload.reason:
                    upload.pieces = _Pieces(name, size)
                    self._check_if_complete(upload_id, upload)
                self._answer(upload_id)
            case {"upload": "begin"}:
                self._send(_refused(upload_id, _NOT_UNDERSTOOD))
            case {"upload": "remove"}:
                return
            case _:
                self._answer(upload_id)

    def _reason_against(self, name: str, size: int) -> str:
        """Why a file must not even be sent: by itself, or together with what is here."""
        if size < 0:
            return _NOT_UNDERSTOOD
        held = sum(upload.size for upload in self._uploads.values() if not upload.reason)
        return refuse_early(name, size, self._limits, held) or ""

    def _go_on(
        self,
        upload_id: str,
        message: Mapping[str, object],
        buffers: Sequence[bytes | memoryview],
    ) -> None:
        """Do what is said about a file that is known."""
        upload = self._uploads[upload_id]
        again: list[int] = []
        match message:
            case {"upload": "remove"}:
                del self._uploads[upload_id]
                return
            case {"upload": "begin", "sent": int(sent)} if upload.pieces:
                again = upload.pieces.missing(sent)
            case {"upload": "chunk", "n": int(number), "check": str(check)} if upload.pieces:
                try:
                    again = upload.pieces.put(number, check, buffers)
                except AttachmentError as error:
                    upload.refuse(str(error))
                self._check_if_complete(upload_id, upload)
            case {"upload": "begin" | "chunk"} if not upload.pieces:
                pass  # what was underway when the last piece came, or when it was refused
            case _:
                upload.refuse(_NOT_UNDERSTOOD)
        self._answer(upload_id, again)

    def _check_if_complete(self, upload_id: str, upload: "_Upload") -> None:
        if upload.pieces and upload.pieces.complete:
            pieces, upload.pieces = upload.pieces, None
            check = asyncio.create_task(
                self._check(upload_id, upload, pieces), name="nbagent: check of a file"
            )
            self._checks.add(check)
            check.add_done_callback(self._checks.discard)

    async def _check(self, upload_id: str, upload: "_Upload", pieces: "_Pieces") -> None:
        """Make an attachment of a file that is here, in a thread: decoding takes its time."""

        def read() -> tuple[Attachment, str]:
            attachment = read_attachment(upload.name, pieces.join(), self._limits)
            return attachment, _thumbnail(attachment)

        async with self._checking:
            if self._uploads.get(upload_id) is not upload:
                return  # taken back meanwhile
            try:
                threads = sys.platform != "emscripten"
                found = await asyncio.to_thread(read) if threads else read()
                upload.attachment, upload.thumbnail = found
            except AttachmentError as error:
                upload.refuse(str(error))
            except Exception as error:
                _logger.exception("A file could not be read.")
                upload.refuse(f"{upload.name!r} cannot be read: {type(error).__name__}.")
        if self._uploads.get(upload_id) is upload:
            self._answer(upload_id)

    def _list(self) -> None:
        """Tell a new page what is here; what was on its way has lost its other end."""
        for upload_id, upload in list(self._uploads.items()):
            if upload.pieces or upload.reason:
                del self._uploads[upload_id]
        files = [
            _listed(upload_id, upload)
            for upload_id, upload in self._uploads.items()
            if upload.attachment
        ]
        self._send({"upload": "list", "files": files})

    def _answer(self, upload_id: str, again: Sequence[int] = ()) -> None:
        """Tell the page how a file stands."""
        upload = self._uploads.get(upload_id)
        if upload is None:
            answer: dict[str, Any] = {"upload": "unknown"}
        elif upload.reason:
            answer = _refused(upload_id, upload.reason)
        elif upload.attachment:
            answer = {"upload": "ready", **_ready(upload.attachment)}
        elif upload.pieces:
            answer = {"upload": "receiving", "until": upload.pieces.until, "again": [*again]}
        else:
            answer = {"upload": "checking"}
        self._send({"id": upload_id, **answer})


def _listed(upload_id: str, upload: "_Upload") -> dict[str, Any]:
    assert upload.attachment is not None
    listed = {"id": upload_id, "name": upload.name, "size": upload.size}
    return listed | _ready(upload.attachment) | {"thumbnail": upload.thumbnail}


def _thumbnail(attachment: Attachment) -> str:
    """A small picture for a page that does not have the file; empty where there is none."""
    if attachment.image is None:
        return ""
    return attachment.image.thumbnail(THUMBNAIL_SIDE).data_uri


def _ready(attachment: Attachment) -> dict[str, Any]:
    return {"kind": attachment.kind, "notes": list(attachment.notes)}


def _refused(upload_id: str, reason: str) -> dict[str, Any]:
    return {"id": upload_id, "upload": "refused", "reason": reason}


@dataclass
class _Upload:
    """A file that was announced.

    Attributes:
        name: What the page calls it.
        size: Its size in bytes, as announced.
        pieces: What has arrived, while not all of it has.
        attachment: What it has become.
        reason: Why it was refused; empty where it was not.
        thumbnail: A small picture of it as a `data:` URI; empty where there is none.
    """

    name: str
    size: int
    pieces: "_Pieces | None" = None
    attachment: Attachment | None = None
    reason: str = ""
    thumbnail: str = ""

    def refuse(self, reason: str) -> None:
        """Refuse it, and let go of what has arrived."""
        self.reason = reason
        self.pieces = None
        self.attachment = None


class _Pieces:
    """The pieces of a file, as they arrive: in whatever order, twice, or damaged.

    Memory is taken for what has arrived, not for what was announced.

    Args:
        name: What the file is called.
        size: Its size in bytes.

    Attributes:
        until: All pieces below this number are here.
    """

    def __init__(self, name: str, size: int) -> None:
        self.until = 0
        self._name = name
        self._size = size
        self._count = -(-size // PIECE_BYTES)
        self._pieces: dict[int, bytes] = {}
        self._asked: set[int] = set()
        self._damaged = 0

    @property
    def complete(self) -> bool:
        """Whether all pieces are here."""
        return self.until == self._count

    def put(self, number: int, check: str, buffers: Sequence[bytes | memoryview]) -> list[int]:
        """Take in a piece.

        Returns:
            The pieces to be sent again: this one where it is damaged, and those before it that
            have not come and were not asked for yet.

        Raises:
            AttachmentError: There is no such piece, or too many were damaged.
        """
        if not 0 <= number < self._count:
            raise AttachmentError(_NOT_UNDERSTOOD)
        if number in self._pieces:
            return []
        data = bytes(buffers[0]) if len(buffers) == 1 else b""
        length = min(PIECE_BYTES, self._size - number * PIECE_BYTES)
        if len(data) != length or not _holds(check, data):
            self._damaged += 1
            if self._damaged > MAX_DAMAGED:
                raise AttachmentError(
                    f"{self._name!r} arrives damaged again and again. Try it once more."
                )
            return [number]
        self._pieces[number] = data
        while self.until in self._pieces:
            self.until += 1
        again = [n for n in self.missing(number) if n not in self._asked]
        self._asked.update(again)
        return again

    def missing(self, sent: int) -> list[int]:
        """The first of the pieces below number `sent` that have not arrived."""
        end = min(sent, self._count)
        missing = (n for n in range(self.until, end) if n not in self._pieces)
        return list(itertools.islice(missing, MAX_AGAIN))

    def join(self) -> bytes:
        """The file. The pieces are given up."""
        pieces, self._pieces = self._pieces, {}
        return b"".join(pieces[number] for number in range(self._count))


def _holds(check: str, data: bytes) -> bool:
    """Whether `data` is what the check was made of."""
    kind, _, value = check.partition(":")
    if kind == "sha256":
        return hashlib.sha256(data).hexdigest() == value
    return kind == "crc32" and f"{zlib.crc32(data):08x}" == value
