"""Servers of other hosts on loopback: Voila and marimo, each in a process of its own."""

import contextlib
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import nbformat

from tests.browser.kernels import CURRENT, REPOSITORY, kernel_name, write_kernelspecs
from tests.server_process import free_port, server_process


@contextlib.contextmanager
def voila_server(
    cells: Sequence[str], folder: Path, *options: str, ipykernel_version: str = CURRENT
) -> Generator[str]:
    """Serve a notebook of these cells by Voila; its address.

    Args:
        cells: The sources of its code cells.
        folder: An empty folder for the notebook, the settings and the log.
        options: More command line arguments.
        ipykernel_version: One of `tests.browser.kernels.ALL_VERSIONS`.
    """
    notebook: Any = nbformat.v4.new_notebook()  # pyright: ignore[reportUnknownMemberType]
    name = kernel_name(ipykernel_version)
    notebook.metadata.kernelspec = {"name": name, "display_name": name, "language": "python"}
    notebook.cells = [
        nbformat.v4.new_code_cell(source)  # pyright: ignore[reportUnknownMemberType]
        for source in cells
    ]
    path = folder / "app.ipynb"
    nbformat.write(notebook, path)  # pyright: ignore[reportUnknownMemberType]
    write_kernelspecs(folder / "data")
    port = free_port()
    command = [
        *(sys.executable, "-m", "voila", str(path), "--no-browser", f"--port={port}"),
        *("--port_retries=0", "--Voila.ip=127.0.0.1", "--show_tracebacks=True", *options),
    ]
    environment = {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    url = f"http://127.0.0.1:{port}/"
    with server_process(command, url + "voila/static/voila.js", folder, environment):
        yield url


@contextlib.contextmanager
def marimo_server(source: str, folder: Path, *, mode: str) -> Generator[str]:
    """Serve a notebook of marimo; its address.

    Args:
        source: The notebook, a Python module.
        folder: An empty folder for the notebook, the settings and the log.
        mode: "edit" for the editor, "run" for the app.
    """
    path = folder / "notebook.py"
    path.write_text(source)
    port = free_port()
    command = [
        *(sys.executable, "-m", "marimo", "--quiet", mode, str(path), "--headless", "--no-token"),
        *("--host=127.0.0.1", f"--port={port}"),
        *(("--skip-update-check",) if mode == "edit" else ()),
    ]
    environment = {
        "PYTHONPATH": str(REPOSITORY),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    url = f"http://127.0.0.1:{port}/"
    with server_process(command, url + "health", folder, environment):
        yield url
