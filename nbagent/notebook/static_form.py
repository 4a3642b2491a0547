"""The saved form of a transcript in a notebook: it needs no kernel, no widget and no script."""

import asyncio
import sys
from collections.abc import Callable

from nbagent.render.html import transcript_to_html
from nbagent.render.markdown_document import transcript_to_markdown
from nbagent.render.text import transcript_to_text
from nbagent.transcript.items import MessageItem, ThoughtItem, ToolCallItem, Transcript

LONG = 20_000
"""Characters from which a transcript is rendered in a thread."""


def static_bundle(transcript: Transcript) -> dict[str, str]:
    """A transcript by media type, as a cell's output holds it."""
    return {
        "text/html": transcript_to_html(transcript),
        "text/markdown": transcript_to_markdown(transcript),
        "text/plain": transcript_to_text(transcript),
    }


async def put_static_form(transcript: Transcript, put: Callable[[dict[str, str]], None]) -> None:
    """Render a transcript that does not change any more, and put it where it belongs.

    Args:
        transcript: What to render.
        put: Takes the output; it is called even when the task is cancelled.
    """
    if _length(transcript) < LONG or sys.platform == "emscripten":
        put(static_bundle(transcript))
        return
    # A thread: rendering 200 kB of code takes the better part of a second, in which the
    # event loop would answer nobody.
    try:
        bundle = await asyncio.to_thread(static_bundle, transcript)
    except asyncio.CancelledError:
        put(static_bundle(transcript))
        raise
    put(bundle)


def _length(transcript: Transcript) -> int:
    """About how many characters there are to render."""
    length = 0
    for item in transcript.items:
        if isinstance(item, MessageItem | ThoughtItem):
            length += len(item.text)
        elif isinstance(item, ToolCallItem):
            length += len(item.arguments) + len(item.result or "")
    return length
