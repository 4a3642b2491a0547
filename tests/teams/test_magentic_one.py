import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest
from PIL import Image as PILImage

from nbagent.base.ledger import ProgressLedger, ProgressReport, TaskLedger, read_ledger
from nbagent.cancellation import CancellationToken
from nbagent.component import register_component
from nbagent.conditions import MaxMessageTermination
from nbagent.exceptions import ModelResponseError
from nbagent.image import Image
from nbagent.messages import MultiModalMessage, SelectorEvent, SelectSpeakerEvent, TextMessage
from nbagent.models import CreateResult, LLMMessage, RequestUsage
from nbagent.models.model_info import ModelInfo
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import MagenticOneGroupChat
from tests.teams.graph_agents import Speaker, sources

BOSS = "MagenticOneOrchestrator"


def progress(
    speaker: str = "coder",
    say: str = "Do it.",
    *,
    done: bool = False,
    loop: bool = False,
    forward: bool = True,
) -> str:
    def answer(value: bool | str) -> dict[str, Any]:
        return {"reason": f"because {value}", "answer": value}

    return json.dumps(
        {
            "is_request_satisfied": answer(done),
            "is_in_loop": answer(loop),
            "is_progress_being_made": answer(forward),
            "next_speaker": answer(speaker),
            "instruction_or_question": answer(say),
        }
    )


def model(*answers: str | CreateResult, **able: Any) -> ReplayChatCompletionClient:
    info: Any = {
        "vision": True,
        "function_calling": True,
        "json_output": True,
        "structured_output": True,
        "family": "unknown",
        **able,
    }
    return ReplayChatCompletionClient(list(answers), model_info=ModelInfo(**info))


def team(client: ReplayChatCompletionClient, *agents: Speaker, **rest: Any) -> MagenticOneGroupChat:
    return MagenticOneGroupChat(agents or (Speaker("coder"), Speaker("surfer")), client, **rest)


def prompt(client: ReplayChatCompletionClient, number: int) -> str:
    """All that the model saw in a call."""
    messages: Sequence[LLMMessage] = client.create_calls[number]["messages"]
    return "\n".join(str(message.content) for message in messages)


async def test_a_task_from_the_plan_to_the_answer() -> None:
    coder, surfer = Speaker("coder", "It is 42."), Speaker("surfer", "Found nothing.")
    client = model(
        "GIVEN: six by nine",
        "coder works it out",
        progress("coder", "Work it out."),
        progress("surfer", "Check it."),
        progress(done=True),
        "The answer is 42.",
    )

    result = await team(client, coder, surfer).run(task="What is six by nine?")

    assert sources(result.messages) == [*("user", BOSS, BOSS, "coder", BOSS, "surfer", BOSS, BOSS)]
    assert result.stop_reason == "because True"
    ledger, first, _, second, _, seen, answer = result.messages[1:]
    assert read_ledger(ledger) == TaskLedger(
        task="What is six by nine?", facts="GIVEN: six by nine", plan="coder works it out"
    )
    assert "GIVEN: six by nine" in ledger.to_text()
    report = read_ledger(first)
    assert isinstance(report, ProgressReport)
    assert (report.round, report.max_rounds, report.stalls, report.max_stalls) == (1, 20, 0, 3)
    assert report.ledger.next_speaker.answer == "coder"
    assert first.to_text() == "Work it out."
    assert second.to_text() == "Check it."
    assert isinstance(seen, SelectorEvent)
    assert answer.to_text() == "The answer is 42."
    assert isinstance(answer, TextMessage)
    assert answer.models_usage is not None
    # Everybody hears the task, the plan, the instructions and the others.
    assert [line.split(":")[0] for line in surfer.context] == [
        *("user", BOSS, BOSS, "coder", BOSS, "surfer")
    ]
    assert "coder said:\nIt is 42." in prompt(client, 3)
    assert "six by nine" in prompt(client, 5)


async def test_no_progress_leads_to_a_new_plan_and_a_new_beginning() -> None:
    coder = Speaker("coder", "no", "no", "yes")
    client = model(
        "facts 1",
        "plan 1",
        progress(forward=False),
        progress(loop=True),
        "facts 2",
        "plan 2",
        progress(),
        progress(done=True),
        "Done.",
    )

    result = await team(client, coder, max_stalls=2).run(task="go")

    ledgers = [read_ledger(message) for message in result.messages]
    plans = [each for each in ledgers if isinstance(each, TaskLedger)]
    reports = [each for each in ledgers if isinstance(each, ProgressReport)]
    assert [(each.plan, each.version) for each in plans] == [("plan 1", 1), ("plan 2", 2)]
    assert [each.stalls for each in reports] == [1, 2, 0, 0]
    # It begins anew: it hears the task and the new plan, and nothing of before.
    assert [line.split("\n")[0] for line in coder.context] == [
        "user: go",
        f"{BOSS}: We work together on this task:",
        f"{BOSS}: Do it.",
        "coder: no",
    ]
    assert "plan 2" in coder.context[1]
    assert "facts 1" in prompt(client, 4)
    assert "coder said:\nno" in prompt(client, 4)


