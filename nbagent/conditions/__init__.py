"""Termination conditions: when a team stops. `&` and `|` combine them."""

from nbagent.conditions.external import ExternalTermination
from nbagent.conditions.function_call import FunctionCallTermination
from nbagent.conditions.functional import FunctionalTermination
from nbagent.conditions.max_message import MaxMessageTermination
from nbagent.conditions.said import (
    HandoffTermination,
    SourceMatchTermination,
    StopMessageTermination,
    TextMentionTermination,
    TextMessageTermination,
)
from nbagent.conditions.timeout import TimeoutTermination
from nbagent.conditions.token_usage import TokenUsageTermination

__all__ = [
    "ExternalTermination",
    "FunctionCallTermination",
    "FunctionalTermination",
    "HandoffTermination",
    "MaxMessageTermination",
    "SourceMatchTermination",
    "StopMessageTermination",
    "TextMentionTermination",
    "TextMessageTermination",
    "TimeoutTermination",
    "TokenUsageTermination",
]
