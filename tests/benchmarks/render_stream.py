"""What streaming Markdown costs in Python: a 200 kB answer of each shape.

Run it with `python -m tests.benchmarks.render_stream`. Times are the thread's own, so that what
else the machine does is not counted.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from nbagent.notebook.garbage import only_new_garbage
from nbagent.render.block_patches import AppendText, BlockPatch, PutBlock, PutRows
from nbagent.render.code import preload
from nbagent.render.markdown_stream import MarkdownStream
from tests.benchmarks.figure import Figure

LENGTH = 200_000
DELTAS = 4_000
DELTAS_A_PATCH = 6
"""A delta every 5 ms and a patch every 30 ms."""

MOST_MILLISECONDS = 50
MOST_MEGABYTES = 1.0

_WORDS = [
    *("the", "of", "agent", "**model**", "answer", "`code`", "*token*", "value", "list", "table"),
    *("number", "in", "with", "under", "$x^2$", "and", "[link](http://example.com/a)", "for"),
    *("to", "data", "kernel", "notebook"),
]


@dataclass(frozen=True)
class _Cost:
    """What one answer cost.

    Attributes:
        milliseconds: How long each call of `patch()` kept its thread busy.
        size: Characters of all patches, with 40 for the frame of each.
    """

    milliseconds: list[float]
    size: int

    def below(self, share: float) -> float:
        """The time that this share of the calls stayed below, in milliseconds."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def shapes() -> dict[str, str]:
    """The answers, each of `LENGTH` characters."""
    chance = random.Random(3)

    def words(count: int) -> str:
        return " ".join(chance.choice(_WORDS) for _ in range(count))

    def text(part: Callable[[int], str], start: str = "") -> str:
        parts, length = [start], len(start)
        while length < LENGTH:
            parts.append(part(len(parts) - 1))
            length += len(parts[-1])
        return "".join(parts)[:LENGTH]

    def mixed(n: int) -> str:
        return (
            f"## Part {n}\n\n{words(60)}\n\n- {words(8)}\n- {words(9)}\n  - {words(5)}\n\n"
            f"```python\ndef f{n}(x):\n    for i in range(10):\n        print(x + i, 'text')\n"
            f"    return {{'a': {n}}}\n```\n\n| a | b |\n|---|--:|\n| {words(3)} | 1 |\n"
            f"| {words(2)} | 2 |\n\n> {words(20)}\n\n$$\n\\frac{{a}}{{b}}\n$$\n\n"
        )

    return {
        "mixed": text(mixed),
        "one list": text(lambda n: f"- {words(8)}\n"),
        "one table": text(
            lambda n: f"| {words(3)} | {n} | {words(2)} |\n", "| a | b | c |\n|---|---|---|\n"
        ),
        "one code fence": text(lambda n: f"    value_{n} = call({n}, 'x')  # y\n", "```python\n"),
        "one quote": text(lambda n: f"> {words(10)}\n" + (">\n" if n % 5 == 0 else "")),
        "one paragraph": text(lambda n: f"{words(12)} "),
        "one paragraph in lines": text(lambda n: f"{words(12)}\n"),
        "one item with a list": text(lambda n: f"  - {words(7)}\n", "- top\n"),
        "a list ten levels deep": text(lambda n: "  " * (n % 10) + f"- {words(5)}\n"),
        "a list ever deeper": text(lambda n: "  " * n + f"- {words(5)}\n"),
    }


def measure() -> list[Figure]:
    """Stream each answer twice: as it comes from a model, and all at once."""
    preload()
    figures: list[Figure] = []
    for shape, text in shapes().items():
        with only_new_garbage():  # as show() runs it
            streamed = _stream(text, LENGTH // DELTAS * DELTAS_A_PATCH)
            at_once = _stream(text, LENGTH)
        longest = max(streamed.milliseconds + at_once.milliseconds)
        figures += [
            Figure(f"{shape}: a patch, p50", streamed.below(0.5), "ms"),
            Figure(f"{shape}: a patch, p95", streamed.below(0.95), "ms"),
            Figure(f"{shape}: a patch of 2,500 characters, p95", at_once.below(0.95), "ms"),
            Figure(f"{shape}: the longest patch", longest, "ms", MOST_MILLISECONDS),
            Figure(f"{shape}: all patches", streamed.size / 1e6, "MB", MOST_MEGABYTES),
        ]
    return figures


def _stream(text: str, step: int) -> _Cost:
    stream = MarkdownStream()
    times: list[float] = []
    size = 0

    def patch() -> int:
        start = time.thread_time()
        patches = stream.patch()
        times.append((time.thread_time() - start) * 1_000)
        return sum(map(_size, patches))

    for at in range(0, len(text), step):
        stream.feed(text[at : at + step])
        size += patch()
    stream.finish()
    while stream.pending:
        size += patch()
    return _Cost(times, size)


def _size(patch: BlockPatch) -> int:
    match patch:
        case PutBlock(html=text) | PutRows(html=text) | AppendText(text=text):
            return 40 + len(text)
        case _:
            return 40


if __name__ == "__main__":
    for figure in measure():
        print(figure)
