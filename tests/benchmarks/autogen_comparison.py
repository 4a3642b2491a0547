"""nbagent beside AutoGen 0.7.5, in turns: turns, a stream, tool calls, memory, imports."""

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.benchmarks.autogen_environment import NotInstalledError, autogen_python
from tests.benchmarks.figure import Figure, median
from tests.loopback import loopback_process

TURNS = {100: 20, 1_000: 5, 10_000: 1}
"""How many rounds of runs of so many turns; the quickest counts, as others only slow one down."""
CHUNKS = 2000
ROUNDS = 7
WORKER = Path(__file__).with_name("team_worker.py")
PROJECT = Path(__file__).parents[2]


class Worker:
    """An interpreter with one of the two in it (see `team_worker.py`)."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        self._stdin = stdin
        self._stdout = stdout

    def measure(self, way: str) -> float:
        """Let it do something once; gives the number that it measured."""
        self._stdin.write(way + "\n")
        self._stdin.flush()
        answer = self._stdout.readline()
        if not answer:
            raise RuntimeError(f"the worker ended while it measured {way!r}; see its error above")
        return float(answer)


@contextmanager
def _worker(python: Path, package: str) -> Generator[Worker]:
    with subprocess.Popen(
        [python, WORKER, package],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Worker(process.stdin, process.stdout)


def _turns(ours: Worker, theirs: Worker) -> list[Figure]:
    figures: list[Figure] = []
    quickest: dict[int, float] = {}
    for turns, rounds in TURNS.items():
        way = f"turns {turns}"
        times = [(ours.measure(way), theirs.measure(way)) for _ in range(rounds)]
        quickest[turns] = min(mine for mine, _ in times)
        autogen = min(their for _, their in times)
        figures += [
            Figure(f"a turn of RoundRobin, in a run of {turns:,}", quickest[turns], "ms", 0.03),
            Figure("  AutoGen", autogen, "ms"),
            Figure(
                "  nbagent / AutoGen (15 times as fast: 0.067)",
                quickest[turns] / autogen,
                "",
                1 / 15,
            ),
        ]
    growth = quickest[10_000] / quickest[100]
    return [*figures, Figure("a turn in 10,000 beside one in 100 (1 is linear)", growth, "", 1.5)]


def _stream(ours: Worker, theirs: Worker) -> list[Figure]:
    ways = {
        "openai alone": (ours, "openai"),
        "team of one": (ours, "team"),
        "openai alone, beside AutoGen": (theirs, "openai"),
        "AutoGen's team of one": (theirs, "team"),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    with loopback_process(["--text", "word ", "--deltas", str(CHUNKS)]) as url:
        for round_number in range(ROUNDS + 1):
            for name, (worker, way) in ways.items():
                time = worker.measure(f"{way} {url}")
                if round_number:  # the first one loads modules
                    times[name].append(time)
    middle = {name: median(values) for name, values in times.items()}
    return [
        *(Figure(f"{CHUNKS:,} chunks, {name}", time, "ms") for name, time in middle.items()),
        Figure(
            "team of one / openai alone", middle["team of one"] / middle["openai alone"], "", 1.2
        ),
        Figure(
            "  AutoGen", middle["AutoGen's team of one"] / middle["openai alone, beside AutoGen"]
        ),
    ]


def _tool_call(ours: Worker, theirs: Worker) -> list[Figure]:
    beyond = {
        worker: median([worker.measure("tool") - worker.measure("bare") for _ in range(ROUNDS)])
        for worker in (ours, theirs)
    }
    return [
        Figure("tool call through the workbench, beyond the bare call", beyond[ours], "ms", 0.03),
        Figure("  AutoGen", beyond[theirs], "ms"),
    ]


def _memory(python: Path) -> list[Figure]:
    if not Path("/proc/self/status").exists():
        return []
    growth: list[float] = []
    for interpreter, package in ((Path(sys.executable), "nbagent"), (python, "autogen")):
        with _worker(interpreter, package) as worker:
            worker.measure("turns 100")
            growth.append(worker.measure("memory 10000"))
    return [
        Figure("memory that 10,000 turns take", growth[0], "MiB"),
        Figure("  AutoGen", growth[1], "MiB"),
    ]


def _imports(python: Path) -> list[Figure]:
    """The processor's time for what a first program imports, in fresh interpreters."""
    code = (
        "import time; from {0}.agents import AssistantAgent; "
        "from {0}.teams import RoundRobinGroupChat; print(time.process_time())"
    )
    times: dict[str, list[float]] = {"nbagent": [], "autogen_agentchat": []}
    for _ in range(ROUNDS):
        for package, interpreter in zip(times, (Path(sys.executable), python), strict=True):
            said = subprocess.run(
                [interpreter, "-c", code.format(package)],
                check=True,
                capture_output=True,
                text=True,
                cwd=PROJECT,
            )
            times[package].append(float(said.stdout) * 1000)
    return [
        Figure("start of Python, import of an agent and a team", median(times["nbagent"]), "ms"),
        Figure("  AutoGen", median(times["autogen_agentchat"]), "ms"),
    ]


def measure() -> list[Figure]:
    """Run the same program on both, by turns, and count the processor's time."""
    try:
        python = autogen_python()
    except NotInstalledError as error:
        print(f"  skipped, as AutoGen cannot be installed here: {error}")
        return []
    with (
        _worker(Path(sys.executable), "nbagent") as ours,
        _worker(python, "autogen") as theirs,
    ):
        figures = [*_turns(ours, theirs), *_stream(ours, theirs), *_tool_call(ours, theirs)]
    return [*figures, *_memory(python), *_imports(python)]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
