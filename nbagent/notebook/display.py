"""A transcript in the cell: live while the run lasts, static afterwards.

The live view is a widget that gets small messages, at most one every 30 ms. At the end one
static output takes its place, which needs no kernel and no widget: what the notebook keeps.
"""

import asyncio
import sys
import time
import uuid
from collections.abc import Callable, Sequence

from IPython.display import (
    display,  # pyright: ignore[reportUnknownVariableType]
    update_display,  # pyright: ignore[reportUnknownVariableType]
)

from nbagent.notebook.kernel import has_reader, running_kernel
from nbagent.notebook.view import TranscriptView
from nbagent.render.html import transcript_to_html
from nbagent.render.live import LiveRenderer
from nbagent.render.markdown_document import transcript_to_markdown
from nbagent.render.text import transcript_to_text
from nbagent.transcript.items import MessageItem, ThoughtItem, ToolCallItem, Transcript
from nbagent.transcript.patches import Patch

INTERVAL = 0.033
"""Seconds between two messages: some thirty a second. The server drops more than a thousand."""

REST = 2.0
"""After a message that was expensive to render, the event loop is free for this many times as
long, so that the run itself, Stop and other widgets get their turn."""

LONG = 20_000
"""Characters from which a transcript is rendered in a thread at the end."""

_PLACEHOLDER = "The run is still going on, or its page was closed before it ended."


class TranscriptDisplay:
    """One transcript, displayed in the running cell.

    Args:
        transcript: What to show; the caller changes it and reports the changes by `apply()`.
        on_stop: Called in the event loop when the reader presses Stop.
    """

    def __init__(self, transcript: Transcript, on_stop: Callable[[], None]) -> None:
        self._transcript = transcript
        self._on_stop = on_stop
        self._loop = asyncio.get_running_loop()
        self._display_id = f"nbagent-{uuid.uuid4().hex}"
        self._changed = asyncio.Event()
        self._reloaded = False
        self._view: TranscriptView | None = None
        # Without a reader nothing is shown before the end, and a widget would only be noise
        # in the file.
        if has_reader(running_kernel()):
            self._view = TranscriptView(self)
            self._renderer = LiveRenderer(transcript)

    @property
    def comm_id(self) -> str:
        """The id under which the page sends its messages; empty without a live view."""
        return self._view.model_id if self._view is not None else ""

    def start(self) -> None:
        """Show the view in the cell."""
        bundle = self._view.mimebundle() if self._view is not None else {}
        bundle["text/plain"] = _PLACEHOLDER
        display(bundle, raw=True, display_id=self._display_id)

    def apply(self, patches: Sequence[Patch]) -> None:
        """Note changes of the transcript; `send_changes()` shows them."""
        if self._view is not None and patches:
            self._renderer.apply(patches)
            self._changed.set()

    async def send_changes(self) -> None:
        """Send changes to the page, the first at once and then paced; runs until cancelled."""
        while True:
            await self._changed.wait()
            cost = self._send()
            await asyncio.sleep(max(INTERVAL, REST * cost))

    def _send(self) -> float:
        """Send what the renderer has; the seconds it took."""
        assert self._view is not None
        began = time.perf_counter()
        self._changed.clear()
        operations = self._renderer.flush()
        if operations:
            self._view.send_operations(operations)
        if self._renderer.pending:
            self._changed.set()
        return time.perf_counter() - began

    async def finish(self) -> None:
        """Put the static transcript in the place of the live view."""
        try:
            if self._view is not None:
                self._send()  # the end is on screen while the static form is made
        finally:
            try:
                bundle = await self._static_bundle()
                update_display(bundle, raw=True, display_id=self._display_id)
            finally:
                self._close_view()

    def _close_view(self) -> None:
        """Remove the live view, save where it is all that the reader has.

        A page that was loaded anew in the middle of the run does not get the static form: no
        cell of it waits for one.
        """
        if self._view is None:
            return
        if not self._reloaded:
            self._view.close()
            return
        while self._renderer.pending:
            self._send()
        self._view.send_snapshot(self._renderer.snapshot())

    async def _static_bundle(self) -> dict[str, str]:
        if _length(self._transcript) < LONG or sys.platform == "emscripten":
            return _bundle(self._transcript)
        # A thread: rendering 200 kB of code takes the better part of a second, in which the
        # event loop would answer nobody. The run is over, nothing changes the transcript.
        try:
            return await asyncio.to_thread(_bundle, self._transcript)
        except asyncio.CancelledError:
            update_display(_bundle(self._transcript), raw=True, display_id=self._display_id)
            raise

    # What the view reports, in whatever thread the kernel uses for it.

    def stop_requested(self) -> None:
        """The Stop button was pressed."""
        self._loop.call_soon_threadsafe(self._on_stop)

    def snapshot_requested(self, seen: int) -> None:
        """The page has seen message number `seen` and asks whether that is all."""
        self._loop.call_soon_threadsafe(self._answer, seen)

    def _answer(self, seen: int) -> None:
        view = self._view
        if view is None or view.comm is None or seen == view.number:
            return
        # A new page has seen nothing of a run that has begun to send.
        self._reloaded = self._reloaded or seen == 0
        view.send_snapshot(self._renderer.snapshot())


def _bundle(transcript: Transcript) -> dict[str, str]:
    return {
        "text/html": transcript_to_html(transcript),
        "text/markdown": transcript_to_markdown(transcript),
        "text/plain": transcript_to_text(transcript),
    }


def _length(transcript: Transcript) -> int:
    """About how many characters there are to render."""
    length = 0
    for item in transcript.items:
        if isinstance(item, MessageItem | ThoughtItem):
            length += len(item.text)
        elif isinstance(item, ToolCallItem):
            length += len(item.arguments) + len(item.result or "")
    return length