async def test_progress_takes_a_stall_back() -> None:
    client = model(
        "f",
        "p",
        progress(forward=False),
        progress(),
        progress(forward=False),
        progress(done=True),
        ".",
    )

    result = await team(client, max_stalls=2).run(task="go")

    reports = [read_ledger(message) for message in result.messages]
    assert [each.stalls for each in reports if isinstance(each, ProgressReport)] == [1, 0, 1, 0]


async def test_max_turns_ends_with_an_answer() -> None:
    client = model("f", "p", progress(), progress(), "So far: nothing.")

    result = await team(client, max_turns=2).run(task="go")

    assert result.stop_reason == "Maximum number of turns 2 reached."
    assert result.messages[-1].to_text() == "So far: nothing."


async def test_plans_without_end_count_as_turns() -> None:
    stuck = [each for _ in range(3) for each in ("f", "p", progress(forward=False))]
    client = model(*stuck, "f", "p", "I give up.")

    result = await team(client, max_turns=3, max_stalls=1).run(task="go")

    assert result.messages[-1].to_text() == "I give up."


async def test_a_termination_condition_stops_and_the_next_run_goes_on() -> None:
    client = model("f", "p", progress(), progress("surfer"), progress(done=True), "Answer.")
    led = team(client, termination_condition=MaxMessageTermination(2))

    first = await led.run(task="go")
    second = await led.run()

    assert first.stop_reason == "Maximum number of messages 2 reached, current message count: 2"
    assert sources(first.messages) == ["user", BOSS, BOSS, "coder"]
    assert sources(second.messages)[:2] == [BOSS, "surfer"]
    assert second.messages[-1].to_text() == "Answer."
    assert (
        await led.run()
    ).stop_reason == "The task has been answered. Give a new one: run(task=...)."


async def test_the_next_task_knows_the_last_answer() -> None:
    client = model(
        *("f", "p", progress(done=True), "Berlin."), *("f", "p", progress(done=True), "Kyoto.")
    )
    led = team(client)
    await led.run(task="Which city?")

    result = await led.run(task="And in Japan?")

    assert sources(result.messages) == ["user", *[BOSS] * 3]
    assert "Which city?" in prompt(client, 4)
    assert "Berlin." in prompt(client, 4)
    assert "Which city?" not in prompt(client, 6)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Sure! Here it is:\n```json\n", "\n```\nAnything else?"),
        ("<think>{not json} {} {{{</think> ", ""),
        ("", " {"),
    ],
)
async def test_json_is_found_in_what_is_around_it(before: str, after: str) -> None:
    look = before + progress(done=True) + after
    client = model("f", "p", look, "Answer.", structured_output=False, json_output=False)

    assert (await team(client).run(task="go")).messages[-1].to_text() == "Answer."
    assert len(client.create_calls) == 4


async def test_the_model_is_held_to_the_most_it_can() -> None:
    for able, form in (
        ({}, ProgressLedger),
        ({"structured_output": False}, True),
        ({"structured_output": False, "json_output": False}, None),
    ):
        client = model("f", "p", progress(done=True), ".", **able)
        await team(client).run(task="go")
        assert [call["json_output"] for call in client.create_calls] == [None, None, form, None]


async def test_answers_without_reasons_and_names_a_little_off() -> None:
    client = model(
        "f",
        "p",
        json.dumps(
            {
                "is_request_satisfied": "no",
                "is_in_loop": {"answer": False},
                "is_progress_being_made": True,
                "next_speaker": " Web Surfer",
                "instruction_or_question": "Look.",
            }
        ),
        progress(done=True, speaker="nobody"),
        "Answer.",
    )

    result = await team(client, Speaker("coder"), Speaker("web_surfer")).run(task="go")

    assert "web_surfer" in sources(result.messages)


async def test_the_model_is_told_what_was_wrong() -> None:
    client = model("f", "p", "I think coder.", progress("boss"), progress(done=True), "Answer.")

    result = await team(client).run(task="go")

    assert "There is no JSON object in it." in prompt(client, 3)
    assert "next_speaker is 'boss', which is not one of coder, surfer." in prompt(client, 4)
    look = result.messages[2]
    assert look.models_usage is not None
    assert look.models_usage.completion_tokens > 50  # all three attempts


async def test_no_ledger_at_all_is_a_clear_error_and_the_team_can_run_again() -> None:
    client = model("f", "p", *["{"] * 5, progress(done=True), "Answer.")
    led = team(client)

    with pytest.raises(
        ModelResponseError, match="no usable progress ledger in 5 attempts"
    ) as error:
        await led.run(task="go")

    assert error.value.partial_text == "{"
    assert (await led.run()).messages[-1].to_text() == "Answer."


