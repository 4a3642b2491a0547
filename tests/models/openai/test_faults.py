"""Each fault of a server or a network ends in its own error, and keeps what had arrived."""

import asyncio
import json
import random
import time
from email.utils import formatdate

import pytest

from nbagent.exceptions import (
    ContextLengthError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelNotFoundError,
    ModelRateLimitError,
    ModelRequestError,
    ModelResponseError,
    ModelServerError,
    ModelTimeoutError,
    TruncatedResponseError,
)
from nbagent.models import CreateResult
from nbagent.models.openai import OpenAIChatCompletionClient
from tests.loopback import Answer, Fault, HttpError, LoopbackServer, Reply, ToolCall
from tests.loopback.answers import FaultKind, events
from tests.models.openai.calls import ASK, client_of, failing_stream, stream

SEED = 20260
TEXT = [f"t{number} é✓😀 " for number in range(12)]
FAULTS: dict[FaultKind, type[ModelError]] = {
    "reset": ModelConnectionError,
    "close": ModelConnectionError,
    "truncate": TruncatedResponseError,
    "bad_json": ModelResponseError,
    "error_event": ModelServerError,
    "stall": ModelTimeoutError,
}


@pytest.mark.parametrize(("kind", "expected"), FAULTS.items())
async def test_a_fault_within_the_stream(kind: FaultKind, expected: type[ModelError]) -> None:
    answer = Answer(TEXT, reasoning=["hm"], fault=Fault(kind, after=7))
    async with LoopbackServer([answer]) as server:
        client = client_of(server, timeout=0.2)
        pieces, error = await failing_stream(client)
        await client.close()
    assert type(error) is expected
    assert pieces == TEXT[:5]
    assert error.partial_text == "".join(pieces)
    assert error.partial_thought == "hm"
    assert "gpt-5" in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize("kind", ["reset", "close"])
async def test_a_fault_before_the_response(kind: FaultKind) -> None:
    async with LoopbackServer([Answer(fault=Fault(kind, after=None))] * 2) as server:
        client = client_of(server)
        assert type((await failing_stream(client))[1]) is ModelConnectionError
        with pytest.raises(ModelConnectionError):
            await client.create(ASK)
        await client.close()


async def test_no_server_at_all() -> None:
    client = OpenAIChatCompletionClient(model="m", base_url="http://127.0.0.1:9", max_retries=0)
    with pytest.raises(ModelConnectionError, match="base_url"):
        await client.create(ASK)
    await client.close()


async def test_a_stall_without_a_stream() -> None:
    async with LoopbackServer([Answer(fault=Fault("stall"))]) as server:
        client = client_of(server, timeout=0.2)
        with pytest.raises(ModelTimeoutError, match="sent nothing"):
            await client.create(ASK)
        await client.close()


STATUS: list[tuple[HttpError, type[ModelError]]] = [
    (HttpError(400), ModelRequestError),
    (HttpError(401), ModelAuthenticationError),
    (HttpError(403), ModelAuthenticationError),
    (HttpError(404), ModelNotFoundError),
    (HttpError(422), ModelRequestError),
    (HttpError(429, retry_after=7), ModelRateLimitError),
    (HttpError(500), ModelServerError),
    (HttpError(503, body="<html>\n  down\n</html>", content_type="text/html"), ModelServerError),
    (HttpError(400, code="context_length_exceeded"), ContextLengthError),
    (HttpError(400, "This model's maximum context length is 8 tokens"), ContextLengthError),
    (HttpError(413, "prompt is too long"), ContextLengthError),
]


@pytest.mark.parametrize(("reply", "expected"), STATUS)
async def test_an_http_error(reply: HttpError, expected: type[ModelError]) -> None:
    async with LoopbackServer([reply, reply]) as server:
        client = client_of(server)
        _, error = await failing_stream(client)
        with pytest.raises(expected):
            await client.create(ASK)
        await client.close()
    assert type(error) is expected
    assert f"answered {reply.status}: " in str(error)
    assert ("<html> down </html>" if reply.body else reply.message) in str(error)
    if isinstance(error, (ModelRequestError, ModelServerError)):
        assert error.status_code == reply.status


