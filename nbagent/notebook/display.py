"""A transcript in the cell: live while the run lasts, static afterwards.

The live view is a widget that gets small messages. At the end one static output takes its place,
which needs no kernel and no widget: what the notebook keeps.
"""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Protocol

from IPython.display import (
    display,  # pyright: ignore[reportUnknownVariableType]
    update_display,  # pyright: ignore[reportUnknownVariableType]
)

from nbagent.notebook.kernel import has_reader, running_kernel
from nbagent.notebook.live_feed import LiveFeed
from nbagent.notebook.static_form import put_static_form, static_bundle
from nbagent.notebook.view import TranscriptView
from nbagent.questions import InvalidAnswerError
from nbagent.transcript.items import Transcript
from nbagent.transcript.patches import Patch

_PLACEHOLDER = "The run is still going on, or its page was closed before it ended."


class Listener(Protocol):
    """Who is told what the reader does; called in the event loop."""

    def stop_requested(self) -> None:
        """The Stop button was pressed."""
        ...

    def answered(self, request_id: str, value: object) -> None:
        """A person has answered a question; `value` is unchecked."""
        ...


class TranscriptDisplay:
    """One transcript, displayed in the running cell.

    Args:
        transcript: What to show; the caller changes it and reports the changes by `apply()`.
        listener: Who is told what the reader does.
    """

    def __init__(self, transcript: Transcript, listener: Listener) -> None:
        self._transcript = transcript
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._display_id = f"nbagent-{uuid.uuid4().hex}"
        self._reloaded = False
        self._view: TranscriptView | None = None
        self._feed: LiveFeed | None = None
        # Without a reader nothing is shown before the end, and a widget would only be noise
        # in the file.
        if has_reader(running_kernel()):
            self._view = TranscriptView(self)
            self._feed = LiveFeed(transcript, self._view.post)

    @property
    def comm_id(self) -> str:
        """The id under which the page sends its messages; empty without a live view."""
        return self._view.model_id if self._view is not None else ""

    @property
    def is_live(self) -> bool:
        """Whether a reader sees the transcript grow, and can answer."""
        return self._view is not None

    def start(self) -> None:
        """Show the view in the cell."""
        bundle = self._view.mimebundle() if self._view is not None else {}
        bundle["text/plain"] = _PLACEHOLDER
        display(bundle, raw=True, display_id=self._display_id)

    def apply(self, patches: Sequence[Patch]) -> None:
        """Note changes of the transcript; `send_changes()` shows them."""
        if self._feed is not None:
            self._feed.apply(patches)

    async def send_changes(self) -> None:
        """Send changes to the page, the first at once and then paced; runs until cancelled."""
        if self._feed is None:
            await asyncio.Event().wait()
        else:
            await self._feed.send_changes()

    def refuse(self, request_id: str, error: InvalidAnswerError) -> None:
        """Tell the page that the answer to a question does not fit."""
        if self._feed is not None:
            self._feed.refuse(request_id, error)

    async def finish(self) -> None:
        """Put the static transcript in the place of the live view."""
        try:
            if self._feed is not None:
                self._feed.send()  # the end is on screen while the static form is made
        finally:
            try:
                await put_static_form(self._transcript, self._put)
            finally:
                self._close_view()

    def finish_now(self) -> None:
        """The same for a transcript that is short, without waiting for anything."""
        self._put(static_bundle(self._transcript))
        self._close_view()

    def _put(self, bundle: dict[str, str]) -> None:
        update_display(bundle, raw=True, display_id=self._display_id)

    def _close_view(self) -> None:
        """Remove the live view, save where it is all that the reader has.

        A page that was loaded anew in the middle of the run does not get the static form: no
        cell of it waits for one.
        """
        if self._view is None or self._feed is None:
            return
        if not self._reloaded:
            self._view.close()
            return
        self._feed.send_all()
        self._feed.send_snapshot()

    # What the view reports, in whatever thread the kernel uses for it.

    def stop_requested(self) -> None:
        """The Stop button was pressed."""
        self._loop.call_soon_threadsafe(self._listener.stop_requested)

    def answered(self, request_id: str, value: object) -> None:
        """A person has answered a question."""
        self._loop.call_soon_threadsafe(self._listener.answered, request_id, value)

    def snapshot_requested(self, seen: int) -> None:
        """The page has seen message number `seen` and asks whether that is all."""
        self._loop.call_soon_threadsafe(self._send_snapshot, seen)

    def _send_snapshot(self, seen: int) -> None:
        if self._feed is not None and self._feed.snapshot_requested(seen):
            self._reloaded = True