async def test_a_break_anywhere_loses_and_doubles_nothing() -> None:
    looks = [progress("coder", "1"), progress("surfer", "2"), progress(done=True)]
    answers = ["f", "p", *looks, "Answer."]
    whole = await team(model(*answers)).run(task="go")

    for number in range(1, len(whole.messages)):
        coder, surfer = Speaker("coder"), Speaker("surfer")
        led = team(model(*answers), coder, surfer)
        seen: list[str] = []
        async with aclosing(led.run_stream(task="go")) as stream:
            async for message in stream:
                seen.append(message.to_text())  # type: ignore[union-attr]
                if len(seen) == number:
                    break
        seen += [message.to_text() for message in (await led.run()).messages]

        assert seen == [message.to_text() for message in whole.messages]
        assert (coder.turns, surfer.turns) == (1, 1)
        assert len(surfer.context) == len(set(surfer.context))


async def test_a_state_in_the_middle_goes_through_json() -> None:
    answers = [
        "f",
        "p",
        progress(forward=False),
        progress("surfer"),
        progress(done=True),
        "Answer.",
    ]
    led = team(model(*answers))
    async with aclosing(led.run_stream(task="go")) as stream:
        async for message in stream:
            if getattr(message, "source", "") == "coder":
                break
    state = json.loads(json.dumps(await led.save_state()))
    own = state["agent_states"][BOSS]
    assert own["type"] == "MagenticOneOrchestratorState"
    assert {key: own[key] for key in ("task", "facts", "plan", "n_rounds", "n_stalls")} == {
        "task": "go",
        "facts": "f",
        "plan": "p",
        "n_rounds": 1,
        "n_stalls": 1,
    }
    client = model(*answers[3:])
    other = team(client)
    await other.load_state(state)

    result = await other.run()

    assert sources(result.messages) == [BOSS, "surfer", BOSS, BOSS]
    assert "coder said:\ncoder" in prompt(client, 0)
    own["asked"] = "x"
    with pytest.raises(ValueError, match="'x' is to speak next"):
        await other.load_state(state)


async def test_a_cancelled_turn_is_taken_again_without_asking_the_model() -> None:
    coder = Speaker("coder")
    coder.hold = asyncio.Event()
    client = model("f", "p", progress(), progress(done=True), "Answer.")
    led = team(client, coder)
    token = CancellationToken()
    run = asyncio.create_task(led.run(task="go", cancellation_token=token))
    await coder.began.wait()
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    coder.hold.set()

    result = await led.run()

    assert sources(result.messages) == ["coder", BOSS, BOSS]
    assert len(coder.context) == 4


async def test_a_picture_in_the_task_reaches_those_who_can_see() -> None:
    picture = Image.from_pil(PILImage.new("RGB", (4, 4)))
    task = MultiModalMessage(content=["What is this?", picture], source="user")
    for vision in (True, False):
        client = model("f", "p", progress(done=True), "A square.", vision=vision)
        await team(client).run(task=task)
        content: Any = client.create_calls[0]["messages"][0].content
        assert (picture in content) if vision else "[image]" in content


async def test_the_final_prompt_is_the_given_one() -> None:
    client = model("f", "p", progress(done=True), "ok")

    await team(client, final_answer_prompt='Answer {task} as {"json": 1}').run(task="{this}")

    assert 'Answer {this} as {"json": 1}' in prompt(client, 3)


async def test_team_events_and_reset() -> None:
    client = model(*["f", "p", progress(), progress(done=True), "ok"] * 2)
    led = team(client, emit_team_events=True)
    result = await led.run(task="go")
    chosen = [each.content for each in result.messages if isinstance(each, SelectSpeakerEvent)]
    assert chosen == [["coder"]]

    await led.reset()
    with pytest.raises(ValueError, match="has no task to go on with"):
        await led.run()
    await led.run(task="again")
    assert "go" not in prompt(client, 5).split()


async def test_tool_calls_for_a_plan_are_refused() -> None:
    calls = CreateResult(
        finish_reason="function_calls", content=[], usage=RequestUsage(1, 1), cached=False
    )
    with pytest.raises(ModelResponseError, match="answered the orchestrator with tool calls"):
        await team(model(calls)).run(task="go")


async def test_it_goes_through_its_config() -> None:
    register_component(Speaker)
    client = model("f", "p", progress(), progress(done=True), "Answer.")
    made = team(client, name="led", max_turns=None, max_stalls=5, final_answer_prompt="End: {task}")

    data = json.loads(made.dump_component().model_dump_json())
    loaded = MagenticOneGroupChat.load_component(data)

    assert isinstance(loaded, MagenticOneGroupChat)
    assert loaded.dump_component() == made.dump_component()
    assert (await loaded.run(task="go")).messages[-1].to_text() == "Answer."


def test_limits_are_checked() -> None:
    with pytest.raises(ValueError, match="max_stalls must be at least 1, not 0"):
        team(model(), max_stalls=0)
    with pytest.raises(ValueError, match="max_turns must be at least 1, not 0"):
        team(model(), max_turns=0)
