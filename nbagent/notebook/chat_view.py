"""The chat's widget, and the messages between it and Python.

Besides those of the transcript (`nbagent.notebook.live_feed`, `nbagent.notebook.view`) and of
files (`nbagent.notebook.uploads`), these custom messages travel.

From the page:

- `{"chat": "hello"}`: what is the state?
- `{"chat": "send", "id": "5f0c…", "text": "…", "files": ["…"], "turn": null}`: send a text and
  files, by their upload ids and in this order. With a turn's id as `turn`, the conversation first
  goes back to before that turn. The same id is sent but once, however often it arrives.
- `{"chat": "retry", "turn": "a81d…"}`: go back to before this turn, and send it again. Each turn
  gets a new id, so that this too is done but once.
- `{"chat": "edit", "turn": "a81d…"}`: what was sent in this turn?
- `{"chat": "new"}`: forget everything.
- `{"chat": "export", "id": "90aa…", "form": "markdown"}`, or "html" or "json".

To the page:

- `{"chat": "state", "name": "helper", "pictures": true, "running": true, "turns":
  [{"id": "a81d…", "item": 4}], "last": "5f0c…", "kept": 3}`: the partner's name and whether it
  takes pictures; whether a turn goes on; the turns, each with the transcript's item that it
  begins with; the id of the last message that was sent on; and the number of the static
  transcript, which has the class `nbagent-kept-3` where it is up to date; null where there is
  none.
- `{"chat": "refused", "id": "5f0c…", "reason": "…"}`: this was not done; the id is empty where
  what was asked for has none.
- `{"chat": "draft", "turn": "a81d…", "text": "…", "files": ["…"]}`: what was sent in a turn; the
  files are uploads that are ready.
- `{"chat": "exported", "id": "90aa…", "name": "chat.md", "text": "…"}`.
"""

from collections.abc import Sequence
from typing import Any, Protocol, cast

import traitlets

from nbagent.notebook.module import css, javascript
from nbagent.notebook.page_widget import PageWidget
from nbagent.notebook.view import ViewEvents, tell
from nbagent.render.stylesheet import stylesheet


class ChatEvents(ViewEvents, Protocol):
    """Who is told what the person does; called in whatever thread the kernel uses."""

    def chat_message(self, message: dict[str, Any]) -> None:
        """A message about the chat arrived, unchecked."""
        ...

    def upload_message(
        self, message: dict[str, Any], buffers: Sequence[bytes | memoryview]
    ) -> bool:
        """A message about files may have arrived; whether it is one."""
        ...


class ChatView(PageWidget):
    """A transcript with a composer below it.

    Args:
        events: Who is told what the person does.
        place: What the classes `nbagent-place-…` and `nbagent-saved-…` end with: of the elements in
            which the chat shows itself, and of those that are hidden meanwhile.
    """

    _esm = javascript("chat.js")
    _css = stylesheet() + css("view.css", "question.css", "tray.css", "chat.css")

    place = traitlets.Unicode().tag(sync=True)

    def __init__(self, events: ChatEvents, place: str) -> None:
        super().__init__(place=place)
        self._events = events
        self.on_msg(self._receive)  # pyright: ignore[reportUnknownMemberType]

    def _receive(self, _: object, content: object, buffers: Sequence[memoryview]) -> None:
        if not isinstance(content, dict):
            return
        message = cast("dict[str, Any]", content)
        if "chat" in message:
            self._events.chat_message(message)
        elif not self._events.upload_message(message, buffers) and not tell(self._events, message):
            self.log.warning("nbagent: the page sent what this version does not know")
