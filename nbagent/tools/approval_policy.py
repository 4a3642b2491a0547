"""Whether a person is asked before a tool runs: the setting, and what decides call by call."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from nbagent.exceptions import ToolDefinitionError

_MARK = "__nbagent_approval__"


@dataclass(frozen=True)
class CheckedCall:
    """A tool call whose arguments fit its schema: what an approval function decides on.

    Attributes:
        name: The tool's name.
        arguments: The arguments by name, with defaults filled in; models in them as dicts.
        call_id: The id that the model gave the call; empty where there is none.
    """

    name: str
    arguments: Mapping[str, Any]
    call_id: str = ""


ApprovalFunction: TypeAlias = Callable[[CheckedCall], bool | Awaitable[bool]]
ApprovalPolicy: TypeAlias = Literal["always", "never"] | ApprovalFunction
"""When a person is asked: before every call, never, or where a function returns True."""


@dataclass(frozen=True)
class ApprovalSettings:
    """What a tool, or a function that is to become one, says about approvals.

    Attributes:
        policy: When a person is asked.
        timeout: Seconds after which the call is denied; None waits for as long as it takes.
    """

    policy: ApprovalPolicy = "never"
    timeout: float | None = None

    @property
    def ask_nobody(self) -> bool:
        """Whether every call runs unasked."""
        return isinstance(self.policy, str) and self.policy == "never"

    def check(self, tool: str) -> None:
        """Refuse settings that make no sense.

        Raises:
            ToolDefinitionError: The policy is unknown, or the timeout no number of seconds.
        """
        policy: object = self.policy
        known = policy in ("always", "never") if isinstance(policy, str) else callable(policy)
        if not known:
            raise ToolDefinitionError(
                f"approval={policy!r} of tool {tool!r} is unknown: use 'always', 'never', or a "
                "function that takes the call and returns True where a person is to be asked."
            )
        if self.timeout is not None and not _is_duration(self.timeout):
            raise ToolDefinitionError(
                f"approval_timeout={self.timeout!r} of tool {tool!r} must be a number of seconds "
                "greater than 0, or None to wait for as long as it takes."
            )


def mark(function: Callable[..., Any], settings: ApprovalSettings) -> None:
    """Let every tool that is made of `function` later take these settings.

    The mark is an attribute of the function, so that a wrapper made with `functools.wraps`
    carries it too.

    Raises:
        ToolDefinitionError: `function` takes no attributes.
    """
    try:
        setattr(function, _MARK, settings)
    except (AttributeError, TypeError) as error:
        raise ToolDefinitionError(
            f"{function!r} cannot be marked for approval. Define a function around it, or use "
            "FunctionTool(function, approval=...)."
        ) from error


def marked(*functions: Callable[..., Any]) -> ApprovalSettings:
    """The settings that the first of these functions is marked with; else those by default."""
    for function in functions:
        settings: object = getattr(function, _MARK, None)
        if isinstance(settings, ApprovalSettings):
            return settings
    return ApprovalSettings()


def _is_duration(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and value > 0
