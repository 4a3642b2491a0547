"""The states that agents and teams save, as pydantic models with a written version."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field


class BaseState(BaseModel, defer_build=True):
    """Base of all saved states.

    Attributes:
        type: What the state belongs to.
        version: Version of its layout.
    """

    type: str = "BaseState"
    version: str = "1.0.0"


class AssistantAgentState(BaseState):
    """State of an `AssistantAgent`: that of its model context."""

    llm_context: Mapping[str, Any] = Field(
        default_factory=lambda: dict[str, Any]([("messages", [])])
    )
    type: str = "AssistantAgentState"
