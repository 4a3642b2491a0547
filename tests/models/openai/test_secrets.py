"""A key appears nowhere: not in errors, tracebacks, logs, reprs or pickles.

A canary stands for the key. Each scenario lets a call fail in its own way; then everything
that a notebook or a log could show of it is searched. IPython's Verbose tracebacks show the
local variables of every frame, so the canary must not stand in a frame of these tests either:
it is read from a variable of the environment.
"""

import asyncio
import base64
import logging
import os
import pickle
import pprint
import re
import traceback
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest
from IPython.core.ultratb import VerboseTB
from openai import AsyncOpenAI

from nbagent.cancellation import CancellationToken
from nbagent.exceptions import NbagentError
from nbagent.models import CreateResult
from nbagent.models.openai import (
    AzureOpenAIChatCompletionClient,
    BaseOpenAIChatCompletionClient,
    OpenAIChatCompletionClient,
)
from tests.loopback import Answer, Fault, HttpError, LoopbackServer, RecordedRequest, Reply
from tests.models.openai.calls import ASK

VARIABLE = "NBAGENT_TEST_CANARY"
TEXT = ["a", "b", "c"]


def canary() -> str:
    return os.environ[VARIABLE]


@pytest.fixture(autouse=True)
def set_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "sk-canary-" + os.urandom(12).hex())


def found_in(text: str) -> bool:
    """Whether the canary is in the text, as it is or encoded."""
    encoded = base64.b64encode(canary().encode()).decode().rstrip("=")
    return canary() in text or encoded in text or repr(canary().encode())[2:-1] in text


def everything_shown(error: BaseException) -> str:
    """All that could be displayed or stored of an error."""
    kind, value, frames = type(error), error, error.__traceback__
    with_locals = traceback.TracebackException(kind, value, frames, capture_locals=True)
    return "\n".join(
        [
            str(error),
            repr(error),
            pprint.pformat(vars(error)),
            "".join(traceback.format_exception(kind, value, frames)),
            "".join(with_locals.format(chain=True)),
            re.sub(r"\x1b\[[\d;]*m", "", str(VerboseTB().text(kind, value, frames))),
            repr(pickle.dumps(error)) if isinstance(error, NbagentError) else "",
        ]
    )


async def failure_of(client: BaseOpenAIChatCompletionClient, streamed: bool) -> BaseException:
    """How a call fails; after a moment its token is cancelled, if nothing else happened."""
    token = CancellationToken()
    asyncio.get_running_loop().call_later(1.0, token.cancel)
    try:
        if streamed:
            answer = client.create_stream(ASK, cancellation_token=token)
            async for _ in answer:
                pass
        else:
            await client.create(ASK, cancellation_token=token)
    except (NbagentError, asyncio.CancelledError) as error:
        return error
    raise AssertionError("the call did not fail")


def echo(request: RecordedRequest) -> Reply:
    """A server that repeats the headers it was sent."""
    return HttpError(401, f"these headers are wrong: {request.headers}")


def echo_in_stream(request: RecordedRequest) -> Reply:
    return Answer(chunks=[{"error": {"message": f"wrong: {request.headers}"}}])


def echo_as_chunk(request: RecordedRequest) -> Reply:
    return Answer(chunks=[{"choices": request.headers}])


REPLIES: dict[str, Reply | Callable[[RecordedRequest], Reply]] = {
    **{f"status {code}": HttpError(code) for code in (400, 401, 403, 404, 408, 409, 422, 429)},
    **{f"status {code}": HttpError(code) for code in (500, 502, 503)},
    "context": HttpError(400, code="context_length_exceeded"),
    "no json": HttpError(200, body="<html>", content_type="text/html"),
    "half a json": HttpError(200, body='{"choices": ['),
    "reset at once": Answer(fault=Fault("reset", None)),
    "closed at once": Answer(fault=Fault("close", None)),
    "stall": Answer(TEXT, fault=Fault("stall", 2)),
    "reset": Answer(TEXT, fault=Fault("reset", 2)),
    "close": Answer(TEXT, fault=Fault("close", 2)),
    "truncate": Answer(TEXT, fault=Fault("truncate", 2)),
    "bad json": Answer(TEXT, fault=Fault("bad_json", 2)),
    "error event": Answer(TEXT, fault=Fault("error_event", 2)),
    "echo": echo,
    "echo in the stream": echo_in_stream,
    "echo as a chunk": echo_as_chunk,
}
ONLY_IN_STREAMS = ("truncate", "bad json", "error event", "echo in the stream", "echo as a chunk")
SCENARIOS = [(name, True) for name in REPLIES] + [
    (name, False) for name in REPLIES if name not in ONLY_IN_STREAMS
]


