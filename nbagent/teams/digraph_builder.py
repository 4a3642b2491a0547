"""DiGraphBuilder: puts a `DiGraph` together, node by node and edge by edge."""

from typing import Any

from typing_extensions import Self

from nbagent.base.chat_agent import ChatAgent
from nbagent.base.team_shape import ShapeNode, picture_bundle
from nbagent.teams.digraph import Activation, DiGraph, DiGraphEdge, DiGraphNode, EdgeCondition


class DiGraphBuilder:
    """Puts a graph together; each method that adds something returns the builder.

    ```
    builder = DiGraphBuilder()
    builder.add_node(writer).add_node(critic).add_node(editor)
    builder.add_edge(writer, critic)
    builder.add_conditional_edges(critic, {"REVISE": writer, "APPROVE": editor})
    builder.set_entry_point(writer)
    team = GraphFlow(builder.get_participants(), builder.build())
    ```
    """

    def __init__(self) -> None:
        self.nodes: dict[str, DiGraphNode] = {}
        self.agents: dict[str, ChatAgent] = {}
        self._start: str | None = None

    def add_node(self, agent: ChatAgent, activation: Activation = "all") -> Self:
        """Add an agent.

        Args:
            agent: The agent.
            activation: Whether it waits for all edges that lead to it, or any, where the edges
                do not say it themselves.

        Raises:
            ValueError: Another agent of this name is in the graph.
        """
        known = self.agents.setdefault(agent.name, agent)
        if known is not agent:
            raise ValueError(
                f"There are two agents of the name {agent.name!r}. Give one of them another name."
            )
        if agent.name not in self.nodes:
            self.nodes[agent.name] = DiGraphNode(name=agent.name, edges=[], activation=activation)
        return self

    def add_edge(
        self,
        source: str | ChatAgent,
        target: str | ChatAgent,
        condition: str | EdgeCondition | None = None,
        activation_group: str | None = None,
        activation_condition: Activation | None = None,
    ) -> Self:
        """Add an edge.

        Args:
            source: Where it leaves, as an agent or by its name.
            target: Where it leads.
            condition: When it is followed: a text that the source's message contains, or a
                function of that message; None for always.
            activation_group: Edges to one target in the same group belong together. A target
                runs when one of its groups is complete.
            activation_condition: Whether a group is complete with all of its edges, or any; by
                default what `add_node()` said of the target.

        Raises:
            ValueError: An end is not in the graph yet.
            TypeError: The condition is of another type.
        """
        start = self._known(source, "Source node", "before adding an edge")
        end = self._known(target, "Target node", "before adding an edge")
        if condition is not None and not isinstance(condition, str) and not callable(condition):  # pyright: ignore[reportUnnecessaryComparison]
            raise TypeError(
                f"The condition of the edge {start!r} -> {end!r} must be a text, a function or "
                f"None, not {condition!r}."
            )
        self.nodes[start].edges.append(
            DiGraphEdge(
                target=end,
                condition=condition,
                activation_group=activation_group or end,
                activation_condition=activation_condition or self.nodes[end].activation,
            )
        )
        return self

    def add_conditional_edges(
        self, source: str | ChatAgent, condition_to_target: dict[str, str | ChatAgent]
    ) -> Self:
        """Add an edge for each text: it is followed where the source's message contains it.

        Args:
            source: Where they leave.
            condition_to_target: Where each text leads.

        Raises:
            ValueError: An end is not in the graph yet.
        """
        for condition, target in condition_to_target.items():
            self.add_edge(source, target, condition)
        return self

    def set_entry_point(self, name: str | ChatAgent) -> Self:
        """Begin with this node, rather than with all that no edge leads to.

        Raises:
            ValueError: It is not in the graph yet.
        """
        self._start = self._known(name, "Start node", "before setting it as entry point")
        return self

    def build(self) -> DiGraph:
        """The graph, checked.

        Raises:
            ValueError: It cannot be run; see `DiGraph.graph_validate`.
        """
        graph = self._graph()
        graph.graph_validate()
        return graph

    def get_participants(self) -> list[ChatAgent]:
        """The agents, in the order in which they were added."""
        return list(self.agents.values())

    def _known(self, node: str | ChatAgent, what: str, when: str) -> str:
        name = node if isinstance(node, str) else node.name
        if name not in self.nodes:
            known = ", ".join(map(repr, self.nodes)) or "none"
            raise ValueError(
                f"{what} {name!r} must be added {when}, with add_node(). Nodes so far: {known}."
            )
        return name

    def _graph(self) -> DiGraph:
        nodes = {
            name: DiGraphNode(name=name, edges=list(node.edges), activation=node.activation)
            for name, node in self.nodes.items()
        }
        return DiGraph(nodes=nodes, default_start_node=self._start)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The graph so far as a picture, for a notebook that shows it as a cell's value."""
        members = {
            name: ShapeNode(name, description=agent.description)
            for name, agent in self.agents.items()
        }
        return picture_bundle(self._graph().shape(members))
