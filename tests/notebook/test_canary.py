"""A key given by the environment or by hand ends up in no notebook, whatever goes wrong."""

import importlib
import os
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient

from tests.loopback import Answer, Fault, HttpError, LoopbackServer, RecordedRequest

CANARY = "sk-canary-7f3a9c51e2"

SET_UP = """
%xmode Verbose
%load_ext nbagent
import logging, pickle, sys, traceback
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
from nbagent import show, ComponentModel
from nbagent.agents import AssistantAgent
from nbagent.models.openai import OpenAIChatCompletionClient
def agent(fault, **options):
    client = OpenAIChatCompletionClient(
        model=fault, max_retries=0, timeout=1.0, model_info=dict(vision=True,
        function_calling=True, json_output=True, structured_output=True, family="unknown"),
        **options)
    return AssistantAgent("bot", client, model_client_stream=True)
"""

FAULTS = {
    "e401": HttpError(401, "Incorrect API key provided"),
    "e403": HttpError(403, "not allowed"),
    "e404": HttpError(404, "no such model"),
    "e429": HttpError(429, "slow down", retry_after=500),
    "e400": HttpError(400, "too long", code="context_length_exceeded"),
    "e500": HttpError(500, "broken"),
    "reset": Answer(text=["a", "b"], fault=Fault("reset", 1)),
    "early": Answer(text=["a", "b"], fault=Fault("reset", None)),
    "close": Answer(text=["a", "b"], fault=Fault("close", 1)),
    "truncate": Answer(text=["a", "b"], fault=Fault("truncate", 1)),
    "bad_json": Answer(text=["a", "b"], fault=Fault("bad_json", 1)),
    "error_event": Answer(text=["a", "b"], fault=Fault("error_event", 1)),
    "stall": Answer(text=["a", "b"], fault=Fault("stall", 1)),
}


def cells() -> list[str]:
    sources = [SET_UP]
    for fault in FAULTS:
        sources += [
            f"await show(agent({fault!r}).run_stream(task='x'))",
            f"await agent({fault!r}).run(task='x')",
        ]
    by_hand = f"api_key={CANARY!r}"
    return [
        *sources,
        "client = agent('e401')._model_client\nclient",
        "client.dump_component()",
        "print(client.dump_component().model_dump_json(), str(client), vars(client))",
        "pickle.dumps(client)",
        "%nbagent model openai:e401",
        "%%agent\nHello",
        "%nbagent doctor",
        "%nbagent model",
        "%%agent --nope\nHello",
        "%%agent --model openai:e500 other\nHello",
        "%nbagent model nosuch:thing",
        "import os; del os.environ['OPENAI_API_KEY']",
        "await agent('e401').run(task='x')",
        # Whoever writes a key into a cell has it there; it must not appear anywhere else.
        f"hidden = agent('e401', {by_hand})",
        "await hidden.run(task='x')",
        "await show(hidden.run_stream(task='x'))",
        "hidden._model_client, hidden.dump_component()",
    ]


@pytest.mark.timeout(300)
async def test_no_key_in_outputs(tmp_path: Path) -> None:
    def answer(request: RecordedRequest) -> Answer | HttpError:
        return FAULTS[request.body["model"]]

    nbformat: Any = importlib.import_module("nbformat")  # untyped
    new = nbformat.v4
    notebook = new.new_notebook(cells=[new.new_code_cell(source) for source in cells()])
    async with LoopbackServer(answer) as server:
        client = NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=120)
        environment = {
            **os.environ,
            "OPENAI_API_KEY": CANARY,
            "OPENAI_BASE_URL": server.url,
            "HOME": str(tmp_path),
        }
        await client.async_execute(env=environment)
        sent = {request.headers.get("authorization") for request in server.requests}
    assert f"Bearer {CANARY}" in sent  # the key was in use, so it could have leaked
    errors = 0
    for cell in notebook.cells:
        shown = "".join(str(output) for output in cell.outputs)
        errors += any(output.output_type == "error" for output in cell.outputs)
        assert CANARY not in shown, cell.source
        assert CANARY[3:] not in shown, cell.source
    assert errors >= 2 * len(FAULTS)
    text = nbformat.writes(notebook)
    assert text.count(CANARY) == 1  # the one cell whose source holds it
