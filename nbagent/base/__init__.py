"""What agents, teams and termination conditions have in common."""

from nbagent.base.chat_agent import ChatAgent, Response
from nbagent.base.handoff import Handoff
from nbagent.base.task import Task, TaskResult, TaskRunner
from nbagent.exceptions import TerminatedException

__all__ = [
    "ChatAgent",
    "Handoff",
    "Response",
    "Task",
    "TaskResult",
    "TaskRunner",
    "TerminatedException",
]
