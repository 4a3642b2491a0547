"""Where the interface is not AgentChat's own, and why."""

ACTOR_RUNTIME = frozenset(
    {
        "Agent",
        "AgentConstructionExceptionEvent",
        "AgentId",
        "AgentInstantiationContext",
        "AgentMetadata",
        "AgentProxy",
        "AgentRuntime",
        "AgentType",
        "BaseAgent",
        "ClosureAgent",
        "ClosureContext",
        "DefaultInterventionHandler",
        "DefaultSubscription",
        "DefaultTopicId",
        "DeliveryStage",
        "DropMessage",
        "InterventionHandler",
        "JSON_DATA_CONTENT_TYPE",
        "MessageContext",
        "MessageDroppedEvent",
        "MessageEvent",
        "MessageHandlerContext",
        "MessageHandlerExceptionEvent",
        "MessageKind",
        "MessageSerializer",
        "PROTOBUF_DATA_CONTENT_TYPE",
        "RoutedAgent",
        "SingleThreadedAgentRuntime",
        "Subscription",
        "SubscriptionInstantiationContext",
        "TopicId",
        "TypePrefixSubscription",
        "TypeSubscription",
        "UnknownPayload",
        "default_subscription",
        "event",
        "message_handler",
        "rpc",
        "try_get_known_serializers_for_type",
        "type_subscription",
    }
)
"""Parts of the actor runtime, which nbagent does not have: its teams are plain loops."""

LEFT_OUT = {
    "nbagent.Component.required_class_vars": "only AutoGen's check of a subclass reads it",
}
"""What nbagent does not have besides, with the reason; left out of subclasses too."""

OTHERWISE = {
    "nbagent.agents.UserProxyAgent()": (
        "(name, *, description='A human user', input_func=None, "
        "prompt=None, default=None, timeout=None)",
        "a question can have words of its own, and a default that counts after a time",
    ),
    "nbagent.conditions.FunctionalTermination.component_provider_override": (
        "= 'nbagent.conditions.FunctionalTermination'",
        "it is a component like the others, and says itself that a function cannot be dumped",
    ),
    "nbagent.messages.AgentEvent": (
        "CodeExecutionEvent | CodeGenerationEvent | MemoryQueryEvent | "
        "ModelClientStreamingChunkEvent | SelectSpeakerEvent | SelectorEvent | ThoughtEvent | "
        "ToolCallExecutionEvent | ToolCallRequestEvent | ToolReportEvent | "
        "UserInputAnsweredEvent | UserInputRequestedEvent",
        "a selector's words, a tool's reports and a person's answer are events here",
    ),
    "nbagent.teams.BaseGroupChat()": (
        "(name, description, participants, termination_condition=None, max_turns=None, "
        "custom_message_types=None, emit_team_events=False)",
        "manager and runtime are actors; a kind of team overrides select_speakers() instead",
    ),
    "nbagent.tools.BaseStreamTool()": (
        "(args_type, return_type, name, description, strict=False, *, "
        "approval='never', approval_timeout=None)",
        "a person can be asked before a tool runs",
    ),
    "nbagent.tools.BaseTool()": (
        "(args_type, return_type, name, description, strict=False, *, "
        "approval='never', approval_timeout=None)",
        "a person can be asked before a tool runs",
    ),
    "nbagent.tools.BaseToolWithState()": (
        "(args_type, return_type, state_type, name, description, *, "
        "approval='never', approval_timeout=None)",
        "a person can be asked before a tool runs",
    ),
    "nbagent.tools.FunctionTool()": (
        "(func, description='', name=None, global_imports=[], strict=False, *, "
        "approval=None, approval_timeout=None)",
        "a person can be asked before it runs, and a docstring is description enough",
    ),
}
"""What is not the same: how it is here, and the reason."""
