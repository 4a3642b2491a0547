"""ShownRun on a page of the tests' own: what Stop means to an answer that comes with it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from nbagent.base.task import TaskResult
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.notebook.open_questions import OpenQuestions
from nbagent.notebook.run import STOPPED, ShownRun
from nbagent.questions import Asker, InputRequest, InvalidAnswerError, Question, current_asker
from nbagent.transcript import Patch, QuestionItem, Transcript

Stream = AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]


class Page:
    """A page with nobody in front of it but the test."""

    comm_id = ""

    def asker(self, questions: OpenQuestions) -> Asker:
        return questions

    def apply(self, patches: Sequence[Patch]) -> None:
        """The test looks at the transcript."""

    async def send_changes(self) -> None:
        await asyncio.Event().wait()

    def refuse(self, request_id: str, error: InvalidAnswerError) -> None:
        raise AssertionError(f"the answer to {request_id} fits: {error}")


async def test_an_answer_that_comes_with_stop_does_not_count() -> None:
    heard: list[str] = []

    async def asks() -> Stream:
        request = InputRequest("r1", Question(prompt="Go on?"), source="", check=str)
        heard.append(await current_asker().ask(request))
        yield TaskResult(messages=[])

    transcript = Transcript()
    run = ShownRun(asks(), transcript)
    shown = asyncio.create_task(run.show_on(Page()))
    for _ in range(20):
        await asyncio.sleep(0)
    assert transcript.items, "the question is open"
    run.stop_requested()
    run.answered("r1", "yes")
    result = await shown
    assert isinstance(result, TaskResult) and result.stop_reason == STOPPED
    assert heard == []
    question = transcript.items[0]
    assert isinstance(question, QuestionItem) and question.state == "cancelled"
