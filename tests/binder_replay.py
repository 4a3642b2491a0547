"""Replays by hand what Binder does with the files in binder/, without building an image.

`python -m tests.binder_replay --python /path/to/python3.13` takes some minutes and the network:

1. repo2docker prints the Dockerfile that it would build, and the order of its steps is checked.
2. A virtual environment gets repo2docker's own base environment: its frozen list of conda
   packages, as constraints for pip.
3. As a plain user (where this runs as root), with an empty HOME that holds a copy of the
   checkout: `pip install -r binder/requirements.txt`, `pip check`, `binder/postBuild`.
4. `binder/start` starts the server, under each of the commands that Binder uses; a browser opens
   the address it would send a visitor to, finds the first lesson there and runs it.

What this cannot show: the base image itself, conda's builds of the packages, and memory limits.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.browser.page import NotebookPage
from tests.browser.servers import JupyterServer
from tests.chromium import LAUNCH_ARGUMENTS, chromium_executable

ROOT = Path(__file__).resolve().parents[1]
LESSON = "notebooks/01-first-agent.ipynb"
REPO2DOCKER = "jupyter-repo2docker==2026.4.0"

BASE = (
    "ipywidgets",
    "jupyter-offlinenotebook",
    "jupyter-resource-usage",
    "jupyter_server",
    "jupyterhub",
    "jupyterlab",
    "notebook",
)
"""repo2docker's base environment (its environment.py-3.13.yml), by the names of PyPI."""

COMMANDS = (("jupyter", "lab"), ("jupyter", "notebook"))
"""What starts the server: mybinder.org's choice, and repo2docker's own."""

FROM_THE_MACHINE = re.compile(
    r"PIP_|SSL_|REQUESTS_CA_BUNDLE$|CURL_CA_BUNDLE$|https?_proxy$|no_proxy$"
)
"""The only variables taken over: how this machine reaches the package index."""


@dataclass(frozen=True)
class Visitor:
    """The plain user that Binder runs everything as.

    Attributes:
        home: The user's home, which holds the checkout, as on Binder.
        prefix: The virtual environment that stands in for conda's.
        python: The interpreter that the environment is made with.
        number: The user's number, or None to stay who we are.
    """

    home: Path
    prefix: Path
    python: Path
    number: int | None

    @property
    def environment(self) -> dict[str, str]:
        """The variables of repo2docker's image, and nothing of this process."""
        taken = {name: value for name, value in os.environ.items() if FROM_THE_MACHINE.match(name)}
        return taken | {
            "HOME": str(self.home),
            "REPO_DIR": str(self.home),
            "USER": "jovyan",
            "LANG": "C.UTF-8",
            "PATH": f"{self.prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "LD_LIBRARY_PATH": str(self.python.parent.parent / "lib"),
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, *command: str | Path, **options: Any) -> "subprocess.Popen[str]":
        """Start a command as this user, in the user's home."""
        if self.number is not None:
            options |= {"user": self.number, "group": self.number, "extra_groups": []}
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            text=True,
            **options,
        )

    def run(self, *command: str | Path) -> None:
        """Run a command as this user.

        Raises:
            SystemExit: It failed; what it said is printed first.
        """
        print("  $", *(Path(part).name if Path(part).is_absolute() else part for part in command))
        process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"{said}\nThat ended with {process.returncode}.")

    def own(self, folder: Path) -> None:
        """Give a folder and all that is in it to this user."""
        if self.number is None:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.number, self.number, follow_symlinks=False)


