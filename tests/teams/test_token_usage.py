"""Token limits of teams whose agents stream from a real server."""

import pytest

from nbagent.agents import AssistantAgent
from nbagent.conditions import MaxMessageTermination, TokenUsageTermination
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.teams import RoundRobinGroupChat
from tests.loopback import Answer, HttpError, LoopbackServer, RecordedRequest, Reply


def tells_when_asked(request: RecordedRequest) -> Reply:
    """As OpenAI: the usage of a stream is told only where `stream_options` ask for it."""
    return Answer(["one ", "two"], usage=(30, 10))


def tells_nothing(request: RecordedRequest) -> Reply:
    return Answer(["word "] * 40, usage=None)


def refuses_to_be_asked(request: RecordedRequest) -> Reply:
    if "stream_options" in request.body:
        return HttpError(400, "Unrecognized request argument: stream_options")
    return Answer(["word "] * 40, usage=None)


@pytest.mark.parametrize("reply", [tells_when_asked, tells_nothing, refuses_to_be_asked])
async def test_a_token_limit_stops_a_team_that_streams(reply: object) -> None:
    async with LoopbackServer(reply) as server:  # type: ignore[arg-type]
        client = OpenAIChatCompletionClient(
            model="gpt-5", base_url=server.url, api_key="k", max_retries=0
        )
        agents = [AssistantAgent(name, client, model_client_stream=True) for name in ("a", "b")]
        limit = TokenUsageTermination(max_total_token=100)
        team = RoundRobinGroupChat(agents, termination_condition=limit | MaxMessageTermination(50))
        result = await team.run(task="Count.")
        await client.close()
    assert result.stop_reason is not None
    assert result.stop_reason.startswith("Token usage limit reached, total token count: ")
    assert 2 <= len(result.messages) <= 4
    if reply is tells_when_asked:
        assert result.stop_reason.endswith(
            "total token count: 120, prompt token count: 90, completion token count: 30."
        )
