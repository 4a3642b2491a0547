"""DiGraph: which agent follows which in a `GraphFlow`, and on what condition."""

import inspect
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal

from pydantic import BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from nbagent.base.team_shape import (
    ShapeEdge,
    ShapeNode,
    TeamShape,
    TeamShapeKind,
    picture_bundle,
)
from nbagent.messages import BaseChatMessage

Activation = Literal["all", "any"]
"""What a node waits for: all edges of a group, or any one of them."""

EdgeCondition = Callable[[BaseChatMessage], bool]
"""A function that decides, from what the source said, whether an edge is followed."""


class DiGraphEdge(BaseModel):
    """An edge to another node.

    Attributes:
        target: The name of the node that it leads to.
        condition: When it is followed: a text that the source's message must contain, or a
            function of that message; None for always. A function is kept as
            `condition_function`.
        condition_function: The function, where the condition is one.
        activation_group: Edges to one target in the same group belong together; the target's
            name by default.
        activation_condition: Whether the target waits for all edges of the group, or any. Left
            out, it is what the target's node says.
    """

    target: str
    condition: str | EdgeCondition | None = None
    condition_function: EdgeCondition | None = Field(default=None, exclude=True)
    activation_group: str = ""
    activation_condition: Activation = "all"

    def model_post_init(self, context: Any, /) -> None:
        """Sort the condition into its field, and name the group."""
        if callable(self.condition):
            self.condition_function = self.condition
            self.condition = None
        if not self.activation_group:
            self.activation_group = self.target

    @property
    def is_conditional(self) -> bool:
        """Whether it is followed only sometimes."""
        return self.condition is not None or self.condition_function is not None

    @property
    def label(self) -> str:
        """The condition in a few words; empty for none."""
        if self.condition_function is not None:
            name = getattr(self.condition_function, "__name__", "")
            return f"{name}()" if name.isidentifier() else "function"
        return "" if self.condition is None else f"“{self.condition}”"

    def check_condition(self, message: BaseChatMessage) -> bool:
        """Whether the edge is followed after its source said `message`.

        Raises:
            TypeError: The condition is an async function.
        """
        if self.condition_function is not None:
            follows = self.condition_function(message)
            if inspect.isawaitable(follows):
                if inspect.iscoroutine(follows):
                    follows.close()
                raise TypeError(
                    f"The condition of the edge to {self.target!r} is an async function. Give a "
                    "plain function that takes a message and returns a bool."
                )
            return bool(follows)
        # isinstance, as a function is kept in the other field
        return not isinstance(self.condition, str) or self.condition in message.to_model_text()

    @model_serializer(mode="wrap")
    def _refuse_functions(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        if self.condition_function is not None:
            raise ValueError(
                f"The condition of the edge to {self.target!r} is a function ({self.label}), which "
                "cannot be written down as data. Use a text that the message must contain."
            )
        return handler(self)


class DiGraphNode(BaseModel):
    """A node: an agent, by its name, and the edges that leave it.

    Attributes:
        name: The agent's name.
        edges: Where it leads.
        activation: Whether the node waits for all edges that lead to it, or any, where the
            edges do not say it themselves.
    """

    name: str
    edges: list[DiGraphEdge] = []
    activation: Activation = "all"


class DiGraph(BaseModel):
    """A directed graph of agents. `DiGraphBuilder` puts one together.

    Attributes:
        nodes: The nodes by their names.
        default_start_node: Where the flow begins; None for all nodes that no edge leads to.
    """

    nodes: dict[str, DiGraphNode]
    default_start_node: str | None = None

    def model_post_init(self, context: Any, /) -> None:
        """Let edges that do not say how they activate take it from their target."""
        for _, edge in self.edges():
            if "activation_condition" not in edge.model_fields_set and edge.target in self.nodes:
                edge.activation_condition = self.nodes[edge.target].activation

    def edges(self) -> Iterator[tuple[str, DiGraphEdge]]:
        """Every edge with the name of its source."""
        for name, node in self.nodes.items():
            for edge in node.edges:
                yield name, edge

    def get_parents(self) -> dict[str, list[str]]:
        """For each node, those with an edge to it."""
        parents: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, edge in self.edges():
            parents.setdefault(edge.target, [])
            if source not in parents[edge.target]:
                parents[edge.target].append(source)
        return parents

    def get_start_nodes(self) -> set[str]:
        """Where the flow begins."""
        if self.default_start_node is not None:
            return {self.default_start_node}
        return {name for name, parents in self.get_parents().items() if not parents}

    def get_leaf_nodes(self) -> set[str]:
        """The nodes that no edge leaves."""
        return {name for name, node in self.nodes.items() if not node.edges}

    def get_remaining_map(self) -> dict[str, dict[str, int]]:
        """For each node, how many edges each of its activation groups has."""
        remaining: dict[str, dict[str, int]] = {name: {} for name in self.nodes}
        for _, edge in self.edges():
            groups = remaining.setdefault(edge.target, {})
            groups[edge.activation_group] = groups.get(edge.activation_group, 0) + 1
        return remaining

    def get_has_cycles(self) -> bool:
        """Whether the flow can come back to a node."""
        return _cycle(self, lambda edge: True) is not None

    def has_cycles_with_exit(self) -> bool:
        """Whether there are cycles; each of them can be left.

        Raises:
            ValueError: A cycle has no condition on any of its edges, so that it never ends.
        """
        endless = _cycle(self, lambda edge: not edge.is_conditional)
        if endless is not None:
            raise ValueError(
                f"Cycle detected without exit condition: {' -> '.join(endless)}. Put a condition "
                "on one of these edges, and on each other edge that leaves the same node."
            )
        return self.get_has_cycles()

    def graph_validate(self) -> None:
        """Check that the graph can be run.

        Raises:
            ValueError: It has no nodes, no start or no leaf; an edge leads to an unknown node;
                the edges that leave a node are partly conditional; edges of one activation
                group contradict each other; a cycle has no exit; or a node waits for itself.
        """
        if not self.nodes:
            raise ValueError("Graph has no nodes. Add at least one with add_node().")
        self._check_names()
        if not self.get_start_nodes():
            raise ValueError(
                "Graph must have at least one start node: an edge leads to every node of it. Name "
                "the one to begin with by set_entry_point(), or as default_start_node."
            )
        if not self.get_leaf_nodes():
            raise ValueError(
                "Graph must have at least one leaf node: every node has an edge that leaves it. "
                "Add a node at which the flow ends."
            )
        self._check_conditions()
        self._check_groups()
        self.has_cycles_with_exit()
        self._check_waits()

    def _check_names(self) -> None:
        for name, node in self.nodes.items():
            if name != node.name:
                raise ValueError(f"The node under {name!r} has another name: {node.name!r}.")
        known = ", ".join(map(repr, self.nodes))
        for source, edge in self.edges():
            if edge.target not in self.nodes:
                raise ValueError(
                    f"The edge {source!r} -> {edge.target!r} leads to an unknown node. The graph "
                    f"has {known}; add {edge.target!r} as a node, or name one of these."
                )
        if self.default_start_node is not None and self.default_start_node not in self.nodes:
            raise ValueError(
                f"The start node {self.default_start_node!r} is not in the graph, which has "
                f"{known}."
            )

    def _check_conditions(self) -> None:
        for name, node in self.nodes.items():
            free = [edge.target for edge in node.edges if not edge.is_conditional]
            if free and len(free) < len(node.edges):
                raise ValueError(
                    f"Node {name!r} has a mix of conditional and unconditional edges: that to "
                    f"{free[0]!r} has no condition, others have. Give every edge that leaves "
                    f"{name!r} a condition, or none of them."
                )

    def _check_groups(self) -> None:
        seen: dict[tuple[str, str], tuple[str, Activation]] = {}
        for source, edge in self.edges():
            key = (edge.target, edge.activation_group)
            other, condition = seen.setdefault(key, (source, edge.activation_condition))
            if condition != edge.activation_condition:
                raise ValueError(
                    f"Conflicting activation conditions for node {edge.target!r}, group "
                    f"{edge.activation_group!r}: {other!r} -> {edge.target!r} has {condition!r}, "
                    f"{source!r} -> {edge.target!r} has {edge.activation_condition!r}. Give both "
                    "the same, or put them into two groups."
                )

    def _check_waits(self) -> None:
        """Refuse a node that waits for what comes only after it: it would never run."""
        starts = self.get_start_nodes()
        reached = self._reached(starts, without=None)
        for name in reached - starts:
            before = self._reached(starts, without=name)
            groups: dict[str, list[tuple[str, DiGraphEdge]]] = {}
            for source, edge in self.edges():
                if edge.target == name:
                    groups.setdefault(edge.activation_group, []).append((source, edge))
            waits = {
                group: next((source for source, _ in edges if source not in before), None)
                for group, edges in groups.items()
                if edges[0][1].activation_condition == "all"
            }
            if len(waits) == len(groups) and all(waits.values()):
                source = next(iter(waits.values()))
                raise ValueError(
                    f"Node {name!r} can never run: it waits for all edges that lead to it, and "
                    f"{source!r} comes only after {name!r} itself. Give the edge {source!r} -> "
                    f"{name!r} an activation_group of its own, or all of them "
                    "activation_condition='any'."
                )

    def _reached(self, starts: set[str], *, without: str | None) -> set[str]:
        """What a flow from `starts` can reach that does not go through a node."""
        reached: set[str] = set()
        waiting = [name for name in starts if name != without]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += [edge.target for edge in self.nodes[name].edges]
                waiting = [each for each in waiting if each != without]
        return reached

    def shape(self, members: dict[str, ShapeNode] | None = None) -> TeamShape:
        """What a picture of the graph shows.

        Args:
            members: What is known of the nodes beyond their names.
        """
        known = members or {}
        groups = self.get_remaining_map()
        return TeamShape(
            kind=TeamShapeKind.GRAPH,
            name="DiGraph",
            title="DiGraph",
            nodes=tuple(known.get(name, ShapeNode(name)) for name in self.nodes),
            edges=tuple(
                ShapeEdge(
                    source,
                    edge.target,
                    edge.label,
                    joins=edge.activation_condition == "all"
                    and groups[edge.target][edge.activation_group] > 1,
                )
                for source, edge in self.edges()
            ),
            starts=tuple(name for name in self.nodes if name in self.get_start_nodes()),
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The graph as a picture, for a notebook that shows it as a cell's value."""
        return picture_bundle(self.shape())


def _cycle(graph: DiGraph, follows: Callable[[DiGraphEdge], bool]) -> list[str] | None:
    """A cycle along the edges that `follows` takes, first node repeated; None where none is."""
    before: dict[str, set[str]] = {name: set() for name in graph.nodes}
    for source, edge in graph.edges():
        if follows(edge):
            before.setdefault(edge.target, set()).add(source)
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        return cycle
    return None
