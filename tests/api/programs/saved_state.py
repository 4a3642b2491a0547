"""The state of an agent and of a team: to a file and back into new ones."""

import asyncio
import json
import sys
from pathlib import Path

from nbagent import CancellationToken
from nbagent.agents import AssistantAgent
from nbagent.conditions import MaxMessageTermination
from nbagent.messages import TextMessage
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.state import AssistantAgentState, TeamState
from nbagent.teams import RoundRobinGroupChat


async def main(folder: Path) -> None:
    model_client = OpenAIChatCompletionClient(model="gpt-4o-2024-08-06")

    def new_agent() -> AssistantAgent:
        return AssistantAgent("poet", model_client, system_message="You are a poet.")

    def new_team() -> RoundRobinGroupChat:
        return RoundRobinGroupChat(
            [new_agent()], termination_condition=MaxMessageTermination(max_messages=2)
        )

    agent = new_agent()
    await agent.on_messages(
        [TextMessage(content="A line about a lake.", source="user")], CancellationToken()
    )
    agent_state = await agent.save_state()
    print(len(AssistantAgentState.model_validate(agent_state).llm_context["messages"]))
    restored = new_agent()
    await restored.load_state(agent_state)
    await restored.on_messages(
        [TextMessage(content="What was that about?", source="user")], CancellationToken()
    )

    team = new_team()
    await team.run(task="A line about a hill.")
    path = folder / "team_state.json"
    path.write_text(json.dumps(await team.save_state()), encoding="utf-8")

    team_state = json.loads(path.read_text(encoding="utf-8"))
    print(sorted(TeamState.model_validate(team_state).agent_states))
    new = new_team()
    await new.load_state(team_state)
    print((await new.run(task="And that?")).messages[-1].to_text())
    await model_client.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
