"""Components: agents, models and tools as plain data, and back again.

`dump_component()` turns a component into a `ComponentModel`, which is JSON; `load_component()`
builds it again. A loaded name is looked up in a registry of known names and never imported as
it stands, so a config from somewhere else cannot make nbagent import other code. A class of
your own takes part after `register_component(MyClass)`.
"""

import importlib
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar, cast, overload

from pydantic import BaseModel, ValidationError
from typing_extensions import Self

from nbagent.exceptions import ComponentError

ComponentType: TypeAlias = (
    Literal["model", "agent", "tool", "termination", "token_provider", "workbench"] | str
)
ConfigT = TypeVar("ConfigT", bound=BaseModel)
ExpectedT = TypeVar("ExpectedT")

KNOWN_COMPONENTS: frozenset[str] = frozenset(
    {
        "nbagent.InMemoryStore",
        "nbagent.agents.AssistantAgent",
        "nbagent.agents.CodeExecutorAgent",
        "nbagent.agents.MessageFilterAgent",
        "nbagent.agents.SocietyOfMindAgent",
        "nbagent.agents.UserProxyAgent",
        "nbagent.base.AndTerminationCondition",
        "nbagent.base.OrTerminationCondition",
        "nbagent.cache_store.diskcache.DiskCacheStore",
        "nbagent.cache_store.redis.RedisStore",
        "nbagent.conditions.ExternalTermination",
        "nbagent.conditions.FunctionCallTermination",
        "nbagent.conditions.HandoffTermination",
        "nbagent.conditions.MaxMessageTermination",
        "nbagent.conditions.SourceMatchTermination",
        "nbagent.conditions.StopMessageTermination",
        "nbagent.conditions.TextMentionTermination",
        "nbagent.conditions.TextMessageTermination",
        "nbagent.conditions.TimeoutTermination",
        "nbagent.conditions.TokenUsageTermination",
        "nbagent.memory.ListMemory",
        "nbagent.memory.chromadb.ChromaDBVectorMemory",
        "nbagent.messages.StructuredMessageFactory",
        "nbagent.model_context.BufferedChatCompletionContext",
        "nbagent.model_context.HeadAndTailChatCompletionContext",
        "nbagent.model_context.TokenLimitedChatCompletionContext",
        "nbagent.model_context.UnboundedChatCompletionContext",
        "nbagent.models.cache.ChatCompletionCache",
        "nbagent.models.demo.DemoChatCompletionClient",
        "nbagent.models.openai.AzureOpenAIChatCompletionClient",
        "nbagent.models.openai.OpenAIChatCompletionClient",
        "nbagent.models.replay.ReplayChatCompletionClient",
        "nbagent.teams.GraphFlow",
        "nbagent.teams.MagenticOneGroupChat",
        "nbagent.teams.RoundRobinGroupChat",
        "nbagent.teams.SelectorGroupChat",
        "nbagent.teams.Swarm",
        "nbagent.tools.AgentTool",
        "nbagent.tools.FunctionTool",
        "nbagent.tools.StaticStreamWorkbench",
        "nbagent.tools.StaticWorkbench",
        "nbagent.tools.TeamTool",
        "nbagent.tools.mcp.McpWorkbench",
        "nbagent.tools.mcp.SseMcpToolAdapter",
        "nbagent.tools.mcp.StdioMcpToolAdapter",
        "nbagent.tools.mcp.StreamableHttpMcpToolAdapter",
    }
)
"""The components that `load_component` builds; each name is where the class is imported from."""

_registered: dict[str, type[Any]] = {}
_functions_allowed: ContextVar[bool] = ContextVar("nbagent_functions_allowed", default=False)
_built: ContextVar[list[Any] | None] = ContextVar("nbagent_built_components", default=None)


class ComponentModel(BaseModel, defer_build=True):
    """A component as plain data.

    Attributes:
        provider: The name of the class, such as "nbagent.agents.AssistantAgent".
        component_type: What kind of component it is.
        version: Version of this description's layout.
        component_version: Version of the component's own config.
        description: What the component is for.
        label: A short name for people.
        config: What the component needs to be built again.
    """

    provider: str
    component_type: ComponentType | None = None
    version: int | None = None
    component_version: int | None = None
    description: str | None = None
    label: str | None = None
    config: dict[str, Any]


class ComponentFromConfig(Generic[ConfigT]):
    """A class that can be built from its config."""

    @classmethod
    def _from_config(cls, config: ConfigT) -> Self:
        """Build the component from `config`."""
        raise ComponentError(
            f"{cls.__name__} cannot be loaded from data: it has no _from_config()."
        )


class ComponentToConfig(Generic[ConfigT]):
    """A class that can write itself down as a config."""

    component_type: ClassVar[ComponentType]
    component_version: ClassVar[int] = 1
    component_provider_override: ClassVar[str | None] = None
    component_description: ClassVar[str | None] = None
    component_label: ClassVar[str | None] = None

    def _to_config(self) -> ConfigT:
        """Write the component down as a config."""
        raise ComponentError(
            f"{type(self).__name__} cannot be dumped to data: it has no _to_config()."
        )

    def dump_component(self) -> ComponentModel:
        """The component as plain data.

        Raises:
            ComponentError: The component, or something in it, cannot be written as data.
        """
        cls = type(self)
        description = self.component_description
        if description is None and cls.__doc__:
            description = cls.__doc__.strip().split("\n\n")[0].replace("\n    ", " ")
        return ComponentModel(
            provider=component_name(cls),
            component_type=self.component_type,
            version=self.component_version,
            component_version=self.component_version,
            description=description,
            label=self.component_label or cls.__name__,
            config=self._to_config().model_dump(mode="json", exclude_none=True),
        )


