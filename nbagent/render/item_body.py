"""The text of one item on its way to a live page, in portions that each cost little."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from nbagent.image import Image
from nbagent.render.block_patches import BlockPatch, PutBlock
from nbagent.render.markdown_stream import MarkdownStream
from nbagent.render.picture import picture_html


@dataclass(frozen=True)
class ReadyHtml:
    """A part of a body that is HTML already."""

    html: str


Part: TypeAlias = str | Image | ReadyHtml
"""A part of a body: Markdown, a picture, or ready HTML."""


class ItemBody:
    """Turns the parts of a message into patches of blocks, one part after the other.

    The blocks of all parts share one sequence of keys, so that a page sees one body.

    Args:
        parts: What the body consists of.
    """

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self._waiting: deque[Part] = deque(parts)
        self._settled: list[BlockPatch] = []
        self._next_key = 0
        self._stream: MarkdownStream | None = None
        self._stream_key = 0
        self._grows = False

    @classmethod
    def growing(cls, text: str) -> "ItemBody":
        """A body of one Markdown text that has only begun; `feed()` and `end()` follow."""
        self = cls()
        self._begin(text)
        self._grows = True
        return self

    @property
    def pending(self) -> bool:
        """Whether `patch()` has something to give."""
        if self._stream is not None and (self._stream.pending or not self._grows):
            return True
        return self._stream is None and bool(self._waiting)

    def feed(self, text: str) -> None:
        """Add text to the end of a growing body."""
        assert self._stream is not None
        self._stream.feed(text)

    def end(self, then: Iterable[Part] = ()) -> None:
        """The growing text is whole; the parts of `then` follow it."""
        if self._grows:
            assert self._stream is not None
            self._stream.finish()
            self._grows = False
        self._waiting.extend(then)

    def patch(self, limit: int) -> list[BlockPatch]:
        """The next changes.

        Args:
            limit: How many characters of Markdown are taken in at most.
        """
        if self._stream is None:
            if not self._waiting:
                return []
            part = self._waiting.popleft()
            if not isinstance(part, str):
                return [self._settle(part)]
            self._begin(part).finish()
        stream = self._stream
        assert stream is not None
        patches = [self._moved(patch) for patch in stream.patch(limit)]
        if not self._grows and not stream.pending:
            self._settled += [self._moved(patch) for patch in stream.snapshot()]
            self._stream = None
        return patches

    def snapshot(self) -> list[BlockPatch]:
        """What builds, from nothing, all that the patches so far have built."""
        if self._stream is None:
            return list(self._settled)
        return self._settled + [self._moved(patch) for patch in self._stream.snapshot()]

    def _begin(self, text: str) -> MarkdownStream:
        self._stream_key = self._next_key
        self._stream = stream = MarkdownStream()
        stream.feed(text)
        return stream

    def _settle(self, part: Image | ReadyHtml) -> PutBlock:
        html = picture_html(part) if isinstance(part, Image) else part.html
        block = PutBlock(self._next_key, html)
        self._next_key += 1
        self._settled.append(block)
        return block

    def _moved(self, patch: BlockPatch) -> BlockPatch:
        """A patch of the present stream with the body's own keys."""
        key = self._stream_key + patch.key
        self._next_key = max(self._next_key, key + 1)
        if isinstance(patch, PutBlock) and patch.parent is not None:
            return replace(patch, key=key, parent=self._stream_key + patch.parent)
        return replace(patch, key=key)
