"""Feeds a page with a transcript as it changes: numbered messages, paced, repaired by snapshots."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from nbagent.questions import InvalidAnswerError
from nbagent.render.live import LiveRenderer
from nbagent.transcript.asked import find_question
from nbagent.transcript.items import Transcript
from nbagent.transcript.patches import Patch

INTERVAL = 0.033
"""Seconds between two messages: some thirty a second. The server drops more than a thousand."""

REST = 2.0
"""After a message that was expensive to render, the event loop is free for this many times as
long, so that the run itself, Stop and other widgets get their turn."""


class LiveFeed:
    """Sends a transcript's changes to a page.

    Each message is `{"n": 7, "ops": [...]}` with the operations of `nbagent.render.live`. One
    with `"snapshot": true` makes up the whole transcript as of number `n`. The first message and
    each snapshot carry the kernel's clock as `"now"`, in seconds.

    Args:
        transcript: What to show; the caller changes it and reports the changes by `apply()`.
        post: Sends a message to the page.
    """

    def __init__(self, transcript: Transcript, post: Callable[[dict[str, Any]], None]) -> None:
        self._transcript = transcript
        self._post = post
        self._renderer = LiveRenderer(transcript)
        self._changed = asyncio.Event()
        self._number = 0

    def apply(self, patches: Sequence[Patch]) -> None:
        """Note changes of the transcript; `send_changes()` sends them."""
        if patches:
            self._renderer.apply(patches)
            self._changed.set()

    async def send_changes(self) -> None:
        """Send changes to the page, the first at once and then paced; runs until cancelled."""
        while True:
            await self._changed.wait()
            cost = self.send()
            await asyncio.sleep(max(INTERVAL, REST * cost))

    def send(self) -> float:
        """Send what one message can take; the seconds it took."""
        began = time.perf_counter()
        self._changed.clear()
        operations = self._renderer.flush()
        if operations:
            self._send(operations)
        if self._renderer.pending:
            self._changed.set()
        return time.perf_counter() - began

    def send_all(self) -> None:
        """Send all that is left, in one go."""
        while self._renderer.pending:
            self.send()

    def send_snapshot(self) -> None:
        """Send what makes up, on an empty page, all that was sent so far."""
        message: dict[str, Any] = {"n": self._number, "ops": self._renderer.snapshot()}
        self._post(message | {"snapshot": True, "now": time.time()})

    def restart(self, transcript: Transcript) -> None:
        """Show another transcript, in place of the one so far."""
        self._transcript = transcript
        self._renderer = LiveRenderer(transcript)
        while self._renderer.pending:
            self._renderer.flush()
        self._number += 1
        self.send_snapshot()

    def snapshot_requested(self, seen: int) -> bool:
        """The page has seen message number `seen`; send a snapshot if that is not all.

        Returns:
            Whether the page is a new one, which has seen nothing of what was sent.
        """
        if seen == self._number:
            return False
        self.send_snapshot()
        return seen == 0

    def refuse(self, request_id: str, error: InvalidAnswerError) -> None:
        """Tell the page that the answer to a question does not fit."""
        index = find_question(self._transcript, request_id)
        if index is not None:
            self._send([["refused", index, str(error), error.errors]])

    def _send(self, operations: Sequence[object]) -> None:
        self._number += 1
        message: dict[str, Any] = {"n": self._number, "ops": operations}
        if self._number == 1:
            message["now"] = time.time()
        self._post(message)
