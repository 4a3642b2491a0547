"""Agents: participants that answer messages."""

from nbagent.agents.assistant_agent import AssistantAgent
from nbagent.agents.base_chat_agent import BaseChatAgent
from nbagent.agents.code_approval import (
    ApprovalFuncType,
    ApprovalRequest,
    ApprovalResponse,
    ask_for_approval,
)
from nbagent.agents.code_executor_agent import CodeExecutorAgent
from nbagent.agents.message_filter_agent import (
    MessageFilterAgent,
    MessageFilterConfig,
    PerSourceFilter,
)
from nbagent.agents.society_of_mind_agent import SocietyOfMindAgent
from nbagent.agents.user_proxy_agent import UserProxyAgent

__all__ = [
    "ApprovalFuncType",
    "ApprovalRequest",
    "ApprovalResponse",
    "AssistantAgent",
    "BaseChatAgent",
    "CodeExecutorAgent",
    "MessageFilterAgent",
    "MessageFilterConfig",
    "PerSourceFilter",
    "SocietyOfMindAgent",
    "UserProxyAgent",
    "ask_for_approval",
]
