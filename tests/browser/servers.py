"""A JupyterLab or Notebook 7 server on loopback, with folders of its own."""

import contextlib
import json
import os
import sys
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tests.browser.kernels import CURRENT, kernel_name, write_kernelspecs
from tests.server_process import free_port, server_process

FrontEnd: TypeAlias = Literal["lab", "notebook"]

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
"""The front end's settings: nothing asked from elsewhere, nothing saved unasked."""

SUBSHELL_PLUGIN = "@jupyterlab/apputils-extension:kernels-settings"
SUBSHELL_SETTING = "commsOverSubshells"
"""The setting "Kernel Comms over subshells", which JupyterLab reads when a page is loaded."""


@dataclass(frozen=True)
class JupyterServer:
    """A running server.

    Attributes:
        front_end: Which application it serves.
        url: Its address, without a slash at the end.
        notebooks: The folder that it serves.
    """

    front_end: FrontEnd
    url: str
    notebooks: Path

    def address(self, notebook: str) -> str:
        """Where the notebook of this name is opened."""
        if self.front_end == "lab":
            workspace = Path(notebook).stem
            return f"{self.url}/lab/workspaces/{workspace}/tree/{notebook}?reset"
        return f"{self.url}/notebooks/{notebook}"

    def use_subshells(self, *, wanted: bool) -> None:
        """Choose how pages that are opened from now on send widgets' messages.

        Notebook 7.6 offers the setting and does not read it; `NotebookPage.use_no_subshells()`
        does there what it would do.

        Args:
            wanted: True for the setting's default, one subshell for each comm target; False to
                send all to the main shell.
        """
        values = {} if wanted else {SUBSHELL_SETTING: "disabled"}
        request = urllib.request.Request(
            f"{self.url}/lab/api/settings/{SUBSHELL_PLUGIN}",
            data=json.dumps({"raw": json.dumps(values)}).encode(),
            headers={"Content-Type": "application/json"},
            method="PUT",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()

    def write_notebook(
        self, name: str, cells: list[str], *, ipykernel_version: str = CURRENT
    ) -> Path:
        """Write a notebook of code cells into the served folder."""
        notebook: dict[str, object] = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "source": source,
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                }
                for number, source in enumerate(cells)
            ],
            "metadata": {
                "kernelspec": {
                    "name": kernel_name(ipykernel_version),
                    "display_name": f"Python (ipykernel {ipykernel_version})",
                    "language": "python",
                }
            },
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path = self.notebooks / name
        path.write_text(json.dumps(notebook))
        return path


@contextlib.contextmanager
def jupyter_server(front_end: FrontEnd, folder: Path) -> Generator[JupyterServer]:
    """Start a server and end it afterwards, with all its kernels.

    Args:
        front_end: Which application it serves.
        folder: An empty folder for its settings, its data and its notebooks.

    Raises:
        RuntimeError: It did not start; the message holds its log.
    """
    notebooks = folder / "notebooks"
    notebooks.mkdir(parents=True)
    _write_settings(folder / "config" / "lab" / "user-settings")
    write_kernelspecs(folder / "data")
    port = free_port()
    command = [
        *(sys.executable, "-m", "jupyter", front_end),
        *("--no-browser", "--allow-root", "--expose-app-in-browser"),
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.ip=127.0.0.1",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={notebooks}",
    ]
    server = JupyterServer(front_end, f"http://127.0.0.1:{port}", notebooks)
    with server_process(command, server.url + "/api/status", folder, _settings(folder)):
        yield server


def _settings(folder: Path) -> dict[str, str]:
    config = folder / "config"
    binaries = str(Path(sys.executable).parent)
    return {
        "PATH": binaries + os.pathsep + os.environ.get("PATH", ""),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(config / "lab" / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(config / "lab" / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _write_settings(folder: Path) -> None:
    for plugin, settings in SETTINGS.items():
        path = folder / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
