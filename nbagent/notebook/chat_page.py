"""A chat in the notebook: the live page, and the static form that the file keeps.

A cell's output in the file must need no kernel, also while the chat is open and the notebook is
saved. So both outputs of the cell are plain HTML: the transcript as it is after each turn, and an
empty place. The widget itself is in no output. Its script, which front ends start with the widget
and not with its display, finds the place, shows the chat there, and hides the static transcript
for as long as it is there.

Where that is not known to work, the widget stands in the output in the usual way. So it does where
nothing was heard of the script after a while: not all front ends can be told apart from here.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from IPython.display import (
    display,  # pyright: ignore[reportUnknownVariableType]
    update_display,  # pyright: ignore[reportUnknownVariableType]
)

from nbagent.attachments import Limits
from nbagent.notebook.chat_view import ChatView
from nbagent.notebook.front_end import FrontEnd, front_end
from nbagent.notebook.hosts import Host
from nbagent.notebook.kernel import end_delivery, start_delivery
from nbagent.notebook.live_feed import LiveFeed
from nbagent.notebook.open_questions import OpenQuestions
from nbagent.notebook.static_form import put_static_form, static_bundle
from nbagent.notebook.uploads import Uploads
from nbagent.questions import Answer, Asker, InputRequest, InvalidAnswerError
from nbagent.questions.asker import current_asker
from nbagent.transcript.items import Transcript
from nbagent.transcript.patches import Patch

_HAVE_PLACES = (FrontEnd.JUPYTER, FrontEnd.JUPYTERLITE, FrontEnd.VOILA)
"""Front ends that start a widget's script before it is displayed."""

PATIENCE = 16
"""So many times in a row the event loop is free for `LOOK_SECONDS`, and nothing is heard of the
page: then it has found no place."""

LOOK_SECONDS = 0.5

_RUN_CELL = "Run this cell to chat here."
_EMPTY = "Nothing has been said yet."


class ChatListener(Protocol):
    """Who is told what the person does; called in the event loop."""

    def stop_requested(self) -> None:
        """The Stop button was pressed."""
        ...

    def answered(self, request_id: str, value: object) -> None:
        """A question was answered; `value` is unchecked."""
        ...

    def chat_message(self, message: dict[str, Any]) -> None:
        """A message about the chat arrived, unchecked."""
        ...


class ChatPage:
    """Shows a chat's transcript, takes files, and hands on what the person does.

    Before it is shown, and where nobody would see it, there is nothing but the transcript.

    Args:
        transcript: What is shown; the caller changes it and reports the changes by `apply()`.
        listener: Who is told what the person does.
        limits: Which files are taken.

    Attributes:
        kept: The number of the static form that is in the notebook; None where nothing is kept.
    """

    def __init__(self, transcript: Transcript, listener: ChatListener, limits: Limits) -> None:
        self._transcript = transcript
        self._listener = listener
        self._limits = limits
        self._name = uuid.uuid4().hex
        self._live: _Live | None = None
        self._went_live = asyncio.Event()
        self._has_places = True
        self.kept: int | None = None

    @property
    def comm_id(self) -> str:
        """Empty: the page's messages are delivered whether a turn goes on or not."""
        return ""

    @property
    def is_live(self) -> bool:
        """Whether a person can be there who sees the chat."""
        return self._live is not None

    @property
    def uploads(self) -> Uploads | None:
        """The files that came from the page; None before it is live."""
        return None if self._live is None else self._live.uploads

    def show(self, host: Host) -> None:
        """Show the chat in the running cell, also a second time elsewhere."""
        here = front_end()
        if here is not FrontEnd.VOILA:  # there is no file, and its page replaces no output
            self.kept = self.kept or 0
            display(self._bundle(self._static()), raw=True, display_id=self._saved)
        if host.nobody_answers(background=True) is not None:
            return
        self.view()
        assert self._live is not None
        self._has_places = self._has_places and here in _HAVE_PLACES
        bundle = self._place() if self._has_places else self._widget()
        display(bundle, raw=True, display_id=self._place_id)
        if self._has_places and here is not FrontEnd.VOILA:  # whose page comes when it comes
            self._live.await_page(self._fall_back)

    def view(self) -> ChatView:
        """The widget, made when it is first asked for; in the event loop."""
        if self._live is None:
            self._live = _Live(self._transcript, self._listener, self._limits, self._name)
            self._went_live.set()
        return self._live.view

    def post(self, message: dict[str, Any]) -> None:
        """Send a message about the chat, if someone is there."""
        if self._live is not None:
            self._live.view.post(message)

    def apply(self, patches: Sequence[Patch]) -> None:
        """Note changes of the transcript; `send_changes()` shows them."""
        if self._live is not None:
            self._live.feed.apply(patches)

    async def send_changes(self) -> None:
        """Show changes, paced; runs until cancelled."""
        await self._went_live.wait()  # perhaps in the middle of a turn
        assert self._live is not None
        await self._live.feed.send_changes()

    def refuse(self, request_id: str, error: InvalidAnswerError) -> None:
        """Tell the page that the answer to a question does not fit."""
        if self._live is not None:
            self._live.feed.refuse(request_id, error)

    def asker(self, questions: OpenQuestions) -> Asker:
        """Who asks the questions of a turn: the chat, or whoever asks where it is not shown."""
        return questions if self.is_live else _AskedElsewhere(current_asker(), questions)

    def restart(self, transcript: Transcript) -> None:
        """Show another transcript: the conversation went back, or began anew."""
        self._transcript = transcript
        if self._live is not None:
            self._live.feed.restart(transcript)

    async def keep(self) -> None:
        """Show all that is left, and bring the static form up to date."""
        if self._live is not None:
            self._live.feed.send_all()
        if self.kept is None:
            return
        if self._transcript.items:
            await put_static_form(self._transcript, self._put)
        else:
            self._put(self._static())

    async def close(self) -> None:
        """Take the chat out of the page; the static form stays."""
        if self._live is not None:
            await self._live.close()
            self._live = None
            self._went_live.clear()

    def _fall_back(self) -> None:
        """Show the widget in the usual way, as its script has not found its place."""
        self._has_places = False
        update_display(self._widget(), raw=True, display_id=self._place_id)

    @property
    def _saved(self) -> str:
        return f"nbagent-saved-{self._name}"

    @property
    def _place_id(self) -> str:
        return f"nbagent-place-{self._name}"

    def _place(self) -> dict[str, Any]:
        place = f'<div class="{self._place_id}"><p><em>{_RUN_CELL}</em></p></div>'
        return {"text/html": place, "text/plain": _RUN_CELL}

    def _widget(self) -> dict[str, Any]:
        return self.view().mimebundle() | {"text/plain": _RUN_CELL}

    def _static(self) -> dict[str, str]:
        if self._transcript.items:
            return static_bundle(self._transcript)
        return {"text/html": f"<p><em>{_EMPTY}</em></p>", "text/plain": _EMPTY}

    def _put(self, bundle: dict[str, str]) -> None:
        self.kept = (self.kept or 0) + 1
        update_display(self._bundle(bundle), raw=True, display_id=self._saved)

    def _bundle(self, bundle: dict[str, str]) -> dict[str, str]:
        html = f'<div class="{self._saved} nbagent-kept-{self.kept}">{bundle["text/html"]}</div>'
        return bundle | {"text/html": html}


