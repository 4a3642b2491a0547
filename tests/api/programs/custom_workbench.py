"""A workbench of one's own: a shelf with a state that an agent puts things on."""

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from typing_extensions import Self

from nbagent import CancellationToken, Component
from nbagent.agents import AssistantAgent
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.tools import ParametersSchema, TextResultContent, ToolResult, ToolSchema, Workbench


class ShelfConfig(BaseModel):
    size: int


class Shelf(Workbench, Component[ShelfConfig]):
    component_config_schema = ShelfConfig

    def __init__(self, size: int) -> None:
        self._size = size
        self._things: list[str] = []
        self.opened = 0

    async def list_tools(self) -> list[ToolSchema]:
        return [
            ToolSchema(
                name="put",
                description="Put a thing on the shelf.",
                parameters=ParametersSchema(
                    type="object",
                    properties={"thing": {"type": "string"}},
                    required=["thing"],
                ),
            )
        ]

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        if len(self._things) == self._size:
            full = TextResultContent(content="The shelf is full.")
            return ToolResult(name=name, result=[full], is_error=True)
        self._things.append((arguments or {})["thing"])
        return ToolResult(
            name=name, result=[TextResultContent(content=f"On it: {', '.join(self._things)}.")]
        )

    async def start(self) -> None:
        self.opened += 1

    async def stop(self) -> None:
        self.opened -= 1

    async def reset(self) -> None:
        self._things.clear()

    async def save_state(self) -> Mapping[str, Any]:
        return {"things": list(self._things)}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        self._things = list(state["things"])

    def _to_config(self) -> ShelfConfig:
        return ShelfConfig(size=self._size)

    @classmethod
    def _from_config(cls, config: ShelfConfig) -> Self:
        return cls(config.size)


async def main() -> Mapping[str, Any]:
    model_client = OpenAIChatCompletionClient(model="gpt-4o")
    async with Shelf(size=1) as shelf:
        agent = AssistantAgent(
            "keeper",
            model_client,
            workbench=shelf,
            max_tool_iterations=5,
            system_message="Tidy up.",
        )
        result = await agent.run(task="Put the cup and the plate away.")
        print(result.messages[-1].to_text())
        state = await shelf.save_state()
    print(shelf.opened, shelf.dump_component().config)
    await model_client.close()
    return state


if __name__ == "__main__":
    asyncio.run(main())
