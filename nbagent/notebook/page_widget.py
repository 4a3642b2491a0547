"""PageWidget: what the widgets of nbagent have in common."""

from typing import Any, cast

import anywidget


class PageWidget(anywidget.AnyWidget):
    """A widget that talks with its page by custom messages alone.

    A subclass names its JavaScript as `_esm` and its style as `_css`: texts, not paths, as
    anywidget would watch files for changes in a thread of its own.
    """

    def post(self, message: dict[str, Any]) -> None:
        """Send a message to the page; nothing where the widget is closed."""
        if self.comm is not None:
            self.send(message)  # pyright: ignore[reportUnknownMemberType]

    def mimebundle(self) -> dict[str, Any]:
        """What `display()` shows the widget by."""
        bundle: Any = self._repr_mimebundle_()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        # ipywidgets gives the data alone, anywidget the data and metadata.
        return cast("dict[str, Any]", bundle[0] if isinstance(bundle, tuple) else bundle)

    def close(self) -> None:
        """Remove the widget from the page, with the layout that ipywidgets made for it."""
        layout = cast("Any", self.layout)  # pyright: ignore[reportUnknownMemberType]
        super().close()  # pyright: ignore[reportUnknownMemberType]
        layout.close()