class _Live:
    """The widget of a chat, with what comes from it. Made in the event loop."""

    def __init__(
        self, transcript: Transcript, listener: ChatListener, limits: Limits, name: str
    ) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self.view = ChatView(self, name)
        self.feed = LiveFeed(transcript, self.view.post)
        self.feed.send_all()
        self.uploads = Uploads(self.view.post, limits)
        self._heard = False
        self._awaiting: asyncio.Task[None] | None = None
        start_delivery(self.view.model_id)

    def await_page(self, missing: Callable[[], None]) -> None:
        """Call `missing` if nothing is heard of the page, though it could be."""
        if self._awaiting is None:
            self._awaiting = asyncio.create_task(self._await_page(missing), name="nbagent: page")

    async def _await_page(self, missing: Callable[[], None]) -> None:
        free = 0
        while free < PATIENCE:
            began = self._loop.time()
            await asyncio.sleep(LOOK_SECONDS)
            if self._heard:
                return
            # A cell that blocks lets no message in.
            free = free + 1 if self._loop.time() - began < 2 * LOOK_SECONDS else 0
        missing()

    async def close(self) -> None:
        """Remove it."""
        end_delivery(self.view.model_id)
        if self._awaiting is not None:
            self._awaiting.cancel()
            await asyncio.wait({self._awaiting})
        await self.uploads.close()
        self.view.close()

    # What the view reports, in whatever thread the kernel uses for it.

    def stop_requested(self) -> None:
        """The Stop button was pressed."""
        self._loop.call_soon_threadsafe(self._listener.stop_requested)

    def answered(self, request_id: str, value: object) -> None:
        """A question was answered."""
        self._loop.call_soon_threadsafe(self._listener.answered, request_id, value)

    def snapshot_requested(self, seen: int) -> None:
        """The page has seen message number `seen` and asks whether that is all."""
        self._loop.call_soon_threadsafe(self.feed.snapshot_requested, seen)

    def chat_message(self, message: dict[str, Any]) -> None:
        """A message about the chat arrived."""
        self._heard = True
        self._loop.call_soon_threadsafe(self._listener.chat_message, message)

    def upload_message(
        self, message: dict[str, Any], buffers: Sequence[bytes | memoryview]
    ) -> bool:
        """A message about files may have arrived; whether it is one."""
        return self.uploads.receive(message, buffers)


class _AskedElsewhere:
    """Questions of a chat that is not shown; an `Asker`. Its transcript notes the answers.

    Args:
        asker: Who asks.
        noted: Notes what became of each question.
    """

    def __init__(self, asker: Asker, noted: Asker) -> None:
        self._asker = asker
        self._noted = noted

    def unavailable(self) -> str | None:
        """Why nobody can be asked; None where someone can."""
        return self._asker.unavailable()

    async def ask(self, request: InputRequest) -> Any:
        """Ask elsewhere."""
        return await self._asker.ask(request)

    def settled(self, request: InputRequest, answer: Answer | None) -> None:
        """Note what became of a question, in both places."""
        self._asker.settled(request, answer)
        self._noted.settled(request, answer)
