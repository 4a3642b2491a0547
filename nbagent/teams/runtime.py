"""The parameter `runtime`, which AgentChat's teams have."""


def no_runtime(runtime: object) -> None:
    """Refuse a runtime: a team here runs by itself, in the event loop it is called from.

    Raises:
        ValueError: One was given.
    """
    if runtime is not None:
        raise ValueError(
            "nbagent has no agent runtime: a team runs in the event loop that it is called from. "
            "Leave out runtime=..."
        )
