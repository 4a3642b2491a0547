"""A few fixed explanations, for lessons that ask before there are tools."""

import re

_ENTRIES = (
    (
        r"auto ?gen|agent ?chat",
        "AutoGen is an open-source framework for applications in which several agents work "
        "together. AgentChat is its upper layer: ready-made agents, teams and termination "
        "conditions. nbagent implements the AgentChat API for notebooks.",
    ),
    (
        r"nbagent",
        "nbagent shows agents at work in a notebook: their words stream into the cell, each "
        "tool call is a card, and the saved notebook keeps the conversation.",
    ),
    (
        r"ai agents?|llm agents?|agents?",
        "An **agent** is a model with instructions, tools and a memory of the conversation. "
        "It reads a task, may call tools, reads their results, and answers.",
    ),
    (
        r"tools?|tool calls?",
        "A **tool** is a function that a model may ask for by name. The model writes the "
        "arguments, your code runs the function, and the result goes back to the model.",
    ),
    (
        r"model clients?",
        "A **model client** is the object that sends a conversation to a model and gives back "
        "its answer. All clients have the same methods, so one can take another's place.",
    ),
    (
        r"teams?|multi-?agent(?: systems?)?",
        "A **team** is several agents that share a conversation. A rule says who speaks next, "
        "and a termination condition says when they are done.",
    ),
    (
        r"streaming|streams?",
        "**Streaming** means that an answer is shown piece by piece while it is being made, "
        "rather than all at once at its end.",
    ),
    (
        r"transcripts?",
        "A **transcript** is what remains of a run: its messages, tool calls, results and "
        "errors, in the order in which they came.",
    ),
    (
        r"(?:jupyter )?notebooks?|jupyter",
        "A **notebook** is a document of text and code cells. Each cell's output is kept "
        "below it, so that the document shows both the work and its results.",
    ),
    (
        r"rag|retrieval[- ]augmented generation",
        "**RAG** (retrieval-augmented generation) first looks up texts that fit a question "
        "and then lets a language model answer from them.",
    ),
    (
        r"(?:large )?language models?|llms?",
        "A **language model** predicts how a text goes on, one token after another, and has "
        "learned to do so from a great many texts. I am none: I follow fixed rules.",
    ),
    (
        r"transformers?(?: architecture)?",
        "A transformer reads all tokens of a text at once and lets each of them weigh how "
        "much the others matter to it, which is called attention. Layers of attention and "
        "small networks follow one another, and the last one predicts the next token.",
    ),
    (
        r"type hints?(?: in python)?",
        "Type hints say which kinds of values a function takes and gives. Editors use them to "
        "complete names, checkers to find mistakes before the program runs, and readers to "
        "understand the code.",
    ),
    (
        r"reinforcement learning",
        "In reinforcement learning a program tries actions, is rewarded for good outcomes, "
        "and so learns which action to prefer in which situation.",
    ),
)
_QUESTION = re.compile(
    r"\b(?:what(?:'s| is| are| does)|who is|tell me (?:more )?about|explain|define|describe"
    r"|about)\s+"
    r"(?:the (?:benefits|idea|concept|purpose) of )?(?:an? |the )?(?P<term>[^?!;\n]{1,80})",
    re.IGNORECASE,
)


def explain(prompt: str) -> str | None:
    """The fixed explanation of what a prompt asks about; None where there is none."""
    question = _QUESTION.search(prompt)
    if question is None:
        return None
    term = re.sub(
        r"[.,]?\s*(?:please|briefly|in (?:an? |\w+ )?(?:sentences?|words?|short))?[.\s]*$",
        "",
        question.group("term"),
        flags=re.IGNORECASE,
    )
    for pattern, text in _ENTRIES:
        if re.fullmatch(pattern, term.strip(), re.IGNORECASE):
            return text
    return None