@pytest.mark.parametrize(
    "body",
    [{"detail": "why"}, {"error": "why"}, {"message": "why"}, "why", {"error": [{"a": "why"}]}],
)
async def test_what_the_server_says_in_whatever_form(body: object) -> None:
    async with LoopbackServer([HttpError(400, body=json.dumps(body))]) as server:
        client = client_of(server)
        with pytest.raises(ModelRequestError, match="why"):
            await client.create(ASK)
        await client.close()


async def test_an_endless_error_text_is_cut() -> None:
    async with LoopbackServer([HttpError(500, "x" * 100_000)]) as server:
        client = client_of(server)
        with pytest.raises(ModelServerError) as caught:
            await client.create(ASK)
        await client.close()
    assert len(str(caught.value)) < 1500


async def test_a_request_that_is_no_json() -> None:
    async with LoopbackServer([]) as server:
        client = client_of(server)
        with pytest.raises(ModelRequestError, match="extra_create_args"):
            await client.create(ASK, extra_create_args={"metadata": object()})
        await client.close()


async def test_a_truncated_tool_call_says_so() -> None:
    answer = Answer(tool_calls=[ToolCall("f", '{"a": 1}', pieces=4)], fault=Fault("truncate", 3))
    async with LoopbackServer([answer]) as server:
        client = client_of(server)
        _, error = await failing_stream(client)
        await client.close()
    assert "in the middle of a tool call" in str(error)


async def test_an_empty_finish_reason_is_none() -> None:
    choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": ""}
    async with LoopbackServer([Answer(chunks=[{"choices": [choice]}])]) as server:
        client = client_of(server)
        _, error = await failing_stream(client)
        await client.close()
    assert isinstance(error, TruncatedResponseError)


async def test_held_back_text_is_not_lost() -> None:
    async with LoopbackServer([Answer([" <thi"], fault=Fault("close", 2))]) as server:
        client = client_of(server)
        pieces, error = await failing_stream(client)
        await client.close()
    assert "".join(pieces) == error.partial_text == " <thi"


async def test_a_whole_answer_stays_whole_when_its_usage_is_lost() -> None:
    # Role, text and finish reason arrive; the usage does not.
    answer = Answer(["done"], fault=Fault("close", after=3))
    async with LoopbackServer([answer]) as server:
        client = client_of(server)
        pieces, result = await stream(client)
        await client.close()
    assert (pieces, result.content, result.finish_reason) == (["done"], "done", "stop")
    assert result.usage.completion_tokens > 0


async def test_a_missing_done_changes_nothing() -> None:
    async with LoopbackServer([Answer(["done"], done=False)]) as server:
        client = client_of(server)
        assert (await stream(client))[1].content == "done"
        await client.close()


async def test_retries_are_those_of_the_openai_package() -> None:
    script: list[Reply] = [HttpError(500, retry_after=0.01), Answer(fault=Fault("reset", None))]
    async with LoopbackServer([*script, Answer(["ok"])]) as server:
        client = client_of(server, max_retries=2)
        assert (await stream(client))[1].content == "ok"
        await client.close()
        assert len(server.requests) == 3


async def test_429_waits_as_long_as_the_server_says() -> None:
    # Without the header the openai package would wait for half a second at most.
    async with LoopbackServer([HttpError(429, retry_after=1), Answer(["ok"])]) as server:
        client = client_of(server, max_retries=1)
        assert (await stream(client))[1].content == "ok"
        await client.close()
        first, second = server.requests
    assert second.time - first.time >= 1.0


async def test_429_that_asks_for_too_much_patience_fails_at_once() -> None:
    async with LoopbackServer([HttpError(429, retry_after=3600)]) as server:
        client = client_of(server, max_retries=2)
        _, error = await failing_stream(client)
        await client.close()
        assert len(server.requests) == 1
    assert isinstance(error, ModelRateLimitError)
    assert error.retry_after == 3600
    assert "in 3600 s" in str(error)


async def test_429_with_a_date() -> None:
    date = formatdate(time.time() + 1800, usegmt=True)
    async with LoopbackServer([HttpError(429, retry_after=date)]) as server:
        client = client_of(server)
        _, error = await failing_stream(client)
        await client.close()
    assert isinstance(error, ModelRateLimitError)
    assert error.retry_after is not None
    assert 1700 < error.retry_after <= 1800


