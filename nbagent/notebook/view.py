"""The live view: the widget in the cell, and the messages between it and Python.

To the page go numbered custom messages: `{"n": 7, "ops": [...]}` with the operations of
`nbagent.render.live`. A message with `"snapshot": true` makes up the whole transcript as of
number `n`. The first message and each snapshot carry the kernel's clock as `"now"`, in seconds.
From the page come `{"stop": true}` and `{"ask": "snapshot", "n": 5}`: the last number that it
has seen, 0 when it has seen nothing. Nothing travels in synced traits but the view's own code
and style.
"""

import time
from collections.abc import Sequence
from typing import Any, Protocol, cast

import anywidget

from nbagent.notebook.module import css, javascript
from nbagent.render.stylesheet import stylesheet


class ViewEvents(Protocol):
    """Who is told what the reader does; called in whatever thread the kernel uses."""

    def stop_requested(self) -> None:
        """The Stop button was pressed."""
        ...

    def snapshot_requested(self, seen: int) -> None:
        """The page has seen message number `seen` and asks whether that is all."""
        ...


class TranscriptView(anywidget.AnyWidget):
    """Shows a transcript while it grows.

    Args:
        events: Who is told what the reader does.
    """

    # Texts, not paths: anywidget would watch files for changes in a thread of its own.
    _esm = javascript("view.js")
    _css = stylesheet() + css("view.css")

    def __init__(self, events: ViewEvents) -> None:
        super().__init__()
        self._events = events
        self._number = 0
        self.on_msg(self._receive)  # pyright: ignore[reportUnknownMemberType]

    @property
    def number(self) -> int:
        """The number of the last message that was sent."""
        return self._number

    def send_operations(self, operations: Sequence[object]) -> None:
        """Send the next operations to the page, all in one message."""
        self._number += 1
        message: dict[str, Any] = {"n": self._number, "ops": operations}
        if self._number == 1:
            message["now"] = time.time()
        self._post(message)

    def send_snapshot(self, operations: Sequence[object]) -> None:
        """Send operations that make up the whole transcript as of the last message."""
        self._post({"n": self._number, "ops": operations, "snapshot": True, "now": time.time()})

    def mimebundle(self) -> dict[str, Any]:
        """What `display()` shows the view by."""
        bundle: Any = self._repr_mimebundle_()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        # ipywidgets gives the data alone, anywidget the data and metadata.
        return cast("dict[str, Any]", bundle[0] if isinstance(bundle, tuple) else bundle)

    def close(self) -> None:
        """Remove the view from the page, with the layout that ipywidgets made for it."""
        layout = cast("Any", self.layout)  # pyright: ignore[reportUnknownMemberType]
        super().close()  # pyright: ignore[reportUnknownMemberType]
        layout.close()

    def _post(self, message: dict[str, Any]) -> None:
        self.send(message)  # pyright: ignore[reportUnknownMemberType]

    def _receive(self, _: object, content: object, __: object) -> None:
        match content:
            case {"stop": True}:
                self._events.stop_requested()
            case {"ask": "snapshot", "n": int(seen)}:
                self._events.snapshot_requested(seen)
            case _:
                self.log.warning("nbagent: the page sent what this version does not know")
