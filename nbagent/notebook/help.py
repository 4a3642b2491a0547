"""The help texts of the magics, as `--help` and `%agent?` show them."""

AGENT_HELP = """\
Talk to an agent, and watch it answer.

    %%agent [NAME] [--model M] [--image PATH_OR_VAR] [--drop] [--out VAR] [--new]
    The prompt, on as many lines as it needs.

    %agent [NAME] [the same options] The prompt, on one line.

NAME      An agent or team of yours (a variable), or an agent that the notebook keeps by this
          name. Without it, the agent "assistant" answers. On one line, NAME must exist.
--model   The agent's model from now on, such as openai:gpt-5, ollama:llama3.2 or demo, or a
          variable with a client.
--image   A picture to send along: a file, or a variable with an Image, a Pillow image or bytes.
          May be given several times.
--drop    Ask for pictures and text files first: drop, paste or choose them; they go along.
--out     The variable that takes the TaskResult; it is in _ as well.
--new     Forget the conversation first. Otherwise it goes on from cell to cell.

{name} in the prompt is filled in with a variable's value, also {item.price}, {rows[0]},
{len(rows)} or {price:.2f}; a picture becomes a picture. Other braces stay as they are, and
{{name}} writes {name}.

Example:

    %%agent --image chart.png --out answer
    What does this chart say about {city}?
"""

NBAGENT_HELP = """\
Set up the agents of this notebook.

    %nbagent model [SPEC]         Choose the model: openai:gpt-5, azure:DEPLOYMENT,
                                  ollama:llama3.2 (also lmstudio, llama-server, vllm), demo, or a
                                  variable with a client. Without SPEC, say which one is used.
    %nbagent tools [FUNCTION ...] Let the agents call functions of yours; @nbagent.tool does the
                                  same. Without names, list the tools; --clear removes them.
    %nbagent doctor               What is installed and in use, and what to do about problems.

Example:

    %nbagent model ollama:llama3.2
    %nbagent tools get_weather search
"""