def shown_text(sent: bytes) -> tuple[str, bool]:
    """The text in the whole events among the bytes, and whether a finish reason is there."""
    text, finished = "", False
    for event in sent.split(b"\n\n")[:-1]:
        if event == b"data: [DONE]":
            continue
        for choice in json.loads(event.removeprefix(b"data: "))["choices"]:
            text += choice["delta"].get("content") or ""
            finished = finished or choice["finish_reason"] is not None
    return text, finished


async def in_turns(client: OpenAIChatCompletionClient, count: int) -> list[tuple[str, object]]:
    """Stream `count` answers one after the other: the text of each, and how it ended."""
    outcomes: list[tuple[str, object]] = []
    for _ in range(count):
        text, end = "", None
        try:
            async for item in client.create_stream(ASK):
                if isinstance(item, CreateResult):
                    end = item
                else:
                    text += item
        except ModelError as error:
            end = error
        outcomes.append((text, end))
    return outcomes


async def test_a_thousand_streams_cut_at_a_random_byte() -> None:
    print(f"seed {SEED}")
    source = random.Random(SEED)
    sent = b"".join(events(Answer(TEXT), include_usage=True))
    kinds: list[FaultKind] = ["close", "truncate", "reset"]
    cuts: list[tuple[FaultKind, int]] = [
        (source.choice(kinds), source.randrange(len(sent))) for _ in range(1000)
    ]
    script = [Answer(TEXT, fault=Fault(kind, at, "bytes")) for kind, at in cuts]
    async with LoopbackServer(script) as server:
        client = client_of(server)
        outcomes = await in_turns(client, len(cuts))
        await client.close()
    whole = 0
    for (kind, at), (text, end) in zip(cuts, outcomes, strict=True):
        expected, finished = shown_text(sent[:at])
        where = f"{kind} after {at} bytes: {end!r}"
        if isinstance(end, CreateResult):
            assert finished, where
            assert text == end.content == "".join(TEXT), where
            whole += 1
            continue
        assert isinstance(end, FAULTS[kind]), where
        assert end.partial_text == text, where
        if kind == "reset":  # what was on its way may be lost with the connection
            assert expected.startswith(text), where
        else:
            assert not finished, where
            assert text == expected, where
    assert 0 < whole < 300


async def test_a_thousand_streams_split_at_random_bytes() -> None:
    print(f"seed {SEED}")
    calls = [ToolCall("f", '{"a": "é✓😀"}', "c1", 3), ToolCall("g", "{}", "c2")]
    whole = Answer(TEXT, reasoning=["<é✓", "😀>"], tool_calls=calls)
    script = [
        Answer(TEXT, reasoning=whole.reasoning, tool_calls=calls, split_seed=SEED + number)
        for number in range(1000)
    ]
    async with LoopbackServer([whole, *script]) as server:
        client = client_of(server)
        first, *others = await in_turns(client, 1 + len(script))
        await client.close()
    assert isinstance(first[1], CreateResult)
    assert first[0] == "".join(TEXT)
    assert [number for number, other in enumerate(others) if other != first] == []


async def test_two_hundred_truncations_are_noticed() -> None:
    # The role, then the texts: every cut lies before the finish reason.
    script = [
        Answer(TEXT, fault=Fault("truncate", number % (1 + len(TEXT)))) for number in range(200)
    ]
    async with LoopbackServer(script) as server:
        client = client_of(server)
        outcomes = await in_turns(client, len(script))
        await client.close()
    assert [type(end) for _, end in outcomes] == [TruncatedResponseError] * 200


async def test_many_streams_at_once_do_not_mix() -> None:
    async with LoopbackServer(
        lambda request: Answer([request.body["messages"][0]["content"], "!"], interval=0.001)
    ) as server:
        client = client_of(server)

        async def one(number: int) -> str:
            request = [ASK[0].model_copy(update={"content": str(number)})]
            return str((await stream(client, request))[1].content)

        answers = await asyncio.gather(*map(one, range(50)))
        await client.close()
    assert answers == [f"{number}!" for number in range(50)]
