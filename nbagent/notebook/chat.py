"""Chat: a conversation with an agent, a team or a model, in a cell."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Coroutine, Generator, Sequence
from typing import Any

from nbagent.attachments import FOR_MODELS, Attachment, Limits
from nbagent.base.task import TaskResult
from nbagent.exceptions import AlreadyRunningError
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.notebook.chat_export import EXPORT_FORMS, export
from nbagent.notebook.chat_page import ChatPage
from nbagent.notebook.conversation import Conversation, Partner, Turn
from nbagent.notebook.hosts import current_host
from nbagent.notebook.run import ShownRun
from nbagent.transcript.items import Transcript
from nbagent.transcript.run_state import begin_again

_BUSY = "An answer is still coming. Press Stop first, or wait for its end."
_GONE = "That message is no longer in the conversation."
_NOT_READY = "A file is not ready yet, or was not accepted."

_MAX_ID = 64

_logger = logging.getLogger(__name__)


class Chat:
    """A chat: the last expression of a cell shows it.

    Type, drop or paste pictures and text files, send, stop, retry, edit what was sent. The cell
    itself ends at once, and the chat goes on below it while other cells run. The notebook keeps
    the transcript as plain HTML, up to date after each turn. In Python the chat goes on too, by
    `await chat.send("...")`, displayed or not.

    Args:
        partner: An agent, a team, a model client, or a model's name such as "openai:gpt-5"; by
            default the model of the environment.
        limits: Which files are taken, and how large they may be.

    Raises:
        TypeError: `partner` is none of these.
        ConfigurationError: There is no such model, or its settings are missing.
    """

    def __init__(self, partner: Partner = None, *, limits: Limits = FOR_MODELS) -> None:
        self._conversation = Conversation(partner)
        self._page = ChatPage(self.transcript, self, limits)
        self._result: TaskResult | None = None
        self._busy = False
        self._run: ShownRun[TaskResult] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_sent = ""

    @property
    def result(self) -> TaskResult | None:
        """The result of the last turn that gave one; None before, and after `new()`."""
        return self._result

    @property
    def messages(self) -> list[BaseAgentEvent | BaseChatMessage]:
        """All messages and events of the conversation, without streaming chunks."""
        return list(self._conversation.messages)

    @property
    def transcript(self) -> Transcript:
        """The conversation as its readers see it."""
        return self._conversation.transcript

    async def send(self, text: str, *attachments: Attachment) -> TaskResult:
        """Send a message, as the person in front of the chat would, and wait for the answer.

        Args:
            text: What is said.
            attachments: Pictures and text files that go with it, such as `drop()` gives.

        Returns:
            What the turn gave; where it was stopped, the messages so far.

        Raises:
            AlreadyRunningError: A turn is still going on.
            ValueError: There is neither text nor an attachment.
            AttachmentError: An attachment is nothing for a model, or not for this one.
            Exception: Whatever the run raises; the transcript shows it as well.
        """
        with self._alone():
            return await self._finish(await self._begin(text, attachments))

    def stop(self) -> None:
        """End the turn that goes on; the conversation can go on."""
        if self._run is not None:
            self._run.stop_requested()

    async def new(self) -> None:
        """Forget the conversation and begin anew.

        Raises:
            AlreadyRunningError: A turn is still going on.
        """
        with self._alone():
            await self._conversation.begin_anew()
            self._result = None
            self._page.restart(self.transcript)
            await self._page.keep()

    async def close(self) -> None:
        """Stop what goes on, and take the chat out of the page; its transcript stays."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._page.close()

    def __repr__(self) -> str:
        turns = len(self._conversation.turns)
        return f"<Chat with {self._conversation.name}: {turns} turn{'' if turns == 1 else 's'}>"

    def _ipython_display_(self) -> None:
        """Show the chat in the running cell."""
        host = current_host()
        if host is None:
            raise NotImplementedError  # IPython in a terminal, which then shows the repr
        self._page.show(host)
        self._tell_state()

    def _display_(self) -> object:
        """What marimo shows in place of the chat."""
        host = current_host()
        if host is None or host.nobody_answers(background=True) is not None:
            return repr(self)
        view = self._page.view()
        self._tell_state()
        return view

    # One turn

    @contextlib.contextmanager
    def _alone(self) -> Generator[None]:
        """Do one thing at a time."""
        if self._busy:
            raise AlreadyRunningError(_BUSY)
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
            self._tell_state()

    async def _begin(
        self, text: str, attachments: Sequence[Attachment], instead_of: Turn | None = None
    ) -> ShownRun[TaskResult]:
        """Take a message into the conversation; what raises here has changed nothing."""
        stream = await self._conversation.begin(text, attachments, instead_of)
        if instead_of is not None:
            self._page.restart(self.transcript)
        self._page.apply(begin_again(self.transcript))
        return ShownRun(stream, self.transcript)

    async def _finish(self, run: ShownRun[TaskResult]) -> TaskResult:
        """Fold the answer into the transcript, to its end."""
        self._run = run
        self._tell_state()
        try:
            self._result = await run.show_on(self._page)
            return self._result
        finally:
            self._run = None
            await self._page.keep()

    # What the person does; called in the event loop.

    def stop_requested(self) -> None:
        """Stop was pressed."""
        self.stop()

    def answered(self, request_id: str, value: object) -> None:
        """A question was answered."""
        if self._run is not None:
            self._run.answered(request_id, value)

    def chat_message(self, message: dict[str, Any]) -> None:
        """The page sent a message; see `nbagent.notebook.chat_view`."""
        match message:
            case {"chat": "hello"}:
                self._tell_state()
            case {"chat": "send", "id": str(send_id), "text": str(text), "files": [*files]} if (
                0 < len(send_id) <= _MAX_ID
            ):
                ids = [str(upload_id) for upload_id in files]
                self._do(self._send(send_id, text, ids, message.get("turn")), send_id)
            case {"chat": "retry", "turn": str(turn_id)}:
                self._do(self._retry(turn_id))
            case {"chat": "edit", "turn": str(turn_id)}:
                self._do(self._send_draft(turn_id))
            case {"chat": "new"}:
                self._do(self.new())
            case {"chat": "export", "id": str(number), "form": str(form)} if form in EXPORT_FORMS:
                self._do(self._export(number, form), number)
            case _:
                _logger.warning("nbagent: the page sent what this version does not know")

    def _do(self, work: Coroutine[Any, Any, None], message_id: str = "") -> None:
        """Do something for the page; it is told where that is refused."""
        task = asyncio.create_task(self._done(work, message_id), name="nbagent: chat")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _done(self, work: Coroutine[Any, Any, None], message_id: str) -> None:
        try:
            await work
        except Exception as error:
            _logger.debug("What was asked of a chat was not done.", exc_info=error)
            self._post({"chat": "refused", "id": message_id, "reason": str(error) or repr(error)})

    async def _send(self, send_id: str, text: str, files: list[str], turn_id: object) -> None:
        if send_id == self._last_sent:
            self._tell_state()
            return
        uploads = self._page.uploads
        assert uploads is not None
        with self._alone():
            turn = self._conversation.turn(turn_id)
            if turn is None and turn_id is not None:
                raise LookupError(_GONE)
            attachments = uploads.ready(files)
            if attachments is None:
                raise LookupError(_NOT_READY)
            run = await self._begin(text, attachments, turn)
            self._last_sent = send_id
            uploads.take(files)
            await self._to_its_end(run)

    async def _retry(self, turn_id: str) -> None:
        turn = self._conversation.turn(turn_id)
        if turn is None:
            self._tell_state()  # retried already
            return
        with self._alone():
            await self._to_its_end(await self._begin(turn.text, turn.attachments, turn))

    async def _to_its_end(self, run: ShownRun[TaskResult]) -> None:
        try:
            await self._finish(run)
        except Exception as error:
            # The transcript shows it to who sent the message.
            _logger.debug("A turn of the chat failed.", exc_info=error)

    async def _send_draft(self, turn_id: str) -> None:
        turn = self._conversation.turn(turn_id)
        uploads = self._page.uploads
        if turn is None or uploads is None:
            raise LookupError(_GONE)
        files = [await uploads.put(attachment) for attachment in turn.attachments]
        self._post({"chat": "draft", "turn": turn_id, "text": turn.text, "files": files})

    async def _export(self, number: str, form: str) -> None:
        transcript = self.transcript.model_copy(update={"items": list(self.transcript.items)})
        # A thread: a long conversation takes the better part of a second.
        threads = sys.platform != "emscripten"
        write = asyncio.to_thread(export, transcript, form) if threads else None
        name, text = export(transcript, form) if write is None else await write
        self._post({"chat": "exported", "id": number, "name": name, "text": text})

    def _tell_state(self) -> None:
        turns = [{"id": turn.id, "item": turn.item} for turn in self._conversation.turns]
        self._post(
            {
                "chat": "state",
                "name": self._conversation.name,
                "pictures": self._conversation.sees_pictures,
                "running": self._busy,
                "turns": turns,
                "last": self._last_sent,
                "kept": self._page.kept,
            }
        )

    def _post(self, message: dict[str, Any]) -> None:
        self._page.post(message)
