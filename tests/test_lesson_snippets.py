"""The AgentChat lesson's snippets run after replacing three package names by `nbagent`.

The lesson itself is used where it is at hand; snippets of our own do the same everywhere.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.loopback import Answer, LoopbackServer, RecordedRequest, ToolCall

LESSON = Path(__file__).parents[2] / "shared" / "seed" / "agentchat-high-level-api.md"

# What snippets with these names need is not part of nbagent yet.
NOT_YET = ("LocalCommandLineCodeExecutor", "OpenAIAssistantAgent")

OWN = '''
```python
from autogen_ext.models.openai import OpenAIChatCompletionClient
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.ui import Console

client = OpenAIChatCompletionClient(model="gpt-4o", temperature=0.2, max_tokens=100)
agent = AssistantAgent(name="helper", model_client=client, system_message="Be brief.")
```
```python
result = await agent.run(task="What is a notebook?")
print(result.messages[-1].content, result.stop_reason)
```
```python
async for message in agent.run_stream(task="And a cell?"):
    print(message)
await Console(agent.run_stream(task="And a kernel?"))
```
```python
from autogen_core import Image
from autogen_agentchat.messages import MultiModalMessage, TextMessage

seen = MultiModalMessage(content=["What is it?", Image.from_file("architecture.png")], source="me")
result = await agent.run(task=seen)
assert isinstance(result.messages[-1], TextMessage)
await client.close()
```
```python
import asyncio
from autogen_core.tools import FunctionTool
from autogen_agentchat.base import TaskResult

def look_up(topic: str) -> str:
    """Look a topic up."""
    return f"{topic} is known."

async def main():
    model = OpenAIChatCompletionClient(model="gpt-4o", model_info={
        "vision": True, "function_calling": True, "json_output": True, "family": "gpt-4o",
        "structured_output": True})
    worker = AssistantAgent(name="worker", model_client=model, reflect_on_tool_use=True,
                            tools=[FunctionTool(look_up, description="Look up.")])
    async for message in worker.run_stream(task="Tell me about RAG."):
        if not isinstance(message, TaskResult):
            print(message.source, type(message).__name__)
    await model.close()

asyncio.run(main())
```
'''

RUNNER = """
import ast, asyncio, inspect, json, sys
from nbagent.base import TaskResult

space = {"__name__": "__main__", "TaskResult": TaskResult}
loop = asyncio.new_event_loop()
for number, source in enumerate(json.load(sys.stdin)):
    code = compile(source, f"snippet {number}", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if code.co_flags & inspect.CO_COROUTINE:
        loop.run_until_complete(eval(code, space))
    else:
        exec(code, space)
    print(f"=== snippet {number} ran", flush=True)
loop.close()
"""


def snippets(lesson: str) -> list[str]:
    """The lesson's Python, with the package names replaced."""
    found = re.findall(r"```python\n(.*?)```", lesson, re.DOTALL)
    renamed = [re.sub(r"autogen_(agentchat|core|ext)", "nbagent", code) for code in found]
    return [code for code in renamed if not any(name in code for name in NOT_YET)]


def answer(request: RecordedRequest) -> Answer:
    """Call the tool if there is one and it was not called yet; else say something."""
    messages = request.body["messages"]
    if request.body.get("tools") and messages[-1]["role"] != "tool":
        name = request.body["tools"][0]["function"]["name"]
        return Answer(tool_calls=[ToolCall(name, '{"topic": "RAG"}')])
    return Answer(text=["A short", " answer."])


def lessons() -> list[str]:
    return [OWN, LESSON.read_text(encoding="utf-8")] if LESSON.exists() else [OWN]


@pytest.mark.parametrize("lesson", lessons(), ids=["own", "lesson"][: len(lessons())])
async def test_snippets_run(lesson: str, tmp_path: Path) -> None:
    import json

    from PIL import Image as PILImage

    PILImage.new("RGB", (4, 4)).save(tmp_path / "architecture.png")
    codes = snippets(lesson)
    assert len(codes) >= 5
    async with LoopbackServer(answer) as server:
        environment = {
            **os.environ,
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "sk-test",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            "-c",
            RUNNER,
            cwd=tmp_path,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await process.communicate(json.dumps(codes).encode())
    out = printed.decode()
    assert process.returncode == 0, out
    assert out.count("=== snippet") == len(codes)
    assert "A short answer." in out
