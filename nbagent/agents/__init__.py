"""Agents: participants that answer messages."""

from nbagent.agents.assistant_agent import AssistantAgent
from nbagent.agents.base_chat_agent import BaseChatAgent
from nbagent.agents.code_approval import (
    ApprovalFuncType,
    ApprovalRequest,
    ApprovalResponse,
    ask_for_approval,
)
from nbagent.agents.user_proxy_agent import UserProxyAgent

__all__ = [
    "ApprovalFuncType",
    "ApprovalRequest",
    "ApprovalResponse",
    "AssistantAgent",
    "BaseChatAgent",
    "UserProxyAgent",
    "ask_for_approval",
]
