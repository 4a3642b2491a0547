"""Messages and events of one's own, said in a team."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Literal, cast

from pydantic import BaseModel

from nbagent import CancellationToken
from nbagent.agents import BaseChatAgent
from nbagent.base import Response
from nbagent.messages import BaseAgentEvent, BaseChatMessage, StructuredMessage
from nbagent.models import UserMessage
from nbagent.teams import RoundRobinGroupChat


class Order(BaseModel):
    dish: str
    count: int


class OrderTakenEvent(BaseAgentEvent):
    table: int
    type: Literal["OrderTakenEvent"] = "OrderTakenEvent"

    def to_text(self) -> str:
        return f"An order from table {self.table}."


class BillMessage(BaseChatMessage):
    cents: int
    type: Literal["BillMessage"] = "BillMessage"

    def to_text(self) -> str:
        return f"{self.cents / 100:.2f} EUR"

    def to_model_text(self) -> str:
        return self.to_text()

    def to_model_message(self) -> UserMessage:
        return UserMessage(content=self.to_text(), source=self.source)


class Waiter(BaseChatAgent):
    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (StructuredMessage[Order],)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        async for item in self.on_messages_stream(messages, cancellation_token):
            if isinstance(item, Response):
                return item
        raise AssertionError("There is always a response.")

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        event = OrderTakenEvent(source=self.name, table=4)
        yield event
        order = StructuredMessage[Order](content=Order(dish="soup", count=2), source=self.name)
        yield Response(chat_message=order, inner_messages=[event])

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        pass


class Cashier(BaseChatAgent):
    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (BillMessage,)

    async def on_messages(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> Response:
        order = messages[-1]
        assert isinstance(order, StructuredMessage)
        count = cast("StructuredMessage[Order]", order).content.count
        return Response(chat_message=BillMessage(cents=450 * count, source=self.name))

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        pass


def restaurant() -> RoundRobinGroupChat:
    return RoundRobinGroupChat(
        [Waiter("waiter", "Takes orders."), Cashier("cashier", "Writes bills.")],
        max_turns=2,
        custom_message_types=[OrderTakenEvent, BillMessage, StructuredMessage[Order]],
    )


async def main() -> None:
    team = restaurant()
    async for message in team.run_stream(task="Two soups, please."):
        if isinstance(message, BaseAgentEvent | BaseChatMessage):
            print(f"{type(message).__name__}: {message.to_text()}")
        else:
            print(message.stop_reason)
    state = await team.save_state()
    again = restaurant()
    await again.load_state(state)
    print(await again.save_state() == state)


if __name__ == "__main__":
    asyncio.run(main())
