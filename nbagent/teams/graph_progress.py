"""GraphProgress: how far a flow through a `DiGraph` has come."""

from collections.abc import Iterable

from nbagent.messages import BaseChatMessage
from nbagent.teams.digraph import DiGraph, DiGraphEdge
from nbagent.teams.note import note


class GraphProgress:
    """Which nodes run next, and which edges the others still wait for.

    A node runs when one of its activation groups is complete: all edges of the group have been
    followed since the node last ran, or any of them has, as the group says.

    Args:
        graph: The graph, checked.
    """

    def __init__(self, graph: DiGraph) -> None:
        self._graph = graph
        starts = graph.get_start_nodes()
        self._starts = [name for name in graph.nodes if name in starts]
        self._groups: dict[str, dict[str, list[tuple[str, int]]]] = {}
        self._any: set[tuple[str, str]] = set()
        for name, node in graph.nodes.items():
            for number, edge in enumerate(node.edges):
                group = self._groups.setdefault(edge.target, {})
                group.setdefault(edge.activation_group, []).append((name, number))
                if edge.activation_condition == "any":
                    self._any.add((edge.target, edge.activation_group))
        self.ready: list[str] = []
        self._followed: set[tuple[str, int]] = set()
        self.begin()

    def begin(self) -> None:
        """Back to the start."""
        self.ready = list(self._starts)
        self._followed.clear()

    def start(self) -> list[str]:
        """Those who are ready begin to run: their names.

        A node hears all that was said before it begins, so one turn answers every group that is
        complete by then.
        """
        for name in self.ready:
            self._followed.difference_update(*self._complete_groups(name))
        return list(self.ready)

    def finish(self, name: str, message: BaseChatMessage) -> None:
        """A node has run: follow its edges.

        Args:
            name: The node.
            message: What it said.

        Raises:
            Exception: Whatever a condition raises, with a note that names its edge; then nothing
                has changed.
        """
        edges = self._graph.nodes[name].edges
        followed = [
            (name, number) for number, edge in enumerate(edges) if _holds(name, edge, message)
        ]
        if name in self.ready:
            self.ready.remove(name)
        self._followed.update(followed)
        # Its own turn may have been due again already, while it ran.
        self._activate([name, *(edges[number].target for _, number in followed)])

    def _activate(self, names: Iterable[str]) -> None:
        """Make ready those of which a group is complete."""
        for name in names:
            if name in self.ready:
                continue
            complete = self._complete_groups(name)
            if complete:
                self.ready.append(name)
                self._followed.difference_update(*complete)

    def _complete_groups(self, name: str) -> list[list[tuple[str, int]]]:
        return [
            edges
            for group, edges in self._groups.get(name, {}).items()
            if self._is_complete(name, group, edges)
        ]

    def _is_complete(self, name: str, group: str, edges: list[tuple[str, int]]) -> bool:
        followed = self._followed.intersection(edges)
        return bool(followed) if (name, group) in self._any else len(followed) == len(edges)

    def save(self) -> list[tuple[str, int]]:
        """The edges that were followed, each by its source and its number there."""
        return sorted(self._followed)

    def load(self, ready: Iterable[str], followed: Iterable[tuple[str, int]]) -> None:
        """Take up what `ready` and `save()` gave.

        Raises:
            ValueError: It belongs to another graph; then nothing has changed.
        """
        ready, edges = list(ready), [(name, number) for name, number in followed]
        unknown = [name for name in ready if name not in self._graph.nodes]
        unknown += [
            name
            for name, number in edges
            if name not in self._graph.nodes or not 0 <= number < len(self._graph.nodes[name].edges)
        ]
        if unknown:
            raise ValueError(
                f"The state belongs to another graph: it names {unknown[0]!r} or an edge of it, "
                f"and this graph has {', '.join(map(repr, self._graph.nodes))}."
            )
        self.ready, self._followed = ready, set(edges)


def _holds(source: str, edge: DiGraphEdge, message: BaseChatMessage) -> bool:
    try:
        return edge.check_condition(message)
    except Exception as error:
        note(error, f"Raised by the condition of the edge {source!r} -> {edge.target!r}.")
        raise
