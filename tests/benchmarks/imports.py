"""What importing costs, over `import openai` in the same run."""

import subprocess
import sys
import time

from tests.benchmarks.figure import Figure, median

ROUNDS = 7


def measure() -> list[Figure]:
    """Start fresh interpreters in turn, and compare the medians."""
    statements = {
        "pass": "pass",
        "openai": "import openai",
        "nbagent": "import nbagent",
        "agents": "from nbagent.agents import AssistantAgent",
    }
    times: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(ROUNDS):
        for name, statement in statements.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True)
            times[name].append(time.perf_counter() - start)
    cost = {name: median(values) - median(times["pass"]) for name, values in times.items()}
    return [
        Figure("import openai", cost["openai"] * 1000, "ms"),
        Figure("import nbagent / import openai", cost["nbagent"] / cost["openai"], "", 0.1),
        Figure(
            "from nbagent.agents import AssistantAgent / import openai",
            cost["agents"] / cost["openai"],
            "",
            0.4,
        ),
    ]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
