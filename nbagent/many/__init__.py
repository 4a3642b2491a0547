"""Many tasks: an agent or a team on a list of tasks, here or on a cluster."""

from nbagent.many.result import ManyResult, TaskFailure, TaskOutcome
from nbagent.many.run_many import run_many, run_many_stream

__all__ = ["ManyResult", "TaskFailure", "TaskOutcome", "run_many", "run_many_stream"]
