"""What the configs of all teams have in common."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from nbagent.base.chat_agent import ChatAgent
from nbagent.base.team import Team
from nbagent.base.termination import TerminationCondition
from nbagent.component import ComponentLoader, ComponentModel


class GroupChatConfig(BaseModel, defer_build=True):
    """What every team's config holds."""

    name: str | None = None
    description: str | None = None
    participants: list[ComponentModel]
    termination_condition: ComponentModel | None = None
    max_turns: int | None = None

    def options(self) -> dict[str, Any]:
        """What a team is made with besides its participants."""
        return {
            "name": self.name,
            "description": self.description,
            "termination_condition": load_condition(self.termination_condition),
            "max_turns": self.max_turns,
        }


def dump_members(members: Sequence[ChatAgent | Team]) -> list[ComponentModel]:
    """The members, each as plain data."""
    return [member.dump_component() for member in members]


def load_members(models: Sequence[ComponentModel]) -> list[ChatAgent | Team]:
    """The members again; agents or teams, as the data says."""
    return [
        ComponentLoader.load_component(model, Team)
        if model.component_type == "team"
        else ComponentLoader.load_component(model, ChatAgent)
        for model in models
    ]


def load_agents(models: Sequence[ComponentModel]) -> list[ChatAgent]:
    """The members again, of a team that takes agents only."""
    return [ComponentLoader.load_component(model, ChatAgent) for model in models]


def dump_condition(condition: TerminationCondition | None) -> ComponentModel | None:
    """The condition as plain data."""
    return None if condition is None else condition.dump_component()


def load_condition(model: ComponentModel | None) -> TerminationCondition | None:
    """The condition again."""
    if model is None:
        return None
    return ComponentLoader.load_component(model, TerminationCondition)
