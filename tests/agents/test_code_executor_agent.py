"""CodeExecutorAgent: code of others and of its own model, approval, retries, state."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from nbagent import CancellationToken
from nbagent.agents import (
    ApprovalRequest,
    ApprovalResponse,
    CodeExecutorAgent,
    ask_for_approval,
)
from nbagent.base import TaskResult
from nbagent.code_executor import CodeBlock
from nbagent.component import register_component
from nbagent.exceptions import ComponentError
from nbagent.messages import (
    BaseChatMessage,
    CodeExecutionEvent,
    CodeGenerationEvent,
    MultiModalMessage,
    StopMessage,
    TextMessage,
    ToolCallSummaryMessage,
    UserInputRequestedEvent,
)
from nbagent.model_context import BufferedChatCompletionContext
from nbagent.questions import asking_through
from nbagent.transcript import Transcript, reduce
from nbagent.transcript.items import CodeItem, MessageItem
from tests.agents.models import replay, text
from tests.agents.subprocess_executor import SubprocessExecutor, said
from tests.tools.person import NO, YES, Person

register_component(SubprocessExecutor)


@pytest.fixture
async def executor() -> AsyncGenerator[SubprocessExecutor, None]:
    async with SubprocessExecutor() as started:
        yield started


def approve(request: ApprovalRequest) -> ApprovalResponse:
    return ApprovalResponse(approved=True, reason="fine")


def python(code: str) -> str:
    return f"Let me try.\n```python\n{code}\n```\nDone."


async def test_runs_the_code_blocks_that_it_is_handed(executor: SubprocessExecutor) -> None:
    agent = CodeExecutorAgent("terminal", executor, approval_func=approve)
    task = "First\n```python\nprint(1 + 1)\n```\nthen\n```sh\necho three\n```\nnot\n```js\nx()\n```"
    result = await agent.run(task=task)
    assert said(result)[1:] == [("TextMessage", "2\nthree\n")]
    assert [block.language for block in executor.ran] == ["python", "sh"]


async def test_tells_what_went_wrong(executor: SubprocessExecutor) -> None:
    agent = CodeExecutorAgent("terminal", executor, approval_func=approve)
    result = await agent.run(task=python("import sys; print('no'); sys.exit(3)"))
    assert said(result)[-1][1] == "The code failed with exit code 3 and printed:\nno\n"
    result = await agent.run(task=python("pass"))
    assert said(result)[-1][1] == "The code ran without an error and printed nothing."
    result = await agent.run(task="How are you?")
    assert said(result)[-1][1] == CodeExecutorAgent.NO_CODE_BLOCKS_FOUND_MESSAGE


async def test_half_a_program_does_not_run(executor: SubprocessExecutor) -> None:
    agent = CodeExecutorAgent("terminal", executor, approval_func=approve)
    await agent.run(task="```python\nprint(1)\n")
    assert executor.ran == []


async def test_only_code_of_its_sources_runs(executor: SubprocessExecutor) -> None:
    agent = CodeExecutorAgent("terminal", executor, sources=["coder"], approval_func=approve)
    messages = [
        TextMessage(content=python("print('a')"), source="coder"),
        TextMessage(content=python("print('b')"), source="guest"),
    ]
    assert await agent.extract_code_blocks_from_messages(messages) == [
        CodeBlock(code="print('a')\n", language="python")
    ]


async def test_only_text_messages_hold_code_to_run(executor: SubprocessExecutor) -> None:
    agent = CodeExecutorAgent("terminal", executor, approval_func=approve)
    code = python("print(1)")
    others: list[BaseChatMessage] = [
        MultiModalMessage(content=[code], source="coder"),
        ToolCallSummaryMessage(content=code, source="coder", tool_calls=[], results=[]),
        StopMessage(content=code, source="coder"),
    ]
    result = await agent.run(task=others, output_task_messages=False)
    assert said(result) == [("TextMessage", CodeExecutorAgent.NO_CODE_BLOCKS_FOUND_MESSAGE)]
    assert executor.ran == []


async def test_code_in_other_languages_runs_where_they_are_named(
    executor: SubprocessExecutor,
) -> None:
    agent = CodeExecutorAgent(
        "terminal", executor, supported_languages=["SH", "js"], approval_func=approve
    )
    await agent.run(task="```python\nx\n```\n```sh\necho 1\n```\n")
    assert [block.language for block in executor.ran] == ["sh"]


async def test_writes_code_runs_it_and_reports(executor: SubprocessExecutor) -> None:
    client = replay(text(python("print(6 * 7)")), "It is 42.")
    agent = CodeExecutorAgent("coder", executor, model_client=client, approval_func=approve)
    result = await agent.run(task="6 times 7?")
    assert [kind for kind, _ in said(result)] == [
        "TextMessage",
        "CodeGenerationEvent",
        "CodeExecutionEvent",
        "TextMessage",
    ]
    generated, executed = result.messages[1], result.messages[2]
    assert isinstance(generated, CodeGenerationEvent) and generated.retry_attempt == 0
    assert generated.models_usage is not None
    assert isinstance(executed, CodeExecutionEvent)
    assert (executed.result.exit_code, executed.result.output) == (0, "42\n")
    assert result.messages[-1].to_text() == "It is 42."
    # The model that reports has read the output.
    assert client.create_calls[-1]["messages"][-1].content == "42\n"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, [CodeExecutorAgent.DEFAULT_SYSTEM_MESSAGE, "Hi"]),
        ({"system_message": "Write Fortran."}, ["Write Fortran.", "Hi"]),
        ({"system_message": None}, ["Hi"]),
    ],
)
async def test_what_its_model_is_told(
    executor: SubprocessExecutor, options: dict[str, Any], told: list[str]
) -> None:
    client = replay("Hello.")
    agent = CodeExecutorAgent(
        "coder", executor, model_client=client, approval_func=approve, **options
    )
    await agent.run(task="Hi")
    assert [message.content for message in client.create_calls[0]["messages"]] == told


async def test_its_description_tells_whether_it_writes_code(executor: SubprocessExecutor) -> None:
    def description(**options: Any) -> str:
        return CodeExecutorAgent("c", executor, approval_func=approve, **options).description

    assert description() == CodeExecutorAgent.DEFAULT_TERMINAL_DESCRIPTION
    assert description(model_client=replay()) == CodeExecutorAgent.DEFAULT_AGENT_DESCRIPTION
    assert description(description="Runs R.") == "Runs R."


async def test_an_answer_in_words_runs_nothing(executor: SubprocessExecutor) -> None:
    agent = CodeExecutorAgent(
        "coder", executor, model_client=replay("Just words."), approval_func=approve
    )
    result = await agent.run(task="Hi")
    assert said(result)[1:] == [("TextMessage", "Just words.")]
    assert executor.ran == []


async def test_failed_code_is_written_anew_as_often_as_allowed(
    executor: SubprocessExecutor,
) -> None:
    bad = text(python("raise SystemExit(1)"))
    client = replay(bad, bad, text(python("print('good')")), "Worked.")
    agent = CodeExecutorAgent(
        "coder", executor, model_client=client, max_retries_on_error=2, approval_func=approve
    )
    result = await agent.run(task="Go")
    codes = [
        (message.retry_attempt, message.result.exit_code)
        for message in result.messages
        if isinstance(message, CodeExecutionEvent)
    ]
    assert codes == [(0, 1), (1, 1), (2, 0)]
    assert result.messages[-1].to_text() == "Worked."

    client = replay(bad, bad, "I give up.")
    agent = CodeExecutorAgent(
        "coder", executor, model_client=client, max_retries_on_error=1, approval_func=approve
    )
    result = await agent.run(task="Go")
    assert result.messages[-1].to_text() == "I give up."


async def test_the_model_streams_and_its_code_has_one_card(executor: SubprocessExecutor) -> None:
    client = replay(text(python("print(1)")), "All done.")
    agent = CodeExecutorAgent(
        "coder", executor, model_client=client, model_client_stream=True, approval_func=approve
    )
    transcript = Transcript()
    async for item in agent.run_stream(task="Go"):
        reduce(transcript, item)
    assert len({item.id for item in transcript.items}) == len(transcript.items)
    cards = [item for item in transcript.items if isinstance(item, CodeItem)]
    assert [(card.state, card.output) for card in cards] == [("done", "1\n")]
    last = transcript.items[-1]
    assert isinstance(last, MessageItem) and (last.text, last.state) == ("All done.", "done")


async def test_denied_code_does_not_run(executor: SubprocessExecutor) -> None:
    asked: list[ApprovalRequest] = []

    async def deny(request: ApprovalRequest) -> ApprovalResponse:
        asked.append(request)
        return ApprovalResponse(approved=False, reason="too risky")

    client = replay(text(python("print(1)")), "It was denied.")
    agent = CodeExecutorAgent("coder", executor, model_client=client, approval_func=deny)
    result = await agent.run(task="Go")
    assert executor.ran == []
    executed = result.messages[2]
    assert isinstance(executed, CodeExecutionEvent)
    assert executed.result.exit_code == 1 and "too risky" in executed.result.output
    assert asked[0].code == "```python\nprint(1)\n```"
    assert asked[0].context[0].content == "Go"


@pytest.mark.parametrize(("answer", "runs"), [(YES, True), (NO, False)])
async def test_a_person_is_asked_in_the_agents_stream(
    executor: SubprocessExecutor, answer: dict[str, Any], runs: bool
) -> None:
    agent = CodeExecutorAgent("terminal", executor, approval_func=ask_for_approval)
    person = Person(answer)
    with asking_through(person):
        result = await agent.run(task=python("print(1)"))
    questions = [m for m in result.messages if isinstance(m, UserInputRequestedEvent)]
    assert [question.source for question in questions] == ["terminal"]
    assert questions[0].question is not None
    assert questions[0].question.code[0].code == "```python\nprint(1)\n```"
    assert bool(executor.ran) is runs


async def test_without_approval_it_warns(executor: SubprocessExecutor) -> None:
    with pytest.warns(UserWarning, match="nobody has looked at"):
        CodeExecutorAgent("terminal", executor)
    with pytest.raises(ValueError, match="max_retries_on_error"):
        CodeExecutorAgent("t", executor, max_retries_on_error=-1, approval_func=approve)


async def test_a_cancel_ends_the_process_and_the_agent_runs_again(
    executor: SubprocessExecutor,
) -> None:
    agent = CodeExecutorAgent("terminal", executor, approval_func=approve)
    token = CancellationToken()
    run = asyncio.create_task(
        agent.run(task=python("import time; time.sleep(60)"), cancellation_token=token)
    )
    await executor.running.wait()
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert said(await agent.run(task=python("print(1)")))[-1][1] == "1\n"


async def test_what_the_executor_raises_comes_through() -> None:
    agent = CodeExecutorAgent("terminal", SubprocessExecutor(), approval_func=approve)
    with pytest.raises(AssertionError, match="was not started"):
        await agent.run(task=python("print(1)"))


async def test_state_reset_and_config(executor: SubprocessExecutor) -> None:
    client = replay(text(python("print(1)")), "One.", "Two.")
    agent = CodeExecutorAgent(
        "coder",
        executor,
        model_client=client,
        model_context=BufferedChatCompletionContext(20),
        max_retries_on_error=2,
        sources=["a", "b"],
        supported_languages=["python"],
        system_message=None,
        approval_func=ask_for_approval,
    )
    with asking_through(Person(YES)):
        await agent.run(task="Go")
    state = json.loads(json.dumps(await agent.save_state()))
    assert (state["type"], state["version"]) == ("CodeExecutorAgentState", "1.0.0")
    dumped = agent.dump_component()
    settings = ("sources", "supported_languages", "max_retries_on_error", "system_message")
    assert [dumped.config.get(name) for name in settings] == [["a", "b"], ["python"], 2, None]
    assert dumped.config["model_context"]["config"] == {"buffer_size": 20}
    other = CodeExecutorAgent.load_component(json.loads(dumped.model_dump_json()))
    assert other.dump_component() == dumped
    await other.load_state(state)
    assert await other.save_state() == state
    assert await agent.model_context.get_messages() != []
    await agent.on_reset(CancellationToken())
    assert await agent.model_context.get_messages() == []
    await agent.run(task="Anew")
    heard = client.create_calls[-1]["messages"]
    assert [message.content for message in heard] == ["Anew"]

    plain = CodeExecutorAgent("terminal", executor, approval_func=approve)
    with pytest.raises(ComponentError, match="approval_func"):
        plain.dump_component()


async def test_the_result_of_a_run_is_a_task_result(executor: SubprocessExecutor) -> None:
    agent = CodeExecutorAgent("terminal", executor, approval_func=approve)
    items = [item async for item in agent.run_stream(task=python("print(1)"))]
    assert isinstance(items[-1], TaskResult)
