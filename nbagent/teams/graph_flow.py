"""GraphFlow: the participants speak as a directed graph says."""

import warnings
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import Self

from nbagent.base.chat_agent import ChatAgent
from nbagent.base.team_shape import TeamShape
from nbagent.base.termination import TerminationCondition
from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.exceptions import ComponentError
from nbagent.messages import BaseAgentEvent, BaseChatMessage
from nbagent.state import GraphManagerState
from nbagent.teams.base_group_chat import BaseGroupChat, Speakers
from nbagent.teams.config import GroupChatConfig, load_agents
from nbagent.teams.digraph import DiGraph
from nbagent.teams.graph_progress import GraphProgress
from nbagent.teams.participant import Event, Turn
from nbagent.teams.runtime import no_runtime

COMPLETE = "Digraph execution is complete"


class GraphFlowConfig(GroupChatConfig, defer_build=True):
    """Config of `GraphFlow`."""

    graph: DiGraph


class GraphFlow(BaseGroupChat, Component[GraphFlowConfig]):
    """A team whose participants speak in the order of a graph.

    All participants that are due speak at once. When one has spoken, those edges that leave it
    are followed whose condition holds; a participant is due when the edges that it waits for
    were followed. The run ends when nobody is due. The next run then begins at the start again;
    a run that was interrupted goes on where it was.

    Args:
        participants: The agents that are the graph's nodes.
        graph: Who follows whom; `DiGraphBuilder` makes one.
        name: The team's name.
        description: What it is good for.
        termination_condition: Stops the team; None for none.
        max_turns: Turns in one run at most; None for any number. Those who speak at once take
            one turn.
        runtime: There is no runtime here; only None is accepted.
        custom_message_types: Further types of messages that are said in this team.

    Raises:
        ValueError: The graph cannot be run, a node has no participant, or the graph has cycles
            and nothing limits the run.
    """

    component_config_schema = GraphFlowConfig
    component_provider_override = "nbagent.teams.GraphFlow"
    manager_name = "GraphManager"
    takes_teams = False
    DEFAULT_NAME = "GraphFlow"
    DEFAULT_DESCRIPTION = "A team of agents"

    def __init__(
        self,
        participants: Sequence[ChatAgent],
        graph: DiGraph,
        *,
        name: str | None = None,
        description: str | None = None,
        termination_condition: TerminationCondition | None = None,
        max_turns: int | None = None,
        runtime: None = None,
        custom_message_types: Sequence[type[BaseAgentEvent | BaseChatMessage]] | None = None,
    ) -> None:
        no_runtime(runtime)
        super().__init__(
            name or self.DEFAULT_NAME,
            description or self.DEFAULT_DESCRIPTION,
            participants,
            termination_condition,
            max_turns,
            custom_message_types,
        )
        graph.graph_validate()
        self._check_nodes(graph)
        if graph.get_has_cycles() and termination_condition is None and max_turns is None:
            raise ValueError(
                "A termination condition is required for cyclic graphs without a maximum turn "
                "limit. Pass termination_condition=... or max_turns=..."
            )
        self._graph = graph
        self._progress = GraphProgress(graph)
        # What was said by nodes whose edges have not been followed yet.
        self._said: dict[str, BaseChatMessage] = {}

    def _check_nodes(self, graph: DiGraph) -> None:
        missing = [node for node in graph.nodes if node not in self._participants]
        if missing:
            raise ValueError(
                f"The graph has the node {missing[0]!r}, and no participant has that name. The "
                f"participants are {', '.join(map(repr, self._participants))}."
            )
        others = [member for member in self._participants if member not in graph.nodes]
        if others:
            warnings.warn(
                f"{', '.join(map(repr, others))} will never speak: the graph has no such node.",
                stacklevel=3,
            )

    async def begin(self, messages: Sequence[BaseChatMessage]) -> None:
        """A new task after the flow has come to its end begins it again."""
        self._follow_edges()
        if messages and not self._progress.ready:
            self._progress.begin()

    def _follow_edges(self) -> None:
        for name, message in list(self._said.items()):
            self._progress.finish(name, message)
            del self._said[name]

    async def select_speakers(
        self, thread: Sequence[Event], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Speakers | str, None]:
        """All who are due."""
        self._follow_edges()
        if speakers := self._progress.start():
            yield speakers
        else:
            self._progress.begin()
            yield COMPLETE

    async def after_turn(self, names: Sequence[str], turns: Sequence[Turn]) -> None:
        """Keep what was said. A turn that did not end is taken again in the next run.

        The edges are followed later, so that a condition that fails loses no message.
        """
        for name, turn in zip(names, turns, strict=True):
            self._said[name] = turn.said[-1]

    async def reset_manager(self) -> None:
        """Back to the start."""
        self._said.clear()
        self._progress.begin()

    def save_manager(self) -> GraphManagerState:
        """How far the flow has come."""
        return GraphManagerState(
            ready=list(self._progress.ready),
            followed=self._progress.save(),
            said={name: message.dump() for name, message in self._said.items()},
        )

    def load_manager(self, state: Mapping[str, Any]) -> None:
        """Take up what `save_manager()` gave."""
        saved = GraphManagerState.read(state)
        said: dict[str, BaseChatMessage] = {}
        for name, data in saved.said.items():
            message = self._factory.create(data)
            assert isinstance(message, BaseChatMessage)
            said[name] = message
        self._progress.load(saved.ready, saved.followed)
        self._said = said

    def shape(self) -> TeamShape:
        """What a picture of the team shows."""
        members = {node.name: node for node in self.shape_nodes()}
        return replace(self._graph.shape(members), name=self.name, title=type(self).__name__)

    def _to_config(self) -> GraphFlowConfig:
        for source, edge in self._graph.edges():
            if edge.condition_function is not None:
                raise ComponentError(
                    f"the condition of the edge {source!r} -> {edge.target!r} is a function "
                    f"({edge.label}), which cannot be dumped. Use a text that the message must "
                    "contain, or build the team in code."
                )
        return GraphFlowConfig(
            **self._common_config(),
            graph=self._graph,
        )

    @classmethod
    def _from_config(cls, config: GraphFlowConfig) -> Self:
        return cls(
            load_agents(config.participants),
            config.graph,
            **config.options(),
        )
