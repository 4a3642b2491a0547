"""Teams: agents that work on a task together, each kind of team by its own order of speakers."""

from nbagent.teams.base_group_chat import BaseGroupChat
from nbagent.teams.digraph import DiGraph, DiGraphEdge, DiGraphNode
from nbagent.teams.digraph_builder import DiGraphBuilder
from nbagent.teams.graph_flow import GraphFlow
from nbagent.teams.magentic_one import MagenticOneGroupChat
from nbagent.teams.round_robin import RoundRobinGroupChat
from nbagent.teams.selector_group_chat import SelectorGroupChat
from nbagent.teams.swarm import Swarm

__all__ = [
    "BaseGroupChat",
    "DiGraph",
    "DiGraphBuilder",
    "DiGraphEdge",
    "DiGraphNode",
    "GraphFlow",
    "MagenticOneGroupChat",
    "RoundRobinGroupChat",
    "SelectorGroupChat",
    "Swarm",
]
