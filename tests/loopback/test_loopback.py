"""The server itself: as a process, and over raw HTTP."""

import json
import urllib.error
import urllib.request
from pathlib import Path

from openai import OpenAI

from tests.loopback import loopback_process


def ask(url: str, *, stream: bool) -> bytes:
    body = json.dumps({"model": "m", "messages": [], "stream": stream}).encode()
    request = urllib.request.Request(f"{url}/chat/completions", body)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.read()


def test_the_openai_package_understands_it() -> None:
    with loopback_process(["--text", "é✓ ", "--deltas", "3", "--interval-ms", "1"]) as url:
        with OpenAI(base_url=url, api_key="k") as client:
            whole = client.chat.completions.create(model="m", messages=[])
            assert whole.choices[0].message.content == "é✓ é✓ é✓ "
            chunks = list(client.chat.completions.create(model="m", messages=[], stream=True))
        texts = [chunk.choices[0].delta.content or "" for chunk in chunks]
        assert texts == ["", "é✓ ", "é✓ ", "é✓ ", ""]


def test_it_tells_what_it_was_asked() -> None:
    with loopback_process([]) as url:
        ask(url, stream=True)
        root = url.removesuffix("/v1")
        with urllib.request.urlopen(f"{root}/requests", timeout=10) as response:
            recorded = json.load(response)
    assert [(one["method"], one["path"]) for one in recorded] == [("POST", "/v1/chat/completions")]
    assert recorded[0]["body"] == {"model": "m", "messages": [], "stream": True}


def test_a_script(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    replies = [
        {"text": ["one"]},
        {"tool_calls": [{"name": "f", "arguments": "{}"}]},
        {"status": 503, "message": "busy"},
    ]
    script.write_text(json.dumps(replies), encoding="utf-8")
    with loopback_process(["--script", str(script), "--once"]) as url:
        assert json.loads(ask(url, stream=False))["choices"][0]["message"]["content"] == "one"
        call = json.loads(ask(url, stream=False))["choices"][0]["message"]["tool_calls"][0]
        assert call["function"] == {"name": "f", "arguments": "{}"}
        for status in (503, 400):
            try:
                ask(url, stream=False)
            except urllib.error.HTTPError as error:
                assert error.code == status
                error.close()
            else:
                raise AssertionError("the request was answered")


def test_every_stream_ends_with_done() -> None:
    with loopback_process(["--deltas", "1"]) as url:
        assert ask(url, stream=True).endswith(b"data: [DONE]\n\n")
