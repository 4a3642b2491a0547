"""The demo model: answers by fixed rules, offline, and says so.

Follow one answer: `client` streams it, `decide` chooses between tool calls, data and words,
`conversation` reads what was said, `plan_calls` and `choose_tool` find the tools,
`fill_arguments` their arguments, `fill_schema` the data, `compose_answer` the words.
"""

from nbagent.models.demo.client import DemoChatCompletionClient, DemoChatCompletionClientConfig

__all__ = ["DemoChatCompletionClient", "DemoChatCompletionClientConfig"]
