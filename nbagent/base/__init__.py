"""What agents, teams and termination conditions have in common."""

from nbagent.base.chat_agent import ChatAgent, Response
from nbagent.base.handoff import Handoff
from nbagent.base.task import Task, TaskResult, TaskRunner
from nbagent.base.team import Team
from nbagent.base.termination import (
    AndTerminationCondition,
    OrTerminationCondition,
    TerminationCondition,
)
from nbagent.exceptions import TerminatedException

__all__ = [
    "AndTerminationCondition",
    "ChatAgent",
    "Handoff",
    "OrTerminationCondition",
    "Response",
    "Task",
    "TaskResult",
    "TaskRunner",
    "Team",
    "TerminatedException",
    "TerminationCondition",
]
