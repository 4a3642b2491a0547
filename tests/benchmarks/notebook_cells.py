"""What the cells of `notebook_stream` run: answers of 200 kB, and what they cost the kernel."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass

from nbagent.notebook.show import show
from tests.browser.runs import pieces, talk

_LINE = "the lamps go on along the quay and a ferry comes in with the tide "


def words(characters: int) -> str:
    """Plain words."""
    return (_LINE * (characters // len(_LINE) + 1))[:characters]


def prose(characters: int) -> str:
    """Paragraphs of plain words, about 400 characters each."""
    return "\n\n".join(
        piece.strip() + "." for piece in pieces(words(characters), characters // 400)
    )


def answer(kind: str, characters: int = 200_000) -> str:
    """A long answer.

    Args:
        kind: "mixed", "list", "table", "fence", "paragraph" or "nested list".
        characters: About how long it is.

    Raises:
        ValueError: There is no such kind.
    """
    lines: list[str] = []
    length = number = 0
    while length < characters:
        number += 1
        line = _line(kind, number)
        lines.append(line)
        length += len(line)
    start = {"table": "| number | ship | berth |\n|---|---|---|\n", "fence": "```python\n"}
    return start.get(kind, "") + "".join(lines) + ("```\n" if kind == "fence" else "")


def _line(kind: str, number: int) -> str:
    match kind:
        case "mixed":
            return (
                f"## Part {number}\n\n{words(300)} with `code` and **{number}** ships.\n\n"
                f"- one {words(60)}\n- two {words(60)}\n\n"
                f"| ship | berth |\n|---|---|\n| Anna {number} | 1 |\n| Berta | 2 |\n\n"
                f"```python\ndef moor_{number}(ship: str) -> None:\n"
                f"    print(ship, {number})\n```\n\n"
                f"The sum is $x_{{{number}}}^2$.\n\n"
            )
        case "list":
            return f"- item {number}: {words(70)}\n"
        case "table":
            return f"| {number} | {words(30)} | {words(20)} |\n"
        case "fence":
            return f"    value_{number} = compute({number}, name='{words(20)}')  # {words(20)}\n"
        case "paragraph":
            return words(80)
        case "nested list":
            return "  " * (number % 12) + f"- item {number}: {words(50)}\n"
        case _:
            raise ValueError(f"No kind of answer is called {kind!r}.")


@dataclass
class Cost:
    """What something cost the kernel.

    Attributes:
        cpu: Seconds of processor time.
        held: The longest time in milliseconds for which the event loop was held.
        worked: The longest time in milliseconds for which its thread itself worked meanwhile;
            what is missing to `held` went to other threads and other programs.
    """

    cpu: float = 0.0
    held: float = 0.0
    worked: float = 0.0


@contextlib.asynccontextmanager
async def measured() -> AsyncGenerator[Cost]:
    """Measure what a block costs; a task that wants to run each millisecond sees how late it is."""
    cost = Cost()

    async def tick() -> None:
        while True:
            before, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.001)
            cost.held = max(cost.held, (time.perf_counter() - before - 0.001) * 1000)
            cost.worked = max(cost.worked, (time.thread_time() - worked) * 1000)

    ticker = asyncio.create_task(tick())
    began = time.process_time()
    try:
        yield cost
    finally:
        cost.cpu = time.process_time() - began
        ticker.cancel()


async def shown(text: str, deltas: int, delay: float) -> None:
    """Stream a text through `show()`, then print the cost as JSON."""
    async with measured() as cost:
        await show(talk(pieces(text, deltas), delay))
    print(json.dumps(asdict(cost)))


async def assigned(text: str, deltas: int, delay: float) -> None:
    """Stream a text into the value of an HTML widget, then print the cost as JSON."""
    import ipywidgets
    from IPython.display import display  # pyright: ignore[reportUnknownVariableType]

    widget = ipywidgets.HTML()
    display(widget)
    async with measured() as cost:
        for piece in pieces(text, deltas):
            widget.value += piece
            await asyncio.sleep(delay)
    print(json.dumps(asdict(cost)))
