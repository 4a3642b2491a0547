"""SelectorGroupChat: functions, the model and its attempts, and what it is told."""

from collections.abc import Callable, Sequence

import pytest

from nbagent import CancellationToken, TaskResult
from nbagent.base import ChatAgent
from nbagent.messages import (
    MESSAGE_TYPES,
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    ModelClientStreamingChunkEvent,
    SelectorEvent,
    SelectSpeakerEvent,
)
from nbagent.model_context import BufferedChatCompletionContext, UnboundedChatCompletionContext
from nbagent.models import LLMMessage
from nbagent.models.model_info import ModelInfo
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import AssistantMessage, SystemMessage, UserMessage
from nbagent.teams import RoundRobinGroupChat, SelectorGroupChat
from nbagent.teams.mentioned_names import mentioned_names
from tests.agents.models import calls
from tests.teams.members import Counter

Event = BaseAgentEvent | BaseChatMessage


def speakers(result: TaskResult) -> str:
    """The names of who spoke, joined."""
    said = [message for message in result.messages if isinstance(message, BaseChatMessage)]
    return "".join(message.source for message in said if message.source != "user")


def model(*answers: str, family: str = "unknown") -> ReplayChatCompletionClient:
    info = ModelInfo(
        vision=False, function_calling=False, json_output=False, family=family,
        structured_output=False,
    )  # fmt: skip
    return ReplayChatCompletionClient(list(answers), info)


def sent(client: ReplayChatCompletionClient, call: int = 0) -> list[LLMMessage]:
    return client.create_calls[call]["messages"]


def abc() -> list[ChatAgent]:
    return [Counter(name) for name in "abc"]


async def test_the_model_chooses_among_all_but_the_last_speaker() -> None:
    client = model("b", "the next one is *c*.", "a")
    team = SelectorGroupChat(abc(), client, max_turns=3, selector_prompt="{participants}")
    result = await team.run(task="go")
    assert speakers(result) == "bca"
    asked = [sent(client, call)[0].content for call in range(3)]
    assert asked == ["['a', 'b', 'c']", "['a', 'c']", "['a', 'b']"]


async def test_two_need_no_model_after_the_first() -> None:
    client = model("b")
    team = SelectorGroupChat([Counter("a"), Counter("b")], client, max_turns=4)
    assert speakers(await team.run(task="go")) == "baba"


async def test_a_speaker_may_be_repeated_where_that_is_allowed() -> None:
    client = model("b", "b", "b")
    team = SelectorGroupChat(
        abc(), client, max_turns=3, allow_repeated_speaker=True, selector_prompt="{participants}"
    )
    assert speakers(await team.run(task="go")) == "bbb"
    assert sent(client, 2)[0].content == "['a', 'b', 'c']"


async def test_what_the_model_is_told() -> None:
    client = model("b", "c")
    prompt = 'R:\n{roles}\nP: {participants}\nH:\n{history}\nAnswer {{"name": ...}}'
    team = SelectorGroupChat(abc(), client, max_turns=2, selector_prompt=prompt)
    await team.run(task="first {task}")
    assert sent(client)[0].content == (
        "R:\na: counts as a\nb: counts as b\nc: counts as c\nP: ['a', 'b', 'c']\n"
        'H:\nuser: first {task}\nAnswer {"name": ...}'
    )
    assert "H:\nuser: first {task}\n\nb: b 1\n" in str(sent(client, 1)[0].content)


@pytest.mark.parametrize(
    ("family", "kind"), [("gpt-5", SystemMessage), ("o3", SystemMessage), ("r1", UserMessage)]
)
async def test_the_prompt_is_a_system_message_for_openai_families(
    family: str, kind: type[LLMMessage]
) -> None:
    client = model("a", family=family)
    await SelectorGroupChat(abc(), client, max_turns=1).run(task="go")
    assert [type(message) for message in sent(client)] == [kind]


