"""Small programs in the idiom of AgentChat: what changes on coming here is the package's name.

`autogen_agentchat`, `autogen_core` and `autogen_ext` all became `nbagent`; the rest of each import
path, and the code below it, is what AgentChat's users write. The tests beside this folder run
every program and check what it does. Where a program asks a model over HTTP, it takes the address
and the key from OPENAI_BASE_URL and OPENAI_API_KEY.
"""