def checkout_into(folder: Path) -> None:
    """Copy what a clone would hold: every file that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def readable_python(python: Path, folder: Path) -> Path:
    """The interpreter, or a copy of it where a plain user may not read the original."""
    answer = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info >= (3, 13), sys.base_prefix)"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = answer.stdout.split()
    if answer.returncode != 0 or said[0] != "True":
        raise SystemExit(
            f"{python} is no working Python 3.13, which Binder has; name another: --python\n"
            + answer.stderr
        )
    prefix = Path(said[1])
    if os.getuid() != 0 or not str(prefix).startswith("/root"):
        return python
    unneeded = shutil.ignore_patterns("test", "site-packages", "__pycache__", "*.a")
    shutil.copytree(prefix, folder / "python", symlinks=True, ignore=unneeded)
    return folder / "python" / "bin" / "python3"


def dockerfile(repo2docker: Path, folder: Path) -> str:
    """What repo2docker would build from a folder."""
    shown = subprocess.run(
        [repo2docker / "bin" / "jupyter-repo2docker", "--no-build", "--debug", folder],
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout + shown.stderr


def check_dockerfile(text: str) -> None:
    """Check that the steps are those that the replay takes, in its order."""
    steps = (
        "environment-2epy-2d3-2e13-2dlinux",  # the frozen base of Python 3.13, its name escaped
        "COPY --chown=0:0 src/ ${REPO_DIR}/",
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN ./binder/postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    )
    places = [text.find(step) for step in steps]
    for step, place in zip(steps, places, strict=True):
        if place < 0:
            raise SystemExit(f"{text}\nrepo2docker's Dockerfile lacks: {step}")
    if places != sorted(places):
        raise SystemExit(f"{text}\nrepo2docker's Dockerfile has its steps in another order.")


def constraints(repo2docker: Path) -> str:
    """The frozen base environment as constraints for pip.

    A conda package's file is named NAME-VERSION-BUILD.conda. Names that PyPI does not have
    constrain nothing.
    """
    (lock,) = repo2docker.rglob("environment.py-3.13-linux-64.lock")
    files = re.findall(r"/([^/]+)-([^-/]+)-[^-/]+\.(?:conda|tar\.bz2)#", lock.read_text())
    lines = [f"{name}=={version}" for name, version in files if version[0].isdigit()]
    return "\n".join(line for line in lines if not line.startswith("_"))


@contextlib.contextmanager
def server(visitor: Visitor, command: Sequence[str]) -> Generator[str]:
    """Start the server as Binder does; gives the address that a visitor is sent to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log_path = visitor.home.parent / f"{command[-1]}.log"
    with log_path.open("w") as log:
        process = visitor.start(
            visitor.home / "binder" / "start",
            *command,
            *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--no-browser"),
            *("--ServerApp.base_url=/user/visitor/", "--IdentityProvider.token=replay"),
            "--LabApp.expose_app_in_browser=True",  # only so that the page can be driven
            stdout=log,
            stderr=log,
        )
    base = f"http://127.0.0.1:{port}/user/visitor/"
    try:
        deadline = time.monotonic() + 60
        while not _answers(base + "api/status?token=replay"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{log_path.read_text()}\nThe server did not start.")
            time.sleep(0.2)
        yield base + "?token=replay"
    finally:
        process.terminate()
        process.wait(30)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


async def visit(address: str, name: str) -> None:
    """Open the address in a browser, expect the first lesson, run all of it.

    Raises:
        SystemExit: Another page opened, or a cell failed.
    """
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=chromium_executable(), args=list(LAUNCH_ARGUMENTS)
        )
        context = await chromium.new_context(viewport={"width": 1200, "height": 1000})
        place = JupyterServer("lab", address, ROOT)
        lesson = NotebookPage(await context.new_page(), place, LESSON)
        await lesson.page.goto(address)
        await lesson.ready()
        path = await lesson.page.evaluate("() => jupyterapp.shell.currentWidget.context.path")
        if path != LESSON:
            raise SystemExit(f"Not the first lesson: {path}")
        await lesson.screenshot(f"binder-{name}-opened")
        await lesson.command("notebook:run-all-cells")
        cells: list[dict[str, Any]] = await lesson.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel"
            ".cells.map((cell) => cell.toJSON())"
        )
        await lesson.screenshot(f"binder-{name}-ran")
        await chromium.close()
    code = [cell for cell in cells if cell["cell_type"] == "code" and cell["source"]]
    outputs = [output for cell in code for output in cell["outputs"]]
    if failed := [output for output in outputs if output["output_type"] == "error"]:
        raise SystemExit(f"A cell failed:\n{json.dumps(failed, indent=1)}")
    if unrun := [cell["source"] for cell in code if cell["execution_count"] is None]:
        raise SystemExit(f"Cells that did not run: {unrun}")
    print(f"  opened on {LESSON}; ran {len(code)} cells, {len(outputs)} outputs, no error")


def replay(python: Path, folder: Path) -> None:
    """Do all of it in an empty folder."""
    number = 65534 if os.getuid() == 0 else None  # nobody
    visitor = Visitor(
        home=folder / "home",
        prefix=folder / "environment",
        python=readable_python(python, folder),
        number=number,
    )
    visitor.home.mkdir()
    visitor.prefix.mkdir()
    folder.chmod(0o755)
    checkout_into(visitor.home)

    print("What repo2docker would build")
    tool = folder / "repo2docker"
    subprocess.run([sys.executable, "-m", "venv", tool], check=True)
    pip = [tool / "bin" / "python", "-m", "pip", "install", REPO2DOCKER]
    subprocess.run(pip, check=True, capture_output=True)
    check_dockerfile(dockerfile(tool, visitor.home))
    print("  steps in the expected order")

    visitor.own(visitor.home)
    visitor.own(visitor.prefix)
    (folder / "constraints.txt").write_text(constraints(tool))

    print("The base environment")
    visitor.run(visitor.python, "-m", "venv", visitor.prefix)
    visitor.run("pip", "install", "--no-cache-dir", "-c", folder / "constraints.txt", *BASE)
    print("What binder/ adds to it")
    visitor.run("pip", "install", "--no-cache-dir", "-r", "binder/requirements.txt")
    visitor.run("pip", "check")
    visitor.run("./binder/postBuild")

    for command in COMMANDS:
        print("A visitor, by", *command)
        with server(visitor, command) as address:
            asyncio.run(visit(address, command[-1]))
    print("Replayed.")


def main() -> None:
    """Read the command line and replay."""
    parser = argparse.ArgumentParser(description="Replay what Binder does with binder/.")
    parser.add_argument("--python", type=Path, default=Path(shutil.which("python3.13") or ""))
    chosen = parser.parse_args()
    if not chosen.python.is_file():
        raise SystemExit("Binder's Python is 3.13 and there is none here; name one: --python")
    print(f"With {chosen.python.name}, {REPO2DOCKER}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        replay(chosen.python, Path(folder))


if __name__ == "__main__":
    main()
