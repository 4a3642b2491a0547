"""An agent of one's own that keeps a model context, and can be written as a component."""

import asyncio
from collections.abc import Sequence

from pydantic import BaseModel
from typing_extensions import Self

from nbagent import CancellationToken, Component, ComponentModel
from nbagent.agents import BaseChatAgent
from nbagent.base import Response
from nbagent.component import register_component
from nbagent.messages import BaseChatMessage, TextMessage
from nbagent.model_context import UnboundedChatCompletionContext
from nbagent.models import AssistantMessage, ChatCompletionClient, RequestUsage, SystemMessage
from nbagent.models.openai import OpenAIChatCompletionClient


class PoetConfig(BaseModel):
    name: str
    model_client: ComponentModel
    style: str = "haiku"


# The one line that is not AgentChat's: only known classes are loaded from data.
@register_component
class PoetAgent(BaseChatAgent, Component[PoetConfig]):
    component_config_schema = PoetConfig

    def __init__(self, name: str, model_client: ChatCompletionClient, style: str = "haiku") -> None:
        super().__init__(name=name, description=f"Writes a {style}.")
        self._model_client = model_client
        self._style = style
        self._model_context = UnboundedChatCompletionContext()

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        for message in messages:
            await self._model_context.add_message(message.to_model_message())
        result = await self._model_client.create(
            [
                SystemMessage(content=f"Write a {self._style}."),
                *await self._model_context.get_messages(),
            ],
            cancellation_token=cancellation_token,
        )
        assert isinstance(result.content, str)
        await self._model_context.add_message(
            AssistantMessage(content=result.content, source=self.name)
        )
        usage = RequestUsage(
            prompt_tokens=result.usage.prompt_tokens,
            completion_tokens=result.usage.completion_tokens,
        )
        return Response(
            chat_message=TextMessage(content=result.content, source=self.name, models_usage=usage)
        )

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        await self._model_context.clear()

    async def close(self) -> None:
        await self._model_client.close()

    def _to_config(self) -> PoetConfig:
        return PoetConfig(
            name=self.name, model_client=self._model_client.dump_component(), style=self._style
        )

    @classmethod
    def _from_config(cls, config: PoetConfig) -> Self:
        client = ChatCompletionClient.load_component(config.model_client)
        return cls(config.name, client, config.style)


async def main() -> str:
    poet = PoetAgent("poet", OpenAIChatCompletionClient(model="gpt-4o"), style="limerick")
    dumped = poet.dump_component()
    print(dumped.provider, dumped.component_type, dumped.config["style"])

    loaded = BaseChatAgent.load_component(dumped.model_dump())
    assert isinstance(loaded, PoetAgent)
    result = await loaded.run(task="About a sailor.")
    print(result.messages[-1].models_usage)
    await loaded.on_reset(CancellationToken())
    await loaded.run(task="About a goat.")
    await loaded.close()
    await poet.close()
    return dumped.model_dump_json()


if __name__ == "__main__":
    asyncio.run(main())
