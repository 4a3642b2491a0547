"""What doctor() finds, and what it keeps to itself."""

import importlib.metadata
import json
import socket
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from nbagent.notebook import doctor as doctor_module
from nbagent.notebook.doctor import Finding, Report, doctor
from nbagent.notebook.session import notebook_session
from tests.browser.kernels import CURRENT, VERSIONS
from tests.browser.live_kernel import live_kernel

CANARY = "sk-canary-4f9c2d7e8b1a6035"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "NBAGENT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(doctor_module, "LOCAL_SERVERS", {})
    notebook_session.cache_clear()
    yield
    notebook_session.cache_clear()


@contextmanager
def server(body: bytes) -> Generator[str]:
    """A server on this machine that answers every request with `body`; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/v1/models" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}/v1"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def models(*names: str) -> bytes:
    return json.dumps({"object": "list", "data": [{"id": name} for name in names]}).encode()


def find(report: Report, part: str) -> Finding:
    return next(finding for finding in report.findings if finding.part == part)


def test_it_names_the_versions() -> None:
    text = repr(doctor())
    for package in ("openai", "ipykernel", "ipywidgets", "anywidget"):
        assert f"{importlib.metadata.version(package)}" in text
    assert "Python" in text


def test_outside_of_a_notebook_it_says_so() -> None:
    assert "no notebook" in find(doctor(), "Kernel").found


def test_marimo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    marimo = SimpleNamespace(
        running_in_notebook=lambda: True, app_meta=lambda: SimpleNamespace(mode="edit")
    )
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    assert find(doctor(), "Front end").found == "marimo"
    assert find(doctor(), "Kernel").found.startswith("marimo ")
    # Imported by a script, it is no notebook.
    marimo.running_in_notebook = lambda: False
    assert "no notebook" in find(doctor(), "Kernel").found


ASK = """
import os
from nbagent.notebook.doctor import doctor
for finding in doctor().findings:
    if finding.part in ("Kernel", "Front end", "Input while a cell runs", "autoawait"):
        print(finding.part, finding.found, finding.advice, sep=" | ")
