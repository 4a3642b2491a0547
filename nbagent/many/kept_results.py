"""Results that a worker keeps on its machine until their run is over.

A task has ended before its result has reached the client. Where the worker's process is lost in
between, the cluster gives the task to another one; if that is on the same machine, it finds the
result here, and the task does not run twice.
"""

import json
import shutil
import tempfile
from pathlib import Path

from nbagent.many.task_data import Data


def kept_result(run: str, number: int) -> Data | None:
    """The result of a task that has ended on this machine; None where none has."""
    try:
        data: Data = json.loads(_path(run, number).read_bytes())
    except FileNotFoundError:
        return None
    return data


def keep_result(run: str, number: int, data: Data) -> None:
    """Keep the result of a task that has just ended."""
    path = _path(run, number)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(data), encoding="ascii")
    aside.replace(path)  # so that there is a whole one or none


def drop_results(run: str) -> None:
    """The run is over: remove what was kept of it."""
    shutil.rmtree(_folder(run), ignore_errors=True)


def _path(run: str, number: int) -> Path:
    return _folder(run) / f"{number}.json"


def _folder(run: str) -> Path:
    return Path(tempfile.gettempdir()) / run
