"""The live view: the widget in the cell, and the messages between it and Python.

To the page go the messages of `nbagent.notebook.live_feed`. From the page come `{"stop": true}`,
`{"ask": "snapshot", "n": 5}` (the last number that it has seen, 0 when it has seen nothing) and
`{"answer": "...", "value": ...}`: a person's answer to the question with this request id.
Nothing travels in synced traits but the view's own code and style.
"""

from typing import Protocol

from nbagent.notebook.module import css, javascript
from nbagent.notebook.page_widget import PageWidget
from nbagent.render.stylesheet import stylesheet


class ViewEvents(Protocol):
    """Who is told what the reader does; called in whatever thread the kernel uses."""

    def stop_requested(self) -> None:
        """The Stop button was pressed."""
        ...

    def snapshot_requested(self, seen: int) -> None:
        """The page has seen message number `seen` and asks whether that is all."""
        ...

    def answered(self, request_id: str, value: object) -> None:
        """A person has answered a question; `value` is what the page made of it, unchecked."""
        ...


class TranscriptView(PageWidget):
    """Shows a transcript while it grows.

    Args:
        events: Who is told what the reader does.
    """

    _esm = javascript("view.js")
    _css = stylesheet() + css("view.css", "question.css")

    def __init__(self, events: ViewEvents) -> None:
        super().__init__()
        self._events = events
        self.on_msg(self._receive)  # pyright: ignore[reportUnknownMemberType]

    def removed(self) -> None:
        """The host has taken the view out of the page: nobody could stop the run any more."""
        self._events.stop_requested()

    def _receive(self, _: object, content: object, __: object) -> None:
        if not tell(self._events, content):
            self.log.warning("nbagent: the page sent what this version does not know")


def tell(events: ViewEvents, content: object) -> bool:
    """Tell `events` what a message from the page means; False where it is unknown."""
    match content:
        case {"stop": True}:
            events.stop_requested()
        case {"ask": "snapshot", "n": int(seen)}:
            events.snapshot_requested(seen)
        case {"answer": str(request_id), "value": object() as value}:
            events.answered(request_id, value)
        case _:
            return False
    return True
