"""A transcript in the cell: live while the run lasts, static afterwards.

The live view is a widget that gets small messages. At the end one static output takes its place,
which needs no kernel and no widget: what the notebook keeps.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from nbagent.notebook.answer_routes import KernelPrompt, Unanswered
from nbagent.notebook.hosts import Host
from nbagent.notebook.live_feed import LiveFeed
from nbagent.notebook.open_questions import OpenQuestions
from nbagent.notebook.static_form import put_static_form, static_bundle
from nbagent.notebook.view import TranscriptView
from nbagent.questions import Asker, InvalidAnswerError
from nbagent.transcript.items import Transcript
from nbagent.transcript.patches import Patch


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
        host: Where the notebook runs.
        background: Whether it goes on changing when the cell has ended.
    """

    def __init__(
        self,
        transcript: Transcript,
        listener: Listener,
        host: Host,
        *,
        background: bool = False,
    ) -> None:
        self._transcript = transcript
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._nobody_answers = host.nobody_answers(background=background)
        self._asks_by_prompt = not background and host.asks_by_prompt()
        self._output = host.output(background=background)
        self._view_lasts = host.view_lasts
        self._view: TranscriptView | None = None
        self._feed: LiveFeed | None = None
        # Without a reader nothing is shown before the end, and a widget would only be noise
        # in the file.
        if self._nobody_answers is None:
            self._view = TranscriptView(self)
            self._feed = LiveFeed(transcript, self._view.post)

    @property
    def comm_id(self) -> str:
        """The id under which the page sends its messages; empty without a live view."""
        return self._view.model_id if self._view is not None else ""

    @property
    def view(self) -> TranscriptView | None:
        """The live view; None where nobody would see it."""
        return self._view

    @property
    def is_live(self) -> bool:
        """Whether a reader sees the transcript grow, and can answer."""
        return self._view is not None

    def asker(self, questions: OpenQuestions) -> Asker:
        """Who asks the questions that are open in this transcript."""
        if self._nobody_answers is not None:
            return Unanswered(questions, self._nobody_answers)
        if self._asks_by_prompt and self._feed is not None:
            return KernelPrompt(questions, self._feed.send_all)
        return questions

    def start(self) -> None:
        """Show the view in the cell."""
        self._output.show(self._view)

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
                await put_static_form(self._transcript, self._output.replace)
            finally:
                self._close_view()

    def finish_now(self) -> None:
        """The same for a transcript that is short, without waiting for anything."""
        self._output.replace(static_bundle(self._transcript))
        self._close_view()

    def _close_view(self) -> None:
        """Remove the live view, save where it is all that the reader has.

        A page that was loaded anew in the middle of the run does not get the static form: no
        cell of it waits for one.
        """
        if self._view is None or self._feed is None:
            return
        if not self._view_lasts:
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
            self._view_lasts = True
