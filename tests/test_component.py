"""Components: plain data and back, from known names only."""

import importlib
from typing import Any

import pytest
from pydantic import BaseModel

from nbagent import FunctionTool
from nbagent.agents import AssistantAgent
from nbagent.component import (
    KNOWN_COMPONENTS,
    Component,
    ComponentBase,
    ComponentLoader,
    allow_functions,
    is_component_class,
    register_component,
)
from nbagent.exceptions import ComponentError
from nbagent.model_context import BufferedChatCompletionContext, ChatCompletionContext
from nbagent.models import ChatCompletionClient


def double(x: int, times: int = 2) -> int:
    """Multiply."""
    return x * times


@pytest.mark.parametrize("name", sorted(KNOWN_COMPONENTS))
def test_every_known_name_is_a_component(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    cls = getattr(importlib.import_module(module), attribute)
    assert is_component_class(cls)
    assert cls.component_provider_override == name


@pytest.mark.parametrize("provider", ["os.system", "subprocess.Popen", "nbagent.nope.Nope", ""])
def test_unknown_names_are_not_imported(provider: str) -> None:
    with pytest.raises(ComponentError, match="unknown component"):
        ComponentLoader.load_component({"provider": provider, "config": {}})


def test_wrong_configs_and_classes_are_named() -> None:
    dumped = BufferedChatCompletionContext(3).dump_component()
    with pytest.raises(ComponentError, match="is a BufferedChatCompletionContext"):
        ComponentLoader.load_component(dumped, ChatCompletionClient)
    with pytest.raises(ComponentError, match="is a BufferedChatCompletionContext"):
        AssistantAgent.load_component(dumped)
    with pytest.raises(ComponentError, match="the config of"):
        ComponentLoader.load_component({"provider": dumped.provider, "config": {}})
    with pytest.raises(ComponentError, match="no component description"):
        ComponentLoader.load_component({"config": {}})
    loaded: Any = ComponentLoader.load_component(dumped, ChatCompletionContext)
    assert loaded.dump_component() == dumped


def test_what_a_component_tells_of_itself() -> None:
    dumped = BufferedChatCompletionContext(3).dump_component()
    assert dumped.model_dump() == {
        "provider": "nbagent.model_context.BufferedChatCompletionContext",
        "component_type": "chat_completion_context",
        "version": 1,
        "component_version": 1,
        "description": "Sends the last messages.",
        "label": "BufferedChatCompletionContext",
        "config": {"buffer_size": 3},
    }


def test_own_classes_can_be_registered() -> None:
    class Config(BaseModel):
        size: int

    class Own(ComponentBase[Config], Component[Config]):
        component_type = "own"
        component_config_schema = Config

        def __init__(self, size: int) -> None:
            self.size = size

        def _to_config(self) -> Config:
            return Config(size=self.size)

        @classmethod
        def _from_config(cls, config: Config) -> "Own":
            return cls(config.size)

    dumped = Own(3).dump_component()
    with pytest.raises(ComponentError, match="register_component"):
        Own.load_component(dumped)
    register_component(Own)
    assert Own.load_component(dumped).size == 3


def test_a_class_of_ones_own_has_the_name_that_it_gives_itself() -> None:
    class Named(BufferedChatCompletionContext):
        component_provider_override = "kept_files.Named"

    class Nameless(BufferedChatCompletionContext):
        pass

    dumped = Named(3).dump_component()
    assert dumped.provider == "kept_files.Named"
    register_component(Named)
    assert type(ChatCompletionContext.load_component(dumped)) is Named
    # The name of the class above would load something else.
    assert Nameless(3).dump_component().provider.endswith("<locals>.Nameless")


def test_functions_are_loaded_only_where_allowed() -> None:
    dumped = FunctionTool(double, "Multiply a number.").dump_component()
    with pytest.raises(ComponentError, match="allow_functions"):
        FunctionTool.load_component(dumped)
    with allow_functions():
        tool = FunctionTool.load_component(dumped)
    assert tool.schema == FunctionTool(double, "Multiply a number.").schema
    with pytest.raises(ComponentError, match="allow_functions"):
        FunctionTool.load_component(dumped)
