"""Two ways to stop a team from outside: at the end of a turn, and at once."""

import asyncio

from nbagent import CancellationToken
from nbagent.agents import AssistantAgent
from nbagent.conditions import ExternalTermination
from nbagent.models.replay import ReplayChatCompletionClient
from nbagent.teams import RoundRobinGroupChat
from nbagent.ui import Console


async def main() -> None:
    agent = AssistantAgent("digger", ReplayChatCompletionClient(["Deeper."] * 100_000))
    external_termination = ExternalTermination()
    team = RoundRobinGroupChat([agent], termination_condition=external_termination)

    run = asyncio.create_task(Console(team.run_stream(task="Dig.")))
    await asyncio.sleep(0.05)
    external_termination.set()
    result = await run
    print("stopped:", result.stop_reason)

    cancellation_token = CancellationToken()
    run = asyncio.create_task(team.run(task="Go on.", cancellation_token=cancellation_token))
    await asyncio.sleep(0.05)
    cancellation_token.cancel()
    try:
        await run
    except asyncio.CancelledError:
        print("cancelled")


if __name__ == "__main__":
    asyncio.run(main())
