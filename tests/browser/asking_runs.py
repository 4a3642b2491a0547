"""Runs that ask a person, for the cells of the tests."""

import asyncio
from typing import Literal

from pydantic import BaseModel, Field

from nbagent.agents import AssistantAgent
from nbagent.base.task import TaskResult
from nbagent.messages import TextMessage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.models.types import CreateResult, FunctionCall, RequestUsage
from nbagent.questions.ask import ask
from nbagent.tools import FunctionTool
from tests.browser.runs import Stream, asked

sent: list[str] = []
"""The mails that `mailing()` has sent."""


class Trip(BaseModel):
    """What is asked for in `planning()`."""

    name: str = Field(description="As in the passport.")
    days: int = Field(ge=1, le=30)
    seat: Literal["aisle", "window"] = "aisle"
    vegetarian: bool = False
    notes: str = Field(default="", max_length=1000)


async def several(*prompts: str) -> Stream:
    """Asks several questions at once and tells the answers, in the order of the questions."""
    task = asked()
    yield task
    answers = await asyncio.gather(*(ask(prompt) for prompt in prompts))
    said = TextMessage(content=" | ".join(answers), source="assistant")
    yield said
    yield TaskResult(messages=[task, said])


async def choosing() -> Stream:
    """Asks for a yes or no, and then for one of many."""
    yield asked()
    book = await ask("Shall I book it?", bool)
    harbour = await ask("Which harbour?", choices=[f"Harbour {number}" for number in range(12)])
    said = TextMessage(content=f"{book}, {harbour}", source="assistant")
    yield said
    yield TaskResult(messages=[said])


async def planning() -> Stream:
    """Asks for a form to be filled in."""
    yield asked()
    trip = await ask("Some facts, please.", Trip)
    said = TextMessage(content=trip.model_dump_json(), source="assistant")
    yield said
    yield TaskResult(messages=[said])


async def mailing() -> Stream:
    """An assistant wants to send a mail, which a person must approve."""

    async def send_mail(to: str, copies: int = 1) -> str:
        """Send a mail."""
        sent.append(to)
        return f"sent to {to}, {copies} times"

    call = FunctionCall(id="call-1", name="send_mail", arguments='{"to": "jörg@example.org"}')
    wants = CreateResult(
        finish_reason="function_calls", content=[call], usage=RequestUsage(1, 1), cached=False
    )
    client = ReplayChatCompletionClient([wants, "That is all."])
    tool = FunctionTool(send_mail, "Send a mail.", approval="always")
    assistant = AssistantAgent("assistant", client, tools=[tool], reflect_on_tool_use=True)
    async for event in assistant.run_stream(task=asked()):
        yield event
