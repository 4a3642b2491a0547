"""The record file of many tasks: what each one gave, a line as soon as it has ended.

The first line names the format and its version. Each further line is one task that has ended:
the hash by which it is recognised and its number among tasks that say the same, when it ended,
its time and tokens, and its result or its error. A later line of the same task counts more.
Nothing about the agent is written, and so no key.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from io import BufferedWriter
from pathlib import Path
from typing import Any, NamedTuple, cast

from typing_extensions import Self

from nbagent.exceptions import RecordingError

FORMAT = "nbagent-many"
VERSION = 1

_HEADER = json.dumps({"format": FORMAT, "version": VERSION}).encode() + b"\n"


class TaskKey(NamedTuple):
    """What a task is recognised by.

    Attributes:
        hash: Of what it says.
        number: How many tasks before it say the same.
    """

    hash: str
    number: int


class RecordFile:
    """A record file that is being read and continued.

    A line that was cut off, as its process was killed while it wrote, is removed.

    Args:
        path: The file; made if it is not there.

    Raises:
        RecordingError: It is something else than a record file, or is damaged in its middle.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        # Open for as long as the tasks run; close() or the with statement ends it.
        self._file: BufferedWriter = self._path.open("ab")
        try:
            self.known = self._mend_and_read()
            """The newest line of each task that the file knows."""
        except BaseException:
            self._file.close()
            raise

    def add(self, key: TaskKey, line: Mapping[str, Any]) -> None:
        """Write down how a task has ended.

        Args:
            key: The task.
            line: What became of it, as plain data.
        """
        at = datetime.now(timezone.utc).isoformat()
        text = json.dumps({"hash": key.hash, "number": key.number, "at": at, **line})
        # In one piece: whoever reads meanwhile finds whole lines only.
        self._file.write(text.encode("ascii") + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _mend_and_read(self) -> dict[TaskKey, dict[str, Any]]:
        content = self._path.read_bytes()
        end = content.rfind(b"\n") + 1
        whole, rest = content[:end], content[end:]
        if not whole and _HEADER.startswith(rest):  # new, or cut in its first line
            self._file.truncate(0)
            self._file.write(_HEADER)
            self._file.flush()
            return {}
        lines = whole.split(b"\n")[:-1]
        self._check_header(lines[0] if lines else rest)
        known: dict[TaskKey, dict[str, Any]] = {}
        for number, text in enumerate(lines[1:], 2):
            line = self._line(number, text)
            known[TaskKey(line["hash"], line["number"])] = line
        if rest:
            self._file.truncate(end)
        return known

    def _check_header(self, text: bytes) -> None:
        header = _json(text)
        if header.get("format") != FORMAT:
            raise RecordingError(
                f"{str(self._path)!r} is no record of run_many(), and is left as it is. Name a "
                "new file, or one that record= has written."
            )
        if header.get("version") != VERSION:
            raise RecordingError(
                f"{str(self._path)!r} has version {header.get('version')} of the format; this "
                f"nbagent reads version {VERSION}. Name a new file to begin afresh."
            )

    def _line(self, number: int, text: bytes) -> dict[str, Any]:
        line = _json(text)
        known = isinstance(line.get("hash"), str) and isinstance(line.get("number"), int)
        if not known or ("result" not in line and "error" not in line):
            raise RecordingError(
                f"{str(self._path)!r}, line {number}, is damaged: {text[:80]!r}. Remove the line, "
                "and its task runs again."
            )
        return line


def _json(text: bytes) -> dict[str, Any]:
    """The JSON object that a line holds; an empty one where it holds none."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", line) if isinstance(line, dict) else {}
