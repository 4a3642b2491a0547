"""Pictures that tools returned, as a model can take them.

No model takes a picture inside a tool's result, so it follows in a user's message.
"""

from collections.abc import Sequence

from nbagent.image import Image
from nbagent.models.types import FunctionExecutionResultMessage, LLMMessage, UserMessage


def with_tool_pictures(messages: Sequence[LLMMessage]) -> list[LLMMessage]:
    """The conversation, with a message for the pictures after each set of tool results.

    The results themselves say "[image]" in the place of each picture.
    """
    shown: list[LLMMessage] = []
    for message in messages:
        shown.append(message)
        if isinstance(message, FunctionExecutionResultMessage):
            parts: list[str | Image] = []
            names: list[str] = []
            for result in message.content:
                for image in result.images or ():
                    parts += [f"[image] in the result of {result.name} ({result.call_id}):", image]
                    names.append(result.name)
            if parts:
                shown.append(UserMessage(content=parts, source=names[0]))
    return shown
