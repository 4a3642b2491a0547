"""doctor(): what is installed and in use, and what to do about each problem."""

import html
import http.client
import importlib.metadata
import platform
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython
from pydantic import BaseModel

from nbagent.models.choose import LOCAL_SERVERS
from nbagent.notebook.front_end import FrontEnd, front_end
from nbagent.notebook.kernel import KernelStatus, status
from nbagent.notebook.session import notebook_session
from nbagent.questions.asker import current_asker

SERVER_TIMEOUT = 0.3
"""Seconds within which a local model server must answer."""

_MODELS_SHOWN = 3
_MAX_ANSWER = 1_000_000  # bytes of a server's list of models

_PACKAGES = ("openai", "ipython", "ipykernel", "ipywidgets", "anywidget")
_OPTIONAL = {
    "jupyterlab": ("JupyterLab beside this kernel", "lab"),
    "azure-identity": ("signing in to Azure without a key", "azure"),
}
_WIDGET_PARTS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        part: What was looked at.
        found: What was found.
        advice: What to do about it; empty where nothing needs to be done.
    """

    part: str
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Report:
    """What `doctor()` found; a notebook shows it as a table."""

    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        width = max(len(finding.part) for finding in self.findings)
        lines: list[str] = []
        for finding in self.findings:
            lines.append(f"{finding.part:{width}}  {finding.found}")
            if finding.advice:
                lines.append(f"{'':{width}}  -> {finding.advice}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            _row("td", finding.part, finding.found, finding.advice) for finding in self.findings
        )
        head = _row("th", "Part", "Found", "What to do")
        # Notebooks would take dollar signs for formulas.
        return (
            f'<div class="mathjax_ignore"><table><thead>{head}</thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )


def _row(cell: str, *texts: str) -> str:
    # Notebooks align tables to the right, as if they held numbers.
    style = 'style="text-align: left"'
    return f"<tr>{''.join(f'<{cell} {style}>{html.escape(text)}</{cell}>' for text in texts)}</tr>"


def doctor() -> Report:
    """Look at what nbagent depends on here.

    Names the versions, the kernel and how input reaches a running cell, the front end as far as
    it can be known, the model and why it is this one, local model servers, and optional parts.
    Needs no network beyond this machine, and shows no key.
    """
    return Report(
        (
            *_versions(),
            *_kernel(),
            *_widgets(),
            _model(),
            *_local_servers(),
            *_optional_parts(),
        )
    )


def _versions() -> Iterator[Finding]:
    from nbagent import __version__

    yield Finding("nbagent", __version__)
    yield Finding("Python", f"{platform.python_version()} on {platform.system()}")
    for package in _PACKAGES:
        version = _version(package)
        if version is None:
            yield Finding(package, "missing", f"pip install {package}, then restart the kernel")
        else:
            yield Finding(package, version)


def _kernel() -> Iterator[Finding]:
    here = front_end()
    kernel = status()
    if here is FrontEnd.NONE:
        yield Finding(
            "Kernel",
            here.value,
            "Runs are printed as text; for live views use JupyterLab, Notebook 7 or VS Code.",
        )
        return
    if here is FrontEnd.MARIMO:
        yield Finding("Kernel", f"marimo {_version('marimo')}")
    else:
        yield Finding("Kernel", f"{kernel.name} {kernel.version}".strip(), kernel.problem)
    yield _input(kernel)
    shell: Any = get_ipython()  # pyright: ignore[reportUnknownVariableType]
    if not getattr(shell, "autoawait", True):
        yield Finding(
            "autoawait", "off", "%autoawait on lets %%agent wait without blocking the kernel."
        )
    yield Finding("Front end", here.value)


def _input(kernel: KernelStatus) -> Finding:
    """How an answer, or Stop, reaches a cell that runs."""
    part = "Input while a cell runs"
    nobody = current_asker().unavailable()
    if nobody is not None:
        return Finding(
            part,
            f"nobody can be asked: {nobody}",
            "Questions take their default answer or fail at once; approvals are denied.",
        )
    if kernel.hooked:
        return Finding(part, f"delivered at once ({kernel.route})")
    return Finding(
        part,
        kernel.route,
        "Buttons and text boxes in a running cell may answer only when it ends. To stop a run, "
        "interrupt the kernel; to be asked all the same, give the UserProxyAgent "
        "input_func=input, the kernel's own prompt. pip install -U ipykernel may help.",
    )


def _widgets() -> Iterator[Finding]:
    """Whether JupyterLab has what shows widgets."""
    if front_end() not in (FrontEnd.JUPYTER, FrontEnd.UNKNOWN):  # it brings its own
        return
    from jupyter_core.paths import jupyter_path

    missing = [
        part
        for part in _WIDGET_PARTS
        if not any(Path(folder, part).is_dir() for folder in jupyter_path("labextensions"))
    ]
    if missing:
        yield Finding(
            "Widgets for JupyterLab",
            f"not beside this kernel: {', '.join(missing)}",
            "If a cell shows 'Error displaying widget', run pip install jupyter-nbagent in the "
            "environment that JupyterLab runs in, and reload the page.",
        )
    else:
        yield Finding("Widgets for JupyterLab", "installed")


def _model() -> Finding:
    choice = notebook_session().describe_model()
    advice = choice.problem or ""
    if choice.provider == "demo":
        advice = (
            "The demo model is no language model. Set OPENAI_API_KEY, or choose a model: "
            "%nbagent model ollama:llama3.2"
        )
    return Finding("Model", f"{choice.spec} ({choice.reason})", advice)


def _local_servers() -> Iterator[Finding]:
    if sys.platform == "emscripten":  # no sockets in a browser
        return
    silent: list[str] = []
    for server, address in LOCAL_SERVERS.items():
        port = urllib.parse.urlsplit(address).port
        try:
            models = _served_models(address)
        except OSError:
            silent.append(f"{server} ({port})")
            continue
        except (ValueError, http.client.HTTPException):
            yield Finding(f"Port {port}", f"something answers, but it is no {server}")
            continue
        example = models[0] if models else "MODEL"
        yield Finding(
            f"Local server {server}",
            f"answers on port {port}, models: {_listed(models)}",
            f"To use it: %nbagent model {server}:{example}",
        )
    if silent:
        yield Finding("Local servers", f"no answer from {', '.join(silent)}")


def _served_models(address: str) -> list[str]:
    """The names of the models that a server lists.

    Raises:
        OSError: Nothing answers in time.
        ValueError, HTTPException: What answers does not speak OpenAI's protocol.
    """
    url = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(
        url.hostname or "localhost", url.port, timeout=SERVER_TIMEOUT
    )
    try:
        connection.request("GET", f"{url.path}/models")
        answer = connection.getresponse().read(_MAX_ANSWER)
    finally:
        connection.close()
    models = _Models.model_validate_json(answer)
    return [_printable(model.id) for model in models.data]


class _Model(BaseModel):
    id: str


class _Models(BaseModel):
    """What a server says of its models, as far as it is needed here."""

    data: list[_Model]


def _listed(models: list[str]) -> str:
    if not models:
        return "none yet"
    more = len(models) - _MODELS_SHOWN
    return ", ".join(models[:_MODELS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _printable(name: str) -> str:
    """A name from outside, without what could act on a terminal."""
    return "".join(character for character in name if character.isprintable())[:80]


def _optional_parts() -> Iterator[Finding]:
    for package, (purpose, extra) in _OPTIONAL.items():
        version = _version(package)
        if version is not None:
            yield Finding(f"{package} (optional)", version)
        else:
            yield Finding(
                f"{package} (optional)",
                f"not installed; for {purpose}",
                f'pip install "jupyter-nbagent[{extra}]"',
            )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
