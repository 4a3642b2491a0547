"""What becomes of the server's answers."""

import json
from typing import Any

import pytest

from nbagent.exceptions import ModelRequestError, ModelResponseError, ModelServerError
from nbagent.models import CreateResult, FinishReasons, RequestUsage
from nbagent.models.types import FunctionCall
from tests.loopback import Answer, HttpError, LoopbackServer, RecordedRequest, Reply, ToolCall
from tests.models.openai.calls import ASK, client_of, stream

STREAMED = pytest.mark.parametrize("streamed", [True, False])


async def answer_to(
    reply: Answer, *, streamed: bool, **options: Any
) -> tuple[list[str], CreateResult]:
    """One answer, and the pieces of its text (none where it is not streamed)."""
    async with LoopbackServer([reply]) as server:
        client = client_of(server, **options)
        pieces: list[str] = []
        if streamed:
            pieces, result = await stream(client)
        else:
            result = await client.create(ASK)
        await client.close()
        return pieces, result


def chunk(delta: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, **choice}]}


def tool_chunk(**piece: Any) -> dict[str, Any]:
    return chunk({"tool_calls": [piece]})


END = chunk({}, finish_reason="tool_calls")


@STREAMED
async def test_text_and_usage(streamed: bool) -> None:
    pieces, result = await answer_to(Answer(["Hel", "lo ✓"], usage=(11, 3)), streamed=streamed)
    assert pieces == (["Hel", "lo ✓"] if streamed else [])
    assert result == CreateResult(
        finish_reason="stop", content="Hello ✓", usage=RequestUsage(11, 3), cached=False
    )


@STREAMED
async def test_usage_adds_up(streamed: bool) -> None:
    async with LoopbackServer([Answer(["a"], usage=(11, 3))], repeat=True) as server:
        client = client_of(server)
        for _ in range(3):
            await (stream(client) if streamed else client.create(ASK))
        await client.close()
        assert client.total_usage() == client.actual_usage() == RequestUsage(33, 9)


@STREAMED
async def test_usage_is_estimated_where_the_server_does_not_tell(streamed: bool) -> None:
    _, result = await answer_to(Answer(["word "] * 100, usage=None), streamed=streamed)
    assert result.usage.prompt_tokens > 0
    assert 100 <= result.usage.completion_tokens <= 150


async def test_a_server_that_refuses_to_be_asked_for_usage_is_asked_once() -> None:
    def reply(request: RecordedRequest) -> Reply:
        if "stream_options" in request.body:
            return HttpError(400, "Unrecognized request argument: stream_options")
        return Answer(["ok"])

    async with LoopbackServer(reply) as server:
        client = client_of(server)
        for _ in range(2):
            pieces, result = await stream(client)
            assert pieces == ["ok"]
            assert result.usage.completion_tokens > 0
        await client.close()
        asked = ["stream_options" in request.body for request in server.requests]
        assert asked == [True, False, False]


async def test_other_refusals_are_not_repeated() -> None:
    async with LoopbackServer([HttpError(400, "no")]) as server:
        client = client_of(server)
        with pytest.raises(ModelRequestError, match="answered 400: no"):
            await stream(client)
        await client.close()
        assert len(server.requests) == 1


async def test_usage_is_not_asked_for_when_the_caller_says_so() -> None:
    async with LoopbackServer([Answer(["ok"])], repeat=True) as server:
        client = client_of(server)
        await stream(client, include_usage=False)
        await client.close()
        assert server.requests[0].body["stream_options"] == {"include_usage": False}


@STREAMED
async def test_tool_calls_in_pieces(streamed: bool) -> None:
    calls = [
        ToolCall("add", '{"a": 1, "b": "zwölf"}', "c1", pieces=4),
        ToolCall("look", '{"at": "✓"}', "c2", pieces=3),
        ToolCall("now", "", "c3"),
    ]
    pieces, result = await answer_to(Answer(["Let me see."], tool_calls=calls), streamed=streamed)
    assert pieces == (["Let me see."] if streamed else [])
    assert result.finish_reason == "function_calls"
    assert result.content == [FunctionCall(call.id, call.arguments, call.name) for call in calls]
    assert result.thought == "Let me see."


