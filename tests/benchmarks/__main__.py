"""All figures, from one run: `make bench`.

Ends with exit code 1 where a figure does not keep its limit.
"""

import importlib
import os
import platform
import sys
from collections.abc import Callable
from typing import cast

from tests.benchmarks.figure import Figure

PARTS = (
    "imports",
    "tool_call",
    "team_turns",
    "autogen_comparison",
    "stream_ratio",
    "render_stream",
    "notebook_stream",
    "uploads",
)


def main(names: list[str]) -> int:
    """Measure the named parts, or all, and print a table of each.

    Returns:
        The exit code.
    """
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    exceeded: list[Figure] = []
    for name in names or PARTS:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        print((module.__doc__ or name).splitlines()[0], load, flush=True)
        figures = cast("Callable[[], list[Figure]]", module.measure)()
        for figure in figures:
            print(f"  {figure}", flush=True)
        exceeded += [figure for figure in figures if not figure.holds]
        print()
    print(f"{len(exceeded)} figures beyond their limits" if exceeded else "All limits hold.")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
