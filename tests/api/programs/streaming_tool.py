"""A tool that reports on the way, called through a workbench with other names for its tools."""

import asyncio
from collections.abc import AsyncGenerator

from pydantic import BaseModel

from nbagent import CancellationToken
from nbagent.tools import (
    BaseStreamTool,
    StaticStreamWorkbench,
    TextResultContent,
    ToolOverride,
    ToolResult,
)


class CountArgs(BaseModel):
    start: int


class Step(BaseModel):
    left: int


class CountTool(BaseStreamTool[CountArgs, Step, str]):
    def __init__(self) -> None:
        super().__init__(CountArgs, str, "count", "Count down.")

    async def run(self, args: CountArgs, cancellation_token: CancellationToken) -> str:
        return f"Counted from {args.start}."

    async def run_stream(
        self, args: CountArgs, cancellation_token: CancellationToken
    ) -> AsyncGenerator[Step | str, None]:
        for left in range(args.start, 0, -1):
            yield Step(left=left)
        yield await self.run(args, cancellation_token)


async def main() -> None:
    override = ToolOverride(name="launch", description="Launch a rocket.")
    async with StaticStreamWorkbench([CountTool()], tool_overrides={"count": override}) as bench:
        for schema in await bench.list_tools():
            print(schema["name"], "-", schema.get("description"))
        async for item in bench.call_tool_stream("launch", {"start": 2}):
            if isinstance(item, ToolResult):
                assert isinstance(item.result[0], TextResultContent)
                print(item.name, item.is_error, item.result[0].content)
            else:
                print("report:", item)
        wrong = await bench.call_tool("launch", {"start": "soon"})
        print(wrong.is_error, "start" in wrong.to_text())


if __name__ == "__main__":
    asyncio.run(main())
