"""Handoff: a tool by which an agent passes the conversation to another."""

from typing import Any

from pydantic import BaseModel, Field, model_validator

from nbagent.tools.base import BaseTool
from nbagent.tools.function_tool import FunctionTool


class Handoff(BaseModel, defer_build=True):
    """Passes the conversation to another agent when the model calls for it.

    Attributes:
        target: The name of the agent that takes over.
        description: What the model is told of it; "Handoff to TARGET." by default.
        name: The tool's name; "transfer_to_target" by default.
        message: What is said on handing over.
    """

    target: str
    description: str = Field(default="")
    name: str = Field(default="")
    message: str = Field(default="")

    @model_validator(mode="before")
    @classmethod
    def set_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill in what was not given, from the target's name."""
        values = dict(values)
        target = values.get("target")
        if not isinstance(target, str):
            return values  # the field's own check reports it
        if not values.get("description"):
            values["description"] = f"Handoff to {target}."
        if not values.get("name"):
            values["name"] = f"transfer_to_{target}".lower()
        elif not str(values["name"]).isidentifier():
            raise ValueError(f"Handoff name must be a valid identifier: {values['name']}")
        if not values.get("message"):
            values["message"] = (
                f"Transferred to {target}, adopting the role of {target} immediately."
            )
        return values

    @property
    def handoff_tool(self) -> BaseTool[BaseModel, BaseModel]:
        """The tool that a model calls to hand over."""
        message = self.message

        async def transfer() -> str:
            return message

        # Not strict: there are no parameters to hold a model to, and some servers refuse the word.
        return FunctionTool(transfer, name=self.name, description=self.description)
