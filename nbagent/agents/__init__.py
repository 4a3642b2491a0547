"""Agents: participants that answer messages."""

from nbagent.agents.assistant_agent import AssistantAgent
from nbagent.agents.base_chat_agent import BaseChatAgent
from nbagent.agents.user_proxy_agent import UserProxyAgent

__all__ = ["AssistantAgent", "BaseChatAgent", "UserProxyAgent"]