"""


@pytest.mark.parametrize("version", VERSIONS)
async def test_in_a_kernel_the_route_for_input_is_told(version: str, tmp_path: Path) -> None:
    async with live_kernel(version, tmp_path) as kernel:
        # Whoever runs the tests may do so from a terminal of JupyterLab or VS Code.
        await kernel.run(
            "import os\n"
            "for name in ('JPY_SESSION_NAME', 'VSCODE_PID', 'VSCODE_CWD'):\n"
            "    os.environ.pop(name, None)"
        )
        found = await kernel.run(ASK)
        assert f"Kernel | ipykernel {version} | \n" in found
        assert "Input while a cell runs | delivered at once (shell hook) | \n" in found
        assert "Front end | unknown |" in found and "autoawait" not in found
        assert "autoawait | off |" in await kernel.run("%autoawait off\n" + ASK)

        found = await kernel.run("os.environ['JPY_SESSION_NAME'] = 'a.ipynb'\n" + ASK)
        assert "Front end | a Jupyter server (JupyterLab or Notebook) |" in found

        found = await kernel.run(ASK, allow_stdin=False)
        assert "Input while a cell runs | nobody can be asked: " in found
        assert "Questions take their default answer or fail at once" in found
        assert "Front end | none: the notebook runs without a page" in found

        found = await kernel.run("os.environ['VOILA_BASE_URL'] = '/'\n" + ASK, allow_stdin=False)
        assert "Front end | Voila |" in found and "nobody can be asked: " in found
        assert "show(stream, background=True)" in found


async def test_a_kernel_that_cannot_be_hooked_is_told_with_the_way_out(tmp_path: Path) -> None:
    async with live_kernel(CURRENT, tmp_path) as kernel:
        found = await kernel.run(
            "del get_ipython().kernel.shell_channel_thread.manager._shell_channel_to_main\n" + ASK
        )
        assert "Input while a cell runs | stock: this kernel reads" in found
        assert "input_func=input" in found


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "NBAGENT_MODEL"])
def test_a_key_is_shown_nowhere(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, CANARY)
    report = doctor()
    assert CANARY not in repr(report)
    assert CANARY not in report._repr_html_()  # pyright: ignore[reportPrivateUsage]
    assert CANARY not in str(report.findings)


def test_the_model_and_its_reason_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find(doctor(), "Model").found.startswith("demo (no model was chosen")
    assert "no language model" in find(doctor(), "Model").advice
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    assert "OPENAI_API_KEY is set" in find(doctor(), "Model").found
    assert find(doctor(), "Model").advice == ""
    monkeypatch.setenv("NBAGENT_MODEL", "olama:llama3.2")
    assert "Did you mean 'ollama:llama3.2'?" in find(doctor(), "Model").advice


def test_the_model_that_was_chosen_in_the_notebook_is_told() -> None:
    notebook_session().use_model("ollama:llama3.2")
    assert find(doctor(), "Model").found == "ollama:llama3.2 (chosen explicitly)"


def test_a_local_server_is_named_with_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(models("llama3.2", "qwen3", "phi4", "gemma3")) as address:
        monkeypatch.setattr(doctor_module, "LOCAL_SERVERS", {"ollama": address})
        found = find(doctor(), "Local server ollama")
    assert found.found.endswith("models: llama3.2, qwen3, phi4 and 1 more")
    assert found.advice == "To use it: %nbagent model ollama:llama3.2"


def test_a_server_without_models_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(models()) as address:
        monkeypatch.setattr(doctor_module, "LOCAL_SERVERS", {"ollama": address})
        assert find(doctor(), "Local server ollama").found.endswith("models: none yet")


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b"{}", b'{"data": 3}', b'{"data": [1, "a"]}', b"\xff\xfe", b"[" * 100_000],
)
def test_another_server_on_the_port_is_no_model_server(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(body) as address:
        monkeypatch.setattr(doctor_module, "LOCAL_SERVERS", {"vllm": address})
        texts = [f"{finding.part}: {finding.found}" for finding in doctor().findings]
    assert any("something answers, but it is no vllm" in text for text in texts)


def silent() -> tuple[str, Callable[[], None]]:
    """A port that takes connections and never answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1", listener.close


def closed() -> tuple[str, Callable[[], None]]:
    """A port where nobody listens."""
    address, close = silent()
    close()
    return address, lambda: None


@pytest.mark.parametrize("make", [silent, closed])
def test_a_server_that_does_not_answer_is_not_waited_for(
    make: Callable[[], tuple[str, Callable[[], None]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, close = make()
    monkeypatch.setattr(doctor_module, "LOCAL_SERVERS", {"vllm": address})
    try:
        assert find(doctor(), "Local servers").found.startswith("no answer from vllm (")
    finally:
        close()


def test_a_hostile_model_name_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "<script>alert(1)</script>\x1b[2J\u202e" + "a" * 500
    with server(models(name)) as address:
        monkeypatch.setattr(doctor_module, "LOCAL_SERVERS", {"ollama": address})
        report = doctor()
    html = report._repr_html_()  # pyright: ignore[reportPrivateUsage]
    assert "<script" not in html
    assert "\x1b" not in repr(report) and "\u202e" not in repr(report)
    assert "a" * 100 not in repr(report)


def test_a_missing_part_comes_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_module, "_OPTIONAL", {"no-such-package": ("something", "something")})
    found = find(doctor(), "no-such-package (optional)")
    assert found.found == "not installed; for something"
    assert found.advice == 'pip install "jupyter-nbagent[something]"'


def test_the_table_has_every_finding() -> None:
    report = doctor()
    html = report._repr_html_()  # pyright: ignore[reportPrivateUsage]
    assert html.count("<tr>") == len(report.findings) + 1
