"""When a team stops: conditions, which `&` and `|` combine."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component, ComponentBase, ComponentModel
from nbagent.exceptions import TerminatedException
from nbagent.messages import BaseAgentEvent, BaseChatMessage, StopMessage


class TerminationCondition(ComponentBase[BaseModel], ABC):
    """Decides, from what is new after each turn, whether a team stops.

    A condition keeps a state. Once it has fired, it must be reset before it is asked again; a
    team does that when it stops. One that counts says in `save_state()` what it has counted, so
    that a team whose state was saved in the middle of a task goes on counting after `load_state()`.
    """

    component_type = "termination"

    @property
    @abstractmethod
    def terminated(self) -> bool:
        """Whether the condition has fired and was not reset since."""

    @abstractmethod
    async def __call__(
        self, messages: Sequence[BaseAgentEvent | BaseChatMessage]
    ) -> StopMessage | None:
        """Take in what is new.

        Args:
            messages: What happened since the last call: at first the task, then the events and
                messages of each turn.

        Returns:
            Why the team stops; None where it goes on.

        Raises:
            TerminatedException: The condition has fired already and was not reset.
        """

    @abstractmethod
    async def reset(self) -> None:
        """Back to the state at the beginning."""

    def begin_run(self) -> None:
        """Called when a run of the team begins, before anything is counted."""

    async def save_state(self) -> Mapping[str, Any]:
        """What the condition has counted, as plain data; nothing by default."""
        return {}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_state()` gave; called on a condition that was just reset."""

    def __and__(self, other: "TerminationCondition") -> "AndTerminationCondition":
        return AndTerminationCondition(self, other)

    def __or__(self, other: "TerminationCondition") -> "OrTerminationCondition":
        return OrTerminationCondition(self, other)


def refuse_after_firing(condition: TerminationCondition) -> None:
    """Raise what `TerminationCondition.__call__` raises after firing.

    Raises:
        TerminatedException: The condition has fired.
    """
    if condition.terminated:
        raise TerminatedException(
            f"{type(condition).__name__} has fired already. Call reset() on it before it is used "
            "again; a team does so by itself when it stops."
        )


async def save_condition(condition: TerminationCondition) -> dict[str, Any]:
    """The state of a condition, with the name of its kind."""
    return {"type": type(condition).__name__, "state": dict(await condition.save_state())}


async def load_condition(condition: TerminationCondition, saved: Mapping[str, Any] | None) -> None:
    """Take up what `save_condition()` gave.

    A condition of another kind, or one of which nothing was saved, begins afresh: a state may be
    loaded into a team that stops otherwise than the one it was saved from.
    """
    await condition.reset()
    if saved is not None and saved.get("type") == type(condition).__name__:
        await condition.load_state(saved.get("state") or {})


class CombinedConditionsConfig(BaseModel, defer_build=True):
    """Config of a combination: its conditions."""

    conditions: list[ComponentModel]


class _Combined(TerminationCondition, Component[CombinedConditionsConfig], ABC):
    """Several conditions as one.

    Args:
        *conditions: The conditions; a combination of the same kind is taken apart.
    """

    component_config_schema = CombinedConditionsConfig

    def __init__(self, *conditions: TerminationCondition) -> None:
        self._conditions: list[TerminationCondition] = []
        for condition in conditions:
            if isinstance(condition, type(self)):
                self._conditions += condition._conditions
            else:
                self._conditions.append(condition)

    async def reset(self) -> None:
        """Reset every condition."""
        for condition in self._conditions:
            await condition.reset()

    def begin_run(self) -> None:
        """Tell every condition."""
        for condition in self._conditions:
            condition.begin_run()

    async def save_state(self) -> Mapping[str, Any]:
        """The states of the conditions, in their order."""
        return {"conditions": [await save_condition(condition) for condition in self._conditions]}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_state()` gave; of further conditions nothing was saved."""
        saved = [*state.get("conditions", ()), *[None] * len(self._conditions)]
        for condition, its_state in zip(self._conditions, saved, strict=False):
            await load_condition(condition, its_state)

    def _to_config(self) -> CombinedConditionsConfig:
        return CombinedConditionsConfig(
            conditions=[condition.dump_component() for condition in self._conditions]
        )

    @classmethod
    def _from_config(cls, config: CombinedConditionsConfig) -> Self:
        return cls(
            *(
                TerminationCondition.load_component(condition, TerminationCondition)
                for condition in config.conditions
            )
        )


class AndTerminationCondition(_Combined):
    """Fires when all of its conditions have fired, not necessarily at once."""

    component_provider_override = "nbagent.base.AndTerminationCondition"

    def __init__(self, *conditions: TerminationCondition) -> None:
        super().__init__(*conditions)
        self._reasons: list[StopMessage] = []

    @property
    def terminated(self) -> bool:
        """Whether all have fired."""
        return all(condition.terminated for condition in self._conditions)

    async def __call__(
        self, messages: Sequence[BaseAgentEvent | BaseChatMessage]
    ) -> StopMessage | None:
        """Ask those that have not fired yet."""
        refuse_after_firing(self)
        for condition in self._conditions:
            if not condition.terminated:
                reason = await condition(messages)
                if reason is not None:
                    self._reasons.append(reason)
        return _joined(self._reasons) if self.terminated else None

    async def reset(self) -> None:
        """Reset every condition."""
        self._reasons.clear()
        await super().reset()

    async def save_state(self) -> Mapping[str, Any]:
        """The states of the conditions, and why those stopped that have fired."""
        reasons = [reason.dump() for reason in self._reasons]
        return {**await super().save_state(), "reasons": reasons}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_state()` gave."""
        await super().load_state(state)
        self._reasons = [StopMessage.load(reason) for reason in state.get("reasons", ())]


class OrTerminationCondition(_Combined):
    """Fires when one of its conditions has fired."""

    component_provider_override = "nbagent.base.OrTerminationCondition"

    @property
    def terminated(self) -> bool:
        """Whether one has fired."""
        return any(condition.terminated for condition in self._conditions)

    async def __call__(
        self, messages: Sequence[BaseAgentEvent | BaseChatMessage]
    ) -> StopMessage | None:
        """Ask all."""
        refuse_after_firing(self)
        reasons: list[StopMessage] = []
        for condition in self._conditions:
            reason = await condition(messages)
            if reason is not None:
                reasons.append(reason)
        return _joined(reasons) if reasons else None


def _joined(reasons: Sequence[StopMessage]) -> StopMessage:
    return StopMessage(
        content=", ".join(reason.content for reason in reasons),
        source=", ".join(reason.source for reason in reasons),
    )
