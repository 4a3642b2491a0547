"""Teams in the transcript: whose item it is, how a speaker was chosen, who spent how much."""

from nbagent import FunctionCall
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    SelectorEvent,
    SelectSpeakerEvent,
    TextMessage,
    ToolCallExecutionEvent,
    ToolCallRequestEvent,
    UserInputRequestedEvent,
)
from nbagent.models import FunctionExecutionResult, RequestUsage
from nbagent.transcript import (
    MessageItem,
    PutItem,
    SpeakerItem,
    ToolCallItem,
    Transcript,
    reduce,
)
from nbagent.transcript.run_state import begin_again

INNER = {"team": "inner"}
MANAGER = "SelectorGroupChatManager"


def fold(*events: BaseAgentEvent | BaseChatMessage) -> Transcript:
    transcript = Transcript()
    for event in events:
        reduce(transcript, event)
    return transcript


def chunk(text: str, message_id: str | None, source: str, team: str = "") -> BaseAgentEvent:
    return ModelClientStreamingChunkEvent(
        content=text,
        source=source,
        full_message_id=message_id,
        metadata={"team": team} if team else {},
    )


def test_every_kind_of_item_knows_its_inner_team() -> None:
    call = FunctionCall(id="c", name="f", arguments="{}")
    transcript = fold(
        TextMessage(content="go", source="user"),
        chunk("one", "m", "a", "inner/innermost"),
        ToolCallRequestEvent(content=[call], source="a", metadata=INNER),
        UserInputRequestedEvent(request_id="q", source="a", metadata=INNER),
        SelectSpeakerEvent(content=["a"], source="manager", metadata=INNER),
    )
    teams = [item.team for item in transcript.items]
    assert teams == ["", "inner/innermost", "inner", "inner", "inner"]


def test_members_of_the_same_name_do_not_mix() -> None:
    transcript = fold(
        chunk("outer ", None, "a"),
        chunk("inner ", None, "a", "inner"),
        chunk("text", None, "a"),
        chunk("words", None, "a", "inner"),
        TextMessage(content="outer text", source="a"),
        TextMessage(content="inner words", source="a", metadata=INNER),
    )
    said = [
        (item.team, item.text, item.state)
        for item in transcript.items
        if isinstance(item, MessageItem)
    ]
    assert said == [("", "outer text", "done"), ("inner", "inner words", "done")]


def test_a_result_finds_the_call_of_its_own_team() -> None:
    call = FunctionCall(id="c", name="f", arguments="{}")
    result = FunctionExecutionResult(content="r", name="f", call_id="c")
    transcript = fold(
        ToolCallRequestEvent(content=[call], source="a"),
        ToolCallRequestEvent(content=[call], source="a", metadata=INNER),
        ToolCallExecutionEvent(content=[result], source="a"),
    )
    states = [item.state for item in transcript.items if isinstance(item, ToolCallItem)]
    assert states == ["done", "running"]


def test_a_message_that_does_not_name_its_team_stays_where_it_streamed() -> None:
    transcript = fold(
        chunk("Hel", "m", "a", "inner"), TextMessage(id="m", content="Hello", source="a")
    )
    assert [item.team for item in transcript.items] == ["inner"]


def test_a_streamed_selection_becomes_the_choice() -> None:
    transcript = fold(chunk("The wri", "s", MANAGER), chunk("ter fits", "s", MANAGER))
    patches = reduce(transcript, SelectorEvent(id="s", content="The writer fits.", source=MANAGER))
    patches += reduce(transcript, SelectSpeakerEvent(content=["writer"], source=MANAGER))
    assert [patch.index for patch in patches if isinstance(patch, PutItem)] == [0, 0]
    (item,) = transcript.items
    assert isinstance(item, SpeakerItem)
    assert (item.speakers, item.reason) == (("writer",), "The writer fits.")


def test_an_answer_that_chose_nobody_stands_by_itself() -> None:
    transcript = fold(
        SelectorEvent(content="Somebody.", source=MANAGER),
        SelectorEvent(content=' "writer"\n', source=MANAGER),
        SelectSpeakerEvent(content=["writer"], source=MANAGER),
        SelectSpeakerEvent(content=["critic"], source=MANAGER),
    )
    choices = [
        (item.speakers, item.reason) for item in transcript.items if isinstance(item, SpeakerItem)
    ]
    assert choices == [((), "Somebody."), (("writer",), ""), (("critic",), "")]


def test_a_choice_of_another_team_is_another() -> None:
    transcript = fold(
        SelectorEvent(content="Why", source=MANAGER),
        SelectSpeakerEvent(content=["a"], source=MANAGER, metadata=INNER),
    )
    assert len(transcript.items) == 2


def test_tokens_are_counted_for_each_participant() -> None:
    transcript = fold(
        TextMessage(content="go", source="user"),
        TextMessage(content="x", source="a", models_usage=RequestUsage(3, 4)),
        TextMessage(content="y", source="b", models_usage=RequestUsage(10, 20)),
        TextMessage(content="z", source="a", models_usage=RequestUsage(1, 1), metadata=INNER),
    )
    assert transcript.usage_by_source == {"a": RequestUsage(4, 5), "b": RequestUsage(10, 20)}
    assert transcript.usage == RequestUsage(14, 25)
    assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript
    begin_again(transcript)
    assert transcript.usage_by_source == {}