def with_key(url: str, **options: Any) -> OpenAIChatCompletionClient:
    return OpenAIChatCompletionClient(
        model="m", base_url=url, api_key=canary(), max_retries=0, **options
    )


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Everything that any logger says, at DEBUG."""
    records: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(self.format(record))
            records.append(repr(record.args))

    handler, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield records
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(("name", "streamed"), SCENARIOS)
async def test_a_failing_call_shows_no_key(name: str, streamed: bool, logged: list[str]) -> None:
    reply = REPLIES[name]
    async with LoopbackServer(reply if callable(reply) else [reply]) as server:
        client = with_key(server.url, timeout=0.2)
        error = await failure_of(client, streamed)
        await client.close()
    assert isinstance(error, NbagentError)
    assert not found_in(everything_shown(error))
    assert logged
    assert not found_in("\n".join(logged))
    assert not found_in(repr(client) + str(client) + client.dump_component().model_dump_json())
    assert not found_in(repr(pickle.dumps(client)))


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_cancelled_call_shows_no_key(streamed: bool) -> None:
    async with LoopbackServer([Answer(TEXT, fault=Fault("stall", 2))]) as server:
        client = with_key(server.url)
        error = await failure_of(client, streamed)
        await client.close()
    assert isinstance(error, asyncio.CancelledError)
    assert not found_in(everything_shown(error))


async def test_no_server_shows_no_key() -> None:
    client = with_key("http://127.0.0.1:9/v1")
    error = await failure_of(client, streamed=True)
    await client.close()
    assert not found_in(everything_shown(error))


async def test_an_error_of_the_readers_own_shows_no_key() -> None:
    async with LoopbackServer([Answer(TEXT)]) as server:
        client = with_key(server.url)

        async def read() -> None:
            answer: AsyncGenerator[str | CreateResult, None] = client.create_stream(ASK)
            async for _ in answer:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) as caught:
            await read()
        await client.close()
    assert not found_in(everything_shown(caught.value))


async def test_other_credentials_are_hidden_too() -> None:
    async with LoopbackServer(echo) as server:
        endpoint = server.url.removesuffix("/v1")
        azure: Any = {
            "model": "m",
            "azure_endpoint": endpoint,
            "api_version": "1",
            "max_retries": 0,
        }

        async def token() -> str:
            return canary()

        async def broken() -> str:
            secret = canary()
            raise LookupError(len(secret))

        clients = [
            AzureOpenAIChatCompletionClient(**azure, api_key=canary()),
            AzureOpenAIChatCompletionClient(**azure, azure_ad_token=canary()),
            AzureOpenAIChatCompletionClient(**azure, azure_ad_token_provider=token),
            AzureOpenAIChatCompletionClient(**azure, azure_ad_token_provider=broken),
            OpenAIChatCompletionClient(
                model="m",
                base_url=server.url,
                max_retries=0,
                default_headers={"X-Service-Token": canary()},
            ),
            BaseOpenAIChatCompletionClient(
                AsyncOpenAI(api_key=canary(), base_url=server.url, max_retries=0),
                create_args={"model": "m"},
            ),
        ]
        for client in clients:
            error = await failure_of(client, streamed=True)
            assert not found_in(everything_shown(error)), client
            assert not found_in(repr(client)), client
            await client.close()


WRONG: dict[str, Callable[[], dict[str, Any]]] = {
    "unknown option": lambda: {"model": "m", "api_key": canary(), "temprature": 1},
    "wrong value": lambda: {"model": "m", "api_key": canary(), "temperature": "hot"},
    "no model": lambda: {"api_key": canary()},
    "key with a space": lambda: {"model": "m", "api_key": canary() + " x"},
    "key in the address": lambda: {"model": "m", "base_url": f"https://x:{canary()}@h/v1"},
    "headers": lambda: {"model": "m", "default_headers": {"Authorization": canary()}, "n": 2},
    "socks proxy": lambda: {"model": "m", "api_key": canary()},
}


def test_a_key_in_the_address_of_the_environment_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"https://x:{canary()}@host/v1")

    def build() -> None:
        OpenAIChatCompletionClient(model="m")

    with pytest.raises(NbagentError, match="no user name or password") as caught:
        build()
    assert not found_in(everything_shown(caught.value))


@pytest.mark.parametrize("name", WRONG)
def test_a_refused_constructor_shows_no_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks9://localhost:1")

    def build() -> None:
        OpenAIChatCompletionClient(**WRONG[name]())

    try:
        build()
    except NbagentError as error:
        shown = everything_shown(error)
    else:
        raise AssertionError("the constructor took it")
    assert not found_in(shown)


def test_the_search_finds_a_key_that_is_there() -> None:
    wrong: Any = {"http_client": "none"}

    def build() -> None:
        AsyncOpenAI(api_key=canary(), **wrong)

    with pytest.raises((AttributeError, TypeError)) as caught:
        build()
    assert found_in(everything_shown(caught.value))