async def test_the_model_is_asked_again_and_told_why() -> None:
    client = model("nobody", "a or b", "c")
    team = SelectorGroupChat(abc(), client, max_turns=1)
    assert speakers(await team.run(task="go")) == "c"
    last = sent(client, 2)[1:]
    assert [type(message) for message in last] == [AssistantMessage, UserMessage] * 2
    assert "none of them" in str(last[1].content)
    assert "2 of them: ['a', 'b']" in str(last[3].content)


async def test_after_three_attempts_the_previous_speaker_or_the_first() -> None:
    client = model(*["?"] * 6)
    team = SelectorGroupChat(abc(), client, max_turns=2)
    assert speakers(await team.run(task="go")) == "aa"
    assert len(client.create_calls) == 6
    client = model("b", "?", "?")
    team = SelectorGroupChat(abc(), client, max_turns=3, max_selector_attempts=1)
    assert speakers(await team.run(task="go")) == "bbb"


async def test_a_selecting_model_that_calls_a_tool_is_asked_again() -> None:
    client = ReplayChatCompletionClient([calls(("x", "{}")), "c"])
    team = SelectorGroupChat(abc(), client, max_turns=1)
    assert speakers(await team.run(task="go")) == "c"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("web_surfer", ["web_surfer"]),
        ("Web surfer", []),
        ("the web surfer.", ["web_surfer"]),
        (r"**web\_surfer**", ["web_surfer"]),
        ("writer two", ["writer_two"]),
        ("writer_two, then writer", ["writer", "writer_two"]),
        ("rewriter or writers", []),
        ("", []),
    ],
)
def test_names_are_found_as_words(text: str, found: list[str]) -> None:
    assert mentioned_names(text, ["web_surfer", "writer", "writer_two"]) == found


async def test_selector_func_comes_first_and_may_leave_it_to_the_model() -> None:
    threads: list[int] = []

    def choose(thread: Sequence[Event]) -> str | None:
        threads.append(len(thread))
        return "c" if len(thread) < 3 else None

    def never(thread: Sequence[Event]) -> list[str]:
        return ["a", "b"]

    client = model("b")
    team = SelectorGroupChat(abc(), client, max_turns=3, selector_func=choose, candidate_func=never)
    assert speakers(await team.run(task="go")) == "ccb"  # it may repeat
    assert threads == [1, 2, 3]
    assert len(client.create_calls) == 1


async def test_async_functions() -> None:
    async def choose(thread: Sequence[Event]) -> str | None:
        return None

    async def candidates(thread: Sequence[Event]) -> list[str]:
        return ["c"] if len(thread) == 1 else ["b", "c"]

    team = SelectorGroupChat(
        abc(), model(), max_turns=2, selector_func=choose, candidate_func=candidates
    )
    assert speakers(await team.run(task="go")) == "cb"


async def test_a_fallback_keeps_to_the_candidates() -> None:
    team = SelectorGroupChat(
        abc(), model("a", "?"), max_turns=2, max_selector_attempts=1,
        candidate_func=lambda thread: ["a", "b"] if len(thread) == 1 else ["b", "c"],
    )  # fmt: skip
    assert speakers(await team.run(task="go")) == "ab"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ([], r"candidate_func .* returned \[\]. It must return a list of at least one"),
        (None, "returned None"),
        ("a", "returned 'a'. It must return a list"),
        (["a", "x"], r"returned 'x', which is none of \['a', 'b', 'c'\]"),
    ],
)
async def test_bad_candidates(answer: list[str], error: str) -> None:
    team = SelectorGroupChat(abc(), model(), candidate_func=lambda thread: answer)
    with pytest.raises(ValueError, match=error):
        await team.run(task="go")