async def test_tool_calls_of_servers_with_ways_of_their_own() -> None:
    first = {"name": "f", "arguments": '{"a": 1}'}
    second = {"name": "g", "arguments": "{}"}
    ways: dict[str, list[dict[str, Any]]] = {
        "no index": [tool_chunk(id="a", function=first), tool_chunk(id="b", function=second)],
        "one index for all": [
            tool_chunk(index=0, id="a", function=first),
            tool_chunk(index=0, id="b", function=second),
        ],
        "id and name in every piece": [
            tool_chunk(index=0, id="a", function={"name": "f", "arguments": '{"a"'}),
            tool_chunk(index=1, id="b", function=second),
            tool_chunk(index=0, id="a", function={"name": "f", "arguments": ": 1}"}),
        ],
        "arguments as an object": [
            tool_chunk(index=0, id="a", function={"name": "f", "arguments": {"a": 1}}),
            tool_chunk(index=1, id="b", function=second),
        ],
        "no id": [tool_chunk(index=0, function=first), tool_chunk(index=1, function=second)],
        "neither id nor index": [tool_chunk(function=first), tool_chunk(function=second)],
        "the same id twice": [
            tool_chunk(index=0, id="a", function=first),
            tool_chunk(index=1, id="a", function=second),
        ],
    }
    for way, chunks in ways.items():
        _, result = await answer_to(Answer(chunks=[*chunks, END]), streamed=True)
        assert isinstance(result.content, list), way
        assert [(call.name, call.arguments) for call in result.content] == [
            ("f", '{"a": 1}'),
            ("g", "{}"),
        ], way
        ids = [call.id for call in result.content]
        assert all(ids), way
        assert len(set(ids)) == 2, way


@STREAMED
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_in_a_field_of_its_own(field: str, streamed: bool) -> None:
    answer = Answer(["Four."], reasoning=["2 + 2", " = 4\n"], reasoning_field=field)
    pieces, result = await answer_to(answer, streamed=streamed)
    assert pieces == (["Four."] if streamed else [])
    assert (result.content, result.thought) == ("Four.", "2 + 2 = 4")


@STREAMED
async def test_reasoning_in_tags(streamed: bool) -> None:
    answer = Answer(["<th", "ink>\n2 + 2 <", " 5</thi", "nk>\n\n", "think: <think>", " is a tag"])
    pieces, result = await answer_to(answer, streamed=streamed)
    assert pieces == (["think: <think>", " is a tag"] if streamed else [])
    assert (result.content, result.thought) == ("think: <think> is a tag", "2 + 2 < 5")


async def test_reasoning_as_a_list_of_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    chunks = [
        chunk({"content": [thinking]}),
        chunk({"content": [{"type": "text", "text": "Yes."}]}),
        chunk({}, finish_reason="stop"),
    ]
    pieces, result = await answer_to(Answer(chunks=chunks), streamed=True)
    assert (pieces, result.content, result.thought) == (["Yes."], "Yes.", "hm")


@STREAMED
async def test_a_refusal_is_the_answer(streamed: bool) -> None:
    _, result = await answer_to(Answer(refusal=["I can", "not."]), streamed=streamed)
    assert result.content == "I cannot."


@STREAMED
@pytest.mark.parametrize(
    ("sent", "expected"),
    [("length", "length"), ("content_filter", "content_filter"), ("eos", "unknown")],
)
async def test_finish_reasons(sent: str, expected: FinishReasons, streamed: bool) -> None:
    _, result = await answer_to(Answer(["a"], finish_reason=sent), streamed=streamed)
    assert (result.content, result.finish_reason) == ("a", expected)


