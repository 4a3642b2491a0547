"""Conditions, models, agents and teams as JSON, and back again."""

import asyncio

from nbagent import ComponentModel
from nbagent.agents import AssistantAgent, UserProxyAgent
from nbagent.base import OrTerminationCondition
from nbagent.conditions import MaxMessageTermination, StopMessageTermination
from nbagent.models import ChatCompletionClient
from nbagent.models.openai import OpenAIChatCompletionClient
from nbagent.teams import RoundRobinGroupChat


async def main() -> str:
    either = MaxMessageTermination(5) | StopMessageTermination()
    config = either.dump_component()
    print(config.provider, config.component_type, len(config.config["conditions"]))
    loaded = OrTerminationCondition.load_component(config)
    assert isinstance(loaded, OrTerminationCondition)

    model_client = OpenAIChatCompletionClient(model="gpt-4o", api_key="sk-not-in-the-file")
    agent = AssistantAgent(name="assistant", model_client=model_client, handoffs=["flights"])
    user_proxy = UserProxyAgent(name="user")
    team = RoundRobinGroupChat(participants=[agent, user_proxy], termination_condition=either)
    text = team.dump_component().model_dump_json()

    again = RoundRobinGroupChat.load_component(ComponentModel.model_validate_json(text))
    print(type(again).__name__, again.name)
    # AutoGen's own files name the same classes.
    old = ChatCompletionClient.load_component(
        {
            "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
            "component_type": "model",
            "version": 1,
            "component_version": 1,
            "config": {"model": "gpt-4o-mini", "api_key": "sk-old"},
        }
    )
    print(type(old).__name__, old.model_info["vision"])
    await old.close()
    await model_client.close()
    return text


if __name__ == "__main__":
    asyncio.run(main())