async def test_a_bad_speaker() -> None:
    team = SelectorGroupChat(abc(), model(), selector_func=lambda thread: "x")
    with pytest.raises(ValueError, match=r"returned 'x'. It must return one of") as caught:
        await team.run(task="go")
    assert "chose who speaks next" in caught.value.__notes__[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: SelectorGroupChat([Counter("a")], model()), "At least two participants"),
        (lambda: SelectorGroupChat(abc(), model(), selector_prompt="{names}"), "'names'"),
        (lambda: SelectorGroupChat(abc(), model(), selector_prompt="{"), "other braces doubled"),
        (lambda: SelectorGroupChat(abc(), model(), max_selector_attempts=0), "at least 1, not 0"),
    ],
)
def test_bad_arguments(make: Callable[[], object], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        make()


@pytest.mark.parametrize("streaming", [True, False])
async def test_events_of_a_selection(streaming: bool) -> None:
    team = SelectorGroupChat(
        abc(), model("it is b", "c"), max_turns=2, emit_team_events=True,
        model_client_streaming=streaming,
    )  # fmt: skip
    items = [item async for item in team.run_stream(task="go")]
    chunks = [item for item in items if isinstance(item, ModelClientStreamingChunkEvent)]
    said = [item for item in items if isinstance(item, SelectorEvent)]
    assert [event.content for event in said] == ["it is b", "c"]
    assert {event.source for event in said} == {"SelectorGroupChatManager"}
    assert said[0].models_usage is not None
    assert SelectorEvent in MESSAGE_TYPES
    if streaming:
        assert "".join(chunk.content for chunk in chunks) == "it is bc"
        assert {chunk.full_message_id for chunk in chunks} == {event.id for event in said}
    else:
        assert not chunks
    result = items[-1]
    assert isinstance(result, TaskResult)
    assert [type(message).__name__ for message in result.messages[1:4]] == [
        "SelectorEvent",
        "SelectSpeakerEvent",
        "TextMessage",
    ]
    assert isinstance(result.messages[2], SelectSpeakerEvent)


async def test_streaming_without_events_shows_nothing_of_the_selection() -> None:
    team = SelectorGroupChat(abc(), model("b"), max_turns=1, model_client_streaming=True)
    items = [item async for item in team.run_stream(task="go")]
    assert [type(item).__name__ for item in items] == ["TextMessage", "TextMessage", "TaskResult"]


async def test_a_model_context_decides_what_the_model_is_told() -> None:
    client = model("a", "b", "c")
    team = SelectorGroupChat(
        abc(), client, max_turns=3, selector_prompt="{history}",
        model_context=BufferedChatCompletionContext(buffer_size=1),
    )  # fmt: skip
    await team.run(task="go")
    told = [sent(client, call)[0].content for call in range(3)]
    assert told == ["user: go", "a: a 1", "b: b 1"]


async def test_the_context_of_a_handoff_is_told_and_the_initial_messages_stay() -> None:
    def hand_over(turn: int) -> BaseChatMessage:
        known: list[LLMMessage] = [UserMessage(content="known", source="a")]
        return HandoffMessage(content="over", source="a", target="b", context=known)

    client = model("a", "b", "a", "b")
    context = UnboundedChatCompletionContext([UserMessage(content="rules", source="boss")])
    members = [Counter("a", hand_over), Counter("b"), Counter("c")]
    team = SelectorGroupChat(
        members, client, max_turns=2, selector_prompt="{history}", model_context=context
    )
    await team.run(task="go")
    assert sent(client, 1)[0].content == "boss: rules\n\nuser: go\n\na: known\n\na: over"
    await team.reset()
    await team.run(task="afresh", cancellation_token=CancellationToken())
    assert sent(client, 2)[0].content == "boss: rules\n\nuser: afresh"


async def test_a_team_can_be_chosen() -> None:
    inner = RoundRobinGroupChat(
        [Counter("b"), Counter("c")], name="inner", description="does both", max_turns=2
    )
    client = model("inner", "inner")
    team = SelectorGroupChat([Counter("a"), inner], client, max_turns=3, selector_prompt="{roles}")
    assert speakers(await team.run(task="go")) == "bcabc"
    assert sent(client)[0].content == "a: counts as a\ninner: does both"