class ComponentSchemaType(Generic[ConfigT]):
    """A class that names the pydantic model of its config."""

    component_config_schema: type[ConfigT]


class ComponentLoader:
    """Gives a class `load_component()`."""

    @overload
    @classmethod
    def load_component(
        cls, model: ComponentModel | dict[str, Any], expected: None = None
    ) -> Self: ...

    @overload
    @classmethod
    def load_component(
        cls, model: ComponentModel | dict[str, Any], expected: type[ExpectedT]
    ) -> ExpectedT: ...

    @classmethod
    def load_component(
        cls, model: ComponentModel | dict[str, Any], expected: type[ExpectedT] | None = None
    ) -> Self | ExpectedT:
        """Build the component that `model` describes.

        Args:
            model: What `dump_component()` gave, as an object or as a dict.
            expected: The class that the result must be an instance of; by default the class
                this is called on.

        Raises:
            ComponentError: The name is not known, the config does not fit or is of a later
                version, or the result is of another class.
        """
        try:
            spec = model if isinstance(model, ComponentModel) else ComponentModel(**model)
        except ValidationError as error:
            raise ComponentError(f"this is no component description: {error}") from error
        component_class = _known_class(spec.provider)
        if component_class is None:
            raise ComponentError(
                f"unknown component {spec.provider!r}: only known names are loaded. Call "
                "nbagent.component.register_component(YourClass) first if it is yours."
            )
        known_version = component_class.component_version
        if spec.component_version is not None and spec.component_version > known_version:
            raise ComponentError(
                f"the config of {spec.provider!r} has version {spec.component_version}, and this "
                f"nbagent reads version {known_version}. A newer nbagent wrote it."
            )
        try:
            config = component_class.component_config_schema.model_validate(spec.config)
        except ValidationError as error:
            raise ComponentError(f"the config of {spec.provider!r} is wrong: {error}") from error
        instance = component_class._from_config(config)
        built = _built.get()
        if built is not None:
            built.append(instance)
        wanted = expected if expected is not None else cls
        if wanted is not ComponentLoader and not isinstance(instance, wanted):
            raise ComponentError(
                f"expected a {wanted.__name__}, but {spec.provider!r} is a "
                f"{component_class.__name__}."
            )
        return cast("Self | ExpectedT", instance)


class ComponentBase(ComponentToConfig[ConfigT], ComponentLoader, Generic[ConfigT]):
    """Base of classes that are components."""


class Component(ComponentFromConfig[ConfigT], ComponentSchemaType[ConfigT], Generic[ConfigT]):
    """What a concrete component adds to `ComponentBase`: its config's schema and a builder."""


def component_name(component_class: type[Any]) -> str:
    """The name under which a component class is dumped."""
    if component_class.__module__.startswith("nbagent."):
        override = getattr(component_class, "component_provider_override", None)
    else:
        # What another's class inherits is the name of one of ours.
        override = vars(component_class).get("component_provider_override")
    if override:
        return str(override)
    return f"{component_class.__module__}.{component_class.__qualname__}"


def register_component(component_class: type[ExpectedT]) -> type[ExpectedT]:
    """Let `load_component()` build `component_class`. Usable as a class decorator."""
    _registered[component_name(component_class)] = component_class
    return component_class


@contextmanager
def allow_functions() -> Generator[None]:
    """Within this block, loading a `FunctionTool` may run the source code in its config.

    Use it only for a config that you trust as much as your own code.
    """
    token = _functions_allowed.set(True)
    try:
        yield
    finally:
        _functions_allowed.reset(token)


def functions_allowed() -> bool:
    """Whether `allow_functions()` is in force."""
    return _functions_allowed.get()


@contextmanager
def built_components() -> Generator[list[Any]]:
    """Within this block, note every component that is loaded, inner ones before outer ones.

    Whoever loads an agent only for a while closes what was built for it.
    """
    built: list[Any] = []
    token = _built.set(built)
    try:
        yield built
    finally:
        _built.reset(token)


def is_component_class(cls: type[Any]) -> bool:
    """Whether `cls` can be dumped and loaded."""
    return issubclass(cls, ComponentToConfig) and issubclass(cls, ComponentFromConfig)


def is_component_instance(cls: Any) -> bool:
    """Whether `cls`, an object in spite of its name, can be dumped and loaded."""
    return isinstance(cls, ComponentToConfig) and isinstance(cls, ComponentFromConfig)


def _known_class(provider: str) -> Any:
    """The class behind a known name; None for any other."""
    if provider in _registered:
        return _registered[provider]
    # Configs that AutoGen wrote name the same classes under its own three packages.
    name = provider
    for package in ("autogen_agentchat.", "autogen_core.", "autogen_ext."):
        if provider.startswith(package):
            name = "nbagent." + provider[len(package) :]
    if name not in KNOWN_COMPONENTS:
        return None
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)
