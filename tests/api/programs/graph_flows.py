"""Flows along a graph: side by side and joined, with filtered messages, and a loop with an exit."""

import asyncio

from nbagent.agents import (
    AssistantAgent,
    MessageFilterAgent,
    MessageFilterConfig,
    PerSourceFilter,
)
from nbagent.conditions import MaxMessageTermination
from nbagent.messages import BaseChatMessage
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import DiGraphBuilder, GraphFlow
from nbagent.ui import Console


async def joined() -> ReplayChatCompletionClient:
    offer_model = ReplayChatCompletionClient(["900 euros."])
    surveyor = AssistantAgent("surveyor", ReplayChatCompletionClient(["A plan of the house."]))
    plumber = AssistantAgent("plumber", ReplayChatCompletionClient(["Two baths."]))
    electrician = AssistantAgent("electrician", ReplayChatCompletionClient(["Nine lamps."]))
    offer = MessageFilterAgent(
        name="offer",
        wrapped_agent=AssistantAgent("offer", offer_model),
        filter=MessageFilterConfig(
            per_source=[
                PerSourceFilter(source="user", position="first", count=1),
                PerSourceFilter(source="plumber", position="last", count=1),
                PerSourceFilter(source="electrician", position="last", count=1),
            ]
        ),
    )
    builder = DiGraphBuilder()
    builder.add_node(surveyor).add_node(plumber).add_node(electrician).add_node(offer)
    for trade in (plumber, electrician):
        builder.add_edge(surveyor, trade)
        builder.add_edge(trade, offer)
    flow = GraphFlow(participants=builder.get_participants(), graph=builder.build())
    await Console(flow.run_stream(task="What does it cost?"))
    return offer_model


async def looped() -> None:
    smith = AssistantAgent("smith", ReplayChatCompletionClient(["A key", "A new key"]))
    door = AssistantAgent("door", ReplayChatCompletionClient(["It sticks", "It turns"]))
    porter = AssistantAgent("porter", ReplayChatCompletionClient(["Come in."]))

    def turns(message: BaseChatMessage) -> bool:
        return "turns" in message.to_model_text()

    builder = DiGraphBuilder()
    builder.add_node(smith).add_node(door).add_node(porter)
    builder.add_edge(smith, door)
    builder.add_edge(door, porter, condition=turns)
    builder.add_edge(door, smith, condition=lambda message: not turns(message))
    builder.set_entry_point(smith)
    graph = builder.build()

    flow = GraphFlow(
        participants=[smith, door, porter],
        graph=graph,
        termination_condition=MaxMessageTermination(10),
    )
    result = await flow.run(task="Open the door.")
    print([message.source for message in result.messages], result.stop_reason)


async def main() -> ReplayChatCompletionClient:
    offer_model = await joined()
    await looped()
    return offer_model


if __name__ == "__main__":
    asyncio.run(main())
