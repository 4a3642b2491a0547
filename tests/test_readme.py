"""The README's examples, run as the cells of one notebook, with no key."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"

RUN_CELLS = """
import sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
for cell in sys.stdin.read().split("\\0"):
    shell.run_cell(cell).raise_error()
"""


def test_the_examples_run_and_give_what_they_promise(tmp_path: Path) -> None:
    cells = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(cells) >= 4
    settings = ("NBAGENT_", "OPENAI_", "AZURE_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    ended = subprocess.run(
        [sys.executable, "-c", RUN_CELLS],
        input="\0".join(cells),
        env=clean | {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "28.8" in ended.stdout
    assert "It is sunny in Lisbon." in ended.stdout
    assert "no language model" in ended.stdout