async def test_tool_calls_with_the_finish_reason_of_a_text() -> None:
    answer = Answer(tool_calls=[ToolCall("f", "{}")], finish_reason="stop")
    _, result = await answer_to(answer, streamed=True)
    assert result.finish_reason == "function_calls"


async def test_an_emoji_whose_halves_arrive_apart() -> None:
    chunks = [
        chunk({"content": "a \ud83d"}),
        chunk({"content": "\ude00 b \ud83d"}),
        chunk({}, finish_reason="stop"),
    ]
    texts = [json.dumps(one) for one in chunks]
    assert "\\ud83d" in texts[0]
    events = "".join(f"data: {text}\n\n" for text in texts) + "data: [DONE]\n\n"
    reply = HttpError(200, body=events, content_type="text/event-stream")
    async with LoopbackServer([reply]) as server:
        client = client_of(server)
        pieces, result = await stream(client)
        await client.close()
    assert pieces == ["a ", "😀 b ", "�"]
    assert result.content == "a 😀 b �"


@STREAMED
async def test_log_probabilities(streamed: bool) -> None:
    token = {
        "token": "a",
        "logprob": -0.5,
        "bytes": [97],
        "top_logprobs": [{"token": "a", "logprob": -0.5, "bytes": [97]}],
    }
    chunks = [chunk({"content": "a"}, logprobs={"content": [token]}, finish_reason="stop")]
    whole = {"choices": [{"message": {"content": "a"}, **chunks[0]["choices"][0]}]}
    reply: Reply = Answer(chunks=chunks) if streamed else HttpError(200, body=json.dumps(whole))
    async with LoopbackServer([reply]) as server:
        client = client_of(server, logprobs=True)
        result = (await stream(client))[1] if streamed else await client.create(ASK)
        await client.close()
        assert server.requests[0].body["logprobs"] is True
    assert result.logprobs is not None
    assert (result.logprobs[0].token, result.logprobs[0].bytes) == ("a", [97])
    assert result.logprobs[0].top_logprobs is not None


async def test_empty_chunks_change_nothing() -> None:
    chunks: list[dict[str, Any]] = [
        {"choices": [], "prompt_filter_results": []},
        chunk({"role": "assistant", "content": None}),
        {"choices": [{"index": 0, "delta": None}]},
        *[chunk({"content": ""})] * 50,
        chunk({"content": "a"}),
        chunk({}, finish_reason="stop"),
        {"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 1}},
    ]
    pieces, result = await answer_to(Answer(chunks=chunks), streamed=True)
    assert pieces == ["a"]
    assert result.usage == RequestUsage(2, 1)


@pytest.mark.parametrize(
    "body",
    ["<html>welcome</html>", "[1, 2]", '{"choices": []}', '{"choices": [3]}', '{"object": "x"}'],
)
async def test_an_answer_that_is_none(body: str) -> None:
    kind = "text/html" if body.startswith("<") else "application/json"
    async with LoopbackServer(lambda _: HttpError(200, body=body, content_type=kind)) as server:
        client = client_of(server)
        with pytest.raises(ModelResponseError, match="base_url"):
            await client.create(ASK)
        with pytest.raises(ModelResponseError, match="base_url"):
            await stream(client)
        await client.close()


@pytest.mark.parametrize(
    "data", [[1], {"choices": 3}, {"choices": [3]}, chunk({"tool_calls": 3}), chunk({"content": 3})]
)
async def test_a_chunk_that_is_none(data: Any) -> None:
    async with LoopbackServer([Answer(chunks=[chunk({"content": "a"}), data])]) as server:
        client = client_of(server)
        with pytest.raises(ModelResponseError, match="no chat completion") as caught:
            await stream(client)
        await client.close()
    assert caught.value.partial_text == "a"


async def test_an_error_with_status_200() -> None:
    body = json.dumps({"error": {"message": "no provider available", "code": 502}})
    async with LoopbackServer([HttpError(200, body=body)]) as server:
        client = client_of(server)
        with pytest.raises(ModelServerError, match="no provider available"):
            await client.create(ASK)
        await client.close()
