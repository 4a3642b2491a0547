"""Markdown that arrives in pieces, to safe HTML in blocks.

The text is taken in a little at a time. What is final of it becomes blocks that are sent once;
the rest, a few lines, is parsed again with each portion that comes. So the work and the traffic
grow as the text does, however its blocks are nested and however long one of them becomes.

In the end the page shows what `render_markdown(text, form="live")` shows, in the same elements
but for three things: a paragraph in a list item is always a `<p>`, lines of code are in `<span>`s
of 40, and a long paragraph is in `<span>`s too.
"""

from collections import deque
from collections.abc import Iterator

from nbagent.render.block_page import Block, BlockPage
from nbagent.render.block_patches import BlockPatch
from nbagent.render.code import can_highlight, highlight_in_portions
from nbagent.render.growing_blocks import GrowingBlocks
from nbagent.render.leaf_blocks import portion_html
from nbagent.render.normalized_source import normalized


class MarkdownStream:
    """Turns a growing Markdown text into patches of blocks.

    `feed()` costs next to nothing. `patch()` does a bounded amount of work; call it at the page's
    pace, for as long as `pending` holds.
    """

    def __init__(self) -> None:
        self._page = BlockPage()
        self._blocks = GrowingBlocks(self._page)
        self._waiting: deque[str] = deque()
        self._half_line_end = False
        self._is_finished = False
        self._is_complete = False
        self._jobs: deque[Iterator[int]] = deque()

    @property
    def pending(self) -> bool:
        """Whether `patch()` has something to do."""
        return bool(self._waiting or self._jobs) or (self._is_finished and not self._is_complete)

    def feed(self, text: str) -> None:
        """Add text to the end.

        Raises:
            ValueError: If `finish()` was called before.
        """
        if self._is_finished:
            raise ValueError("The text is finished: nothing can be added to it.")
        if self._half_line_end:
            text = "\r" + text
        self._half_line_end = text.endswith("\r")
        if self._half_line_end:
            text = text[:-1]
        if text:
            self._waiting.append(normalized(text))

    def finish(self) -> None:
        """Nothing will be added. What is left to do then comes out of `patch()`."""
        if self._half_line_end:
            self._waiting.append("\n")
            self._half_line_end = False
        self._is_finished = True

    def patch(self, limit: int = 2_500) -> list[BlockPatch]:
        """Do the next bit of work.

        Args:
            limit: How many characters are taken in, or given colours, at most. With 2,500 this
                takes some 10 ms.

        Returns:
            What changed on the page.
        """
        text = self._take(limit)
        is_end = self._is_finished and not self._waiting and not self._is_complete
        if text or is_end:
            self._blocks.add(text, is_end=is_end)
        for language, portions in self._blocks.settled_code:
            self._jobs.append(self._colour(language, portions))
        self._blocks.settled_code.clear()
        if is_end:
            self._is_complete = True
            self._jobs.append(self._resolve_links())
        room = limit - len(text)
        while self._jobs and room > 0:
            cost = next(self._jobs[0], None)
            if cost is None:
                self._jobs.popleft()
            else:
                room -= cost
        return self._page.take_patches()

    def snapshot(self) -> list[BlockPatch]:
        """The patches that build, on an empty page, what all patches so far have built."""
        return list(self._page.snapshot())

    def _take(self, limit: int) -> str:
        taken: list[str] = []
        room = limit
        while self._waiting and room > 0:
            text = self._waiting.popleft()
            if len(text) > room:
                self._waiting.appendleft(text[room:])
                text = text[:room]
            taken.append(text)
            room -= len(text)
        return "".join(taken)

    def _colour(self, language: str, portions: list[Block]) -> Iterator[int]:
        """Give code its colours, portion by portion. Yields the characters done in a step."""
        code = "".join(portion.source for portion in portions)
        if not can_highlight(code, language):
            return
        lengths = [len(portion.source) for portion in portions]
        for portion, html in zip(
            portions, highlight_in_portions(code, language, lengths), strict=True
        ):
            self._page.replace(portion, portion_html(html))
            yield len(portion.source)

    def _resolve_links(self) -> Iterator[int]:
        """Render again what was rendered before a link definition came that it may use."""
        references = self._blocks.references
        environment = {"references": references}
        done: set[Block] = set()
        for block, known in self._blocks.settled:
            if known == len(references) or block in done:
                continue
            done.add(block)
            if block.render is not None:
                self._page.replace(block, block.render(environment))
                yield len(block.source)
            if block.rows is not None:
                rows = list(block.rows.html)
                for index, render in block.rows.renders.items():
                    rows[index] = render(environment)
                    yield len(rows[index])
                self._page.replace_rows(block, rows)
