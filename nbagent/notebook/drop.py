"""drop(): a drop zone in the running cell, which gives the files that a person hands over."""

import asyncio
import sys
import uuid
from collections.abc import Sequence
from typing import Any

from IPython.display import (
    display,  # pyright: ignore[reportUnknownVariableType]
    update_display,  # pyright: ignore[reportUnknownVariableType]
)

from nbagent.attachments import ANY_FILE, Attachment, Limits
from nbagent.attachments.limits import size_text
from nbagent.exceptions import UserInputError
from nbagent.notebook.kernel import delivery, has_reader, running_kernel
from nbagent.notebook.module import css, javascript
from nbagent.notebook.page_widget import PageWidget
from nbagent.notebook.short_traceback import shorten_traceback
from nbagent.notebook.uploads import Uploads
from nbagent.render.attachment_list import (
    attachments_html,
    attachments_markdown,
    attachments_text,
)

_PLACEHOLDER = "The cell waits for files, or its page was closed before it ended."


async def drop(prompt: str = "Drop files here", *, limits: Limits = ANY_FILE) -> list[Attachment]:
    """Ask for files in the running cell, and wait until they are there.

    The cell shows a place onto which files are dropped or pasted, and a button that chooses
    them; Done and Cancel end it. What stays in the notebook is a list of the files with small
    pictures. Nothing is written to disk: `attachment.data` has a file's bytes,
    `attachment.image` its picture, and `attachment.save(folder)` writes it.

    Args:
        prompt: What the person reads above the zone.
        limits: How large files may be, and of what kind. `nbagent.attachments.FOR_MODELS`
            accepts only what a model can read.

    Returns:
        The files in the order in which they are shown, at least one.

    Raises:
        UserInputError: Cancel was pressed, or no person is there, as in a script, in nbclient
            and in papermill.
        asyncio.CancelledError: The kernel was interrupted, or the task was cancelled.
    """
    kernel = running_kernel()
    if kernel is None or not has_reader(kernel):
        where = "in a notebook cell only" if kernel is None else "and nobody follows this run"
        raise UserInputError(
            f"drop() waits for a person to hand over files, {where}. "
            "Read the files by their paths: Image.from_file(path) for a picture, "
            "pathlib.Path(path).read_text() for text."
        )
    zone = _Zone(prompt, limits)
    try:
        return await zone.ask()
    except (UserInputError, asyncio.CancelledError) as error:
        shorten_traceback(error)
        raise


class DropView(PageWidget):
    """The drop zone in the page. static/drop.js describes its messages."""

    _esm = javascript("drop.js")
    _css = css("tray.css", "drop.css")


class _Zone:
    """One drop zone, from its display to the list that stays."""

    def __init__(self, prompt: str, limits: Limits) -> None:
        self._prompt = prompt
        kinds = "Files" if limits.other_bytes else "Pictures and text files"
        self._hint = f"{kinds}, up to {size_text(limits.total_bytes)} together"
        self._loop = asyncio.get_running_loop()
        self._view = DropView()
        self._uploads = Uploads(self._view.post, limits)
        self._answer: asyncio.Future[list[Attachment] | None] = self._loop.create_future()
        self._display_id = f"nbagent-{uuid.uuid4().hex}"
        self._reloaded = False
        self._view.on_msg(self._receive)  # pyright: ignore[reportUnknownMemberType]

    async def ask(self) -> list[Attachment]:
        """Show the zone, wait for the person, and leave the list."""
        bundle = self._view.mimebundle() | {"text/plain": _PLACEHOLDER}
        display(bundle, raw=True, display_id=self._display_id)
        self._open()
        ending = "The run was interrupted: no files were taken."
        files: list[Attachment] = []
        try:
            with delivery(self._view.model_id):
                answer = await self._answer
            if answer is None:
                ending = "Cancelled: no files were taken."
                raise UserInputError("No files were taken: Cancel was pressed.")
            files = answer
            ending = _sum(files)
        finally:
            await self._leave(ending, files)
        return files

    async def _leave(self, ending: str, files: Sequence[Attachment]) -> None:
        """Put the list into the zone's place."""
        heading = f"{self._prompt}: {ending}"
        try:
            if any(file.image for file in files) and sys.platform != "emscripten":
                # A thread: large pictures are scaled for it.
                static = await asyncio.to_thread(_bundle, heading, files)
            else:
                static = _bundle(heading, files)
            update_display(static, raw=True, display_id=self._display_id)
        finally:
            await self._uploads.close()
            if self._reloaded:
                # No cell of a page that was loaded anew waits for the list.
                self._view.post({"drop": "ended", "text": ending})
            else:
                self._view.close()

    def _open(self) -> None:
        self._view.post({"drop": "open", "prompt": self._prompt, "hint": self._hint})

    def _receive(self, _: object, content: object, buffers: Sequence[memoryview]) -> None:
        """Take in what the page sends, in whatever thread the kernel uses for it."""
        if not self._uploads.receive(content, buffers):
            self._loop.call_soon_threadsafe(self._take_in, content)

    def _take_in(self, content: Any) -> None:
        if self._answer.done():
            return
        match content:
            case {"drop": "hello"}:
                self._reloaded = True
                self._open()
            case {"drop": "cancel"}:
                self._answer.set_result(None)
            case {"drop": "done", "ids": [*ids]}:
                files = self._uploads.take(str(upload_id) for upload_id in ids)
                if files:
                    self._answer.set_result(files)
                else:
                    self._open()  # the person can press Done once more
            case _:
                self._view.log.warning("nbagent: the page sent what this version does not know")


def _sum(files: Sequence[Attachment]) -> str:
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    return f"{count}, {size_text(sum(len(file.data) for file in files))}"


def _bundle(heading: str, files: Sequence[Attachment]) -> dict[str, str]:
    return {
        "text/html": attachments_html(heading, files),
        "text/markdown": attachments_markdown(heading, files),
        "text/plain": attachments_text(heading, files),
    }
