"""Questions that belong to no run on display: each gets a place of its own in the cell."""

import asyncio
from datetime import datetime, timezone
from typing import Any

from nbagent.exceptions import UserInputError
from nbagent.messages import UserInputAnsweredEvent, UserInputRequestedEvent
from nbagent.notebook.display import TranscriptDisplay
from nbagent.notebook.hosts import Host, current_host
from nbagent.notebook.kernel import delivery
from nbagent.notebook.open_questions import OpenQuestions
from nbagent.notebook.run import INTERRUPTED, STOPPED
from nbagent.questions import Answer, Asker, InputRequest
from nbagent.transcript.items import Transcript
from nbagent.transcript.reduce import reduce
from nbagent.transcript.run_state import stop


def notebook_asker() -> Asker | None:
    """Who asks in this notebook where no run is on display; None outside of a notebook."""
    host = current_host()
    return None if host is None else CellAsker(host)


class CellAsker:
    """Asks in the running cell; an `Asker`.

    Args:
        host: Where the notebook runs.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._shown: dict[str, _LoneQuestion] = {}

    def unavailable(self) -> str | None:
        """Why nobody can be asked; None where someone can."""
        return self._host.nobody_answers(background=False)

    async def ask(self, request: InputRequest) -> Any:
        """Show the question in the cell, and wait for an answer that fits."""
        shown = self._shown[request.request_id] = _LoneQuestion(self._host)
        return await shown.ask(request)

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Leave the question and what became of it in the cell, as a static output."""
        shown = self._shown.pop(request.request_id, None)
        if shown is None:  # it was never asked
            shown = _LoneQuestion(self._host)
            shown.display.start()
        shown.end(request, answer)


class _LoneQuestion:
    """One question in a transcript of its own."""

    def __init__(self, host: Host) -> None:
        self._transcript = Transcript()
        self._stopped = asyncio.Event()
        self.display = TranscriptDisplay(self._transcript, self, host)
        self._questions = OpenQuestions(self.display, self._take)
        self._asker = self.display.asker(self._questions)

    def stop_requested(self) -> None:
        """The reader pressed Stop."""
        self._stopped.set()

    def answered(self, request_id: str, value: object) -> None:
        """The reader answered."""
        self._questions.receive(request_id, value)

    async def ask(self, request: InputRequest) -> Any:
        """Ask until there is an answer.

        Raises:
            UserInputError: The reader pressed Stop.
        """
        self.display.start()
        with delivery(self.display.comm_id):
            tasks = [
                asyncio.ensure_future(self._asker.ask(request)),
                asyncio.ensure_future(self.display.send_changes()),
                asyncio.ensure_future(self._stopped.wait()),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if self._stopped.is_set():
                    self._close(STOPPED)
                    raise UserInputError("The question was stopped by the user.")
                return tasks[0].result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)

    def end(self, request: InputRequest, answer: Answer | None) -> None:
        """Note what became of the question, and leave the static form."""
        self._questions.settled(request, answer)
        if answer is None:
            self._close(INTERRUPTED)
        elif self._transcript.state == "running":
            self._transcript.state, self._transcript.ended_at = "done", answer.at
        self.display.finish_now()

    def _take(self, event: UserInputRequestedEvent | UserInputAnsweredEvent) -> None:
        self.display.apply(reduce(self._transcript, event))

    def _close(self, reason: str) -> None:
        if self._transcript.state == "running":
            self.display.apply(stop(self._transcript, reason, datetime.now(timezone.utc)))
